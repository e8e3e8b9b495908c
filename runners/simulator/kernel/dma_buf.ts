/**
 * The dma-buf core: drivers/dma-buf/dma-buf.c. It has no notion of a revoked buffer (BASE-18): every refusal for
 * that reason comes from the exporter.
 *
 * @module
 */
import type { ErrnoName } from "../../../spec/errno.ts";
import { isError, refusal } from "./check.ts";
import { DmaFence, DmaResv, type Usage } from "./dma_resv.ts";
import { type Fd, fget, File, fput, getFile, type OpenFlags, type Process } from "./file.ts";
import type { Kernel } from "./kernel.ts";
import { PAGE_SIZE } from "./kernel.ts";
import {
  type Backing,
  type FaultHandler,
  FileMappings,
  type MmapRequest,
  type PageFrame,
  Vma,
  zap,
} from "./mm.ts";
import { type Steps, window } from "./sched.ts";
import { shared, SharedObject } from "./shared.ts";

/** What an exporter implements: struct dma_buf_ops. */
export interface DmaBufOps {
  /** Who the exporter is; buffers are told apart by the identity of this object. */
  readonly name: string;
  readonly attach?: ((kernel: Kernel, attachment: Attachment) => ErrnoName | undefined) | undefined;
  readonly pin?: ((kernel: Kernel, attachment: Attachment) => ErrnoName | undefined) | undefined;
  readonly unpin?: ((attachment: Attachment) => void) | undefined;
  /** Gives the frames that the device may reach; `null` stands for no table and no error. */
  readonly map?:
    | ((kernel: Kernel, attachment: Attachment) => readonly PageFrame[] | ErrnoName | null)
    | undefined;
  readonly unmap?: ((kernel: Kernel, mapping: SgTable) => void) | undefined;
  /** Says how faults in a new CPU mapping are served. */
  readonly mmap?:
    | ((kernel: Kernel, dmabuf: DmaBuf, request: MmapRequest) => FaultHandler | ErrnoName)
    | undefined;
  /** What the CPU mappings show; counted pages where left out. */
  readonly backing?: Backing | undefined;
  readonly vmap?: ((dmabuf: DmaBuf) => ErrnoName | undefined) | undefined;
  readonly release?: ((kernel: Kernel, dmabuf: DmaBuf) => Steps<void>) | undefined;
  /** Revokes the buffer for good; only the core of seed 3 ever calls it (S3:46-70). */
  readonly revoke?: ((kernel: Kernel, dmabuf: DmaBuf) => Steps<0 | ErrnoName>) | undefined;
}

/** What an importer gives at attach: struct dma_buf_attach_ops. */
export interface AttachOps {
  readonly allowPeer2peer: boolean;
  /** invalidate_mappings, called with the reservation lock held. */
  readonly invalidate?: ((kernel: Kernel, attachment: Attachment) => void) | undefined;
  /** revoke_notify of Leon Romanovsky's v1, whose importers have either this or the other; no other core calls it. */
  readonly revokeNotify?: ((kernel: Kernel, attachment: Attachment) => void) | undefined;
}

/** An importer's tie to a buffer: struct dma_buf_attachment. */
export interface Attachment {
  readonly dmabuf: DmaBuf;
  /** `undefined` for a static importer. */
  readonly ops: AttachOps | undefined;
  /** Whether the importer can reach PCI memory, as the core decided it. */
  readonly peer2peer: boolean;
  /** The name that the case gave it. */
  readonly name: string;
}

/** Addresses handed out to a device: struct sg_table. */
export class SgTable extends SharedObject {
  readonly attachment: Attachment;
  readonly frames: readonly PageFrame[];
  /** Whether it has been given back. */
  @shared
  accessor unmapped = false;

  constructor(attachment: Attachment, frames: readonly PageFrame[]) {
    super();
    this.attachment = attachment;
    this.frames = frames;
  }
}

/** What an exporter passes to dma_buf_export(). */
export interface ExportInfo {
  readonly ops: DmaBufOps;
  readonly priv: unknown;
  /** Bytes. */
  readonly size: number;
  readonly flags: OpenFlags;
  /** revoke_semantics of Leon Romanovsky's v1: what the exporter invalidates is revoked. */
  readonly revokeSemantics?: boolean | undefined;
}

/** A shared buffer: struct dma_buf. */
export class DmaBuf extends SharedObject {
  readonly id: number;
  readonly ops: DmaBufOps;
  readonly priv: unknown;
  /** Bytes. */
  readonly size: number;
  readonly file: File;
  readonly resv: DmaResv;
  readonly revokeSemantics: boolean;
  /** Whether it is revoked, in the cores that have such a flag: Leon Romanovsky's v1, and no other (BASE-18). */
  @shared
  accessor invalidated = false;
  @shared
  accessor attachments: readonly Attachment[] = [];
  /** Its CPU mappings: the i_mmap of its file. */
  readonly mapped: FileMappings = new FileMappings();
  /** The directions in which a poll waits for a fence, and holds a reference: cb_in and cb_out. */
  readonly polled: Set<"WRITE" | "READ"> = new Set();
  /** The name that user space gave it. */
  @shared
  accessor name: string | undefined;

  constructor(id: number, info: ExportInfo) {
    super();
    this.id = id;
    this.ops = info.ops;
    this.priv = info.priv;
    this.size = info.size;
    this.revokeSemantics = info.revokeSemantics ?? false;
    this.resv = new DmaResv(`dma-buf ${id}`);
    this.file = new File("dma-buf", this, (kernel) => this.#release(kernel), info.flags);
  }

  /** Its CPU mappings. */
  get vmas(): readonly Vma[] {
    return this.mapped.vmas;
  }

  /** dma_buf_release(): runs once, after the last reference. */
  *#release(kernel: Kernel): Steps<void> {
    if (!kernel.dmaBufs.delete(this)) {
      kernel.warn(`KASAN: double-free of dma-buf ${this.id}`);
      return;
    }
    if (this.ops.release) yield* this.ops.release(kernel, this);
    this.file.freed = true;
  }
}

/** Makes a buffer; dma_buf_export(). */
export function dmaBufExport(kernel: Kernel, info: ExportInfo): DmaBuf | ErrnoName {
  const error = refusal(kernel, kernel.rules.core.exportInfo, info);
  if (error) return error;
  const dmabuf = new DmaBuf(kernel.nextId(), info);
  kernel.dmaBufs.add(dmabuf);
  return dmabuf;
}

/** Gives a buffer a descriptor, which takes over the caller's reference; dma_buf_fd(). */
export function dmaBufFd(process: Process, dmabuf: DmaBuf, cloexec: boolean): Fd | ErrnoName {
  if (process.exhausted) return "EMFILE";
  return process.install(dmabuf.file, { cloexec });
}

/** A descriptor that a caller passed: what the process's table says of it. */
export interface Lookup {
  /** Whether the number is open at all. */
  readonly open: boolean;
  /** Whether it is open as O_PATH only. */
  readonly path: boolean;
  /** Whether what it names is a dma-buf. */
  readonly isDmaBuf: boolean;
}

/** Looks a descriptor up and takes a reference; dma_buf_get(). */
export function dmaBufGet(kernel: Kernel, fd: Fd): DmaBuf | ErrnoName {
  const entry = fd.process.descriptor(fd.number);
  const dmabuf = entry?.file.of;
  const lookup = {
    open: entry !== undefined,
    path: entry?.path ?? false,
    isDmaBuf: dmabuf instanceof DmaBuf,
  };
  const error = refusal(kernel, kernel.rules.core.lookup, lookup);
  if (error) return error;
  if (!(dmabuf instanceof DmaBuf)) return "EINVAL";
  getFile(dmabuf.file);
  return dmabuf;
}

/** Gives a reference back; dma_buf_put(). */
export function dmaBufPut(kernel: Kernel, dmabuf: DmaBuf): void {
  fput(kernel, dmabuf.file);
}

/** What an importer asks for at attach. */
export interface AttachRequest {
  readonly dmabuf: DmaBuf;
  readonly ops: AttachOps | undefined;
  /** Whether the importer passed a device at all. */
  readonly hasDevice: boolean;
  readonly name: string;
}

/** Attaches an importer; dma_buf_dynamic_attach(). The exporter decides without the reservation lock (BASE-12). */
export function* dmaBufAttach(kernel: Kernel, request: AttachRequest): Steps<Attachment | ErrnoName> {
  const { dmabuf, ops, name } = request;
  const invalid = refusal(kernel, kernel.rules.core.attach, request);
  if (invalid) return invalid;
  const attachment = { dmabuf, ops, peer2peer: ops?.allowPeer2peer ?? false, name };
  const error = dmabuf.ops.attach?.(kernel, attachment);
  if (error) return kernel.rules.core.exporterError(error);
  yield window("attach and its listing");
  yield dmabuf.resv.mutex.lock;
  // The newest comes first, as list_add() puts it.
  dmabuf.attachments = [attachment, ...dmabuf.attachments];
  dmabuf.resv.mutex.unlock();
  return attachment;
}

/** Detaches an importer; dma_buf_detach(). Legal in every state of the buffer (BASE-15). */
export function* dmaBufDetach(attachment: Attachment): Steps<void> {
  const { dmabuf } = attachment;
  yield dmabuf.resv.mutex.lock;
  dmabuf.attachments = dmabuf.attachments.filter((each) => each !== attachment);
  dmabuf.resv.mutex.unlock();
}

/** Whether an attachment can be revoked; dma_buf_attach_revocable(). */
export function dmaBufAttachRevocable(kernel: Kernel, attachment: Attachment): boolean {
  return kernel.rules.core.revocable(attachment);
}

/** Asks the exporter not to move a buffer; dma_buf_pin(). The caller holds the reservation lock. */
export function dmaBufPin(kernel: Kernel, attachment: Attachment): ErrnoName | undefined {
  if (!attachment.ops) kernel.warn("WARNING: dma_buf_pin() of a static attachment");
  const { pin } = attachment.dmabuf.ops;
  return kernel.rules.core.pin(attachment, pin ? pin(kernel, attachment) : "absent");
}

/** Takes a pin back; dma_buf_unpin(). */
export function dmaBufUnpin(attachment: Attachment): void {
  attachment.dmabuf.ops.unpin?.(attachment);
}

/**
 * Maps a buffer for the importer's device; dma_buf_map_attachment(). The caller holds the reservation lock. A
 * static importer pins first and waits for the kernel's own fences.
 */
export function* dmaBufMapAttachment(kernel: Kernel, attachment: Attachment): Steps<SgTable | ErrnoName> {
  const { dmabuf } = attachment;
  const refused = refusal(kernel, kernel.rules.core.map, attachment);
  if (refused) return refused;
  const pins = attachment.ops === undefined && dmabuf.ops.pin !== undefined;
  const error = pins ? dmabuf.ops.pin?.(kernel, attachment) : undefined;
  if (error) return error;
  const mapping = mapByExporter(kernel, attachment);
  if (isError(mapping)) {
    if (pins) dmaBufUnpin(attachment);
    return mapping;
  }
  const { staticMapWaitsFor } = kernel.rules.core;
  if (attachment.ops === undefined && staticMapWaitsFor !== "nothing") {
    yield dmabuf.resv.waitFor(staticMapWaitsFor);
  }
  return mapping;
}

/** The part of mapping that never waits, as a callback can call it. */
export function mapNow(kernel: Kernel, attachment: Attachment): SgTable | ErrnoName {
  return refusal(kernel, kernel.rules.core.map, attachment) ?? mapByExporter(kernel, attachment);
}

function mapByExporter(kernel: Kernel, attachment: Attachment): SgTable | ErrnoName {
  const frames = attachment.dmabuf.ops.map?.(kernel, attachment) ?? kernel.rules.core.mapGaveNothing;
  if (isError(frames)) return kernel.rules.core.exporterError(frames);
  const table = kernel.rules.core.tableOf(attachment, frames);
  kernel.mappings.add(table);
  return table;
}

/** Gives a mapping back; dma_buf_unmap_attachment(). Legal in every state of the buffer (BASE-15). */
export function dmaBufUnmapAttachment(kernel: Kernel, mapping: SgTable): void {
  if (mapping.unmapped) return;
  mapping.unmapped = true;
  kernel.mappings.delete(mapping);
  const { dmabuf } = mapping.attachment;
  if (kernel.rules.core.unmapReachesExporter(mapping)) dmabuf.ops.unmap?.(kernel, mapping);
  if (mapping.attachment.ops === undefined) dmabuf.ops.unpin?.(mapping.attachment);
}

/** Maps a buffer into the kernel; dma_buf_vmap(). */
export function dmaBufVmap(kernel: Kernel, dmabuf: DmaBuf): ErrnoName | undefined {
  return refusal(kernel, kernel.rules.core.vmap, dmabuf) ?? vmapByExporter(kernel, dmabuf);
}

/** Asks the exporter, and warns where it refuses (BASE-22). */
function vmapByExporter(kernel: Kernel, dmabuf: DmaBuf): ErrnoName | undefined {
  const error = dmabuf.ops.vmap?.(dmabuf);
  if (error === undefined) return undefined;
  kernel.warnOnce("WARNING: dma_buf_vmap() of a buffer whose exporter refuses");
  return kernel.rules.core.exporterError(error);
}

/** Tells importers that their mappings are no longer valid; dma_buf_invalidate_mappings(). It waits for nothing. */
export function dmaBufInvalidateMappings(kernel: Kernel, dmabuf: DmaBuf): void {
  for (const step of kernel.rules.core.notification) step.run(kernel, dmabuf);
}

/** A step of an invalidation. The reservation lock is held and nothing waits. */
export interface NotificationStep {
  /** What it does, in a few words. */
  readonly name: string;
  /** The clause it follows. */
  readonly clause: string;
  /** Does it. */
  readonly run: (kernel: Kernel, dmabuf: DmaBuf) => void;
}

/** Complains about a caller who does not hold the reservation lock; dma_resv_assert_held(). */
export const assertLocked: NotificationStep = {
  name: "assert that the reservation is locked",
  clause: "INVAL-01",
  run(kernel, dmabuf) {
    if (dmabuf.resv.mutex.owner === kernel.current) return;
    kernel.warn("lockdep: dma_buf_invalidate_mappings() without the reservation lock");
  },
};

/** Calls the importers, each by the one callback that it has. */
export const tellImporters: NotificationStep = {
  name: "call the importers",
  clause: "INVAL-02",
  run(kernel, dmabuf) {
    for (const attachment of kernel.rules.core.toldOfInvalidation(dmabuf)) {
      const callback = attachment.ops?.invalidate ?? attachment.ops?.revokeNotify;
      callback?.(kernel, attachment);
    }
  },
};

/** Marks a buffer with revoke semantics as revoked, in a core that has such a flag. */
export const markInvalidated: NotificationStep = {
  name: "mark it revoked",
  clause: "LEON1-08",
  run(_kernel, dmabuf) {
    if (dmabuf.revokeSemantics) dmabuf.invalidated = true;
  },
};

/** Removes the page table entries of a revoked buffer, as only the cover letter of Leon Romanovsky's v1 promises. */
export const zapIfInvalidated: NotificationStep = {
  name: "zap the CPU mappings",
  clause: "LEON0-02",
  run(_kernel, dmabuf) {
    if (dmabuf.invalidated) zap(dmabuf.vmas);
  },
};

/** Makes a revoked buffer usable again; dma_buf_mark_valid() of Leon Romanovsky's v1, which no kernel has. */
export function dmaBufMarkValid(kernel: Kernel, dmabuf: DmaBuf): ErrnoName | undefined {
  if (dmabuf.resv.mutex.owner !== kernel.current) {
    kernel.warn("lockdep: dma_buf_mark_valid() without the reservation lock");
  }
  return kernel.rules.core.markValid(dmabuf);
}

/** A request to revoke a buffer, made on the buffer itself. */
export interface RevokeOnBuffer {
  readonly dmabuf: DmaBuf;
  /** Who asks. Nobody is refused for that, which is why the proposal was (RFC-11). */
  readonly caller: Process;
  /** What the caller passes along, which nothing reads. */
  readonly argument: "none" | "unreadable";
}

/** Asks the exporter to revoke a buffer for good; DMA_BUF_IOCTL_REVOKE of seed 3 (S3:35-39), which no kernel has. */
export function* dmaBufRevoke(kernel: Kernel, request: RevokeOnBuffer): Steps<0 | ErrnoName> {
  const { revokeIoctl, revokeAnswer, unknownIoctl } = kernel.rules.core;
  if (revokeIoctl === "absent") return unknownIoctl;
  const { dmabuf } = request;
  const refused = refusal(kernel, revokeIoctl, request);
  if (refused || !dmabuf.ops.revoke) return refused ?? 0;
  return revokeAnswer(yield* dmabuf.ops.revoke(kernel, dmabuf));
}

/** A request to map a buffer into a process. */
export interface DmaBufMmap extends MmapRequest {
  readonly dmabuf: DmaBuf;
}

/**
 * Maps a buffer into a process; mmap(2), then dma_buf_mmap_internal(), then the exporter. The exporter looks at its
 * state without a lock, and the mapping is listed only afterwards: a zap in between does not find it (VMM-05).
 */
export function* dmaBufMmap(
  kernel: Kernel,
  process: Process,
  request: DmaBufMmap,
): Steps<Vma | ErrnoName> {
  const { dmabuf } = request;
  // do_mmap() refuses that before it asks the file.
  if (request.pages <= 0) return "EINVAL";
  const error = refusal(kernel, kernel.rules.core.mmap, request);
  if (error) return error;
  const fault = dmabuf.ops.mmap?.(kernel, dmabuf, request) ?? "EINVAL";
  if (isError(fault)) return fault;
  yield window("the exporter's mmap and the listing of the mapping");
  return new Vma(
    process,
    request,
    dmabuf.mapped,
    askingCore(kernel, dmabuf, fault),
    dmabuf.ops.backing ?? "pages",
  );
}

/** A fault handler behind the core's own checks, where a core has any: that of the cover letter alone. */
function askingCore(kernel: Kernel, dmabuf: DmaBuf, fault: FaultHandler): FaultHandler {
  const { fault: checks } = kernel.rules.core;
  if (checks.length === 0) return fault;
  return function* (k, vma, page): Steps<PageFrame | undefined> {
    return refusal(k, checks, dmabuf) ? undefined : yield* fault(k, vma, page);
  };
}

/** A request to move the file position. */
export interface Seek {
  readonly whence: "set" | "cur" | "end";
  readonly offset: number;
}

/** Tells the size of a buffer; dma_buf_llseek(). */
export function dmaBufSeek(kernel: Kernel, dmabuf: DmaBuf, seek: Seek): number | ErrnoName {
  return refusal(kernel, kernel.rules.core.seek, seek) ?? (seek.whence === "end" ? dmabuf.size : 0);
}

/** The argument of DMA_BUF_IOCTL_SYNC. */
export interface SyncRequest {
  readonly unreadable: boolean;
  readonly unknownFlag: boolean;
  readonly access: readonly ("read" | "write")[];
  readonly phase: "start" | "end";
}

/** Brackets a CPU access; DMA_BUF_IOCTL_SYNC. The begin waits for the fences that the access must not overtake. */
export function* dmaBufSync(kernel: Kernel, dmabuf: DmaBuf, request: SyncRequest): Steps<0 | ErrnoName> {
  const error = refusal(kernel, kernel.rules.core.sync, request);
  if (error) return error;
  if (request.phase === "start") {
    yield dmabuf.resv.waitFor(request.access.includes("write") ? "READ" : "WRITE");
  }
  return 0;
}

/**
 * Whether the fences allow a read and a write; dma_buf_poll(). For each direction that they do not allow it holds the
 * file until the first of them signals.
 */
export function* dmaBufPoll(
  kernel: Kernel,
  dmabuf: DmaBuf,
): Steps<{ readable: boolean; writable: boolean }> {
  const { mutex } = dmabuf.resv;
  yield mutex.lock;
  const writable = pollOne(kernel, dmabuf, "READ");
  const readable = pollOne(kernel, dmabuf, "WRITE");
  mutex.unlock();
  return { readable, writable };
}

function pollOne(kernel: Kernel, { file, resv, polled }: DmaBuf, upTo: "WRITE" | "READ"): boolean {
  if (polled.has(upTo)) return false;
  const [first] = resv.unsignalled(upTo);
  if (!first) return true;
  polled.add(upTo);
  getFile(file);
  first.onSignal(() => {
    polled.delete(upTo);
    fput(kernel, file);
  });
  return false;
}

/** One fence for those that user space may wait for; dma_buf_export_sync_file(). */
export function dmaBufExportFence(kernel: Kernel, dmabuf: DmaBuf, upTo: Usage): DmaFence {
  const fence = new DmaFence(kernel.nextId(), dmabuf.resv.unsignalled(upTo));
  if (dmabuf.resv.unsignalled(upTo).length === 0) fence.signal();
  return fence;
}

/** Adds a fence that came from user space; dma_buf_import_sync_file(). */
export function* dmaBufImportFence(
  dmabuf: DmaBuf,
  fence: DmaFence,
  usage: "READ" | "WRITE",
): Steps<void> {
  yield dmabuf.resv.mutex.lock;
  dmabuf.resv.add(fence, usage);
  dmabuf.resv.mutex.unlock();
}

/** The buffer behind a descriptor on which an operation of the file itself runs, without a new reference. */
export function dmaBufOf(fd: Fd): DmaBuf | ErrnoName {
  const file = fget(fd);
  if (!file) return "EBADF";
  return file.of instanceof DmaBuf ? file.of : "EINVAL";
}

/** The same for a request (an ioctl), whose number means nothing to another file; a GPU takes it for one of its own. */
export function dmaBufAsked(fd: Fd): DmaBuf | ErrnoName {
  const file = fget(fd);
  if (!file || file.of instanceof DmaBuf || file.kind === "drm") return dmaBufOf(fd);
  return "ENOTTY";
}

/**
 * A buffer for an operation that has nothing to do with what it holds: poll, fdinfo, names, sync files.
 *
 * @param dmabuf the buffer, or why there is none
 */
export function dmaBufAsFile(kernel: Kernel, dmabuf: DmaBuf | ErrnoName): DmaBuf | ErrnoName {
  if (isError(dmabuf)) return dmabuf;
  return refusal(kernel, kernel.rules.core.fileOperations, dmabuf) ?? dmabuf;
}

/** Pages in a number of bytes. */
export function pagesOf(bytes: number): number {
  return Math.ceil(bytes / PAGE_SIZE);
}
