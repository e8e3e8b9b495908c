/**
 * Pages behind the areas of an address space, and the translations made of them (drivers/iommu/iommufd/pages.c).
 *
 * Pages come from a dma-buf or from a memfd. What the kernel does under `pages->mutex` never waits, so here it is one
 * step without a lock; that is also what lets the callback, which runs with the reservation locked, do all of its
 * work before it returns.
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
  dmaBufPin,
  dmaBufPut,
  dmaBufUnpin,
} from "./dma_buf.ts";
import { type File, fput, getFile } from "./file.ts";
import type { IoptArea } from "./iommufd_ioas.ts";
import { mockPrivateMap } from "./iommufd_selftest.ts";
import { type Kernel, PAGE_SIZE } from "./kernel.ts";
import type { Access, PageFrame } from "./mm.ts";
import type { Steps } from "./sched.ts";
import { perform, type SequenceStep } from "./sequence.ts";
import { lockGivenBack, lockTaken, READ, Refcount, shared, SharedObject, touch, WRITE } from "./shared.ts";
import { Memfd } from "./udmabuf.ts";
import { vfioBufferOf } from "./vfio_pci_dmabuf.ts";

/** Where a domain sends an address, and what a device may do there. */
export interface Translation {
  readonly frame: PageFrame;
  readonly access: readonly Access[];
}

/** The page table of an IOMMU: struct iommu_domain. What it does not translate, a device cannot reach. */
export class IommuDomain extends SharedObject {
  readonly #table = new Map<number, Translation>();
  /** The IOTLB: translations that devices have used, good until they are flushed. */
  readonly #cached = new Map<number, Translation>();

  /** Installs a translation; iommu_map(). */
  map(page: number, translation: Translation): void {
    touch(this, WRITE);
    this.#table.set(page, translation);
  }

  /** Takes translations out and flushes what devices have cached of them; iommu_unmap(). */
  unmap(first: number, count: number): void {
    this.unmapFast(first, count);
    this.flush();
  }

  /** Takes translations out of the page table only; iommu_unmap_fast(). */
  unmapFast(first: number, count: number): void {
    touch(this, WRITE);
    for (const page of [...this.#table.keys()]) {
      if (page >= first && page < first + count) this.#table.delete(page);
    }
  }

  /** Makes devices look at the page table again; iommu_iotlb_sync(). */
  flush(): void {
    touch(this, WRITE);
    this.#cached.clear();
  }

  /** The frame that a device reaches at a page, or `undefined` for a translation fault; iommu_iova_to_phys(). */
  translate(page: number, access: Access): PageFrame | undefined {
    touch(this, READ);
    const translation = this.#cached.get(page) ?? this.#table.get(page);
    if (translation) this.#cached.set(page, translation);
    return translation?.access.includes(access) ? translation.frame : undefined;
  }
}

/** Pages that areas, perhaps of several address spaces, share: struct iopt_pages. */
export abstract class IoptPages extends SharedObject {
  /** References: one for each area. */
  readonly kref: Refcount = new Refcount(1);
  /** The first page within what they come from. */
  readonly start: number;
  /** Whether they were mapped for writing at first; no copy can get more. */
  readonly writable: boolean;

  constructor(start: number, writable: boolean) {
    super();
    this.start = start;
    this.writable = writable;
  }

  /** The frames of some pages, or why they cannot be had. */
  abstract frames(kernel: Kernel, first: number, count: number): readonly PageFrame[] | ErrnoName;
}

/** Pages of a memfd; IOPT_ADDRESS_FILE. Nobody can take them back. */
export class FilePages extends IoptPages {
  readonly file: File;

  constructor(file: File, start: number, writable: boolean) {
    super(start, writable);
    this.file = getFile(file);
  }

  /** memfd_pin_folios(). */
  frames(kernel: Kernel, first: number, count: number): readonly PageFrame[] | ErrnoName {
    const range = { file: this.file, first: this.start + first, count };
    const refused = refusal(kernel, kernel.rules.iommufd.pinFolios, range);
    if (refused) return refused;
    const { of } = this.file;
    if (!(of instanceof Memfd)) return [];
    return Array.from({ length: count }, (_, index) => ({ memory: of.memory, page: range.first + index }));
  }
}

/** Pages of a file that are asked for. */
export interface FileRange {
  readonly file: File;
  readonly first: number;
  readonly count: number;
}

/** Where the pages of a dma-buf are translated: struct iopt_pages_dmabuf_track. */
export interface Track {
  readonly area: IoptArea;
  readonly domain: IommuDomain;
}

/** Pages of a dma-buf; IOPT_ADDRESS_DMABUF. LIVE once they are mapped, REVOKED for ever after the first callback. */
export class DmaBufPages extends IoptPages {
  readonly dmabuf: DmaBuf;
  @shared
  accessor attachment: Attachment | undefined;
  @shared
  accessor pins = 0;
  /** phys: what the exporter gave. */
  @shared
  accessor phys: readonly PageFrame[] = [];
  /** phys.len, in pages: 0 before they are mapped and after they were revoked. */
  @shared
  accessor length = 0;
  @shared
  accessor tracker: readonly Track[] = [];
  @shared
  accessor freed = false;

  constructor(dmabuf: DmaBuf, start: number, writable: boolean) {
    super(start, writable);
    this.dmabuf = dmabuf;
  }

  /** Whether there is nothing to translate any more; iopt_dmabuf_revoked(). */
  get revoked(): boolean {
    return this.length === 0;
  }

  /** pfn_reader_fill_dmabuf(). */
  frames(_kernel: Kernel, first: number, count: number): readonly PageFrame[] {
    return this.phys.slice(this.start + first, this.start + first + count);
  }
}

/** Runs something that the kernel does under `pages->mutex`. */
function underPagesMutex<T>(run: () => T): T {
  lockTaken("pages mutex");
  try {
    return run();
  } finally {
    lockGivenBack("pages mutex");
  }
}

/** A range of a dma-buf that is asked for, in bytes. */
export interface DmaBufRange {
  readonly dmabuf: DmaBuf;
  readonly start: bigint;
  readonly length: bigint;
}

/**
 * Makes pages of a dma-buf, whose reference they take over if they can be had; iopt_alloc_dmabuf_pages().
 */
export function* allocDmaBufPages(
  kernel: Kernel,
  range: DmaBufRange,
  writable: boolean,
): Steps<DmaBufPages | ErrnoName> {
  const rules = kernel.rules.iommufd;
  const refused = refusal(kernel, rules.dmaBufRange, range);
  if (refused) return refused;
  const pages = new DmaBufPages(range.dmabuf, pageOf(range.start), writable);
  const error = yield* perform(kernel, rules.importDmaBuf, pages);
  if (!error) return pages;
  free(kernel, pages);
  return error;
}

/** The page that an address or an offset lies in. */
export function pageOf(byte: bigint): number {
  return Number(byte / BigInt(PAGE_SIZE));
}

/** A step of the import of a dma-buf; iopt_map_dmabuf(). */
export type ImportStep = SequenceStep<DmaBufPages>;

/** Attaches as an importer that reaches PCI memory and has the callback. */
export const attachToDmaBuf: ImportStep = {
  name: "attach",
  clause: "IOFD-04",
  *run(kernel, pages) {
    const ops = kernel.rules.iommufd.attachOps((k) => revokeNotify(k, pages));
    const request = { dmabuf: pages.dmabuf, ops, hasDevice: true, name: "iommufd" };
    const attachment = yield* dmaBufAttach(kernel, request);
    if (isError(attachment)) return attachment;
    pages.attachment = attachment;
    return undefined;
  },
};

/** Takes the reservation lock. */
export const lockDmaBuf: ImportStep = {
  name: "lock the reservation",
  clause: "IOFD-15",
  *run(_kernel, { dmabuf }) {
    yield dmabuf.resv.mutex.lock;
  },
};

/** Gives the reservation lock back, if it was taken: not after a failed attach. */
export const unlockDmaBuf: ImportStep = {
  name: "unlock the reservation",
  clause: "IOFD-15",
  always: true,
  run(_kernel, { attachment, dmabuf }) {
    if (attachment) dmabuf.resv.mutex.unlock();
  },
};

/** Pins, since the translations of a device cannot be moved (MODE-11). */
export const pinDmaBuf: ImportStep = {
  name: "pin",
  clause: "MODE-11",
  run(kernel, pages) {
    if (!pages.attachment) return undefined;
    const error = dmaBufPin(kernel, pages.attachment);
    if (!error) pages.pins++;
    return error;
  },
};

/** Asks the exporters that give out their physical range; sym_vfio_pci_dma_buf_iommufd_map(). */
export const privateMapDmaBuf: ImportStep = {
  name: "get the physical range",
  clause: "IOFD-04",
  run(kernel, pages) {
    if (!pages.attachment) return undefined;
    const phys = mockPrivateMap(kernel, pages.dmabuf) ?? vfioPrivateMap(kernel, pages.attachment);
    if (isError(phys)) return phys;
    pages.phys = phys;
    pages.length = phys.length;
    return undefined;
  },
};

/** vfio_pci_dma_buf_iommufd_map(): refuses whatever is not one usable range of VFIO (VATT-08). */
function vfioPrivateMap(kernel: Kernel, attachment: Attachment): readonly PageFrame[] | ErrnoName {
  const buffer = vfioBufferOf(attachment.dmabuf);
  return refusal(kernel, kernel.rules.vfio.privateMap, { attachment, buffer }) ?? buffer?.frames ??
    "EOPNOTSUPP";
}

/** Takes the pin of a map that failed back. */
export const unpinAfterFailure: ImportStep = {
  name: "unpin if it failed",
  clause: "IOFD-06",
  always: true,
  run(kernel, pages) {
    if (pages.phys.length === 0) unpin(kernel, pages);
  },
};

/** Detaches after a map that failed. */
export const detachAfterFailure: ImportStep = {
  name: "detach if it failed",
  clause: "IOFD-06",
  always: true,
  *run(_kernel, pages) {
    if (pages.phys.length === 0) yield* detach(pages);
  },
};

function unpin(kernel: Kernel, pages: DmaBufPages): void {
  const { attachment, dmabuf } = pages;
  if (!attachment || pages.pins === 0) return;
  if (dmabuf.resv.mutex.owner !== kernel.current) {
    kernel.warn("lockdep: dma_buf_unpin() without the reservation lock");
  }
  dmaBufUnpin(attachment);
  pages.pins--;
}

function* detach(pages: DmaBufPages): Steps<void> {
  const { attachment } = pages;
  if (!attachment) return;
  yield* dmaBufDetach(attachment);
  pages.attachment = undefined;
}

/** A step of the callback. It runs with the reservation locked and cannot wait. */
export interface RevokeStep {
  /** What it does, in a few words. */
  readonly name: string;
  /** The clause it follows. */
  readonly clause: string;
  /** Does it. */
  readonly run: (kernel: Kernel, pages: DmaBufPages) => void;
}

/** Takes every translation of the buffer out of the IOMMU. */
export const unmapTranslations: RevokeStep = {
  name: "unmap every translation",
  clause: "IOFD-07",
  run(_kernel, { tracker }) {
    for (const { area, domain } of tracker) domain.unmap(area.first, area.count);
  },
};

/** Makes the pages revoked for ever: phys.len = 0. */
export const forgetPhys: RevokeStep = {
  name: "forget the physical range",
  clause: "IOFD-07",
  run(_kernel, pages) {
    pages.length = 0;
  },
};

/** The callback; iopt_revoke_notify(). */
function revokeNotify(kernel: Kernel, pages: DmaBufPages): void {
  if (pages.freed) kernel.warn("KASAN: use-after-free in iopt_revoke_notify: pages of a dma-buf");
  const rules = kernel.rules.iommufd;
  underPagesMutex(() => {
    if (rules.ignoresInvalidation(pages)) return;
    for (const step of rules.invalidated) step.run(kernel, pages);
  });
}

/** Makes a copy of a reference; iopt_get_pages(). */
export function getPages<P extends IoptPages>(pages: P): P {
  pages.kref.get();
  return pages;
}

/** Gives a reference back; iopt_put_pages(). The last one releases what the pages come from; iopt_release_pages(). */
export function* putPages(kernel: Kernel, pages: IoptPages): Steps<void> {
  const left = pages.kref.put();
  if (left === "underflow") kernel.warn("refcount_t: underflow; use-after-free: pages of an address space");
  if (left !== "last") return;
  if (pages instanceof FilePages) fput(kernel, pages.file);
  if (!(pages instanceof DmaBufPages)) return;
  yield* perform(kernel, kernel.rules.iommufd.releaseDmaBuf, pages);
  free(kernel, pages);
}

/** Takes the pin back, in every state of the buffer. */
export const unpinDmaBuf: ImportStep = {
  name: "unpin",
  clause: "IOFD-15",
  run: unpin,
};

/** Detaches, in every state of the buffer. */
export const detachFromDmaBuf: ImportStep = {
  name: "detach",
  clause: "IOFD-15",
  *run(_kernel, pages) {
    yield* detach(pages);
  },
};

/** Gives the reference on the buffer back. */
export const putDmaBuf: ImportStep = {
  name: "put the buffer",
  clause: "IOFD-15",
  run(kernel, { dmabuf }) {
    dmaBufPut(kernel, dmabuf);
  },
};

function free(kernel: Kernel, pages: DmaBufPages): void {
  if (pages.pins > 0) kernel.leaks.push(`a pin of dma-buf ${pages.dmabuf.id} by iommufd`);
  if (pages.attachment) kernel.leaks.push(`an attachment of iommufd to dma-buf ${pages.dmabuf.id}`);
  if (pages.tracker.length > 0) kernel.warn("WARNING: iopt_release_pages() with translations tracked");
  pages.freed = true;
}

/**
 * Gives an area of a new address range its translations in every domain; iopt_area_fill_domains(). The caller holds
 * domains_rwsem. After an error no domain has any.
 */
export function fillDomains(kernel: Kernel, area: IoptArea, pages: IoptPages): ErrnoName | undefined {
  const filled: IommuDomain[] = [];
  return underPagesMutex(() => {
    for (const domain of area.ioas.domains) {
      const error = fill(kernel, area, pages, domain);
      if (error) {
        for (const done of filled) unfill(area, pages, done);
        return error;
      }
      filled.push(domain);
    }
    return undefined;
  });
}

/** Gives an area its translations in a domain that was just attached; iopt_fill_domain(). */
export function fillDomain(kernel: Kernel, area: IoptArea, domain: IommuDomain): ErrnoName | undefined {
  const { pages } = area;
  return pages && underPagesMutex(() => fill(kernel, area, pages, domain));
}

/** iopt_dmabuf_track_domain(), iopt_area_fill_domain(). Revoked pages are tracked, and give nothing (IOFD-09). */
function fill(
  kernel: Kernel,
  area: IoptArea,
  pages: IoptPages,
  domain: IommuDomain,
): ErrnoName | undefined {
  const rules = kernel.rules.iommufd;
  const frames = rules.translatesNothing(pages) ? [] : pages.frames(kernel, area.offset, area.count);
  if (isError(frames)) return frames;
  if (pages instanceof DmaBufPages) pages.tracker = [...pages.tracker, ...rules.tracked(area, domain)];
  frames.forEach((frame, i) => domain.map(area.first + i, { frame, access: area.access }));
  return undefined;
}

/** Takes the translations of an area out of every domain; iopt_area_unfill_domains(). */
export function unfillDomains(area: IoptArea, pages: IoptPages): void {
  underPagesMutex(() => {
    for (const domain of area.ioas.domains) unfill(area, pages, domain);
  });
}

/** Takes the translations of an area out of a domain that is going; iopt_unfill_domain(). */
export function unfillDomain(area: IoptArea, domain: IommuDomain): void {
  const { pages } = area;
  if (pages) underPagesMutex(() => unfill(area, pages, domain));
}

/** iopt_area_unfill_domain(), iopt_dmabuf_untrack_domain(). */
function unfill(area: IoptArea, pages: IoptPages, domain: IommuDomain): void {
  domain.unmap(area.first, area.count);
  if (!(pages instanceof DmaBufPages)) return;
  pages.tracker = pages.tracker.filter((track) => track.area !== area || track.domain !== domain);
}
