/**
 * Files, descriptors and processes (fs/file.c, fs/file_table.c), as far as sharing a dma-buf needs them.
 *
 * @module
 */
import type { Kernel } from "./kernel.ts";
import type { Vma } from "./mm.ts";
import type { Steps } from "./sched.ts";
import { READ, Refcount, shared, SharedObject, touch, WRITE } from "./shared.ts";

/** What stands behind a descriptor. */
export type FileKind =
  | "dma-buf"
  | "vfio-device"
  | "sync-file"
  | "eventfd"
  | "pipe"
  | "file"
  | "socket"
  | "iommufd"
  | "uverbs"
  | "drm"
  | "video";

/** How a file was opened. */
export interface OpenFlags {
  /** The access mode. */
  readonly access: "rdonly" | "wronly" | "rdwr";
  /** O_NONBLOCK. */
  readonly nonblock: boolean;
}

/** How a file is opened with flags as open(2) names them; for reading and writing where they say nothing else. */
export function openFlagsOf(flags: readonly string[]): OpenFlags {
  const access = flags.includes("rdonly") ? "rdonly" : flags.includes("wronly") ? "wronly" : "rdwr";
  return { access, nonblock: flags.includes("nonblock") };
}

const READ_WRITE: OpenFlags = { access: "rdwr", nonblock: false };

/** How a sync file, the end of a pipe that is read from, and what is named by O_PATH are opened. */
export const READ_ONLY: OpenFlags = { access: "rdonly", nonblock: false };

/** An open file: struct file. */
export class File extends SharedObject {
  readonly kind: FileKind;
  /** What the file is of: a buffer, a device session, a fence. */
  readonly of: unknown;
  readonly flags: OpenFlags;
  /** f_count: descriptors and everything in the kernel that holds the file. */
  readonly count = new Refcount(1);
  /** Set once the last reference is gone; touching the file afterwards is a use after free. */
  @shared
  accessor freed = false;
  readonly #release: ((kernel: Kernel) => Steps<void>) | undefined;

  constructor(
    kind: FileKind,
    of: unknown,
    release?: (kernel: Kernel) => Steps<void>,
    flags: OpenFlags = READ_WRITE,
  ) {
    super();
    this.kind = kind;
    this.of = of;
    this.flags = flags;
    this.#release = release;
  }

  /** How many references there are. */
  get refs(): number {
    return this.count.value;
  }

  /** Runs what the file's owner does at the end of its life. */
  *release(kernel: Kernel): Steps<void> {
    if (this.#release) yield* this.#release(kernel);
  }
}

/** Takes a reference; get_file(). */
export function getFile(file: File): File {
  file.count.get();
  return file;
}

/** Takes a reference unless the last one is already gone; get_file_active(). */
export function getFileActive(kernel: Kernel, file: File): boolean {
  if (file.freed) kernel.warn("KASAN: use-after-free in get_file_active: the file of a dma-buf");
  return file.count.getUnlessZero();
}

/** Gives a reference back; fput(). The release runs when the running call returns to user space. */
export function fput(kernel: Kernel, file: File): void {
  const left = file.count.put();
  if (left === "underflow") kernel.warn(`refcount_t: underflow; use-after-free: a ${file.kind} file`);
  if (left === "last") kernel.deferRelease(file);
}

/** One entry of a descriptor table. */
export interface Descriptor {
  readonly file: File;
  readonly cloexec: boolean;
  /** Opened with O_PATH: names the file but gives no access to it. */
  readonly path: boolean;
}

/** A number of a descriptor table: open or closed. */
class Slot extends SharedObject {
  @shared
  accessor descriptor: Descriptor | undefined;

  constructor(descriptor: Descriptor | undefined) {
    super();
    this.descriptor = descriptor;
  }
}

/** A process: its descriptors and its mappings. */
export class Process extends SharedObject {
  readonly name: string;
  @shared
  accessor vmas: readonly Vma[] = [];
  /** RLIMIT_NOFILE has been reached. */
  @shared
  accessor exhausted = false;
  readonly #slots = new Map<number, Slot>();
  /** What each number named first. */
  readonly #first = new Map<number, File>();
  #next = 3;

  constructor(name: string) {
    super();
    this.name = name;
  }

  /** The descriptor at a number, if it is open. */
  descriptor(number: number): Descriptor | undefined {
    const slot = this.#slots.get(number);
    if (!slot) touch(this, READ);
    return slot?.descriptor;
  }

  /** The file that a number named first, open or closed: what its driver knows without any descriptor. */
  firstFile(number: number): File | undefined {
    return this.#first.get(number);
  }

  /** The numbers that are open. */
  get openNumbers(): readonly number[] {
    touch(this, READ);
    return [...this.#slots].filter(([, { descriptor }]) => descriptor).map(([number]) => number);
  }

  /** Makes a number name a file, or nothing. */
  setDescriptor(number: number, descriptor: Descriptor | undefined): void {
    const slot = this.#slots.get(number);
    if (descriptor && !this.#first.has(number)) this.#first.set(number, descriptor.file);
    if (slot) slot.descriptor = descriptor;
    if (slot || !descriptor) return;
    touch(this, WRITE);
    this.#slots.set(number, new Slot(descriptor));
    this.#next = Math.max(this.#next, number + 1);
  }

  /**
   * Puts a file into the table, at the lowest number never used before; fd_install(). Whoever opens files here asks for
   * close-on-exec, as a library does; a copy has it only if it is asked for.
   */
  install(file: File, options: { cloexec?: boolean; path?: boolean } = {}): Fd {
    const number = this.#next++;
    this.setDescriptor(number, { file, cloexec: options.cloexec ?? true, path: options.path ?? false });
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
  const entry = fd.process.descriptor(fd.number);
  return entry && !entry.path ? entry.file : undefined;
}

/** Closes a descriptor; close(2). Tells whether it was open. */
export function closeFd(kernel: Kernel, fd: Fd): boolean {
  const entry = fd.process.descriptor(fd.number);
  if (!entry) return false;
  fd.process.setDescriptor(fd.number, undefined);
  kernel.rules.core.flush(kernel, entry.file);
  fput(kernel, entry.file);
  return true;
}
