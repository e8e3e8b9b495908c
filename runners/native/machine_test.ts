import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { OPERATION_NAMES, operationOf } from "../../spec/operations/mod.ts";
import { parseBufInfo, parseFdInfo } from "./buffer_files.ts";
import { operationsOf, whyUnsupported } from "./capabilities.ts";
import { Files } from "./executor/files.ts";
import { parseRecord, Reports } from "./kernel_log.ts";
import type { Facility, Machine } from "./machine.ts";
import { parseNative } from "./name.ts";
import { barsOf, findDevices, type PciDevice } from "./pci.ts";
import { testEachExecutor } from "./testing.ts";
import { describeWait, patienceFor, sleptThrough } from "./thread_state.ts";
import { fit } from "./vfio_device.ts";

const MISSING: Facility = { kind: "missing", reason: "not there: do something" };
const THERE: Facility = { kind: "there", path: "/dev/null" };

const BARE: Machine = {
  release: "7.3.4",
  architecture: "x86_64",
  pageSize: 4096,
  config: undefined,
  detectors: [],
  udmabuf: MISSING,
  heap: MISSING,
  iommufd: MISSING,
  selftest: MISSING,
  swSync: MISSING,
  vgem: MISSING,
  module: MISSING,
  foreign: {
    gpus: { "vgem": MISSING, "vkms": MISSING, "virtio-gpu": MISSING, "virtio-gpu-blob": MISSING },
    video: { capture: MISSING, output: MISSING },
  },
  bufinfo: MISSING,
  kernelLog: MISSING,
  devices: [],
  noDevice: "no VFIO device was given",
  revokeRequest: "not asked",
};

const DEVICE: PciDevice = {
  address: "0000:01:00.0",
  id: "1af4:1110",
  bars: [
    { kind: "memory", size: 256 },
    { kind: "io", size: 0 },
    { kind: "memory", size: 1 << 20 },
    { kind: "absent", size: 0 },
    { kind: "absent", size: 0 },
    { kind: "absent", size: 0 },
  ],
  isVirtual: false,
  resets: ["bus"],
  access: { kind: "group", path: "/dev/vfio/5" },
};

function wanted(args: Record<string, unknown>) {
  const parsed: unknown = operationOf("vfio.open").args.parse(args);
  return parsed;
}

Deno.test("whyUnsupported() gives a reason and a remedy for all that a bare machine cannot do", () => {
  const here = operationsOf(BARE);
  assertEquals(here.filter((name) => !/^(process|fd|clock|memfd)\./.test(name)), []);
  for (const name of OPERATION_NAMES.filter((each) => !here.includes(each))) {
    const reason = whyUnsupported(name, BARE);
    assert(reason !== undefined && reason.length > 10, `${name}: ${reason}`);
  }
});

Deno.test("operationsOf() follows what a machine has", () => {
  const heap = operationsOf({ ...BARE, heap: THERE });
  assert(heap.includes("buffer.mmap") && heap.includes("heap.alloc") && !heap.includes("udmabuf.create"));
  assert(!heap.includes("buffer.attached"));
  const vgem = operationsOf({ ...BARE, vgem: THERE });
  assert(vgem.includes("fence.create"));
  const device = operationsOf({ ...BARE, devices: [DEVICE] });
  assert(device.includes("vfio.export") && !device.includes("vfio.fail_next"));
});

Deno.test("fit() takes BARs that are large enough, in any place, and no device that is otherwise", () => {
  const table = [
    [{}, [2]],
    [{ bars: ["1MiB", "1 page"] }, undefined],
    [{ bars: ["256"] }, [0]],
    [{ bars: ["1MiB", "256", "absent", "io"] }, [2, 0, 3, 1]],
    [{ bars: ["2MiB"] }, undefined],
    [{ bars: ["unmappable"] }, undefined],
    [{ reset: "flr" }, undefined],
    [{ reset: "none" }, undefined],
    [{ function: "virtual" }, undefined],
    [{ driver: "config-off" }, undefined],
    [{ context: "own" }, undefined],
    [{ access: "none" }, undefined],
    [{ low_power: true }, undefined],
  ] as const;
  for (const [args, expected] of table) {
    const parsed = wanted(args);
    assert(isWanted(parsed));
    assertEquals(fit(DEVICE, parsed, undefined, 4096), expected, JSON.stringify(args));
  }
});

function isWanted(value: unknown): value is Parameters<typeof fit>[1] {
  return typeof value === "object" && value !== null && "bars" in value;
}

Deno.test("barsOf() reads the resource file of sysfs", () => {
  const lines = [
    "0x00000000fe400000 0x00000000fe4000ff 0x0000000000040200",
    "0x000000000000c000 0x000000000000c01f 0x0000000000040101",
    "0x00000000fe000000 0x00000000fe0fffff 0x000000000014220c",
    ...Array.from({ length: 4 }, () => "0x0000000000000000 0x0000000000000000 0x0000000000000000"),
  ];
  assertEquals(barsOf(lines.join("\n")), [
    { kind: "memory", size: 256 },
    { kind: "io", size: 0 },
    { kind: "memory", size: 1 << 20 },
    ...Array.from({ length: 3 }, () => ({ kind: "absent", size: 0 })),
  ]);
});

await testEachExecutor(
  "findDevices() says what is wrong with each device that cannot be used",
  async ({ executor }) => {
    const { devices, reason } = await findDevices(new Files(executor), ["ffff:ff:1f.7"]);
    assertEquals(devices, []);
    assertStringIncludes(reason, "there is no PCI device ffff:ff:1f.7");
  },
);

Deno.test("parseNative() reads addresses and the feature, and refuses the rest", () => {
  assertEquals(parseNative("native"), { name: "native", devices: [] });
  assertEquals(parseNative("native:kmemleak"), {
    name: "native:kmemleak",
    devices: [],
    kmemleak: "after each case",
  });
  assertEquals(parseNative("native:0000:01:00.0,feature=13"), {
    name: "native:0000:01:00.0,feature=13",
    devices: ["0000:01:00.0"],
    revokeFeature: 13,
  });
  for (const bad of ["native:", "native:01:00.0", "native:0000:01:00.8", "native:feature=x"]) {
    assertEquals(typeof parseNative(bad), "string", bad);
  }
});

Deno.test("parseBufInfo() lists buffers with the devices that are attached", () => {
  const listing = [
    "",
    "Dma-buf Objects:",
    "size    \tflags   \tmode    \tcount   \texp_name\tino     \tname",
    "00016384\t00000002\t00080007\t00000002\tudmabuf\t00000012\t<none>",
    "\tAttached Devices:",
    "\t0000:02:00.0",
    "\tvgem",
    "Total 2 devices attached",
    "",
    "1048576000\t00000002\t00080007\t00000001\tsystem\t00000345\tframes",
    "\twrite fence:sw_sync conform seq 1 unsignalled",
    "\tAttached Devices:",
    "Total 0 devices attached",
    "",
    "",
    "Total 2 objects, 1048592384 bytes",
  ];
  assertEquals(parseBufInfo(listing.join("\n")), [
    { inode: "12", attached: 2 },
    { inode: "345", attached: 0 },
  ]);
});

Deno.test("parseFdInfo() reads a dma-buf, and nothing else", () => {
  const info =
    "pos:\t0\nflags:\t02000002\nmnt_id:\t15\nino:\t12\nsize:\t16384\ncount:\t2\nexp_name:\tudmabuf\n";
  assertEquals(parseFdInfo(`${info}name:\tframes\n`), {
    size: 16384,
    count: 2,
    exporter: "udmabuf",
    name: "frames",
    inode: "12",
  });
  assertEquals(parseFdInfo(info)?.name, null);
  assertEquals(parseFdInfo("pos:\t0\nino:\t12\n"), undefined);
});

Deno.test("parseRecord() reads levels, and tells announcements from warnings", () => {
  const table = [
    ["4,100,200,-;something is wrong\n SUBSYSTEM=pci\n", "warn", "something is wrong"],
    ["30,100,200,-;by a daemon; with a semicolon", "info", "by a daemon; with a semicolon"],
    ["4,1,2,-;vfio-pci 0000:01:00.0: resetting\n", "notice", "vfio-pci 0000:01:00.0: resetting"],
    ["4,1,2,-;vfio-pci 0000:01:00.0: resetting failed\n", "warn", "vfio-pci 0000:01:00.0: resetting failed"],
    [
      "4,1,2,-;watchdog_print_freq_timeout: 6 callbacks suppressed\n",
      "notice",
      "watchdog_print_freq_timeout: 6 callbacks suppressed",
    ],
    ["4,1,2,-;pci_bus_read: 6 callbacks suppressed\n", "warn", "pci_bus_read: 6 callbacks suppressed"],
    ["no record", "info", "no record"],
  ] as const;
  for (const [record, level, text] of table) assertEquals(parseRecord(record), { level, text });
});

Deno.test("a report of the kernel is one warning, however long its trace", () => {
  const reports = new Reports();
  const levels = [
    "before",
    "------------[ cut here ]------------",
    "refcount_t: underflow; use-after-free.",
    "WARNING: lib/refcount.c:28 at refcount_warn_saturate+0xf4/0x150",
    "RIP: 0010:refcount_warn_saturate+0xf4/0x150",
    " dma_buf_put+0x1a/0x30",
    "---[ end trace 0000000000000000 ]---",
    "after",
  ].map((text) => reports.take({ level: "warn", text }).level);
  assertEquals(levels, ["warn", "notice", "warn", "warn", "notice", "notice", "notice", "warn"]);
});

Deno.test("a thread counts as blocked only where nothing but others can wake it", () => {
  const fence = { state: "D", channel: "dma_resv_wait_timeout", switches: "7" };
  const patience = { known: 10, unknown: 100 };
  assertEquals(patienceFor(fence, patience), 10);
  assertEquals(patienceFor({ ...fence, channel: undefined }, patience), 100);
  assertEquals(patienceFor({ ...fence, channel: "msleep" }, patience), Infinity);
  assertEquals(sleptThrough(fence, fence), true);
  assertEquals(sleptThrough(fence, { ...fence, switches: "8" }), false);
  assertEquals(sleptThrough({ ...fence, state: "R" }, { ...fence, state: "R" }), false);
  assertEquals(describeWait(fence), "dma_resv_wait_timeout (state D)");
});
