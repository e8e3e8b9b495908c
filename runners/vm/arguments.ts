/**
 * The machine, as QEMU is told to build it.
 *
 * A PC with an IOMMU and two root ports. Behind one is a device whose memory is exported (`ivshmem-plain`, BAR 2 is
 * RAM), behind the other one that does DMA on request (`edu`). Each has an IOMMU group of its own, and can be reset
 * through its port. A third one (`pci-testdev`) is there for the suite's own module to import with, and a GPU
 * (`virtio-gpu`) to import by its own driver, which takes the memory of others only where QEMU can have it in one piece
 * (blobs), by `/dev/udmabuf`. The processor is one for which Linux allows DMA from one device to the
 * other.
 *
 * @module
 */
import { EXECUTOR_PORT } from "./guest/boot.ts";
import type { VmName } from "./name.ts";

/** What executes the guest's instructions: the processor, or QEMU itself. */
export type Accelerator = "kvm" | "tcg";

/** Whether a translated guest has one thread for all of its processors, or one for each. */
export type Threads = "single" | "multi";

/** What a machine is made of. */
export interface MachineParts {
  /** The kernel's image. */
  readonly kernel: string;
  readonly initramfs: string;
  readonly accelerator: Accelerator;
  /** One where left out. */
  readonly threads?: Threads | undefined;
  /** More words for the kernel's command line. */
  readonly append?: string | undefined;
  /** Mebibytes of memory. */
  readonly memory?: number | undefined;
  /** A file that its memory is in, or a copy of; the machine of a copy waits for the state of its devices. */
  readonly memoryFile?: { readonly path: string; readonly as: "the file itself" | "a copy" } | undefined;
  /** What its GPU can do; only with its own memory where left out. A machine with blobs cannot be kept. */
  readonly gpu?: "with blobs" | undefined;
}

/** Files through which this process and the machine talk. */
export interface MachineFiles {
  /** The socket of the executor. */
  readonly executor: string;
  /** The socket of QEMU's own protocol. */
  readonly monitor: string;
  /** The socket of the guest's console. */
  readonly console: string;
}

/** The name by which QEMU knows the console. */
export const CONSOLE = "console";

/** Enough for the pages that cases make, in mebibytes. */
const MEMORY_MIB = 512;

const CPUS = 2;

/** Up to which level the kernel writes to its console: warnings, and what is worse. */
const LOG_LEVEL = 5;

/** A family of processors for which Linux knows that its host bridge passes DMA between devices. */
const CPU = "EPYC";

/** The arguments of a machine that runs cases. */
export function machineArguments(parts: MachineParts, files: MachineFiles): string[] {
  return [
    ...computer(parts),
    ...[
      "-chardev",
      `socket,id=${CONSOLE},path=${escaped(files.console)}`,
      "-serial",
      `chardev:${CONSOLE}`,
    ],
    ...[
      "-chardev",
      `socket,id=monitor,path=${escaped(files.monitor)}`,
      "-mon",
      "chardev=monitor,mode=control",
    ],
    ...["-chardev", `socket,id=executor,path=${escaped(files.executor)}`],
    ...[
      "-device",
      "virtio-serial-pci,max_ports=2",
      "-device",
      `virtserialport,chardev=executor,name=${EXECUTOR_PORT}`,
    ],
    ...["-device", "pvpanic", "-action", "panic=pause"],
  ];
}

/** The arguments of a machine whose console is this terminal. */
export function shellArguments(parts: MachineParts): string[] {
  return [
    ...computer(parts),
    ...["-chardev", "stdio,id=console,mux=on,signal=off", "-serial", "chardev:console"],
    ...["-mon", "chardev=console"],
  ];
}

function computer(parts: MachineParts): string[] {
  const { kernel, initramfs, accelerator, threads, append } = parts;
  return [
    ...["-nodefaults", "-display", "none", "-no-reboot", "-no-user-config"],
    ...["-machine", `q35${accelerator === "kvm" ? ",kernel-irqchip=split" : ""},memory-backend=memory`],
    ...["-accel", accelerator === "tcg" ? `tcg,thread=${threads ?? "single"}` : accelerator],
    ...["-cpu", CPU, "-smp", String(CPUS), ...memoryOf(parts)],
    ...["-device", "intel-iommu,intremap=on,caching-mode=on"],
    ...["-device", "pcie-root-port,id=port1,chassis=1,slot=1,addr=4"],
    ...["-device", "pcie-root-port,id=port2,chassis=2,slot=2,addr=5"],
    ...["-object", `${backendOf(parts)},id=shared,size=1M`],
    ...["-device", "ivshmem-plain,memdev=shared,master=on,bus=port1", "-device", "edu,bus=port2"],
    ...["-device", "pci-testdev,addr=7"],
    ...["-device", `virtio-gpu-pci,addr=8${parts.gpu ? BLOBS : ""}`],
    ...["-kernel", kernel, "-initrd", initramfs, "-append", commandLine(append)],
  ];
}

/**
 * A GPU that takes the memory of others, and finds it by the addresses that the kernel gives to a device behind the
 * IOMMU. Without that it would take them for those of the memory itself.
 */
const BLOBS = ",blob=on,iommu_platform=on";

/** What the memory of a machine is made of; udmabuf wants all that a GPU may be shown in a memfd. */
function backendOf({ gpu }: MachineParts): string {
  return gpu ? "memory-backend-memfd" : "memory-backend-ram";
}

function memoryOf(parts: MachineParts): string[] {
  const { memory, memoryFile } = parts;
  const size = `size=${memory ?? MEMORY_MIB}M`;
  const beginning = ["-m", String(memory ?? MEMORY_MIB), "-object"];
  if (!memoryFile) return [...beginning, `${backendOf(parts)},id=memory,${size}`];
  const path = `mem-path=${escaped(memoryFile.path)}`;
  return memoryFile.as === "a copy"
    ? [...beginning, `memory-backend-file,id=memory,${size},${path},share=off`, "-incoming", "defer"]
    : [...beginning, `memory-backend-file,id=memory,${size},${path},share=on`];
}

/** What QEMU takes for the end of an option's value is doubled. */
function escaped(path: string): string {
  return path.replaceAll(",", ",,");
}

/**
 * What is appended to the kernel's command line. Since 6.18 the allocator keeps free objects at hand for each processor,
 * and leaves the address of one where it was when it has given it out. To kmemleak an object that was lost looks in use
 * then. An allocator that checks itself keeps none at hand.
 */
export function appended({ append, kmemleak }: Pick<VmName, "append" | "kmemleak">): string | undefined {
  const words = [kmemleak === undefined ? "" : "slab_debug=F", append ?? ""].filter((each) => each !== "");
  return words.length === 0 ? undefined : words.join(" ");
}

/**
 * The kernel's command line. A kernel that panics reboots at once, which ends the machine. One that has lost a task
 * in the middle of something may keep locks for ever, so that it panics, too. Whether the timer ticks is not tested,
 * since the test is a race against the clock, which a busy machine loses.
 */
export function commandLine(append?: string): string {
  const own = [
    `console=ttyS0 loglevel=${LOG_LEVEL} panic=-1 oops=panic unknown_nmi_panic sysrq_always_enabled`,
    "no_timer_check log_buf_len=4M intel_iommu=on printk.devkmsg=on",
  ].join(" ");
  return append === undefined || append === "" ? own : `${own} ${append}`;
}
