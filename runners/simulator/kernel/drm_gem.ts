/**
 * GPU drivers that share objects by PRIME: drivers/gpu/drm/drm_prime.c, drm_gem.c, and how each driver imports.
 *
 * An object that was made of a buffer holds three references on it: for the attachment, for the object, and for the
 * entry of the open file by which the next import finds its handle.
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
  dmaBufExport,
  dmaBufGet,
  dmaBufMapAttachment,
  type DmaBufOps,
  dmaBufPin,
  dmaBufPut,
  dmaBufUnmapAttachment,
  dmaBufUnpin,
  pagesOf,
  type SgTable,
} from "./dma_buf.ts";
import { type Fd, fget, File, getFile, type Process } from "./file.ts";
import type { Kernel } from "./kernel.ts";
import { type FaultHandler, FileMappings, Memory, type PageFrame, Vma } from "./mm.ts";
import { atomic, Mutex, type Steps } from "./sched.ts";
import { perform, type SequenceStep } from "./sequence.ts";
import { Refcount, shared, SharedObject } from "./shared.ts";

/** The drivers, of which the last two are one, with a device that can use the memory of others or cannot. */
export type DrmDriver = "vgem" | "vkms" | "virtio-gpu" | "virtio-gpu-blob";

const READ_WRITE = { access: "rdwr", nonblock: false } as const;

/** A GPU: struct drm_device. */
export class DrmDevice {
  readonly driver: DrmDriver;
  /** object_name_lock: guards which buffer an object is shared as. */
  readonly names: Mutex;

  constructor(driver: DrmDriver) {
    this.driver = driver;
    this.names = new Mutex("object_name_lock", driver);
  }
}

/** What a driver has of a buffer that it imports; the steps of an import fill it in. */
export class PrimeImport extends SharedObject {
  readonly driver: DrmDriver;
  readonly dmabuf: DmaBuf;
  readonly name: string;
  @shared
  accessor attachment: Attachment | undefined;
  @shared
  accessor table: SgTable | undefined;

  constructor(driver: DrmDriver, dmabuf: DmaBuf, name: string) {
    super();
    this.driver = driver;
    this.dmabuf = dmabuf;
    this.name = name;
  }
}

/** An object of a driver: struct drm_gem_object. */
export class GemObject extends SharedObject {
  readonly device: DrmDevice;
  /** Its own memory; none where it was imported. */
  readonly frames: readonly PageFrame[];
  /** What it was made of, where it was imported. */
  readonly imported: PrimeImport | undefined;
  /** References of handles, of a buffer that it is exported as, and of running requests. */
  readonly references: Refcount = new Refcount(1);
  @shared
  accessor handles = 0;
  /** The buffer that it was imported from or is exported as, as long as it has a handle. */
  @shared
  accessor dmabuf: DmaBuf | undefined;
  readonly mapped: FileMappings = new FileMappings();

  constructor(device: DrmDevice, from: readonly PageFrame[] | PrimeImport) {
    super();
    this.device = device;
    this.frames = from instanceof PrimeImport ? [] : from;
    this.imported = from instanceof PrimeImport ? from : undefined;
  }
}

/** One open of a GPU: struct drm_file. */
export class DrmFile extends SharedObject {
  readonly device: DrmDevice;
  readonly prime: Mutex;
  @shared
  accessor objects: ReadonlyMap<number, GemObject> = new Map();
  /** The buffers that its handles were imported from or exported as. */
  @shared
  accessor buffers: ReadonlyMap<number, DmaBuf> = new Map();

  constructor(device: DrmDevice, id: number) {
    super();
    this.device = device;
    this.prime = new Mutex("prime.lock", `file ${id}`);
  }
}

/** Opens the GPU of a driver; drm_open(). */
export function openDrm(kernel: Kernel, process: Process, driver: DrmDriver): Fd | ErrnoName {
  if (kernel.rules.drm.drivers[driver] === "absent") return "ENOENT";
  if (process.exhausted) return "EMFILE";
  const known = kernel.gpus.get(driver);
  const device = known ?? new DrmDevice(driver);
  kernel.gpus.set(driver, device);
  const file = new DrmFile(device, kernel.nextId());
  return process.install(new File("drm", file, (k) => releaseDrm(k, file)));
}

/** What is behind a descriptor of a GPU, or the error of a request on it. */
export function drmFileOf(fd: Fd): DrmFile | ErrnoName {
  const file = fget(fd);
  if (!file) return "EBADF";
  return file.of instanceof DrmFile ? file.of : "ENOTTY";
}

/** Makes an object of memory; drm_gem_shmem_dumb_create(). */
export function* createDumb(file: DrmFile, bytes: number): Steps<number | ErrnoName> {
  if (bytes === 0) return "EINVAL";
  const memory = new Memory();
  const frames = Array.from({ length: pagesOf(bytes) }, (_, page) => ({ memory, page }));
  const object = new GemObject(file.device, frames);
  yield file.device.names.lock;
  const handle = newHandle(file, object);
  file.device.names.unlock();
  object.references.put();
  return handle;
}

/** Gives an object a handle; drm_gem_handle_create_tail(). The caller holds object_name_lock. */
function newHandle(file: DrmFile, object: GemObject): number {
  let handle = 1;
  while (file.objects.has(handle)) handle++;
  if (object.handles++ === 0) object.references.get();
  file.objects = new Map([...file.objects, [handle, object]]);
  return handle;
}

/** Imports a buffer; drm_gem_prime_fd_to_handle(). */
export function* primeFdToHandle(
  kernel: Kernel,
  file: DrmFile,
  fd: Fd,
  name: string,
): Steps<number | ErrnoName> {
  const dmabuf = dmaBufGet(kernel, fd);
  if (isError(dmabuf)) return dmabuf;
  yield file.prime.lock;
  const handle = kernel.rules.drm.handleOf(file, dmabuf) ?? (yield* importNew(kernel, file, dmabuf, name));
  file.prime.unlock();
  dmaBufPut(kernel, dmabuf);
  return handle;
}

function* importNew(kernel: Kernel, file: DrmFile, dmabuf: DmaBuf, name: string): Steps<number | ErrnoName> {
  const { names } = file.device;
  yield names.lock;
  const object = yield* primeImport(kernel, file.device, dmabuf, name);
  if (isError(object)) {
    names.unlock();
    return object;
  }
  object.dmabuf ??= hold(dmabuf);
  const handle = newHandle(file, object);
  names.unlock();
  object.references.put();
  file.buffers = new Map([...file.buffers, [handle, hold(dmabuf)]]);
  return handle;
}

function hold(dmabuf: DmaBuf): DmaBuf {
  getFile(dmabuf.file);
  return dmabuf;
}

/** Makes an object of a buffer, or finds the object that the buffer was made of; drm_gem_prime_import(). */
function* primeImport(
  kernel: Kernel,
  device: DrmDevice,
  dmabuf: DmaBuf,
  name: string,
): Steps<GemObject | ErrnoName> {
  const { drm } = kernel.rules;
  const own = drm.own(device, dmabuf);
  if (own) {
    own.references.get();
    return own;
  }
  const { driver } = device;
  const how = drm.drivers[driver];
  const imported = new PrimeImport(driver, dmabuf, name);
  const error = how === "absent" ? "ENODEV" : yield* perform(kernel, how, imported);
  if (!error) return new GemObject(device, imported);
  yield* perform(kernel, drm.undoImport, imported);
  return drm.importError(error);
}

/** The object of this very device that a buffer was exported from; drm_gem_is_prime_exported_dma_buf(). */
export function ownObject(device: DrmDevice, dmabuf: DmaBuf): GemObject | undefined {
  const { priv } = dmabuf;
  return priv instanceof GemObject && priv.device === device ? priv : undefined;
}

/** The handle that an open file has for a buffer; drm_prime_lookup_buf_handle(). */
export function handleOf({ buffers }: DrmFile, dmabuf: DmaBuf): number | undefined {
  return [...buffers].find(([, buffer]) => buffer === dmabuf)?.[0];
}

/** A step of an import, or of its end. */
export type PrimeStep = SequenceStep<PrimeImport>;

/** Attaches as an importer that cannot be told of anything; dma_buf_attach(). */
export const attachStatically: PrimeStep = {
  name: "attach without importer operations",
  clause: "PRIME-03",
  *run(kernel, imported) {
    const { dmabuf, name } = imported;
    const attachment = yield* dmaBufAttach(kernel, { dmabuf, ops: undefined, hasDevice: true, name });
    if (isError(attachment)) return attachment;
    imported.attachment = attachment;
    getFile(dmabuf.file);
    return undefined;
  },
};

/** Maps the buffer for the device. */
export const mapAttachment: PrimeStep = {
  name: "map it for the device",
  clause: "PRIME-03",
  *run(kernel, imported) {
    const { attachment, dmabuf } = imported;
    if (!attachment) return undefined;
    yield dmabuf.resv.mutex.lock;
    const table = yield* dmaBufMapAttachment(kernel, attachment);
    dmabuf.resv.mutex.unlock();
    if (isError(table)) return table;
    imported.table = table;
    return undefined;
  },
};

/** Has no use for the table of addresses; virtgpu_gem_prime_import_sg_table(). */
export const refuseTable: PrimeStep = {
  name: "refuse the table",
  clause: "PRIME-04",
  run: () => "ENODEV",
};

/** Attaches as an importer that is told of an invalidation; virtgpu_gem_prime_import(). */
export const attachDynamically: PrimeStep = {
  name: "attach with importer operations",
  clause: "PRIME-05",
  *run(kernel, imported) {
    const { dmabuf, name } = imported;
    const ops = { allowPeer2peer: true, invalidate: (k: Kernel) => k.rules.drm.invalidated(k, imported) };
    const attachment = yield* dmaBufAttach(kernel, { dmabuf, ops, hasDevice: true, name });
    if (isError(attachment)) return attachment;
    imported.attachment = attachment;
    getFile(dmabuf.file);
    return undefined;
  },
};

/** Maps the buffer with a pin that lasts no longer than the mapping takes; virtgpu_dma_buf_init_obj(). */
export const mapPinned: PrimeStep = {
  name: "pin it, map it, unpin it",
  clause: "PRIME-05",
  *run(kernel, imported) {
    const { attachment, dmabuf } = imported;
    if (!attachment) return undefined;
    yield dmabuf.resv.mutex.lock;
    const error = dmaBufPin(kernel, attachment) ?? (yield* mapWhilePinned(kernel, imported, attachment));
    dmabuf.resv.mutex.unlock();
    return error;
  },
};

function* mapWhilePinned(
  kernel: Kernel,
  imported: PrimeImport,
  attachment: Attachment,
): Steps<ErrnoName | undefined> {
  if (kernel.rules.drm.waits) yield imported.dmabuf.resv.waitFor("KERNEL");
  const table = yield* dmaBufMapAttachment(kernel, attachment);
  if (!isError(table)) imported.table = table;
  if (kernel.rules.drm.unpins) dmaBufUnpin(attachment);
  return isError(table) ? table : undefined;
}

/** What the callback does: gives the mapping back for good; virtgpu_dma_buf_move_notify(). */
export function unmapInvalidated(kernel: Kernel, imported: PrimeImport): void {
  if (imported.table) dmaBufUnmapAttachment(kernel, imported.table);
  imported.table = undefined;
}

/** Gives the mapping back, if there is one. */
export const unmapImported: PrimeStep = {
  name: "unmap it",
  clause: "PRIME-04",
  *run(kernel, imported) {
    const { table, dmabuf } = imported;
    if (!table) return;
    yield dmabuf.resv.mutex.lock;
    dmaBufUnmapAttachment(kernel, table);
    dmabuf.resv.mutex.unlock();
    imported.table = undefined;
  },
};

/** Detaches, if it was attached. */
export const detachImported: PrimeStep = {
  name: "detach",
  clause: "PRIME-04",
  *run(_kernel, { attachment }) {
    if (attachment) yield* dmaBufDetach(attachment);
  },
};

/** Puts the reference of the attachment, if there is one. */
export const putImported: PrimeStep = {
  name: "put the buffer",
  clause: "PRIME-04",
  run(kernel, { attachment, dmabuf }) {
    if (attachment) dmaBufPut(kernel, dmabuf);
  },
};

/** Gives an object as a buffer; drm_gem_prime_handle_to_fd(). The descriptor is had first. */
export function* primeHandleToFd(
  kernel: Kernel,
  process: Process,
  file: DrmFile,
  handle: number,
): Steps<Fd | ErrnoName> {
  if (process.exhausted) return "EMFILE";
  yield file.prime.lock;
  const object = file.objects.get(handle);
  const dmabuf = object ? yield* bufferOf(kernel, file, handle, object) : "ENOENT";
  file.prime.unlock();
  return isError(dmabuf) ? dmabuf : process.install(dmabuf.file, { cloexec: true });
}

/** The buffer that an object is shared as, with a reference for the caller; drm_gem_prime_handle_to_dmabuf(). */
function* bufferOf(
  kernel: Kernel,
  file: DrmFile,
  handle: number,
  object: GemObject,
): Steps<DmaBuf | ErrnoName> {
  const { names } = object.device;
  yield names.lock;
  const known = kernel.rules.drm.sharedAs(file, handle, object);
  const dmabuf = known ? hold(known) : exportObject(kernel, object);
  const isNew = !isError(dmabuf) && !file.buffers.has(handle);
  if (isNew) file.buffers = new Map([...file.buffers, [handle, hold(dmabuf)]]);
  names.unlock();
  return dmabuf;
}

/** The buffer that an object was imported from, or has been exported as. */
export function sharedAs({ buffers }: DrmFile, handle: number, object: GemObject): DmaBuf | undefined {
  return buffers.get(handle) ?? object.dmabuf;
}

/** Exports an object; drm_gem_prime_export(). */
function exportObject(kernel: Kernel, object: GemObject): DmaBuf | ErrnoName {
  const { frames } = object;
  const size = frames.length * PAGE;
  const dmabuf = dmaBufExport(kernel, { ops: opsOf(object), priv: object, size, flags: READ_WRITE });
  if (isError(dmabuf)) return dmabuf;
  object.references.get();
  object.dmabuf = hold(dmabuf);
  return dmabuf;
}

const PAGE = 4096;

/** drm_gem_prime_dmabuf_ops: it pins at the attach, which nobody can see, and takes every importer. */
function opsOf(object: GemObject): DmaBufOps {
  return {
    name: "drm",
    map: () => object.frames,
    unmap: () => {},
    mmap: () => serving(object),
    backing: "frame numbers",
    vmap: () => undefined,
    release: (kernel) => putObject(kernel, object),
  };
}

function serving({ frames }: GemObject): FaultHandler {
  return (_kernel, vma, page) => atomic(() => frames[vma.first + page]);
}

/** Maps an object into a process; drm_gem_dumb_map_offset(), drm_gem_mmap(). */
export function mapObject(kernel: Kernel, fd: Fd, file: DrmFile, handle: number): Vma | ErrnoName {
  const object = file.objects.get(handle);
  if (!object) return "ENOENT";
  const error = refusal(kernel, kernel.rules.drm.map, object);
  if (error) return error;
  const opened = fget(fd);
  if (!opened) return "EBADF";
  const pages = object.imported ? pagesOf(object.imported.dmabuf.size) : object.frames.length;
  const request = { file: opened, first: 0, pages, sharing: "shared", access: ["read", "write"] } as const;
  return new Vma(fd.process, request, object.mapped, serving(object), "frame numbers");
}

/** Gives a handle back; drm_gem_handle_delete(). */
export function* closeHandle(kernel: Kernel, file: DrmFile, handle: number): Steps<ErrnoName | undefined> {
  const object = file.objects.get(handle);
  if (!object) return "EINVAL";
  file.objects = without(file.objects, handle);
  yield file.prime.lock;
  const dmabuf = file.buffers.get(handle);
  file.buffers = without(file.buffers, handle);
  file.prime.unlock();
  if (dmabuf) dmaBufPut(kernel, dmabuf);
  yield* putHandle(kernel, object);
  return undefined;
}

/** With the last handle an object is no longer shared; drm_gem_object_handle_put_unlocked(). */
function* putHandle(kernel: Kernel, object: GemObject): Steps<void> {
  yield object.device.names.lock;
  const isLast = --object.handles === 0;
  const { dmabuf } = object;
  if (isLast) object.dmabuf = undefined;
  object.device.names.unlock();
  if (!isLast) return;
  if (dmabuf) dmaBufPut(kernel, dmabuf);
  yield* putObject(kernel, object);
}

function* putObject(kernel: Kernel, object: GemObject): Steps<void> {
  if (object.references.put() !== "last" || !object.imported) return;
  yield* perform(kernel, kernel.rules.drm.free, object.imported);
}

function without<V>(map: ReadonlyMap<number, V>, key: number): ReadonlyMap<number, V> {
  return new Map([...map].filter(([each]) => each !== key));
}

/** Gives every handle back; drm_gem_release(). */
function* releaseDrm(kernel: Kernel, file: DrmFile): Steps<void> {
  for (const handle of file.objects.keys()) yield* closeHandle(kernel, file, handle);
}
