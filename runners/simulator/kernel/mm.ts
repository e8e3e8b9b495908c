/**
 * Memory and its CPU mappings: page frames, VMAs, page table entries, faults (mm/memory.c, mm/mmap.c).
 *
 * @module
 */
import type { ErrnoName } from "../../../spec/errno.ts";
import type { Signal } from "../../../spec/observation.ts";
import type { File, Process } from "./file.ts";
import { fput, getFile } from "./file.ts";
import type { Kernel } from "./kernel.ts";
import type { Steps } from "./sched.ts";
import { READ, shared, SharedObject, touch, WRITE } from "./shared.ts";

/** A piece of memory: a BAR, or what a heap allocated. One byte stands for a page. */
export class Memory extends SharedObject {
  readonly #bytes = new Map<number, number>();

  /** The byte of a page. */
  load(page: number): number {
    touch(this, READ);
    return this.#bytes.get(page) ?? 0;
  }

  /** Sets the byte of a page. */
  store(page: number, value: number): void {
    touch(this, WRITE);
    this.#bytes.set(page, value);
  }
}

/** A page of a piece of memory. */
export interface PageFrame {
  readonly memory: Memory;
  readonly page: number;
}

/** An access of the CPU. */
export type Access = "read" | "write";

/** A CPU access that raised a signal. */
export class Fault {
  readonly signal: Signal;

  constructor(signal: Signal) {
    this.signal = signal;
  }
}

const SIGBUS = new Fault("SIGBUS");
const SIGSEGV = new Fault("SIGSEGV");

/** The exporter's or device's fault handler: the frame for a page of a VMA, or `undefined` for VM_FAULT_SIGBUS. */
export type FaultHandler = (kernel: Kernel, vma: Vma, page: number) => Steps<PageFrame | undefined>;

/** What a process asks of mmap(2). */
export interface MmapRequest {
  readonly file: File;
  /** First page and number of pages of the file to map. */
  readonly first: number;
  readonly pages: number;
  readonly sharing: "shared" | "private";
  readonly access: readonly Access[];
}

/** All the mappings of a file: i_mmap. */
export class FileMappings extends SharedObject {
  @shared
  accessor vmas: readonly Vma[] = [];
}

/** The page table entries of a mapping. */
export class PageTable extends SharedObject {
  readonly #entries = new Map<number, PageFrame>();

  /** How many pages have an entry. */
  get size(): number {
    touch(this, READ);
    return this.#entries.size;
  }

  /** The frame behind a page, if it has an entry. */
  get(page: number): PageFrame | undefined {
    touch(this, READ);
    return this.#entries.get(page);
  }

  /** Fills in an entry. */
  set(page: number, frame: PageFrame): void {
    touch(this, WRITE);
    this.#entries.set(page, frame);
  }

  /** Copies the entries of another table; copy_page_range(). */
  copyFrom(other: PageTable): void {
    touch(this, WRITE);
    touch(other, READ);
    for (const [page, frame] of other.#entries) this.#entries.set(page, frame);
  }

  /** Removes an entry. */
  delete(page: number): void {
    touch(this, WRITE);
    this.#entries.delete(page);
  }

  /** Removes every entry. */
  clear(): void {
    touch(this, WRITE);
    this.#entries.clear();
  }
}

/** What a mapping shows: pages that the kernel counts, or the bare numbers of frames, as of a device (VM_PFNMAP). */
export type Backing = "pages" | "frame numbers";

/** A mapping of a process: struct vm_area_struct. */
export class Vma extends SharedObject {
  readonly process: Process;
  readonly file: File;
  /** vm_pgoff: the page of the file at which it starts. */
  readonly first: number;
  readonly pages: number;
  readonly backing: Backing;
  readonly ptes: PageTable = new PageTable();
  @shared
  accessor access: readonly Access[];
  /** Pages that munmap(2) has taken out. */
  @shared
  private accessor holes: ReadonlySet<number> = new Set();
  readonly #fault: FaultHandler;
  readonly #siblings: FileMappings;

  constructor(
    process: Process,
    request: MmapRequest,
    siblings: FileMappings,
    fault: FaultHandler,
    backing: Backing,
  ) {
    super();
    this.backing = backing;
    this.process = process;
    this.file = request.file;
    this.first = request.first;
    this.pages = request.pages;
    this.access = request.access;
    this.#fault = fault;
    this.#siblings = siblings;
    siblings.vmas = [...siblings.vmas, this];
    process.vmas = [...process.vmas, this];
    getFile(request.file);
  }

  /** The frame behind a page, by its page table entry or by a fault, or the signal that the access raises. */
  *touch(kernel: Kernel, page: number, access: Access): Steps<PageFrame | Fault> {
    const outside = page < 0 || page >= this.pages || this.holes.has(page);
    if (outside || !this.access.includes(access)) return SIGSEGV;
    const present = this.ptes.get(page);
    if (present) return present;
    const frame = yield* this.#fault(kernel, this, page);
    if (!frame) return SIGBUS;
    this.ptes.set(page, frame);
    return frame;
  }

  /** The same mapping in a process that is a copy; it is among the mappings of the file, and has no entries yet. */
  copyFor(child: Process): Vma {
    const { file, first, pages, access } = this;
    const copy = new Vma(
      child,
      { file, first, pages, access, sharing: "shared" },
      this.#siblings,
      this.#fault,
      this.backing,
    );
    copy.holes = this.holes;
    return copy;
  }

  /** Drops every entry, so that the next access faults; madvise(2). Nothing stands behind bare frame numbers. */
  discard(): ErrnoName | undefined {
    if (this.holes.size >= this.pages) return "ENOMEM";
    if (this.backing === "frame numbers") return "EINVAL";
    this.ptes.clear();
    return this.holes.size > 0 ? "ENOMEM" : undefined;
  }

  /** Changes what may be done; mprotect(2), which gets as far as the first page that is not mapped any more. */
  protect(access: readonly Access[]): ErrnoName | undefined {
    if (!this.holes.has(0)) {
      this.access = access;
      this.ptes.clear();
    }
    return this.holes.size > 0 ? "ENOMEM" : undefined;
  }

  /** Takes pages out; munmap(2). The file goes with the last page. */
  unmap(kernel: Kernel, first: number, pages: number): void {
    const holes = new Set(this.holes);
    for (let page = first; page < Math.min(first + pages, this.pages); page++) {
      holes.add(page);
      this.ptes.delete(page);
    }
    this.holes = holes;
    if (holes.size < this.pages || !this.process.vmas.includes(this)) return;
    this.process.vmas = this.process.vmas.filter((each) => each !== this);
    this.#siblings.vmas = this.#siblings.vmas.filter((each) => each !== this);
    fput(kernel, this.file);
  }
}

/** Removes the page table entries of mappings; the mappings stay. unmap_mapping_range(). */
export function zap(vmas: Iterable<Vma>): void {
  for (const vma of vmas) vma.ptes.clear();
}
