/**
 * What random programs are made of, where the vocabulary alone gives dull ones: how often an operation is drawn, which
 * values an argument has, how an object is had when a step needs one.
 *
 * A new operation needs nothing here. It is drawn with the usual weight and with arguments made from its schema.
 *
 * @module
 */
import fc from "fast-check";
import type { OperationName } from "../../spec/operations/mod.ts";
import type { ObjectKind } from "../../spec/operations/operation.ts";

/** How often an operation is drawn that the table of weights does not have. */
const USUAL_WEIGHT = 3;

const WEIGHTS: Readonly<Partial<Record<OperationName, number>>> = {
  "process.spawn": 1,
  "process.kill": 1,
  "fd.open": 1,
  "fd.flags": 1,
  "fd.exhaust": 1,
  "fd.replenish": 1,
  "fd.close": 6,
  "vfio.open": 2,
  "vfio.feature": 1,
  "vfio.export": 6,
  "vfio.revoke": 10,
  "vfio.command": 6,
  "vfio.unbind": 1,
  "vfio.fail_next": 1,
  "buffer.mmap": 5,
  "buffer.ioctl": 1,
  "buffer.set_name": 1,
  "buffer.fdinfo": 1,
  "memory.load": 6,
  "importer.attach": 10,
  "importer.map": 8,
  "importer.private_map": 2,
  "importer.begin_cpu_access": 1,
  "fence.add": 5,
  "heap.alloc": 1,
  "exporter.create": 2,
  "exporter.invalidate": 1,
  "iommufd.map_file": 10,
  "iommufd.dma_read": 6,
  "iommufd.destroy": 1,
  "iommufd.change_process": 1,
  "rdma.register": 8,
  "rdma.read": 5,
  "clock.advance": 4,
};

/** How often an operation is drawn, in comparison with the others. */
export function weightOf(operation: OperationName): number {
  return WEIGHTS[operation] ?? USUAL_WEIGHT;
}

/** The first of several values five times as often as all the others; shrinking leads to it. */
function mostly(first: unknown, ...others: readonly unknown[]): fc.Arbitrary<unknown> {
  return weighted(5, first, others);
}

/** The first of several values as often as all the others; shrinking leads to it. */
function often(first: unknown, ...others: readonly unknown[]): fc.Arbitrary<unknown> {
  return weighted(1, first, others);
}

function weighted(weight: number, first: unknown, others: readonly unknown[]): fc.Arbitrary<unknown> {
  return fc.oneof(
    { withCrossShrink: true },
    { arbitrary: fc.constant(first), weight },
    { arbitrary: fc.constantFrom(...others), weight: 1 },
  );
}

const page = fc.constantFrom<unknown>(undefined, 1, 3, 4, 255);
const byte = fc.constantFrom<unknown>(1, 0, 90, 255);
const address = mostly(undefined, "32MiB", "16MiB + 1 page", "16MiB + 1");
const region = mostly(undefined, 1, 5, 6, 9);

/**
 * The values of an argument as a case writes it, by operation and argument; `undefined` leaves it out. What is not
 * here is made from the schema.
 */
export const ARGUMENTS: ReadonlyMap<string, fc.Arbitrary<unknown>> = new Map(Object.entries({
  "vfio.open.bars": often(
    undefined,
    ["1MiB", "1MiB"],
    ["2 pages"],
    ["io", "1MiB"],
    ["unmappable"],
    ["unclaimable"],
    ["absent"],
    [],
  ),
  "vfio.open.function": mostly(undefined, "virtual"),
  "vfio.open.driver": mostly(undefined, "without-dmabuf", "config-off"),
  "vfio.open.low_power": often(undefined, true),
  "vfio.open.reset": often(undefined, "flr", "none"),
  "vfio.export.region": region,
  "vfio.export.ranges": mostly(
    undefined,
    [{ offset: 0, length: "1 page" }],
    [{ offset: "4 pages", length: "4 pages" }],
    [{ offset: "2 pages", length: "1 page" }, { offset: 0, length: "1 page" }],
    [{ offset: 0, length: "2 pages" }, { offset: "1 page", length: "2 pages" }],
    [{ offset: 0, length: 0 }],
    [{ offset: 1, length: "1 page" }],
    [{ offset: 0, length: "1 page + 1" }],
    [{ offset: "1MiB", length: "1 page" }],
    [{ offset: "2^64 - 1 page", length: "2 pages" }],
    [],
  ),
  "vfio.export.claimed_ranges": mostly(undefined, 0, 2, 65536),
  "vfio.export.flags": mostly(undefined, 1),
  "vfio.export.argsz": mostly(undefined, 0, 8, 24, 39, 48),
  "vfio.export.unreadable": mostly(undefined, "header", "payload", "ranges"),
  "vfio.feature.request": fc.constantFrom<unknown>(["get"], ["probe", "get"], undefined, ["set"], ["probe"]),
  "vfio.feature.argsz": mostly(undefined, 0, 8, 39, 48),
  "vfio.revoke.argsz": mostly(undefined, 0, 4, 7, 9, 16),
  "vfio.revoke.unreadable": mostly(undefined, "all", "second-half"),
  "vfio.revoke_feature.request": mostly(undefined, ["probe", "set"], ["get"], ["probe"], []),
  "vfio.revoke_feature.argsz": mostly(undefined, 0, 8, 11, 16),
  "vfio.revoke_feature.unreadable": mostly(undefined, "header", "payload"),
  "vfio.command.memory": fc.constantFrom<unknown>("off", "on", undefined),
  "vfio.power.state": fc.constantFrom<unknown>("D3hot", "D0"),
  "vfio.fail_next.errno": fc.constantFrom<unknown>("EIO", "EINVAL"),
  "vfio.read_bar.region": region,
  "vfio.read_bar.page": page,
  "vfio.write_bar.region": region,
  "vfio.write_bar.page": page,
  "vfio.write_bar.value": byte,
  "vfio.mmap.region": region,
  "buffer.ioctl.number": fc.constantFrom<unknown>(255, 9),
  "buffer.seek.offset": mostly(undefined, 1, 4096),
  "buffer.mmap.length": mostly(undefined, "1 page", "2 pages", "5 pages", "0"),
  "buffer.mmap.offset": mostly(undefined, "1 page", "4 pages", "1"),
  "memory.load.page": page,
  "memory.store.page": page,
  "memory.store.value": byte,
  "memory.read_into.page": page,
  "memory.write_from.page": page,
  "memory.unmap.first": mostly(undefined, 0, 1),
  "memory.unmap.pages": mostly(undefined, 1, 2),
  "importer.attach.on_invalidate": fc.constantFrom<unknown>(
    undefined,
    "keep",
    "remap",
    { unmap_after_ms: 10 },
  ),
  "importer.dma_read.page": page,
  "importer.dma_write.page": page,
  "importer.dma_write.value": byte,
  "fence.signal.error": mostly(undefined, "EIO", "ETIMEDOUT"),
  "heap.alloc.size": mostly(undefined, "1 page", "0", "16 pages"),
  "exporter.create.size": mostly(undefined, "1 page", "0"),
  "exporter.create.attach": mostly(undefined, "ENODEV", "EBUSY"),
  "exporter.create.pin": fc.constantFrom<unknown>(undefined, "ok", "EINVAL"),
  "exporter.create.map": mostly(undefined, "null", "ENOMEM"),
  "exporter.create.omit": mostly(undefined, ["map"], ["unmap"], ["release"], ["unpin"]),
  "exporter.create.revoke": mostly(undefined, "ok", "EBUSY"),
  "iommufd.map_file.iova": address,
  "iommufd.map_file.length": mostly(undefined, "1 page", "2 pages", "5 pages", "0", "1"),
  "iommufd.map_file.start": mostly(undefined, "1 page", "4 pages", "1"),
  "iommufd.unmap.iova": mostly(undefined, "0", "32MiB", "16MiB + 1 page"),
  "iommufd.unmap.length": mostly(undefined, "2^64 - 1", "1 page", "0"),
  "iommufd.vfio_unmap.iova": address,
  "iommufd.vfio_unmap.length": mostly(undefined, "1 page", "2 pages", "0"),
  "iommufd.copy.from_iova": address,
  "iommufd.copy.iova": fc.constantFrom<unknown>("32MiB", undefined, "16MiB + 4 pages"),
  "iommufd.copy.length": mostly(undefined, "1 page", "5 pages"),
  "iommufd.dma_read.iova": address,
  "iommufd.dma_write.iova": address,
  "iommufd.dma_write.value": byte,
  "iommufd.access_read.iova": address,
  "iommufd.access_write.iova": address,
  "iommufd.access_write.value": byte,
  "iommufd.access_pin.iova": address,
  "iommufd.mock_get.length": mostly(undefined, "1 page", "0"),
  "memfd.create.length": mostly(undefined, "1 page", "8 pages"),
  "udmabuf.create.length": mostly(undefined, "1 page", "0", "8 pages"),
  "udmabuf.create.offset": mostly(undefined, "1 page", "1"),
  "rdma.register.offset": mostly(undefined, "1 page", "4 pages", "1"),
  "rdma.register.length": mostly(undefined, "4 pages", "5 pages", "0", "1"),
  "rdma.read.page": mostly(undefined, 1, 4),
  "rdma.write.page": mostly(undefined, 1, 4),
  "rdma.write.value": byte,
  "rdma.export.offset": mostly(undefined, "unknown"),
  "drm.create.size": mostly(undefined, "1 page", "0"),
  "video.queue.index": mostly(undefined, 1, 9),
  "video.queue.length": mostly(undefined, "16 pages", "17 pages"),
  "clock.advance.ms": fc.constantFrom<unknown>(1, 10, 1000),
}));

/** Numbers that are no open descriptor, for arguments that take a bare number. */
export const STRAY_DESCRIPTORS = [-1, 9999] as const;

const KIND_WEIGHTS: Readonly<Partial<Record<ObjectKind, number>>> = { buffer: 8, device: 3 };

/** Which kind an argument is about, where its name does not say so. */
const MEANT: ReadonlyMap<string, ObjectKind> = new Map([["iommufd.map_file.file", "buffer"]]);

/**
 * How often an argument gets an object of a kind that it accepts, in comparison with the other kinds. Where one kind
 * is meant, the others are for the refusals.
 */
export function kindWeight(operation: OperationName, argument: string, kind: ObjectKind): number {
  const meant = MEANT.get(`${operation}.${argument}`) ?? argument;
  return kind === meant ? 50 : KIND_WEIGHTS[kind] ?? 1;
}

/** The operation that gives an object of a kind, where that is not the first that needs least. */
export const SOURCES: Readonly<Partial<Record<ObjectKind, OperationName>>> = {
  buffer: "vfio.export",
  vma: "buffer.mmap",
};

/** What a driver in the kernel holds. Using it after its end would be the driver's mistake, not the exporter's. */
const HELD_BY_DRIVERS: readonly ObjectKind[] = ["attachment", "mapping", "vmapping", "region", "entry"];

const LAST_USE = /\.(detach|unmap|vunmap|deregister|free|release|put)$/;

/**
 * Whether an operation is the last use of an object of a kind. Descriptors, and what a process maps, are never
 * meant: the kernel must bear every use of them.
 */
export function isLastUse(operation: OperationName, kind: ObjectKind): boolean {
  return LAST_USE.test(operation) && HELD_BY_DRIVERS.includes(kind);
}

/** What moves or revokes a buffer, or ends the session of its device. */
const MOVES = [
  "vfio.export",
  "vfio.revoke",
  "vfio.revoke_feature",
  "buffer.revoke",
  "vfio.command",
  "vfio.power",
  "vfio.reset",
  "vfio.hot_reset",
  "fd.close",
];

/** What programs of a kind are made of. */
export interface Theme {
  /** Groups of operations, and single ones. */
  readonly of: readonly string[];
  /** Operations that most of these programs begin with, because the others can do little before. */
  readonly begin: readonly OperationName[];
}

/**
 * Themes let operations that belong together meet often. An operation that no theme has is met in programs without a
 * theme.
 */
export const THEMES: readonly Theme[] = [
  { of: ["vfio", "buffer", "memory", "fd", "process"], begin: ["vfio.open"] },
  { of: ["vfio", "importer", "fence", "fd", "clock"], begin: ["vfio.open", "importer.attach"] },
  { of: [...MOVES, "importer", "fence", "clock"], begin: ["importer.attach", "importer.map"] },
  { of: [...MOVES, "buffer.mmap", "memory"], begin: ["buffer.mmap"] },
  { of: [...MOVES, "iommufd", "memfd", "udmabuf"], begin: ["vfio.open", "iommufd.hwpt", "iommufd.map_file"] },
  { of: [...MOVES, "rdma", "umem", "fence"], begin: ["rdma.register"] },
  { of: [...MOVES, "drm", "video", "heap", "exporter"], begin: ["drm.import", "video.open"] },
  {
    of: ["exporter", "heap", "udmabuf", "memfd", "importer", "buffer", "memory", "fence", "clock"],
    begin: ["exporter.create"],
  },
];
