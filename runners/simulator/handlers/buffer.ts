/**
 * Buffers by their descriptor, and memory that is mapped into a process.
 *
 * @module
 */
import type { OperationName } from "../../../spec/operations/mod.ts";
import { isError } from "../kernel/check.ts";
import {
  dmaBufAsFile,
  dmaBufAsked,
  dmaBufExportFence,
  dmaBufImportFence,
  dmaBufMmap,
  dmaBufOf,
  dmaBufPoll,
  dmaBufRevoke,
  dmaBufSeek,
  dmaBufSync,
  pagesOf,
} from "../kernel/dma_buf.ts";
import { DmaFence } from "../kernel/dma_resv.ts";
import { ForkedProcess } from "../kernel/fork.ts";
import { fget, File, READ_ONLY } from "../kernel/file.ts";
import { PAGE_SIZE } from "../kernel/kernel.ts";
import { Fault } from "../kernel/mm.ts";
import { at, on, type SimHandler } from "../session.ts";

/** The byte that the kernel copies when a case reads a file into a mapping. */
const COPIED = 0x5a;

/** The number of DMA_BUF_IOCTL_REVOKE (S3:84). */
const REVOKE_NUMBER = 4;

/** The handlers of `buffer.*` and `memory.*`. */
export const bufferHandlers: readonly (readonly [OperationName, SimHandler])[] = [
  on("buffer.mmap", function* (session, { buffer, length, offset, sharing, access }) {
    const from = session.bytes(offset);
    if (from % PAGE_SIZE !== 0) return "EINVAL";
    const dmabuf = dmaBufOf(buffer);
    if (isError(dmabuf)) return dmabuf;
    const first = pagesOf(from);
    const pages = length === undefined ? pagesOf(dmabuf.size) - first : pagesOf(session.bytes(length));
    const request = { dmabuf, file: dmabuf.file, first, pages, sharing, access };
    return yield* dmaBufMmap(session.kernel, buffer.process, request);
  }),
  at("buffer.seek", ({ kernel }, { buffer, whence, offset }) => {
    const dmabuf = dmaBufOf(buffer);
    return isError(dmabuf) ? dmabuf : dmaBufSeek(kernel, dmabuf, { whence, offset });
  }),
  on("buffer.sync", function* ({ kernel }, { buffer, phase, access, unknown_flag, unreadable }) {
    const dmabuf = dmaBufAsked(buffer);
    if (isError(dmabuf)) return dmabuf;
    return yield* dmaBufSync(kernel, dmabuf, { phase, access, unknownFlag: unknown_flag, unreadable });
  }),
  on("buffer.ioctl", function* ({ kernel }, { buffer, number }) {
    const dmabuf = dmaBufAsked(buffer);
    if (isError(dmabuf)) return dmabuf;
    if (number !== REVOKE_NUMBER) return kernel.rules.core.unknownIoctl;
    return yield* dmaBufRevoke(kernel, { dmabuf, caller: buffer.process, argument: "none" });
  }),
  on("buffer.revoke", function* ({ kernel }, { buffer, argument }) {
    const dmabuf = dmaBufAsked(buffer);
    if (isError(dmabuf)) return dmabuf;
    return yield* dmaBufRevoke(kernel, { dmabuf, caller: buffer.process, argument });
  }),
  at("buffer.set_name", ({ kernel }, { buffer, name }) => {
    const dmabuf = dmaBufAsFile(kernel, dmaBufAsked(buffer));
    if (isError(dmabuf)) return dmabuf;
    dmabuf.name = name;
    return undefined;
  }),
  at("buffer.fdinfo", ({ kernel }, { buffer }) => {
    const dmabuf = dmaBufAsFile(kernel, dmaBufOf(buffer));
    // A descriptor that is closed has no such file, and that of something else does not tell of a buffer.
    if (isError(dmabuf)) return "ENOENT";
    const { size, file, ops, name } = dmabuf;
    return { size, count: file.refs, exporter: ops.name, name: name ?? null };
  }),
  on("buffer.attached", function* ({ kernel }, { buffer }) {
    const dmabuf = dmaBufOf(buffer);
    if (isError(dmabuf)) return dmabuf;
    // The list is of all buffers, and shows each under its lock.
    for (const { resv: { mutex } } of kernel.dmaBufs) {
      yield mutex.lock;
      mutex.unlock();
    }
    return dmabuf.attachments.length;
  }),
  on("buffer.poll", function* ({ kernel }, { buffer }) {
    const dmabuf = dmaBufAsFile(kernel, dmaBufOf(buffer));
    return isError(dmabuf) ? dmabuf : yield* dmaBufPoll(kernel, dmabuf);
  }),
  at("buffer.export_sync_file", ({ kernel, fences }, { buffer, access }) => {
    const dmabuf = dmaBufAsFile(kernel, dmaBufAsked(buffer));
    if (isError(dmabuf)) return dmabuf;
    if (kernel.rules.core.syncFile === "absent") return kernel.rules.core.unknownIoctl;
    if (access.length === 0) return "EINVAL";
    if (buffer.process.exhausted) return "EMFILE";
    const fence = dmaBufExportFence(kernel, dmabuf, access.includes("write") ? "READ" : "WRITE");
    fences.add(fence);
    return buffer.process.install(new File("sync-file", fence, undefined, READ_ONLY));
  }),
  on("buffer.import_sync_file", function* ({ kernel }, { buffer, fence, access }) {
    const dmabuf = dmaBufAsFile(kernel, dmaBufAsked(buffer));
    if (isError(dmabuf)) return dmabuf;
    if (kernel.rules.core.syncFile === "absent") return kernel.rules.core.unknownIoctl;
    const file = fget(fence);
    if (access.length === 0 || !(file?.of instanceof DmaFence)) return "EINVAL";
    yield* dmaBufImportFence(dmabuf, file.of, access.includes("write") ? "WRITE" : "READ");
    return undefined;
  }),
  on("memory.load", function* ({ kernel }, { vma, page }) {
    const frame = yield* vma.touch(kernel, page, "read");
    return frame instanceof Fault ? frame : frame.memory.load(frame.page);
  }),
  on("memory.store", function* ({ kernel }, { vma, page, value }) {
    const frame = yield* vma.touch(kernel, page, "write");
    if (frame instanceof Fault) return frame;
    frame.memory.store(frame.page, value);
    return undefined;
  }),
  on("memory.read_into", function* ({ kernel }, { vma, page }) {
    const frame = yield* vma.touch(kernel, page, "write");
    if (frame instanceof Fault) return "EFAULT";
    frame.memory.store(frame.page, COPIED);
    return undefined;
  }),
  on("memory.write_from", function* ({ kernel }, { vma, page }) {
    const frame = yield* vma.touch(kernel, page, "read");
    return frame instanceof Fault ? "EFAULT" : undefined;
  }),
  at("memory.discard", (_session, { vma }) => vma.discard()),
  at("memory.protect", (_session, { vma, access }) => vma.protect(access)),
  at("memory.inherited", (_session, { vma, process }) => {
    const copy = process instanceof ForkedProcess ? process.inherited(vma) : undefined;
    return copy ?? "ENOENT";
  }),
  at("memory.unmap", ({ kernel }, { vma, first, pages }) => {
    const from = first ?? 0;
    vma.unmap(kernel, from, pages ?? vma.pages - from);
  }),
];
