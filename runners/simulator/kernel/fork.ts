/**
 * Copies of a process: its descriptors and its mappings (kernel/fork.c, fs/file.c).
 *
 * @module
 */
import { getFile, Process } from "./file.ts";
import type { Kernel } from "./kernel.ts";
import type { Vma } from "./mm.ts";
import { type Steps, window } from "./sched.ts";

/** A process that began as a copy of another one. */
export class ForkedProcess extends Process {
  readonly #parent: Process;
  readonly #copies: ReadonlyMap<Vma, Vma>;

  constructor(name: string, parent: Process, copies: ReadonlyMap<Vma, Vma>) {
    super(name);
    this.#parent = parent;
    this.#copies = copies;
  }

  /** Whether it is a copy of a process, or a copy of a copy of it. */
  descendsFrom(process: Process): boolean {
    const parent = this.#parent;
    return parent === process || parent instanceof ForkedProcess && parent.descendsFrom(process);
  }

  /** Its copy of a mapping, if there was one when it began. */
  inherited(vma: Vma): Vma | undefined {
    return this.#copies.get(vma);
  }
}

/** Copies a process; fork(2). Others run between the copies of its mappings. */
export function* fork(kernel: Kernel, parent: Process): Steps<ForkedProcess> {
  const copies = new Map<Vma, Vma>();
  const child = new ForkedProcess(`process ${kernel.nextId()}`, parent, copies);
  kernel.processes.push(child);
  for (const number of parent.openNumbers) {
    const descriptor = parent.descriptor(number);
    if (descriptor) child.setDescriptor(number, { ...descriptor, file: getFile(descriptor.file) });
  }
  for (const vma of parent.vmas) copies.set(vma, yield* kernel.rules.core.copyMapping(vma, child));
  return child;
}

/**
 * Copies a mapping; dup_mmap(). The copy is listed with the file before it gets its entries, so that a zap, which
 * walks the list, cannot miss entries that are copied meanwhile (VMM-09).
 */
export function* copyMapping(vma: Vma, child: Process): Steps<Vma> {
  const copy = vma.copyFor(child);
  yield window("the copy of a mapping and its entries");
  copy.ptes.copyFrom(vma.ptes);
  return copy;
}
