/**
 * iommufd, devices that do DMA through it, its mock exporter, and buffers made of a memfd.
 *
 * @module
 */
import type { ErrnoName } from "../../../spec/errno.ts";
import type { OperationName } from "../../../spec/operations/mod.ts";
import { type Size, sizeInBytes } from "../../../spec/size.ts";
import { isError } from "../kernel/check.ts";
import { pagesOf } from "../kernel/dma_buf.ts";
import { fget, File } from "../kernel/file.ts";
import {
  allocHwpt,
  allocIoas,
  destroyHwpt,
  destroyIoas,
  dmaRead,
  dmaWrite,
  Hwpt,
  type IommufdCtx,
  iommufdOf,
  openIommufd,
} from "../kernel/iommufd.ts";
import {
  accessPin,
  accessRw,
  changeProcess,
  type Ioas,
  ioasCopy,
  ioasMapFile,
  ioasUnmap,
  vfioUnmap,
} from "../kernel/iommufd_ioas.ts";
import { mockGet, mockRevoke } from "../kernel/iommufd_selftest.ts";
import { PAGE_SIZE } from "../kernel/kernel.ts";
import { createUdmabuf, Memfd } from "../kernel/udmabuf.ts";
import { at, type IommufdObject, on, type SimHandler } from "../session.ts";
import { descriptor, withDescriptor } from "./importer.ts";

function bytes(size: Size): bigint {
  return sizeInBytes(size, PAGE_SIZE);
}

/** The context that an object is asked of, or the error of a closed descriptor or of an object that is gone. */
function contextOf({ fd, object }: IommufdObject<Ioas | Hwpt>): IommufdCtx | ErrnoName {
  const context = iommufdOf(fd);
  return !isError(context) && object.destroyed ? "ENOENT" : context;
}

/** A count of bytes or an address as a value of an observation. */
function value(given: bigint | ErrnoName): number | ErrnoName {
  return isError(given) ? given : Number(given);
}

/** The handlers of `iommufd.*`. */
export const iommufdHandlers: readonly (readonly [OperationName, SimHandler])[] = [
  at("iommufd.open", ({ kernel, process }) => {
    return kernel.rules.iommufd.device === "absent" ? "ENOENT" : openIommufd(process);
  }),
  at("iommufd.ioas", ({ kernel }, { iommufd, type1 }) => {
    const context = iommufdOf(iommufd);
    return isError(context) ? context : { fd: iommufd, object: allocIoas(kernel, context, type1) };
  }),
  on("iommufd.hwpt", function* ({ kernel }, { ioas }) {
    const context = contextOf(ioas);
    if (isError(context)) return context;
    const hwpt = yield* allocHwpt(kernel, context, ioas.object);
    return isError(hwpt) ? hwpt : { fd: ioas.fd, object: hwpt };
  }),
  on("iommufd.destroy", function* ({ kernel }, { object: handle }) {
    const context = contextOf(handle);
    if (isError(context)) return context;
    const { object } = handle;
    if (!(object instanceof Hwpt)) return yield* destroyIoas(kernel, context, object);
    return yield* destroyHwpt(context, object);
  }),
  on("iommufd.map_file", function* (session, { ioas, file, iova, length, start, access, ...rest }) {
    const context = iommufdOf(ioas.fd);
    if (isError(context)) return context;
    return value(
      yield* ioasMapFile(session.kernel, {
        ioas: ioas.object,
        ioasExists: !ioas.object.destroyed && !rest.unknown_ioas,
        fd: descriptor(session, file),
        iova: bytes(iova),
        length: bytes(length),
        start: bytes(start),
        access,
        unknownFlag: rest.unknown_flag,
      }),
    );
  }),
  on("iommufd.unmap", function* ({ kernel }, { ioas, iova, length }) {
    const context = contextOf(ioas);
    if (isError(context)) return context;
    return value(
      yield* ioasUnmap(kernel, { ioas: ioas.object, iova: bytes(iova), length: bytes(length) }),
    );
  }),
  on("iommufd.vfio_unmap", function* ({ kernel }, { ioas: { fd }, iova, length }) {
    const context = iommufdOf(fd);
    if (isError(context)) return context;
    const ioas = context.compat;
    if (!ioas) return "ENODEV";
    return value(yield* vfioUnmap(kernel, { ioas, iova: bytes(iova), length: bytes(length) }));
  }),
  on("iommufd.copy", function* ({ kernel }, { ioas, from, from_iova, iova, length, access, unknown_flag }) {
    const context = contextOf(ioas);
    if (isError(context)) return context;
    if (from.object.destroyed) return "ENOENT";
    return value(
      yield* ioasCopy(kernel, {
        ioas: ioas.object,
        from: from.object,
        fromIova: bytes(from_iova),
        iova: bytes(iova),
        length: bytes(length),
        access,
        unknownFlag: unknown_flag,
      }),
    );
  }),
  at("iommufd.dma_read", (_session, { hwpt, iova }) => dmaRead(hwpt.object, bytes(iova)) ?? "EIO"),
  at("iommufd.dma_write", (_session, { hwpt, iova, value: byte }) => {
    return dmaWrite(hwpt.object, bytes(iova), byte) ? undefined : "EIO";
  }),
  on("iommufd.access_read", function* ({ kernel }, { ioas, iova }) {
    const context = contextOf(ioas);
    return isError(context) ? context : yield* accessRw(kernel, ioas.object, bytes(iova));
  }),
  on("iommufd.access_write", function* ({ kernel }, { ioas, iova, value: byte }) {
    const context = contextOf(ioas);
    if (isError(context)) return context;
    const given = yield* accessRw(kernel, ioas.object, bytes(iova), byte);
    return isError(given) ? given : undefined;
  }),
  on("iommufd.access_pin", function* ({ kernel }, { ioas, iova, length, access }) {
    const context = contextOf(ioas);
    if (isError(context)) return context;
    const range = { iova: bytes(iova), length: bytes(length) };
    return yield* accessPin(kernel, ioas.object, range, access);
  }),
  at("iommufd.change_process", ({ kernel }, { iommufd }) => {
    const context = iommufdOf(iommufd);
    return isError(context) ? context : changeProcess(kernel, context.spaces);
  }),
  at("iommufd.mock_get", ({ kernel }, { iommufd, length }) => {
    const context = iommufdOf(iommufd);
    return isError(context) ? context : mockGet(kernel, iommufd.process, { length: bytes(length) });
  }),
  on("iommufd.mock_revoke", function* (session, { iommufd, buffer, revoked }) {
    const context = iommufdOf(iommufd);
    if (isError(context)) return context;
    return yield* mockRevoke(session.kernel, descriptor(session, buffer), revoked);
  }),
];

/** The handlers of `memfd.*` and `udmabuf.*`. */
export const udmabufHandlers: readonly (readonly [OperationName, SimHandler])[] = [
  at("memfd.create", (session, { length, sealed }) => {
    if (session.process.exhausted) return "EMFILE";
    return session.process.install(new File("file", new Memfd(pagesOf(session.bytes(length)), sealed)));
  }),
  at("udmabuf.create", ({ kernel }, { memfd, offset, length }) => {
    const request = { file: fget(memfd), offset: bytes(offset), size: bytes(length) };
    const dmabuf = createUdmabuf(kernel, request);
    return isError(dmabuf) ? dmabuf : withDescriptor(kernel, memfd.process, dmabuf);
  }),
];
