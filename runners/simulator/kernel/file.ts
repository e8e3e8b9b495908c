/**
 * Files, descriptors and processes (fs/file.c, fs/file_table.c), as far as sharing a dma-buf needs them.
 *
 * @module
 */
import type { Kernel } from "./kernel.ts";
import type { Vma } from "./mm.ts";
import type { Steps } from "./sched.ts";

/** What stands behind a descriptor. */
export type FileKind =
  | "dma-buf"
  | "vfio-device"
  | "sync-file"
  | "eventfd"
  | "pipe"
  | "file"
  | "socket"
  | "iommufd";

/** How a file was opened. */
export interface OpenFlags {
  /** The access mode. */
  readonly access: "rdonly" | "wronly" | "rdwr";
  /** O_NONBLOCK. */
  readonly nonblock: boolean;
}

const READ_WRITE: OpenFlags = { access: "rdwr", nonblock: false };

/** An open file: struct file. */
export class File {
  readonly kind: FileKind;
  /** What the file is of: a buffer, a device session, a fence. */
  readonly of: unknown;
  readonly flags: OpenFlags;
  /** f_count: descriptors and everything in the kernel that holds the file. */
  refs = 1;
  /** Set once the last reference is gone; touching the file afterwards is a use after free. */
  freed = false;
  readonly #release: ((kernel: Kernel) => Steps<void>) | undefined;

  constructor(
    kind: FileKind,
    of: unknown,
    release?: (kernel: Kernel) => Steps<void>,
    flags: OpenFlags = READ_WRITE,
  ) {
    this.kind = kind;
    this.of = of;
    this.flags = flags;
    this.#release = release;
  }

  /** Runs what the file's owner does at the end of its life. */
  *release(kernel: Kernel): Steps<void> {
    if (this.#release) yield* this.#release(kernel);
  }
}

/** Takes a reference; get_file(). */
export function getFile(file: File): File {
  file.refs++;
  return file;
}

/** Takes a reference unless the last one is already gone; get_file_active(). */
export function getFileActive(kernel: Kernel, file: File): boolean {
  if (file.freed) kernel.warn("KASAN: use-after-free in get_file_active: the file of a dma-buf");
  if (file.refs === 0) return false;
  file.refs++;
  return true;
}

/** Gives a reference back; fput(). The release runs when the running call returns to user space. */
export function fput(kernel: Kernel, file: File): void {
  if (file.refs === 0) {
    kernel.warn(`refcount_t: underflow; use-after-free: a ${file.kind} file`);
    return;
  }
  file.refs--;
  if (file.refs === 0) kernel.deferRelease(file);
}

/** One entry of a descriptor table. */
export interface Descriptor {
  readonly file: File;
  readonly cloexec: boolean;
  /** Opened with O_PATH: names the file but gives no access to it. */
  readonly path: boolean;
}

/** A process: its descriptors and its mappings. */
export class Process {
  readonly name: string;
  readonly descriptors = new Map<number, Descriptor>();
  readonly vmas = new Set<Vma>();
  /** RLIMIT_NOFILE has been reached. */
  exhausted = false;
  #next = 3;

  constructor(name: string) {
    this.name = name;
  }

  /** Puts a file into the table, at the lowest number never used before; fd_install(). */
  install(file: File, options: { cloexec?: boolean; path?: boolean } = {}): Fd {
    const number = this.#next++;
    this.descriptors.set(number, { file, cloexec: options.cloexec ?? false, path: options.path ?? false });
    return { process: this, number };
  }
}

/** A descriptor number of a process: what a case knows a device, a buffer, a fence or another file by. */
export interface Fd {
  readonly process: Process;
  readonly number: number;
}

/** What a descriptor names, or `undefined` where it is closed or cannot be used for access; fget(). */
export function fget(fd: Fd): File | undefined {
  const entry = fd.process.descriptors.get(fd.number);
  return entry && !entry.path ? entry.file : undefined;
}

/** Closes a descriptor; close(2). Tells whether it was open. */
export function closeFd(kernel: Kernel, fd: Fd): boolean {
  const entry = fd.process.descriptors.get(fd.number);
  if (!entry) return false;
  fd.process.descriptors.delete(fd.number);
  fput(kernel, entry.file);
  return true;
}
