/**
 * RDMA devices and what their users have open: struct ib_device, struct ib_uverbs_file and its objects
 * (drivers/infiniband/core/uverbs_main.c, rdma_core.c).
 *
 * @module
 */
import type { ErrnoName } from "../../../spec/errno.ts";
import { type Fd, fget, File, type Process } from "./file.ts";
import type { Kernel } from "./kernel.ts";
import { RwSemaphore, type Steps } from "./sched.ts";
import { shared, SharedObject } from "./shared.ts";

/** How a driver attaches to the buffers that it registers. */
export type RegionKind = "pinned" | "revocable" | "on-demand";

/** An object that a user has in the kernel and that goes with the file: struct ib_uobject. */
export interface Uobject {
  /** Undoes it, when its user or its driver goes. */
  destroy(kernel: Kernel): Steps<void>;
}

/** An RDMA device: struct ib_device. */
export class RdmaDevice extends SharedObject {
  readonly name: string;
  readonly regions: RegionKind;
  /** Whether its driver has gone. */
  @shared
  accessor removed = false;
  /** The region behind each key of the hardware; a key without one is free. */
  @shared
  accessor keys: readonly (object | undefined)[] = [];
  /** The files that are open on it. */
  @shared
  accessor files: readonly UverbsFile[] = [];

  constructor(name: string, regions: RegionKind) {
    super();
    this.name = name;
    this.regions = regions;
  }

  /** Takes the lowest free key for a region. */
  takeKey(region: object): number {
    const free = this.keys.indexOf(undefined);
    const key = free < 0 ? this.keys.length : free;
    this.keys = Array.from({ length: Math.max(this.keys.length, key + 1) }, (_, at) => {
      return at === key ? region : this.keys[at];
    });
    return key;
  }

  /** Makes a key free for the next region. */
  freeKey(key: number): void {
    this.keys = this.keys.map((region, at) => at === key ? undefined : region);
  }
}

/** An open RDMA device: struct ib_uverbs_file with its ucontext. */
export class UverbsFile extends SharedObject {
  readonly device: RdmaDevice;
  /** Held for reading by whoever makes or destroys an object, for writing by the clean-up. */
  readonly hwDestroy: RwSemaphore;
  /** Its objects, the newest first. */
  @shared
  accessor uobjects: readonly Uobject[] = [];

  constructor(device: RdmaDevice) {
    super();
    this.device = device;
    this.hwDestroy = new RwSemaphore("hw_destroy", device.name);
  }

  /** Adds an object. */
  add(uobject: Uobject): void {
    this.uobjects = [uobject, ...this.uobjects];
  }

  /** Takes an object off, and tells whether it was there: whoever takes it off destroys it. */
  remove(uobject: Uobject): boolean {
    const before = this.uobjects;
    this.uobjects = before.filter((each) => each !== uobject);
    return this.uobjects.length < before.length;
  }
}

/** Opens a device; ib_uverbs_open(). */
export function openRdma(process: Process, name: string, regions: RegionKind): Fd | "EMFILE" {
  if (process.exhausted) return "EMFILE";
  const device = new RdmaDevice(name, regions);
  const ufile = new UverbsFile(device);
  device.files = [ufile];
  return process.install(new File("uverbs", ufile, (kernel) => closeRdma(kernel, ufile)));
}

/** What stands behind the descriptor of an open device, or the error of using another one. */
export function uverbsFileOf(fd: Fd): UverbsFile | "EBADF" | "EINVAL" {
  const file = fget(fd);
  if (!file) return "EBADF";
  return file.of instanceof UverbsFile ? file.of : "EINVAL";
}

/**
 * Makes an object: nothing is made any more once the driver has gone or the clean-up runs;
 * rdma_alloc_begin_uobject().
 */
export function* makingUobject<T>(
  ufile: UverbsFile,
  make: () => Steps<T | ErrnoName>,
): Steps<T | ErrnoName> {
  if (ufile.device.removed || ufile.hwDestroy.writer) return "EIO";
  yield ufile.hwDestroy.read;
  const made = ufile.device.removed ? "EIO" : yield* make();
  ufile.hwDestroy.upRead();
  return made;
}

/** Closes the device: its objects go; ib_uverbs_close(). */
function* closeRdma(kernel: Kernel, ufile: UverbsFile): Steps<void> {
  yield* cleanUp(kernel, ufile);
  ufile.device.files = ufile.device.files.filter((each) => each !== ufile);
}

/** Removes the driver from under its users; ib_uverbs_remove_one(). */
export function* unbindRdma(kernel: Kernel, device: RdmaDevice): Steps<void> {
  device.removed = true;
  for (const ufile of device.files) yield* cleanUp(kernel, ufile);
}

/** Destroys every object, the newest first; uverbs_destroy_ufile_hw(). */
function* cleanUp(kernel: Kernel, ufile: UverbsFile): Steps<void> {
  yield ufile.hwDestroy.write;
  for (let next = ufile.uobjects[0]; next; next = ufile.uobjects[0]) {
    ufile.remove(next);
    yield* next.destroy(kernel);
  }
  ufile.hwDestroy.upWrite();
}
