/**
 * Importers, fences, and exporters other than VFIO.
 *
 * @module
 */
import type { OperationName } from "../../../spec/operations/mod.ts";
import { isError } from "../kernel/check.ts";
import {
  type DmaBuf,
  dmaBufAttachRevocable,
  dmaBufFd,
  dmaBufGet,
  dmaBufInvalidateMappings,
  dmaBufMarkValid,
  dmaBufOf,
  dmaBufPut,
  dmaBufVmap,
} from "../kernel/dma_buf.ts";
import { DmaFence } from "../kernel/dma_resv.ts";
import { type Fd, fget, File, openFlagsOf, type Process, READ_ONLY } from "../kernel/file.ts";
import type { Kernel } from "../kernel/kernel.ts";
import {
  allocateFromHeap,
  exportForTest,
  holdingsOf,
  moveBuffer,
  type TestBuffer,
  testBufferOf,
} from "../kernel/test_exporter.ts";
import { TestImporter } from "../kernel/test_importer.ts";
import { privateMap } from "../kernel/vfio_pci_dmabuf.ts";
import { at, on, type Session, type SimHandler } from "../session.ts";

/** The descriptor that an argument means, given by name or by number. */
export function descriptor(session: Session, given: Fd | number): Fd {
  return typeof given === "number" ? { process: session.process, number: given } : given;
}

/** Gives a new buffer a descriptor, or drops it where none can be had. */
export function withDescriptor(
  kernel: Kernel,
  process: Process,
  dmabuf: DmaBuf,
  cloexec: boolean = true,
): Fd | "EMFILE" {
  const fd = dmaBufFd(process, dmabuf, cloexec);
  if (!isError(fd)) return fd;
  dmaBufPut(kernel, dmabuf);
  return "EMFILE";
}

function fenceOf(fd: Fd): DmaFence | undefined {
  const fence = fget(fd)?.of;
  return fence instanceof DmaFence ? fence : undefined;
}

function testBufferBehind(fd: Fd): TestBuffer | "EBADF" | "EINVAL" {
  const dmabuf = dmaBufOf(fd);
  if (isError(dmabuf)) return dmabuf === "EBADF" ? "EBADF" : "EINVAL";
  return testBufferOf(dmabuf) ?? "EINVAL";
}

/** The handlers of `importer.*`. */
export const importerHandlers: readonly (readonly [OperationName, SimHandler])[] = [
  on("importer.attach", function* (session, args, name) {
    const { kernel } = session;
    const { buffer, kind, peer_to_peer, on_invalidate, device, callbacks } = args;
    const dmabuf = dmaBufGet(kernel, descriptor(session, buffer));
    if (isError(dmabuf)) return dmabuf;
    const peerToPeer = peer_to_peer ?? kind !== "static";
    const hasDevice = device === "own";
    const options = { kind, peerToPeer, policy: on_invalidate, hasDevice, name, callbacks };
    const importer = yield* TestImporter.attach(kernel, dmabuf, options);
    if (!isError(importer)) session.importers.add(importer);
    return importer;
  }),
  on("importer.detach", function* ({ kernel }, { attachment }) {
    yield* attachment.detach(kernel);
  }),
  at("importer.revocable", ({ kernel }, { attachment }) => {
    return dmaBufAttachRevocable(kernel, attachment.attachment);
  }),
  on("importer.pin", function* ({ kernel }, { attachment }) {
    return yield* attachment.pin(kernel);
  }),
  on("importer.unpin", function* (_session, { attachment }) {
    yield* attachment.unpin();
  }),
  on("importer.map", function* ({ kernel }, { attachment }) {
    const table = yield* attachment.map(kernel);
    return isError(table) ? table : { importer: attachment, table };
  }),
  on("importer.unmap", function* ({ kernel }, { mapping }) {
    yield* mapping.importer.unmap(kernel, mapping.table);
  }),
  on("importer.private_map", function* ({ kernel }, { attachment }) {
    return yield* privateMap(kernel, attachment.attachment);
  }),
  at("importer.dma_read", (_session, { mapping, page }) => {
    const frame = mapping.table.unmapped ? undefined : mapping.table.frames[page];
    return frame ? frame.memory.load(frame.page) : "EIO";
  }),
  at("importer.dma_write", (_session, { mapping, page, value }) => {
    const frame = mapping.table.unmapped ? undefined : mapping.table.frames[page];
    if (!frame) return "EIO";
    frame.memory.store(frame.page, value);
    return undefined;
  }),
  on("importer.vmap", function* ({ kernel }, { attachment }) {
    const { dmabuf } = attachment.attachment;
    yield dmabuf.resv.mutex.lock;
    const error = dmaBufVmap(kernel, dmabuf);
    dmabuf.resv.mutex.unlock();
    return error ?? { importer: attachment, isGone: false };
  }),
  on("importer.vunmap", function* (_session, { vmapping }) {
    const { importer } = vmapping;
    if (vmapping.isGone || !importer.isAttached) return;
    vmapping.isGone = true;
    const { mutex } = importer.attachment.dmabuf.resv;
    yield mutex.lock;
    mutex.unlock();
  }),
  // In both directions, so that it waits for readers as well.
  on("importer.begin_cpu_access", function* (_session, { attachment }) {
    if (attachment.isAttached) yield attachment.attachment.dmabuf.resv.waitFor("READ");
  }),
];

/** The handlers of `fence.*`, `heap.*` and `exporter.*`. */
export const exporterHandlers: readonly (readonly [OperationName, SimHandler])[] = [
  at("fence.create", ({ kernel, process, fences }) => {
    if (process.exhausted) return "EMFILE";
    const fence = new DmaFence(kernel.nextId());
    fences.add(fence);
    // What signals it stays with another process, which sends it.
    return process.install(new File("sync-file", fence, undefined, READ_ONLY), { cloexec: false });
  }),
  // Whether it signals with an error makes no difference to anybody who waits.
  at("fence.signal", (_session, { fence }) => {
    const made = fence.process.firstFile(fence.number)?.of;
    if (made instanceof DmaFence) made.signal();
  }),
  on("fence.add", function* (_session, { buffer, fence, usage }) {
    const dmabuf = dmaBufOf(buffer);
    if (isError(dmabuf)) return dmabuf;
    const added = fenceOf(fence);
    if (!added) return "EINVAL";
    yield dmabuf.resv.mutex.lock;
    dmabuf.resv.add(added, usage);
    dmabuf.resv.mutex.unlock();
    return undefined;
  }),
  at("heap.alloc", (session, { size, open_flags }) => {
    const { kernel, process } = session;
    const dmabuf = allocateFromHeap(kernel, session.bytes(size), openFlagsOf(open_flags));
    return isError(dmabuf) ? dmabuf : withDescriptor(kernel, process, dmabuf, open_flags.includes("cloexec"));
  }),
  at("exporter.create", (session, { size, revoke_semantics, over, ...options }) => {
    const shared = over ? dmaBufOf(over) : undefined;
    if (shared && isError(shared)) return shared;
    if (shared && !testBufferOf(shared)) return "EINVAL";
    const dmabuf = exportForTest(session.kernel, session.bytes(size), {
      ...options,
      revokeSemantics: revoke_semantics,
      over: shared,
    });
    return isError(dmabuf) ? dmabuf : withDescriptor(session.kernel, session.process, dmabuf);
  }),
  at("exporter.counts", (_session, { buffer }) => {
    const held = testBufferBehind(buffer);
    return isError(held) ? held : { ...holdingsOf(held) };
  }),
  on("exporter.move", function* ({ kernel }, { buffer }) {
    const held = testBufferBehind(buffer);
    return isError(held) ? held : yield* moveBuffer(kernel, held);
  }),
  on("exporter.mark_valid", function* ({ kernel }, { buffer }) {
    const dmabuf = dmaBufOf(buffer);
    if (isError(dmabuf)) return "EOPNOTSUPP";
    yield dmabuf.resv.mutex.lock;
    const error = dmaBufMarkValid(kernel, dmabuf);
    dmabuf.resv.mutex.unlock();
    return error;
  }),
  on("exporter.invalidate", function* ({ kernel }, { buffer, locked }) {
    const held = testBufferBehind(buffer);
    if (isError(held)) return held;
    const { dmabuf } = held;
    if (locked) yield dmabuf.resv.mutex.lock;
    dmaBufInvalidateMappings(kernel, dmabuf);
    if (locked) dmabuf.resv.mutex.unlock();
    return undefined;
  }),
];
