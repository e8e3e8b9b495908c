/**
 * RDMA devices: memory regions over a dma-buf, and exports of a device's own pages.
 *
 * @module
 */
import type { OperationName } from "../../../spec/operations/mod.ts";
import { sizeInBytes } from "../../../spec/size.ts";
import { isError } from "../kernel/check.ts";
import { PAGE_SIZE } from "../kernel/kernel.ts";
import { openRdma, unbindRdma, uverbsFileOf } from "../kernel/rdma_device.ts";
import { deregisterRegion, faultRegion, hasUniqueKey, reachPage, registerRegion } from "../kernel/rdma_mr.ts";
import { mapPages, revokeUmem, unmapPages } from "../kernel/umem_dmabuf.ts";
import { allocateEntry, exportEntry, freeEntry } from "../kernel/uverbs_dmabuf.ts";
import { at, on, type SimHandler } from "../session.ts";
import { descriptor } from "./importer.ts";

/** The handlers of `rdma.*` and `umem.*`. */
export const rdmaHandlers: readonly (readonly [OperationName, SimHandler])[] = [
  at("rdma.open", ({ process }, { regions }, name) => {
    return openRdma(process, name, regions);
  }),
  on("rdma.register", function* (session, { nic, buffer, offset, length }, name) {
    const ufile = uverbsFileOf(nic);
    if (isError(ufile)) return ufile;
    return yield* registerRegion(session.kernel, ufile, {
      fd: descriptor(session, buffer),
      offset: sizeInBytes(offset, PAGE_SIZE),
      length: sizeInBytes(length, PAGE_SIZE),
      name,
    });
  }),
  on("rdma.deregister", function* ({ kernel }, { region }) {
    yield* deregisterRegion(kernel, region);
  }),
  on("rdma.read", function* ({ kernel }, { region, page }) {
    const frame = yield* reachPage(kernel, region, page);
    return isError(frame) ? frame : frame.memory.load(frame.page);
  }),
  on("rdma.write", function* ({ kernel }, { region, page, value }) {
    const frame = yield* reachPage(kernel, region, page);
    if (isError(frame)) return frame;
    frame.memory.store(frame.page, value);
    return undefined;
  }),
  on("rdma.prefetch", function* ({ kernel }, { region }) {
    return yield* faultRegion(kernel, region);
  }),
  at("rdma.key", (_session, { region }) => {
    return { unique: hasUniqueKey(region) };
  }),
  on("rdma.allocate", function* (_session, { nic }, name) {
    const ufile = uverbsFileOf(nic);
    return isError(ufile) ? ufile : yield* allocateEntry(ufile, name);
  }),
  on("rdma.free", function* ({ kernel }, { entry }) {
    yield* freeEntry(kernel, entry);
  }),
  on("rdma.export", function* ({ kernel, process }, { entry, offset }) {
    return yield* exportEntry(kernel, process, { entry, knownOffset: offset === "its" });
  }),
  on("rdma.unbind", function* ({ kernel }, { nic }) {
    const ufile = uverbsFileOf(nic);
    if (!isError(ufile)) yield* unbindRdma(kernel, ufile.device);
  }),
  on("umem.map_pages", function* ({ kernel }, { region: { umem } }) {
    yield umem.reservation.lock;
    const error = yield* mapPages(kernel, umem);
    umem.reservation.unlock();
    return error;
  }),
  on("umem.unmap_pages", function* ({ kernel }, { region: { umem } }) {
    yield umem.reservation.lock;
    unmapPages(kernel, umem);
    umem.reservation.unlock();
  }),
  on("umem.revoke", function* ({ kernel }, { region: { umem } }) {
    yield* revokeUmem(kernel, umem);
  }),
  at("umem.state", (_session, { region: { umem } }) => {
    const { table, pinned, revoked, pages } = umem;
    return { mapped: table !== undefined, pinned, revoked, pages };
  }),
];
