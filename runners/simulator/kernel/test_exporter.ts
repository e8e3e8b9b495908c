/**
 * Exporters without a device: the system heap, which never revokes, and a test exporter that answers as it is told,
 * counts what importers hold, and can move its memory as the driver of a GPU does.
 *
 * @module
 */
import type { ErrnoName } from "../../../spec/errno.ts";
import { refusal } from "./check.ts";
import { type DmaBuf, dmaBufExport, dmaBufInvalidateMappings, type DmaBufOps, pagesOf } from "./dma_buf.ts";
import type { OpenFlags } from "./file.ts";
import { type Kernel, PAGE_SIZE } from "./kernel.ts";
import { atomic, type Steps } from "./sched.ts";
import { perform, type SequenceStep } from "./sequence.ts";
import { Refcount, shared, SharedObject } from "./shared.ts";
import { type FaultHandler, Memory, type PageFrame, zap } from "./mm.ts";

const READ_WRITE: OpenFlags = { access: "rdwr", nonblock: false };

/** What a test exporter answers, and which operations it has. */
export interface ExporterOptions {
  readonly attach: "ok" | ErrnoName;
  readonly pin: "absent" | "ok" | ErrnoName;
  readonly map: "ok" | "null" | ErrnoName;
  readonly mmap: boolean;
  readonly vmap: boolean;
  readonly omit: readonly ("map" | "unmap" | "release" | "unpin")[];
  /** What the revoke operation of seed 3 answers. */
  readonly revoke: "absent" | "ok" | ErrnoName;
  /** revoke_semantics of Leon Romanovsky's v1. */
  readonly revokeSemantics: boolean;
  /** Another buffer of the test exporter, whose memory this one shares. */
  readonly over?: DmaBuf | undefined;
}

const TEST_EXPORTER = "test-exporter";

const HEAP: ExporterOptions = {
  attach: "ok",
  pin: "absent",
  map: "ok",
  mmap: true,
  vmap: true,
  omit: [],
  revoke: "absent",
  revokeSemantics: false,
};

/** The exporter's private part of a buffer: its memory, and what importers hold of it. */
export class TestBuffer extends SharedObject {
  @shared
  accessor frames: readonly PageFrame[];
  readonly pins: Refcount = new Refcount(0);
  /** Pins that were taken back although there was none. */
  @shared
  accessor overunpinned = 0;
  readonly mappings: Refcount = new Refcount(0);
  #dmabuf: DmaBuf | undefined;

  constructor(frames: readonly PageFrame[]) {
    super();
    this.frames = frames;
  }

  /** The buffer that it belongs to. */
  get dmabuf(): DmaBuf {
    if (!this.#dmabuf) throw new Error("Cannot use a test buffer before it is exported");
    return this.#dmabuf;
  }

  set dmabuf(dmabuf: DmaBuf) {
    this.#dmabuf = dmabuf;
  }
}

/** Allocates a buffer from the system heap; system_heap_allocate(). */
export function allocateFromHeap(kernel: Kernel, bytes: number, flags: OpenFlags): DmaBuf | ErrnoName {
  if (bytes === 0) return "EINVAL";
  return exportMemory(kernel, "system-heap", bytes, HEAP, flags);
}

/** Exports memory from a test exporter. */
export function exportForTest(kernel: Kernel, bytes: number, options: ExporterOptions): DmaBuf | ErrnoName {
  if (bytes === 0 && !options.over) return "EINVAL";
  return exportMemory(kernel, TEST_EXPORTER, bytes, options);
}

/** The exporter's private part of a buffer, if it is one of the test exporter; nobody asks the heap for its own. */
export function testBufferOf({ priv, ops }: DmaBuf): TestBuffer | undefined {
  return priv instanceof TestBuffer && ops.name === TEST_EXPORTER ? priv : undefined;
}

/** What importers hold of a buffer. */
export interface Holdings {
  /** References on the buffer itself: descriptors, attachments and CPU mappings. */
  readonly references: number;
  readonly attachments: number;
  /** Below zero if more were taken back than there were. */
  readonly pins: number;
  readonly mappings: number;
  /** Fences that have not signalled. */
  readonly fences: number;
}

/** Counts what importers hold of a buffer. */
export function holdingsOf({ dmabuf, pins, overunpinned, mappings }: TestBuffer): Holdings {
  return {
    references: dmabuf.file.refs,
    attachments: dmabuf.attachments.length,
    pins: pins.value - overunpinned,
    mappings: mappings.value,
    fences: dmabuf.resv.unsignalled("BOOKKEEP").length,
  };
}

/** Moves a buffer to other memory. */
export function* moveBuffer(kernel: Kernel, buffer: TestBuffer): Steps<ErrnoName | undefined> {
  const { mutex } = buffer.dmabuf.resv;
  yield mutex.lock;
  const error = refusal(kernel, kernel.rules.move.refuses, buffer) ??
    (yield* perform(kernel, kernel.rules.move.steps, buffer));
  mutex.unlock();
  return error;
}

/** A step of a move. */
export type MoveStep = SequenceStep<TestBuffer>;

/** Tells every importer that has the callback. */
export const tellImporters: MoveStep = {
  name: "tell the importers",
  clause: "MODE-01",
  run: (kernel, { dmabuf }) => dmaBufInvalidateMappings(kernel, dmabuf),
};

/** Waits for the fences; importers that are all dynamic need no other wait. */
export const waitForFences: MoveStep = {
  name: "wait for the fences",
  clause: "INVAL-08",
  *run(_kernel, { dmabuf }) {
    yield dmabuf.resv.waitFor("BOOKKEEP");
  },
};

/** Copies the contents to other memory, which is the buffer's from then on. */
export const copyToNewMemory: MoveStep = {
  name: "copy to other memory",
  clause: "INVAL-12",
  run(_kernel, buffer) {
    const memory = new Memory();
    for (const [page, frame] of buffer.frames.entries()) memory.store(page, frame.memory.load(frame.page));
    buffer.frames = framesOf(memory, buffer.frames.length);
    zap(buffer.dmabuf.vmas);
  },
};

function framesOf(memory: Memory, pages: number): readonly PageFrame[] {
  return Array.from({ length: pages }, (_, page) => ({ memory, page }));
}

function exportMemory(
  kernel: Kernel,
  name: string,
  bytes: number,
  options: ExporterOptions,
  flags: OpenFlags = READ_WRITE,
): DmaBuf | ErrnoName {
  const { over, revokeSemantics } = options;
  const frames = (over && testBufferOf(over)?.frames) ?? framesOf(new Memory(), pagesOf(bytes));
  const buffer = new TestBuffer(frames);
  const ops = opsOf(name, buffer, options);
  const size = frames.length * PAGE_SIZE;
  const dmabuf = dmaBufExport(kernel, { ops, priv: buffer, size, flags, revokeSemantics });
  if (typeof dmabuf !== "string") buffer.dmabuf = dmabuf;
  return dmabuf;
}

function opsOf(name: string, buffer: TestBuffer, options: ExporterOptions): DmaBufOps {
  const { attach, pin, omit, revoke } = options;
  const serve: FaultHandler = (_kernel, vma, page) => atomic(() => buffer.frames[vma.first + page]);
  const has = (operation: typeof omit[number]) => !omit.includes(operation);
  return {
    name,
    attach: attach === "ok" ? undefined : () => attach,
    pin: pin === "absent" ? undefined : () => pin === "ok" ? pinned(buffer) : pin,
    unpin: pin === "absent" || !has("unpin") ? undefined : () => unpinned(buffer),
    map: has("map") ? () => mapped(buffer, options.map) : undefined,
    unmap: has("unmap") ? () => void buffer.mappings.put() : undefined,
    mmap: options.mmap ? () => serve : undefined,
    // The heap maps all of a buffer at once, by its frame numbers; remap_pfn_range().
    backing: name === TEST_EXPORTER ? "pages" : "frame numbers",
    vmap: options.vmap ? () => undefined : undefined,
    release: has("release") ? (kernel) => atomic(() => tellOfLeaks(kernel, name, buffer)) : undefined,
    revoke: revoke === "absent" ? undefined : () => atomic(() => revoke === "ok" ? 0 : revoke),
  };
}

function pinned(buffer: TestBuffer): undefined {
  buffer.pins.get();
}

function unpinned(buffer: TestBuffer): void {
  if (buffer.pins.put() === "underflow") buffer.overunpinned++;
}

function mapped(buffer: TestBuffer, answer: ExporterOptions["map"]): readonly PageFrame[] | ErrnoName | null {
  if (answer !== "ok") return answer === "null" ? null : answer;
  buffer.mappings.get();
  return buffer.frames;
}

function tellOfLeaks(kernel: Kernel, name: string, { pins, overunpinned }: TestBuffer): void {
  if (pins.value > 0) kernel.leaks.push(`${pins.value} pins of a buffer of ${name}`);
  if (overunpinned > 0) kernel.warn(`refcount_t: underflow; use-after-free: the pins of a buffer of ${name}`);
}
