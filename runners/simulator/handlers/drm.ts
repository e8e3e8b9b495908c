/**
 * Importers of the kernel's own: GPU drivers by PRIME, and video queues.
 *
 * @module
 */
import type { OperationName } from "../../../spec/operations/mod.ts";
import { isError } from "../kernel/check.ts";
import {
  closeHandle,
  createDumb,
  drmFileOf,
  mapObject,
  openDrm,
  primeFdToHandle,
  primeHandleToFd,
} from "../kernel/drm_gem.ts";
import {
  openVideo,
  queueBuffer,
  releaseBuffers,
  startVideo,
  stopVideo,
  takeBuffer,
  videoQueueOf,
} from "../kernel/videobuf2.ts";
import { at, on, type SimHandler } from "../session.ts";
import { descriptor } from "./importer.ts";

/** The handlers of `drm.*`. */
export const drmHandlers: readonly (readonly [OperationName, SimHandler])[] = [
  at("drm.open", ({ kernel, process }, { driver }) => openDrm(kernel, process, driver)),
  on("drm.import", function* (session, { drm, buffer }, name) {
    const file = drmFileOf(drm);
    if (isError(file)) return file;
    const handle = yield* primeFdToHandle(session.kernel, file, descriptor(session, buffer), name);
    return isError(handle) ? handle : { fd: drm, handle };
  }),
  on("drm.create", function* (session, { drm, size }) {
    const file = drmFileOf(drm);
    if (isError(file)) return file;
    const handle = yield* createDumb(file, session.bytes(size));
    return isError(handle) ? handle : { fd: drm, handle };
  }),
  on("drm.export", function* ({ kernel }, { gem: { fd, handle } }) {
    const file = drmFileOf(fd);
    return isError(file) ? file : yield* primeHandleToFd(kernel, fd.process, file, handle);
  }),
  at("drm.map", ({ kernel }, { gem: { fd, handle } }) => {
    const file = drmFileOf(fd);
    return isError(file) ? file : mapObject(kernel, fd, file, handle);
  }),
  on("drm.close", function* ({ kernel }, { gem: { fd, handle } }) {
    const file = drmFileOf(fd);
    return isError(file) ? file : yield* closeHandle(kernel, file, handle);
  }),
  at("drm.same", (_session, { gem, other }) => gem.handle === other.handle),
];

/** The handlers of `video.*`. */
export const videoHandlers: readonly (readonly [OperationName, SimHandler])[] = [
  at(
    "video.open",
    ({ kernel, process }, { direction, count }) => openVideo(kernel, process, direction, count),
  ),
  on("video.queue", function* (session, { video, buffer, index, length }) {
    const queue = videoQueueOf(video);
    if (isError(queue)) return queue;
    const bytes = length === undefined ? undefined : session.bytes(length);
    const request = { queue, fd: descriptor(session, buffer), index, length: bytes };
    return yield* queueBuffer(session.kernel, request);
  }),
  at("video.start", ({ kernel }, { video }) => {
    const queue = videoQueueOf(video);
    return isError(queue) ? queue : startVideo(kernel, queue);
  }),
  on("video.take", function* ({ kernel }, { video }) {
    const queue = videoQueueOf(video);
    return isError(queue) ? queue : yield* takeBuffer(kernel, queue);
  }),
  at("video.stop", ({ kernel }, { video }) => {
    const queue = videoQueueOf(video);
    return isError(queue) ? queue : stopVideo(kernel, queue);
  }),
  on("video.release", function* ({ kernel }, { video }) {
    const queue = videoQueueOf(video);
    return isError(queue) ? queue : yield* releaseBuffers(kernel, queue);
  }),
];
