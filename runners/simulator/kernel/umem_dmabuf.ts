/**
 * The RDMA core as an importer: drivers/infiniband/core/umem_dmabuf.c.
 *
 * What a step does is here; which steps there are and in which order is a rule of the dialect. What the hardware
 * does with the pages is in `rdma_mr.ts`.
 *
 * @module
 */
import type { ErrnoName } from "../../../spec/errno.ts";
import { isError, refusal } from "./check.ts";
import {
  type Attachment,
  type DmaBuf,
  dmaBufAttach,
  dmaBufDetach,
  dmaBufGet,
  dmaBufMapAttachment,
  dmaBufPin,
  dmaBufPut,
  dmaBufUnmapAttachment,
  dmaBufUnpin,
  type SgTable,
} from "./dma_buf.ts";
import type { Fd } from "./file.ts";
import { type Kernel, PAGE_SIZE } from "./kernel.ts";
import type { PageFrame } from "./mm.ts";
import type { Mutex, Steps } from "./sched.ts";
import { perform, type Sequence, type SequenceStep } from "./sequence.ts";
import { shared, SharedObject } from "./shared.ts";

/** What a driver asks the core to register. */
export interface UmemRequest {
  readonly fd: Fd;
  /** Bytes, each an unsigned long. */
  readonly offset: bigint;
  readonly length: bigint;
  /** The name that the case gives the region. */
  readonly name: string;
}

/** A request together with the buffer that its descriptor names. */
export interface UmemTarget {
  readonly request: UmemRequest;
  readonly dmabuf: DmaBuf;
}

/** What a driver wants to do in the callback, with the reservation lock held; nothing where it has none. */
export type UmemCallback = (kernel: Kernel, umem: UmemDmabuf) => void;

/** A run of pages in an sg_table: the index of its first page in the buffer, and how many there are. */
export interface SgEntry {
  readonly first: number;
  readonly pages: number;
}

/** An end of an entry. */
export type Side = "head" | "tail";

/** An entry that was trimmed in place, and by how many pages. */
export interface Trimmed {
  readonly index: number;
  readonly pages: number;
}

/** A region's hold on a buffer: struct ib_umem_dmabuf. */
export class UmemDmabuf extends SharedObject {
  readonly name: string;
  /** First page of the region, and the page behind its last one. */
  readonly start: number;
  readonly end: number;
  /** sgt: what the exporter has handed out; `undefined` where nothing is mapped. */
  @shared
  accessor table: SgTable | undefined;
  /** The entries of the table, trimmed in place to the region. */
  @shared
  accessor entries: readonly SgEntry[] = [];
  /** first_sg with first_sg_offset. */
  @shared
  accessor firstSg: Trimmed | undefined;
  /** last_sg with last_sg_trim. */
  @shared
  accessor lastSg: Trimmed | undefined;
  @shared
  accessor pinned = false;
  /** Set once and never cleared (UMEM-07). */
  @shared
  accessor revoked = false;
  /** pinned_revoke: how the driver is told to stop its hardware. */
  @shared
  accessor pinnedRevoke: ((kernel: Kernel) => void) | undefined;
  /** private: the driver's own region, once it has one. */
  @shared
  accessor owner: object | undefined;
  #attachment: Attachment | undefined;

  constructor({ name, offset, length }: UmemRequest) {
    super();
    this.name = name;
    this.start = Math.floor(Number(offset) / PAGE_SIZE);
    this.end = Math.ceil(Number(offset + length) / PAGE_SIZE);
  }

  /** Its tie to the buffer. */
  get attachment(): Attachment {
    if (!this.#attachment) throw new Error("Cannot use a region that is not attached");
    return this.#attachment;
  }

  set attachment(attachment: Attachment) {
    this.#attachment = attachment;
  }

  /** The reservation lock of its buffer. */
  get reservation(): Mutex {
    return this.attachment.dmabuf.resv.mutex;
  }

  /** The indices of the pages that its table covers, from the first entry of the region to the last. */
  get pages(): readonly number[] {
    if (!this.table || !this.firstSg) return [];
    return this.entries.slice(this.firstSg.index, (this.lastSg?.index ?? this.entries.length) + 1)
      .flatMap(({ first, pages }) => Array.from({ length: pages }, (_, index) => first + index));
  }

  /** The frames that its hardware is given. */
  get frames(): readonly PageFrame[] {
    const { table } = this;
    return this.pages.flatMap((page) => table?.frames[page] ?? []);
  }
}

/** Attaches a region to a buffer; ib_umem_dmabuf_get(). The order of its errors is UMEM-01. */
export function* getUmem(
  kernel: Kernel,
  request: UmemRequest,
  callback: UmemCallback | undefined,
): Steps<UmemDmabuf | ErrnoName> {
  const { umem: rules } = kernel.rules;
  const invalid = refusal(kernel, rules.request, request);
  if (invalid) return invalid;
  const dmabuf = dmaBufGet(kernel, request.fd);
  if (isError(dmabuf)) return dmabuf;
  const refused = refusal(kernel, rules.target, { request, dmabuf });
  const umem = refused ?? (yield* attachUmem(kernel, dmabuf, new UmemDmabuf(request), callback));
  if (isError(umem)) yield* perform(kernel, rules.undoGet, dmabuf);
  return umem;
}

function* attachUmem(
  kernel: Kernel,
  dmabuf: DmaBuf,
  umem: UmemDmabuf,
  callback: UmemCallback | undefined,
): Steps<UmemDmabuf | ErrnoName> {
  const told = callback && ((inside: Kernel) => {
    inside.events.push({ event: "invalidate", attachment: umem.name });
    callback(inside, umem);
  });
  const ops = { allowPeer2peer: kernel.rules.umem.allowPeer2peer, invalidate: told };
  const attachment = yield* dmaBufAttach(kernel, { dmabuf, ops, hasDevice: true, name: umem.name });
  if (isError(attachment)) return attachment;
  umem.attachment = attachment;
  return umem;
}

/**
 * Attaches, pins and maps, and returns with the reservation locked; ib_umem_dmabuf_get_pinned_and_lock(). Between the
 * attach and the lock the buffer can be revoked (UMEM-09).
 */
export function* getPinnedUmemAndLock(
  kernel: Kernel,
  request: UmemRequest,
  callback: UmemCallback | undefined,
): Steps<UmemDmabuf | ErrnoName> {
  const { umem: rules } = kernel.rules;
  const umem = yield* getUmem(kernel, request, callback);
  if (isError(umem)) return umem;
  yield umem.reservation.lock;
  const error = yield* perform(kernel, rules.pinAndMap, umem);
  if (!error) return umem;
  yield* perform(kernel, rules.undoPinAndMap, umem);
  return error;
}

/** Maps the pages; ib_umem_dmabuf_map_pages(). The caller holds the reservation lock. */
export function* mapPages(kernel: Kernel, umem: UmemDmabuf): Steps<ErrnoName | undefined> {
  const refused = refusal(kernel, kernel.rules.umem.map, umem);
  return refused ?? (yield* perform(kernel, kernel.rules.umem.mapPages, umem));
}

/** Unmaps the pages, if any are mapped; ib_umem_dmabuf_unmap_pages(). The caller holds the reservation lock. */
export function unmapPages(kernel: Kernel, umem: UmemDmabuf): void {
  if (umem.table) atOnce(kernel, kernel.rules.umem.unmapPages, umem);
}

/**
 * Revokes a region, once; ib_umem_dmabuf_revoke_locked(). It is the callback of a revocable region, and the caller
 * holds the reservation lock.
 */
export function revokeUmemLocked(kernel: Kernel, umem: UmemDmabuf): void {
  if (!kernel.rules.umem.isRevoked(umem)) atOnce(kernel, kernel.rules.umem.revoke, umem);
}

/** Revokes a region at its driver's own request; ib_umem_dmabuf_revoke(). */
export function* revokeUmem(kernel: Kernel, umem: UmemDmabuf): Steps<void> {
  yield umem.reservation.lock;
  revokeUmemLocked(kernel, umem);
  umem.reservation.unlock();
}

/** Gives a region back; ib_umem_dmabuf_release(). */
export function* releaseUmem(kernel: Kernel, umem: UmemDmabuf): Steps<void> {
  yield* perform(kernel, kernel.rules.umem.release, umem);
}

/** The callback that only warns, of kernels up to 7.0; ib_umem_dmabuf_unsupported_move_notify() (RNOD-02). */
export function warnOfInvalidation(kernel: Kernel, umem: UmemDmabuf): void {
  const text = `${umem.name}: Invalidate callback should not be called when memory is pinned`;
  kernel.log.push({ level: "warn", text });
}

/**
 * Runs a sequence inside a callback, where nothing may wait: the reservation lock is held. A step that wants a lock
 * that its own thread holds would never get it, which lockdep says.
 */
export function atOnce<C>(kernel: Kernel, sequence: Sequence<C>, context: C): void {
  const steps = perform(kernel, sequence, context);
  for (let next = steps.next(); !next.done; next = steps.next()) {
    const { current } = kernel;
    if (!current || !next.value.ready(current)) {
      kernel.warn(`lockdep: possible recursive locking detected: ${next.value.on}`);
      return;
    }
    next.value.take?.(current);
  }
}

/** A step of what the core does with a region. */
export type UmemStep = SequenceStep<UmemDmabuf>;

/** Pins the buffer. */
export const pinBuffer: UmemStep = {
  name: "pin the buffer",
  clause: "UMEM-02",
  run(kernel, umem) {
    const error = dmaBufPin(kernel, umem.attachment);
    umem.pinned = error === undefined;
    return error;
  },
};

/** Maps the pages, behind the check of the revoked flag. */
export const mapThePages: UmemStep = {
  name: "map the pages",
  clause: "UMEM-02",
  run: mapPages,
};

/** Asks the exporter for a table, unless there is one. */
export const mapAttachment: UmemStep = {
  name: "map the attachment",
  clause: "UMEM-02",
  *run(kernel, umem) {
    if (umem.table) return undefined;
    const table = yield* dmaBufMapAttachment(kernel, umem.attachment);
    if (isError(table)) return table;
    umem.table = table;
    umem.entries = entriesOf(table);
    return undefined;
  },
};

/** Trims the first and the last entry of the region in place. */
export const trimTable: UmemStep = {
  name: "trim the table to the region",
  clause: "UMEM-10",
  run(_kernel, umem) {
    if (umem.firstSg) return;
    const first = umem.entries.findIndex((entry) => covers(entry, umem.start));
    const last = umem.entries.findIndex((entry) => covers(entry, umem.end - 1));
    trim(umem, first, ({ first: from }) => umem.start - from, "head");
    trim(umem, last, ({ first: from, pages }) => from + pages - umem.end, "tail");
  },
};

/** Waits until the exporter has finished moving the contents: for the fences of usage KERNEL. */
export const waitForContents: UmemStep = {
  name: "wait for the kernel's fences",
  clause: "UMEM-02",
  *run(_kernel, umem) {
    yield umem.attachment.dmabuf.resv.waitFor("KERNEL");
  },
};

/** Puts the entries back as the exporter handed them out. */
export const restoreTable: UmemStep = {
  name: "restore the trimmed entries",
  clause: "UMEM-10",
  run(_kernel, umem) {
    const { firstSg, lastSg } = umem;
    if (firstSg) widen(umem, firstSg, "head");
    if (lastSg) widen(umem, lastSg, "tail");
    umem.firstSg = undefined;
    umem.lastSg = undefined;
  },
};

/** Gives the table back to the exporter. The DMA debugging of the kernel tells of one that was altered. */
export const unmapAttachment: UmemStep = {
  name: "unmap the attachment",
  clause: "UMEM-10",
  run(kernel, umem) {
    const { table, entries } = umem;
    if (!table) return;
    checkTable(kernel, table, entries);
    dmaBufUnmapAttachment(kernel, table);
    umem.table = undefined;
    kernel.events.push({ event: "unmap", attachment: umem.name });
  },
};

/** Tells the driver to stop its hardware; pinned_revoke. A driver that has not said how is not told. */
export const tellDriver: UmemStep = {
  name: "tell the driver",
  clause: "UMEM-03",
  run(kernel, umem) {
    umem.pinnedRevoke?.(kernel);
  },
};

/** Unmaps the pages. */
export const unmapThePages: UmemStep = {
  name: "unmap the pages",
  clause: "UMEM-03",
  run: unmapPages,
};

/** Takes the pin back, if there is one. */
export const unpinBuffer: UmemStep = {
  name: "unpin the buffer",
  clause: "UMEM-03",
  run(kernel, umem) {
    if (!umem.pinned) return;
    dmaBufUnpin(umem.attachment);
    umem.pinned = false;
    kernel.events.push({ event: "unpin", attachment: umem.name });
  },
};

/** Marks the region as revoked, for ever. */
export const markRevoked: UmemStep = {
  name: "mark the region as revoked",
  clause: "UMEM-07",
  run(_kernel, umem) {
    umem.revoked = true;
  },
};

/** Gives the reservation lock back. */
export const unlockReservation: UmemStep = {
  name: "unlock the reservation",
  clause: "UMEM-02",
  run(_kernel, umem) {
    umem.reservation.unlock();
  },
};

/** Revokes the region if nobody has; it takes the reservation lock for it. */
export const revokeOnRelease: UmemStep = {
  name: "revoke the region",
  clause: "UMEM-04",
  run: revokeUmem,
};

/** Detaches from the buffer. */
export const detachUmem: UmemStep = {
  name: "detach from the buffer",
  clause: "UMEM-02",
  *run(_kernel, umem) {
    yield* dmaBufDetach(umem.attachment);
  },
};

/** Gives the reference on the buffer back. */
export const putBuffer: UmemStep = {
  name: "put the buffer",
  clause: "UMEM-02",
  run(kernel, umem) {
    dmaBufPut(kernel, umem.attachment.dmabuf);
  },
};

/** Releases the region. */
export const releaseTheUmem: UmemStep = {
  name: "release the region",
  clause: "UMEM-02",
  run: releaseUmem,
};

/** Gives the reference on a buffer back that was never attached. */
export const putTarget: SequenceStep<DmaBuf> = {
  name: "put the buffer",
  clause: "UMEM-02",
  run: dmaBufPut,
};

/** The entries of a table as the exporter hands it out: one for each run of neighbouring frames. */
function entriesOf({ frames }: SgTable): readonly SgEntry[] {
  const entries: SgEntry[] = [];
  for (const [index, frame] of frames.entries()) {
    const last = entries.at(-1);
    const before = frames[index - 1];
    if (last && before?.memory === frame.memory && before.page + 1 === frame.page) {
      entries[entries.length - 1] = { first: last.first, pages: last.pages + 1 };
    } else entries.push({ first: index, pages: 1 });
  }
  return entries;
}

function covers({ first, pages }: SgEntry, page: number): boolean {
  return first <= page && page < first + pages;
}

/** Takes pages off one end of an entry, and remembers how many. */
function trim(umem: UmemDmabuf, index: number, by: (entry: SgEntry) => number, side: Side): void {
  const entry = umem.entries[index];
  if (!entry) return;
  const trimmed = { index, pages: by(entry) };
  if (side === "head") umem.firstSg = trimmed;
  else umem.lastSg = trimmed;
  widen(umem, { index, pages: -trimmed.pages }, side);
}

/** Adds pages at one end of an entry. */
export function widen(umem: UmemDmabuf, { index, pages: by }: Trimmed, side: Side): void {
  umem.entries = umem.entries.map((entry, at) => {
    if (at !== index) return entry;
    return { first: side === "head" ? entry.first - by : entry.first, pages: entry.pages + by };
  });
}

/** What debug_dma_unmap_sg() says of a table that is not as it was mapped. */
function checkTable(kernel: Kernel, table: SgTable, entries: readonly SgEntry[]): void {
  if (table.unmapped) {
    kernel.warn("DMA-API: device driver tries to free DMA memory it has not allocated");
  } else if (JSON.stringify(entries) !== JSON.stringify(entriesOf(table))) {
    kernel.warn("DMA-API: device driver frees DMA memory with different size");
  }
}
