/**
 * Exporters without a device: the system heap, which never revokes, and a test exporter that answers as it is told.
 *
 * @module
 */
import type { ErrnoName } from "../../../spec/errno.ts";
import { type DmaBuf, dmaBufExport, type DmaBufOps, pagesOf } from "./dma_buf.ts";
import { type Kernel, PAGE_SIZE } from "./kernel.ts";
import { atomic } from "./sched.ts";
import { type FaultHandler, Memory, type PageFrame } from "./mm.ts";

const READ_WRITE = { access: "rdwr", nonblock: false } as const;

/** What a test exporter answers, and which operations it has. */
export interface ExporterOptions {
  readonly attach: "ok" | ErrnoName;
  readonly pin: "absent" | "ok" | ErrnoName;
  readonly map: "ok" | "null" | ErrnoName;
  readonly mmap: boolean;
  readonly vmap: boolean;
  readonly omit: readonly ("map" | "unmap" | "release" | "unpin")[];
}

const HEAP: ExporterOptions = { attach: "ok", pin: "absent", map: "ok", mmap: true, vmap: true, omit: [] };

/** Allocates a buffer from the system heap; system_heap_allocate(). */
export function allocateFromHeap(kernel: Kernel, bytes: number): DmaBuf | ErrnoName {
  if (bytes === 0) return "EINVAL";
  return exportMemory(kernel, "system-heap", bytes, HEAP);
}

/** Exports memory from a test exporter. */
export function exportForTest(kernel: Kernel, bytes: number, options: ExporterOptions): DmaBuf | ErrnoName {
  return exportMemory(kernel, "test-exporter", bytes, options);
}

function exportMemory(
  kernel: Kernel,
  name: string,
  bytes: number,
  options: ExporterOptions,
): DmaBuf | ErrnoName {
  const memory = new Memory();
  const frames = Array.from({ length: pagesOf(bytes) }, (_, page) => ({ memory, page }));
  const ops = opsOf(name, frames, options);
  return dmaBufExport(kernel, { ops, priv: memory, size: frames.length * PAGE_SIZE, flags: READ_WRITE });
}

function opsOf(name: string, frames: readonly PageFrame[], options: ExporterOptions): DmaBufOps {
  const { attach, pin, map, omit } = options;
  const serve: FaultHandler = (_kernel, vma, page) => atomic(() => frames[vma.first + page]);
  const has = (operation: typeof omit[number]) => !omit.includes(operation);
  return {
    name,
    attach: attach === "ok" ? undefined : () => attach,
    pin: pin === "absent" ? undefined : () => pin === "ok" ? undefined : pin,
    unpin: pin === "absent" || !has("unpin") ? undefined : () => {},
    map: has("map") ? () => map === "ok" ? frames : map === "null" ? null : map : undefined,
    unmap: has("unmap") ? () => {} : undefined,
    mmap: options.mmap ? () => serve : undefined,
    vmap: options.vmap ? () => undefined : undefined,
    release: has("release") ? () => atomic(() => {}) : undefined,
  };
}
