/**
 * RDMA devices as exporters: drivers/infiniband/core/uverbs_std_types_dmabuf.c and ib_core_uverbs.c. A page of the
 * device that user space could map is exported as a dma-buf, and revoked when the page goes, the user goes or the
 * driver goes.
 *
 * @module
 */
import type { ErrnoName } from "../../../spec/errno.ts";
import { isError, refusal } from "./check.ts";
import {
  type DmaBuf,
  dmaBufExport,
  dmaBufFd,
  dmaBufInvalidateMappings,
  type DmaBufOps,
  dmaBufPut,
} from "./dma_buf.ts";
import type { Usage } from "./dma_resv.ts";
import type { Fd, Process } from "./file.ts";
import { type Kernel, PAGE_SIZE } from "./kernel.ts";
import { Memory, type PageFrame } from "./mm.ts";
import { makingUobject, type Uobject, type UverbsFile } from "./rdma_device.ts";
import { Completion, Mutex, type Steps, window } from "./sched.ts";
import { perform, type SequenceStep } from "./sequence.ts";
import { Refcount, shared, SharedObject } from "./shared.ts";

/** A page of a device that user space can map: struct rdma_user_mmap_entry. */
export class MmapEntry extends SharedObject implements Uobject {
  readonly ufile: UverbsFile;
  readonly memory: Memory = new Memory();
  /** dmabufs_lock: held while a buffer is listed, and for the whole of a revocation. */
  readonly dmabufsLock: Mutex;
  /** driver_removed: nothing new can be had of it. */
  @shared
  accessor driverRemoved = false;
  /** What was exported of it and is not revoked. */
  @shared
  accessor dmabufs: readonly UverbsDmaBuf[] = [];
  /** One of the driver's and one for each export. */
  readonly refs: Refcount = new Refcount(1);

  constructor(ufile: UverbsFile, name: string) {
    super();
    this.ufile = ufile;
    this.dmabufsLock = new Mutex("dmabufs_lock", name);
  }

  /** Removes it, when its user or its driver goes. */
  *destroy(kernel: Kernel): Steps<void> {
    yield* perform(kernel, kernel.rules.uverbs.removeEntry, this);
  }

  /** Gives a reference back; rdma_user_mmap_entry_put(). */
  put(kernel: Kernel): void {
    if (this.refs.put() === "underflow") kernel.warn("refcount_t: underflow; use-after-free: an mmap entry");
  }
}

/** The exporter's private part of a buffer: struct ib_uverbs_dmabuf_file. */
export class UverbsDmaBuf extends SharedObject implements Uobject {
  readonly entry: MmapEntry;
  /** Set once and never cleared (UVX-05). */
  @shared
  accessor revoked = false;
  /** One of its own and one for each mapping. */
  readonly kref: Refcount = new Refcount(1);
  /** Completed when the last kref is put. */
  readonly unmapped: Completion = new Completion(() => `unmap:${this.kref.value} mappings`);
  #dmabuf: DmaBuf | undefined;

  constructor(entry: MmapEntry) {
    super();
    this.entry = entry;
  }

  /** The buffer that it belongs to. */
  get dmabuf(): DmaBuf {
    if (!this.#dmabuf) throw new Error("Cannot use a buffer of an RDMA device before it is exported");
    return this.#dmabuf;
  }

  set dmabuf(dmabuf: DmaBuf) {
    this.#dmabuf = dmabuf;
  }

  /** The one page that it has. */
  get frames(): readonly PageFrame[] {
    return [{ memory: this.entry.memory, page: 0 }];
  }

  /** Puts a reference; kref_put() with ib_uverbs_dmabuf_done(). The last one completes the wait for unmaps. */
  putKref(kernel: Kernel): void {
    const left = this.kref.put();
    if (left === "last") this.unmapped.complete();
    if (left === "underflow") {
      kernel.warn("refcount_t: underflow; use-after-free: the kref of a dma-buf of an RDMA device");
    }
  }

  /** Revokes it, when its user or its driver goes; uverbs_dmabuf_fd_destroy_uobj(). */
  *destroy(kernel: Kernel): Steps<void> {
    yield* perform(kernel, kernel.rules.uverbs.destroy, this);
  }
}

/** Allocates a page of a device; rdma_user_mmap_entry_insert(). */
export function allocateEntry(ufile: UverbsFile, name: string): Steps<MmapEntry | ErrnoName> {
  return makingUobject(ufile, function* () {
    const entry = new MmapEntry(ufile, name);
    ufile.add(entry);
    yield window("the page is allocated and used");
    return entry;
  });
}

/** Frees a page of a device at its user's request; rdma_user_mmap_entry_remove(). */
export function* freeEntry(kernel: Kernel, entry: MmapEntry): Steps<void> {
  yield entry.ufile.hwDestroy.read;
  if (entry.ufile.remove(entry)) yield* entry.destroy(kernel);
  entry.ufile.hwDestroy.upRead();
}

/** What a user wants to export. */
export interface UverbsExport {
  readonly entry: MmapEntry;
  /** Whether the page offset that it passes is that of a page of the device. */
  readonly knownOffset: boolean;
}

/** Exports a page of a device; UVERBS_METHOD_DMABUF_ALLOC. */
export function exportEntry(kernel: Kernel, process: Process, wanted: UverbsExport): Steps<Fd | ErrnoName> {
  return makingUobject(wanted.entry.ufile, function* () {
    const { uverbs: rules } = kernel.rules;
    const { entry } = wanted;
    if (process.exhausted) return "EMFILE";
    const unknown = refusal(kernel, rules.lookup, wanted);
    if (unknown) return unknown;
    entry.refs.get();
    const buffer = new UverbsDmaBuf(entry);
    const dmabuf = dmaBufExport(kernel, {
      ops: uverbsDmaBufOps,
      priv: buffer,
      size: PAGE_SIZE,
      flags: { access: "rdonly", nonblock: false },
    });
    if (isError(dmabuf)) {
      entry.put(kernel);
      return dmabuf;
    }
    buffer.dmabuf = dmabuf;
    const error = yield* perform(kernel, rules.publish, buffer);
    if (error) yield* perform(kernel, rules.undoExport, buffer);
    return error ?? dmaBufFd(process, dmabuf, true);
  });
}

/** The exporter's private part of a buffer, if it is one of an RDMA device. */
function bufferOf(dmabuf: DmaBuf): UverbsDmaBuf {
  if (!(dmabuf.priv instanceof UverbsDmaBuf)) {
    throw new Error("Cannot use a foreign buffer as one of an RDMA device");
  }
  return dmabuf.priv;
}

/** The exporter's operations: uverbs_dmabuf_ops. It has no mmap operation. */
export const uverbsDmaBufOps: DmaBufOps = {
  name: "uverbs",
  attach: (kernel, attachment) => refusal(kernel, kernel.rules.uverbs.attach, attachment),
  pin: (kernel, attachment) => refusal(kernel, kernel.rules.uverbs.pin, attachment),
  unpin: () => {},
  map(kernel, attachment) {
    const buffer = bufferOf(attachment.dmabuf);
    const refused = refusal(kernel, kernel.rules.uverbs.map, buffer);
    if (kernel.rules.uverbs.countsMap(refused)) buffer.kref.get();
    return refused ?? buffer.frames;
  },
  unmap: (kernel, { attachment }) => bufferOf(attachment.dmabuf).putKref(kernel),
  *release(kernel, dmabuf) {
    const buffer = bufferOf(dmabuf);
    if (buffer.entry.ufile.remove(buffer)) yield* buffer.destroy(kernel);
  },
};

/** A step of an export, or of the end of a buffer. */
export type UverbsStep = SequenceStep<UverbsDmaBuf>;

/** Takes the lock of the page's buffers. */
export const lockEntry: UverbsStep = {
  name: "lock the buffers of the page",
  clause: "UVX-06",
  *run(_kernel, { entry }) {
    yield entry.dmabufsLock.lock;
  },
};

/** Gives the lock of the page's buffers back. */
export const unlockEntry: UverbsStep = {
  name: "unlock the buffers of the page",
  clause: "UVX-06",
  always: true,
  run(_kernel, { entry }) {
    entry.dmabufsLock.unlock();
  },
};

/** Lists the buffer, unless the page has gone meanwhile. */
export const listBuffer: UverbsStep = {
  name: "list the buffer",
  clause: "UVX-06",
  run(kernel, buffer) {
    const { entry } = buffer;
    const refused = refusal(kernel, kernel.rules.uverbs.listing, entry);
    if (!refused) entry.dmabufs = [...entry.dmabufs, buffer];
    return refused;
  },
};

/** Makes the buffer an object of its user, which goes with the open device. */
export const finalizeUobject: UverbsStep = {
  name: "make it an object of its user",
  clause: "UVX-05",
  run(_kernel, buffer) {
    buffer.entry.ufile.add(buffer);
  },
};

/** Gives the only reference on a buffer back that nobody has seen. */
export const putUnseen: UverbsStep = {
  name: "put the buffer",
  clause: "UVX-06",
  run(kernel, { dmabuf }) {
    dmaBufPut(kernel, dmabuf);
  },
};

/** Gives the buffer's reference on the page back. */
export const putEntry: UverbsStep = {
  name: "put the page",
  clause: "UVX-06",
  run(kernel, { entry }) {
    entry.put(kernel);
  },
};

/** Revokes the buffer, unless it is; uverbs_dmabuf_fd_destroy_uobj(). */
export const revokeOnce: UverbsStep = {
  name: "revoke the buffer if it is not",
  clause: "UVX-04",
  *run(kernel, buffer) {
    if (!kernel.rules.uverbs.isRevoked(buffer)) yield* perform(kernel, kernel.rules.uverbs.revoke, buffer);
  },
};

/** Takes the reservation lock. */
export const lockReservation: UverbsStep = {
  name: "lock the reservation",
  clause: "UVX-04",
  *run(_kernel, { dmabuf }) {
    yield dmabuf.resv.mutex.lock;
  },
};

/** R1: the state changes before anybody is told, and the page forgets the buffer. */
export const setRevoked: UverbsStep = {
  name: "set the state",
  clause: "UVX-04",
  run(_kernel, buffer) {
    buffer.revoked = true;
    buffer.entry.dmabufs = buffer.entry.dmabufs.filter((each) => each !== buffer);
  },
};

/** R2: one round of callbacks. */
export const tellImporters: UverbsStep = {
  name: "tell the importers",
  clause: "UVX-04",
  run(kernel, { dmabuf }) {
    dmaBufInvalidateMappings(kernel, dmabuf);
  },
};

/** R3: wait for the fences up to a usage, uninterruptibly and without a limit, with the reservation locked. */
export function waitForFencesUpTo(usage: Usage): UverbsStep {
  return {
    name: `wait for the fences up to ${usage}`,
    clause: "UVX-04",
    *run(_kernel, { dmabuf }) {
      yield dmabuf.resv.waitFor(usage);
    },
  };
}

/** R4: give the reservation lock back, so that importers can unmap. */
export const unlockReservation: UverbsStep = {
  name: "unlock the reservation",
  clause: "UVX-04",
  run(_kernel, { dmabuf }) {
    dmabuf.resv.mutex.unlock();
  },
};

/** R5: drop the buffer's own kref. */
export const dropKref: UverbsStep = {
  name: "drop the initial kref",
  clause: "UVX-04",
  run(kernel, buffer) {
    buffer.putKref(kernel);
  },
};

/** R6: wait until every mapping has been given back. */
export const waitForUnmaps: UverbsStep = {
  name: "wait until every mapping is unmapped",
  clause: "UVX-04",
  *run(_kernel, buffer) {
    yield buffer.unmapped.wait;
  },
};

/** A step of the removal of a page. */
export type EntryStep = SequenceStep<MmapEntry>;

/** Takes the lock of the page's buffers. */
export const lockBuffers: EntryStep = {
  name: "lock the buffers of the page",
  clause: "UVX-05",
  *run(_kernel, entry) {
    yield entry.dmabufsLock.lock;
  },
};

/** From here on nothing new can be exported of the page. */
export const setDriverRemoved: EntryStep = {
  name: "let nobody have anything new of the page",
  clause: "UVX-06",
  run(_kernel, entry) {
    entry.driverRemoved = true;
  },
};

/** Revokes everything that was exported of the page. */
export const revokeBuffers: EntryStep = {
  name: "revoke what was exported of the page",
  clause: "UVX-05",
  *run(kernel, entry) {
    for (const buffer of entry.dmabufs) yield* perform(kernel, kernel.rules.uverbs.revoke, buffer);
  },
};

/** Gives the lock of the page's buffers back. */
export const unlockBuffers: EntryStep = {
  name: "unlock the buffers of the page",
  clause: "UVX-05",
  run(_kernel, entry) {
    entry.dmabufsLock.unlock();
  },
};

/** Gives the driver's reference on the page back. */
export const putOwnEntry: EntryStep = {
  name: "put the page",
  clause: "UVX-05",
  run(kernel, entry) {
    entry.put(kernel);
  },
};
