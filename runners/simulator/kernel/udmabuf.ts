/**
 * Memory of a memfd, and the dma-bufs made of it (mm/memfd.c, drivers/dma-buf/udmabuf.c). Nobody revokes these.
 *
 * @module
 */
import type { ErrnoName } from "../../../spec/errno.ts";
import { type DmaBuf, dmaBufExport, type DmaBufOps } from "./dma_buf.ts";
import { type File, fput, getFile } from "./file.ts";
import type { Kernel } from "./kernel.ts";
import { PAGE_SIZE } from "./kernel.ts";
import { type FaultHandler, Memory, type PageFrame } from "./mm.ts";
import { atomic } from "./sched.ts";

/** What a memfd holds. */
export class Memfd {
  readonly memory: Memory = new Memory();
  /** How many pages it has. */
  readonly pages: number;
  /** Whether it can no longer shrink: F_SEAL_SHRINK. */
  readonly sealed: boolean;

  constructor(pages: number, sealed: boolean) {
    this.pages = pages;
    this.sealed = sealed;
  }
}

/** The argument of UDMABUF_CREATE, in bytes. */
export interface UdmabufRequest {
  /** What the descriptor names; none where it is closed. */
  readonly file: File | undefined;
  readonly offset: bigint;
  readonly size: bigint;
}

const PAGE = BigInt(PAGE_SIZE);

/** The most bytes of a buffer: the module's parameter size_limit_mb. */
const SIZE_LIMIT = 64n << 20n;

/** Makes a buffer of pages of a memfd; udmabuf_create(). */
export function createUdmabuf(kernel: Kernel, { file, offset, size }: UdmabufRequest): DmaBuf | ErrnoName {
  if (offset % PAGE !== 0n || size % PAGE !== 0n) return "EINVAL";
  if (size === 0n || size > SIZE_LIMIT) return "EINVAL";
  const memfd = file?.of;
  if (!file || !(memfd instanceof Memfd)) return "EBADFD";
  if (!memfd.sealed) return "EINVAL";
  if (offset + size > BigInt(memfd.pages) * PAGE) return "EINVAL";
  const first = Number(offset / PAGE);
  const frames = Array.from({ length: Number(size / PAGE) }, (_, index) => ({
    memory: memfd.memory,
    page: first + index,
  }));
  const ops = opsOf(frames, getFile(file));
  return dmaBufExport(kernel, {
    ops,
    priv: memfd,
    size: Number(size),
    flags: { access: "rdwr", nonblock: false },
  });
}

/** udmabuf_ops: neither attach nor pin, so every importer is welcome. */
function opsOf(frames: readonly PageFrame[], file: File): DmaBufOps {
  const serve: FaultHandler = (_kernel, vma, page) => atomic(() => frames[vma.first + page]);
  return {
    name: "udmabuf",
    map: () => frames,
    unmap: () => {},
    mmap: () => serve,
    backing: "frame numbers",
    vmap: () => undefined,
    release: (kernel) => atomic(() => fput(kernel, file)),
  };
}
