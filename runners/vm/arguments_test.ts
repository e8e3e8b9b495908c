import { assertEquals, assertStringIncludes } from "@std/assert";
import { threadsFor } from "./accelerator.ts";
import { appended, commandLine, machineArguments, shellArguments } from "./arguments.ts";

const PARTS = { kernel: "k", initramfs: "i", accelerator: "tcg" } as const;
const FILES = { executor: "s/executor", monitor: "s/monitor", console: "s/console" };

/** The values of an argument, in order. */
function valuesOf(args: readonly string[], name: string): string[] {
  return args.flatMap((each, index) => each === name ? args[index + 1] ?? "" : []);
}

Deno.test("a machine has an IOMMU, and each device behind a port of its own", () => {
  const devices = valuesOf(machineArguments(PARTS, FILES), "-device");
  assertEquals(devices[0], "intel-iommu,intremap=on,caching-mode=on");
  assertEquals(devices.filter((each) => each.includes("bus=port")), [
    "ivshmem-plain,memdev=shared,master=on,bus=port1",
    "edu,bus=port2",
  ]);
});

Deno.test("a GPU with blobs is behind the IOMMU, and all memory that it may be shown is in a memfd", () => {
  const args = machineArguments({ ...PARTS, gpu: "with blobs" }, FILES);
  const gpus = valuesOf(args, "-device").filter((each) => each.startsWith("virtio-gpu"));
  assertEquals(gpus, ["virtio-gpu-pci,addr=8,blob=on,iommu_platform=on"]);
  assertEquals(valuesOf(args, "-object"), [
    "memory-backend-memfd,id=memory,size=512M",
    "memory-backend-memfd,id=shared,size=1M",
  ]);
});

Deno.test("a panic stops the machine, and a reboot ends it", () => {
  const args = machineArguments(PARTS, FILES);
  assertEquals(valuesOf(args, "-action"), ["panic=pause"]);
  assertEquals(args.includes("-no-reboot"), true);
  assertStringIncludes(commandLine(), "panic=-1");
});

Deno.test("a comma in the name of a file is no separator", () => {
  const args = machineArguments({ ...PARTS, memoryFile: { path: "a,b", as: "a copy" } }, FILES);
  const [memory = ""] = valuesOf(args, "-object");
  assertEquals(memory.split(/(?<!,),(?!,)/), [
    "memory-backend-file",
    "id=memory",
    "size=512M",
    "mem-path=a,,b",
    "share=off",
  ]);
});

Deno.test("KVM needs half of the interrupt controller in QEMU, for the IOMMU to remap interrupts", () => {
  const args = machineArguments({ ...PARTS, accelerator: "kvm" }, FILES);
  assertEquals(valuesOf(args, "-machine"), ["q35,kernel-irqchip=split,memory-backend=memory"]);
  assertEquals(valuesOf(args, "-accel"), ["kvm"]);
});

Deno.test("a translated machine has one thread, unless its QEMU is known to bear several", () => {
  const acceleratorOf = (threads?: "multi") =>
    valuesOf(machineArguments({ ...PARTS, threads }, FILES), "-accel");
  assertEquals([acceleratorOf(), acceleratorOf("multi")], [["tcg,thread=single"], ["tcg,thread=multi"]]);
  assertEquals(valuesOf(shellArguments(PARTS), "-accel"), ["tcg,thread=single"]);
});

Deno.test("versions of QEMU that lose timers while devices are reset get one thread", () => {
  const versions = [
    "QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)",
    "QEMU emulator version 8.1.5",
    "QEMU emulator version 8.2.0",
    "QEMU emulator version 10.0.7 (Debian 1:10.0.7+ds-0+deb13u1)",
    "",
  ];
  assertEquals(versions.map(threadsFor), ["single", "single", "multi", "multi", "single"]);
});

Deno.test("the user's words come last on the kernel's command line", () => {
  const [line = ""] = valuesOf(shellArguments({ ...PARTS, append: "iommu=pt" }), "-append");
  assertEquals(line.endsWith(" iommu=pt"), true);
});

Deno.test("appended() has the allocator keep nothing at hand where lost memory is looked for", () => {
  const name = { append: undefined, kmemleak: undefined } as const;
  assertEquals(appended(name), undefined);
  assertEquals(appended({ ...name, append: "iommu=pt" }), "iommu=pt");
  assertEquals(appended({ ...name, kmemleak: "after each case" }), "slab_debug=F");
  assertEquals(appended({ append: "iommu=pt", kmemleak: "after each case" }), "slab_debug=F iommu=pt");
});
