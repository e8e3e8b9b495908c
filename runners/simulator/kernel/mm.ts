/**
 * Memory and its CPU mappings: page frames, VMAs, page table entries, faults (mm/memory.c, mm/mmap.c).
 *
 * @module
 */
import type { Signal } from "../../../spec/observation.ts";
import type { File, Process } from "./file.ts";
import { fput } from "./file.ts";
import type { Kernel } from "./kernel.ts";
import type { Steps } from "./sched.ts";

/** A piece of memory: a BAR, or what a heap allocated. One byte stands for a page. */
export class Memory {
  readonly #bytes = new Map<number, number>();

  /** The byte of a page. */
  load(page: number): number {
    return this.#bytes.get(page) ?? 0;
  }

  /** Sets the byte of a page. */
  store(page: number, value: number): void {
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

/** A mapping of a process: struct vm_area_struct. */
export class Vma {
  readonly process: Process;
  readonly file: File;
  /** vm_pgoff: the page of the file at which it starts. */
  readonly first: number;
  readonly pages: number;
  readonly ptes = new Map<number, PageFrame>();
  access: readonly Access[];
  /** Pages that munmap(2) has taken out. */
  readonly #holes = new Set<number>();
  readonly #fault: FaultHandler;
  /** All the VMAs of the same file: i_mmap. */
  readonly #siblings: Set<Vma>;

  constructor(process: Process, request: MmapRequest, siblings: Set<Vma>, fault: FaultHandler) {
    this.process = process;
    this.file = request.file;
    this.first = request.first;
    this.pages = request.pages;
    this.access = request.access;
    this.#fault = fault;
    this.#siblings = siblings;
    siblings.add(this);
    process.vmas.add(this);
    request.file.refs++;
  }

  /** The frame behind a page, by its page table entry or by a fault, or the signal that the access raises. */
  *touch(kernel: Kernel, page: number, access: Access): Steps<PageFrame | Fault> {
    const outside = page < 0 || page >= this.pages || this.#holes.has(page);
    if (outside || !this.access.includes(access)) return SIGSEGV;
    const present = this.ptes.get(page);
    if (present) return present;
    const frame = yield* this.#fault(kernel, this, page);
    if (!frame) return SIGBUS;
    this.ptes.set(page, frame);
    return frame;
  }

  /** Takes pages out; munmap(2). The file goes with the last page. */
  unmap(kernel: Kernel, first: number, pages: number): void {
    for (let page = first; page < Math.min(first + pages, this.pages); page++) {
      this.#holes.add(page);
      this.ptes.delete(page);
    }
    if (this.#holes.size < this.pages || !this.process.vmas.delete(this)) return;
    this.#siblings.delete(this);
    fput(kernel, this.file);
  }
}

/** Removes the page table entries of mappings; the mappings stay. unmap_mapping_range(). */
export function zap(vmas: Iterable<Vma>): void {
  for (const vma of vmas) vma.ptes.clear();
}
