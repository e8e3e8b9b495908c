/**
 * The VFIO exporter: export, attach, map, revoke, close (drivers/vfio/pci/vfio_pci_dmabuf.c).
 *
 * Which buffers a state change concerns is here; what it does and in which order is a sequence of the dialect,
 * made of the steps in `vfio_pci_revoke.ts`.
 *
 * @module
 */
import type { ErrnoName } from "../../../spec/errno.ts";
import { isError, refusal } from "./check.ts";
import {
  type Attachment,
  DmaBuf,
  dmaBufExport,
  dmaBufFd,
  dmaBufGet,
  type DmaBufOps,
  dmaBufPut,
} from "./dma_buf.ts";
import { type Fd, fput, type OpenFlags, type Process } from "./file.ts";
import type { Kernel } from "./kernel.ts";
import { PAGE_SIZE } from "./kernel.ts";
import type { FaultHandler, Memory, MmapRequest, PageFrame, Vma } from "./mm.ts";
import { Completion, type Steps } from "./sched.ts";
import { Refcount, shared, SharedObject } from "./shared.ts";
import { perform } from "./sequence.ts";
import { bufferLockOf, putRegistration, tryGetRegistration, type VfioPciDevice } from "./vfio_pci_core.ts";
import type { VfioRules } from "../rules.ts";

/** The state of a buffer: enum vfio_pci_dma_buf_status of seed 2 (S2:319-323). Mainline has OK and TEMP only. */
export type Status = "OK" | "TEMP" | "PERM";

/** A piece of a BAR. Its frames are made when somebody asks for them, so that a large one costs nothing else. */
export class PhysRange {
  readonly #memory: Memory;
  readonly #first: number;
  readonly #pages: number;
  #frames: readonly PageFrame[] | undefined;

  constructor(memory: Memory, first: number, pages: number) {
    this.#memory = memory;
    this.#first = first;
    this.#pages = pages;
  }

  /** Its frames, in order. */
  get frames(): readonly PageFrame[] {
    const frameOf = (_: unknown, index: number) => ({ memory: this.#memory, page: this.#first + index });
    return this.#frames ??= Array.from({ length: this.#pages }, frameOf);
  }
}

/** VFIO's private part of a buffer: struct vfio_pci_dma_buf. */
export class VfioPciDmaBuf extends SharedObject {
  readonly ranges: readonly PhysRange[];
  /** The device of the session; `undefined` once the session ended. */
  @shared
  accessor vdev: VfioPciDevice | undefined;
  @shared
  accessor status: Status = "OK";
  readonly #kref = new Refcount(1);
  /** Completed when the last kref is put. */
  readonly unmapped: Completion = new Completion(() => `unmap:${this.kref} mappings`);
  #dmabuf: DmaBuf | undefined;

  constructor(vdev: VfioPciDevice, ranges: readonly PhysRange[]) {
    super();
    this.vdev = vdev;
    this.ranges = ranges;
  }

  /** The buffer that it belongs to. */
  get dmabuf(): DmaBuf {
    if (!this.#dmabuf) throw new Error("Cannot use a VFIO buffer before it is exported");
    return this.#dmabuf;
  }

  set dmabuf(dmabuf: DmaBuf) {
    this.#dmabuf = dmabuf;
  }

  /** Every frame of the buffer, in order. */
  get frames(): readonly PageFrame[] {
    return this.ranges.length === 1
      ? this.ranges[0]?.frames ?? []
      : this.ranges.flatMap((range) => range.frames);
  }

  /** References: one of its own and one for each mapping. */
  get kref(): number {
    return this.#kref.value;
  }

  set kref(count: number) {
    this.#kref.value = count;
  }

  /** Takes references; kref_get(). */
  getKref(count: number): void {
    if (count > 0) this.#kref.get(count);
  }

  /** Puts references; kref_put(). The last one completes the wait for unmaps. */
  putKref(kernel: Kernel, count = 1): void {
    for (let i = 0; i < count; i++) {
      const left = this.#kref.put();
      if (left === "last") this.unmapped.complete();
      if (left === "underflow") {
        kernel.warn("refcount_t: underflow; use-after-free: the kref of a VFIO dma-buf");
      }
    }
  }
}

/** A range that an export asks for, in bytes. */
export interface RequestedRange {
  readonly offset: bigint;
  readonly length: bigint;
}

/** A VFIO_DEVICE_FEATURE, as far as every feature has it: struct vfio_device_feature. */
export interface FeatureHeader {
  readonly device: VfioPciDevice;
  readonly accessGranted: boolean;
  /** Bytes that the caller says there are. */
  readonly argsz: number;
  readonly request: readonly ("get" | "set" | "probe")[];
  readonly unknownFlag: boolean;
  readonly unreadable: "nothing" | "header" | "payload" | "ranges";
}

/** A request for the dma-buf feature, as user space sends it. */
export interface ExportRequest extends FeatureHeader {
  readonly region: number;
  readonly ranges: readonly RequestedRange[];
  /** nr_ranges, which need not be the number of ranges that can be read. */
  readonly rangeCount: number;
  readonly flags: number;
  readonly openFlags: OpenFlags;
  readonly cloexec: boolean;
}

/** An export while it is under way. */
export interface ExportInProgress {
  readonly device: VfioPciDevice;
  readonly buffer: VfioPciDmaBuf;
}

/**
 * The dma-buf feature; vfio_pci_core_feature_dma_buf().
 *
 * @returns the new descriptor, 0 for a probe, or the error
 */
export function* featureDmaBuf(
  kernel: Kernel,
  process: Process,
  request: ExportRequest,
): Steps<Fd | 0 | ErrnoName> {
  const rules = kernel.rules.vfio;
  const refused = refusal(kernel, rules.featureHeader, request);
  if (refused) return refused;
  if (request.request.includes("probe") && !rules.probeExports) return 0;
  const invalid = refusal(kernel, rules.exportPayload, request);
  if (invalid) return invalid;
  const buffer = new VfioPciDmaBuf(request.device, framesOf(request));
  const { flags, cloexec } = rules.openFlags(request);
  if (!tryGetRegistration(request.device)) return "ENODEV";
  const dmabuf = dmaBufExport(kernel, {
    ops: opsOf(rules),
    priv: buffer,
    revokeSemantics: rules.revokeSemantics,
    size: rules.sizeOf(request.ranges),
    flags,
  });
  if (isError(dmabuf)) {
    putRegistration(kernel, request.device);
    return dmabuf;
  }
  buffer.dmabuf = dmabuf;
  yield* perform(kernel, rules.publish, { device: request.device, buffer });
  const fd = dmaBufFd(process, dmabuf, cloexec);
  if (!isError(fd)) return rules.exportAnswer(fd);
  yield* perform(kernel, rules.undoExport, { device: request.device, buffer });
  return fd;
}

function framesOf(request: ExportRequest): PhysRange[] {
  const memory = request.device.model.bars[request.region]?.memory;
  if (!memory) return [];
  return request.ranges.map(({ offset, length }) =>
    new PhysRange(memory, Number(offset) / PAGE_SIZE, Number(length) / PAGE_SIZE)
  );
}

/** Whether a buffer is a VFIO buffer, and its private part; the comparison of `dmabuf->ops`. */
export function vfioBufferOf(dmabuf: DmaBuf): VfioPciDmaBuf | undefined {
  return dmabuf.priv instanceof VfioPciDmaBuf ? dmabuf.priv : undefined;
}

function bufferOf(dmabuf: DmaBuf): VfioPciDmaBuf {
  const buffer = vfioBufferOf(dmabuf);
  if (!buffer) throw new Error("Cannot use a foreign buffer as a VFIO buffer");
  return buffer;
}

/** The VFIO exporter's operations: vfio_pci_dmabuf_ops. */
export const vfioPciDmaBufOps: DmaBufOps = {
  name: "vfio-pci",
  attach: (kernel, attachment) => refusal(kernel, kernel.rules.vfio.attach, request(attachment)),
  map(kernel, attachment) {
    const buffer = bufferOf(attachment.dmabuf);
    const refused = refusal(kernel, kernel.rules.vfio.map, buffer);
    buffer.getKref(kernel.rules.vfio.krefsTakenByMap(refused));
    return refused ?? buffer.frames;
  },
  unmap(kernel, mapping) {
    bufferOf(mapping.attachment.dmabuf).putKref(kernel, kernel.rules.vfio.krefsPutByUnmap);
  },
  mmap: (kernel, dmabuf, asked) => kernel.rules.vfio.mmap(kernel, dmabuf, asked),
  backing: "frame numbers",
  *release(kernel, dmabuf) {
    const buffer = bufferOf(dmabuf);
    if (buffer.kref > 1) kernel.leaks.push(`${buffer.kref - 1} kref of a released VFIO buffer`);
    yield* perform(kernel, kernel.rules.vfio.release, buffer);
  },
  revoke: (kernel, dmabuf) => revokeByHolder(kernel, dmabuf),
};

/** The same up to 7.0, where VFIO had a pin operation that refused. */
const pinningVfioPciDmaBufOps: DmaBufOps = {
  ...vfioPciDmaBufOps,
  pin: (kernel, attachment) => refusal(kernel, kernel.rules.vfio.pin, attachment),
  unpin: () => {},
};

/** An exporter that refuses no pin has no operation for it. */
function opsOf({ pin }: VfioRules): DmaBufOps {
  return pin.length === 0 ? vfioPciDmaBufOps : pinningVfioPciDmaBufOps;
}

/** An attach or a private map, as the VFIO exporter sees it. */
export interface VfioAttach {
  readonly attachment: Attachment;
  readonly buffer: VfioPciDmaBuf | undefined;
}

function request(attachment: Attachment): VfioAttach {
  return { attachment, buffer: vfioBufferOf(attachment.dmabuf) };
}

/** Gives iommufd the one physical range of a buffer, without a kref; vfio_pci_dma_buf_iommufd_map(). */
export function* privateMap(kernel: Kernel, attachment: Attachment): Steps<{ length: number } | ErrnoName> {
  yield attachment.dmabuf.resv.mutex.lock;
  const error = refusal(kernel, kernel.rules.vfio.privateMap, request(attachment));
  attachment.dmabuf.resv.mutex.unlock();
  return error ?? { length: attachment.dmabuf.size };
}

/** A request to map a VFIO buffer into a process. */
export interface VfioMmap {
  readonly buffer: VfioPciDmaBuf;
  readonly request: MmapRequest;
}

/** The mmap operation of the exporter, where it has one; vfio_pci_dma_buf_mmap() of the mmap series (M1-7). */
export function mmapVfioBuffer(kernel: Kernel, dmabuf: DmaBuf, asked: MmapRequest): FaultHandler | ErrnoName {
  const error = refusal(kernel, kernel.rules.vfio.mmapChecks, { buffer: bufferOf(dmabuf), request: asked });
  return error ?? faultVfioBuffer;
}

/** mainline has no mmap operation (VATT-10), so the core answers as it does for any exporter without one. */
export function mmapAbsent(): ErrnoName {
  return "EINVAL";
}

/**
 * Serves a fault in a mapping of a buffer; vfio_pci_mmap_huge_fault(), S2:77-95. The state is tested under the
 * reservation lock, and again under memory_lock, so that no entry appears after the zap (VMM-08). In between, a
 * registration keeps the device there.
 */
function* faultVfioBuffer(kernel: Kernel, vma: Vma, page: number): Steps<PageFrame | undefined> {
  if (!(vma.file.of instanceof DmaBuf)) return undefined;
  const buffer = bufferOf(vma.file.of);
  yield buffer.dmabuf.resv.mutex.lock;
  const { vdev } = buffer;
  const refused = refusal(kernel, kernel.rules.vfio.firstFaultCheck, buffer) !== undefined ||
    !vdev || !tryGetRegistration(vdev);
  buffer.dmabuf.resv.mutex.unlock();
  if (refused || !vdev) return kernel.rules.vfio.refusedFault(buffer);
  const lock = bufferLockOf(kernel, vdev);
  yield lock.read;
  const again = refusal(kernel, kernel.rules.vfio.secondFaultCheck, buffer);
  lock.upRead();
  putRegistration(kernel, vdev);
  return again ? kernel.rules.vfio.refusedFault(buffer) : kernel.rules.vfio.frameOf(buffer, vma.first + page);
}

/** A change of state of a buffer, while it happens. */
export interface Change {
  readonly buffer: VfioPciDmaBuf;
  /** The state that it goes to. */
  readonly to: Status;
  /** The device that it belongs to; it stays known after the buffer has been unlinked. */
  readonly device: VfioPciDevice;
}

/** Brings a buffer to a state, if the dialect has a transition for it; __vfio_pci_dma_buf_revoke(). */
export function* changeStatus(kernel: Kernel, buffer: VfioPciDmaBuf, to: Status): Steps<void> {
  const transition = kernel.rules.vfio.transitions[buffer.status][to];
  if (transition && buffer.vdev) yield* perform(kernel, transition, { buffer, to, device: buffer.vdev });
}

/** Revokes or un-revokes the buffers of a device; vfio_pci_dma_buf_move(). The caller holds memory_lock. */
export function* moveBuffers(kernel: Kernel, device: VfioPciDevice, to: "OK" | "TEMP"): Steps<void> {
  yield* lockBuffers(kernel, device);
  device.dmabufsRevoked = to === "TEMP";
  for (const buffer of kernel.rules.vfio.buffersToMove(device)) {
    const { file } = buffer.dmabuf;
    if (!kernel.rules.vfio.visits(kernel, file)) continue;
    yield* changeStatus(kernel, buffer, to);
    fput(kernel, file);
  }
  unlockBuffers(kernel, device);
}

/** Takes the lock of the buffers for one who holds memory_lock already. */
function* lockBuffers(kernel: Kernel, device: VfioPciDevice): Steps<void> {
  if (kernel.rules.vfio.bufferLock === "dmabuf_lock") yield device.dmabufLock.write;
}

function unlockBuffers(kernel: Kernel, device: VfioPciDevice): void {
  if (kernel.rules.vfio.bufferLock === "dmabuf_lock") device.dmabufLock.upWrite();
}

/** Takes the buffers of a session away from the device; vfio_pci_dma_buf_cleanup(). */
export function* cleanUpBuffers(kernel: Kernel, device: VfioPciDevice): Steps<void> {
  yield* lockBuffers(kernel, device);
  for (const buffer of [...device.dmabufs]) {
    const { file } = buffer.dmabuf;
    if (!kernel.rules.vfio.visits(kernel, file)) continue;
    yield* perform(kernel, kernel.rules.vfio.closing[buffer.status], { buffer, to: "PERM", device });
    fput(kernel, file);
  }
  unlockBuffers(kernel, device);
}

/** The argument of the revoke request: struct vfio_pci_dmabuf_revoke (S2:385-388). */
export interface RevokeRequest {
  readonly device: VfioPciDevice;
  readonly accessGranted: boolean;
  readonly argsz: number;
  readonly unreadable: "nothing" | "all" | "second-half";
  readonly dmabuf: Fd;
}

/** The revoke request as a feature: struct vfio_device_feature with one descriptor (VFT-01). */
export interface FeatureRequest extends FeatureHeader {
  readonly dmabuf: Fd;
}

/** What a revoke request is about, once the descriptor is known. */
export interface RevokeTarget {
  /** The device that is asked; where the buffer itself is asked, that of its session, if there still is one. */
  readonly device: VfioPciDevice | undefined;
  readonly dmabuf: DmaBuf;
  readonly buffer: VfioPciDmaBuf | undefined;
}

/** Revokes a buffer for good at its owner's request; vfio_pci_ioctl_dmabuf_revoke(), S2:53-68 and S2:264-310. */
export function* revokeIoctl(kernel: Kernel, request: RevokeRequest): Steps<0 | ErrnoName> {
  const rules = kernel.rules.vfio;
  const invalid = refusal(kernel, rules.revokeArgument, request);
  return invalid ?? (yield* revokeDescriptor(kernel, request));
}

/** The same as a feature of the device; vfio_pci_core_feature_dma_buf_revoke() of the third version and later. */
export function* featureRevoke(kernel: Kernel, request: FeatureRequest): Steps<0 | ErrnoName> {
  const rules = kernel.rules.vfio;
  const refused = refusal(kernel, rules.revokeFeatureHeader, request);
  if (refused) return refused;
  if (request.request.includes("probe") && !rules.probeRevokes) return 0;
  const invalid = refusal(kernel, rules.revokeFeaturePayload, request);
  return invalid ?? (yield* revokeDescriptor(kernel, request));
}

/** The same at the request of whoever holds a descriptor of the buffer; VFIO's revoke operation in RFC 5/7. */
export function* revokeByHolder(kernel: Kernel, dmabuf: DmaBuf): Steps<0 | ErrnoName> {
  const buffer = bufferOf(dmabuf);
  return yield* revokeTarget(kernel, { device: buffer.vdev, dmabuf, buffer });
}

function* revokeDescriptor(
  kernel: Kernel,
  request: Pick<RevokeRequest, "device" | "dmabuf">,
): Steps<0 | ErrnoName> {
  const rules = kernel.rules.vfio;
  const dmabuf = dmaBufGet(kernel, request.dmabuf);
  if (isError(dmabuf)) return rules.revokeLookupError(dmabuf);
  const target = { device: request.device, dmabuf, buffer: vfioBufferOf(dmabuf) };
  const result = yield* revokeTarget(kernel, target);
  for (let puts = rules.putsAfterRevoke(result); puts > 0; puts--) dmaBufPut(kernel, dmabuf);
  return result;
}

function* revokeTarget(kernel: Kernel, target: RevokeTarget): Steps<0 | ErrnoName> {
  const rules = kernel.rules.vfio;
  const { device } = target;
  const foreign = refusal(kernel, rules.revokeForeign, target);
  if (foreign) return foreign;
  if (device) yield* lockForRevoke(kernel, device);
  const refused = refusal(kernel, rules.revokeState, target);
  if (!refused) {
    for (const buffer of rules.buffersToRevoke(target)) yield* changeStatus(kernel, buffer, "PERM");
  }
  if (device) unlockAfterRevoke(kernel, device);
  return refused ?? 0;
}

function* lockForRevoke(kernel: Kernel, device: VfioPciDevice): Steps<void> {
  const { memoryLock } = device;
  yield kernel.rules.vfio.revokeLock === "write" ? memoryLock.write : memoryLock.read;
  yield* lockBuffers(kernel, device);
}

function unlockAfterRevoke(kernel: Kernel, device: VfioPciDevice): void {
  unlockBuffers(kernel, device);
  if (kernel.rules.vfio.revokeLock === "write") device.memoryLock.upWrite();
  else device.memoryLock.upRead();
}
