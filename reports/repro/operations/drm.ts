/**
 * GPU drivers and video queues in C.
 *
 * @module
 */
import { cString, sizeText } from "../c.ts";
import { fdText, on } from "../emit.ts";
import * as helpers from "../helpers/drm.ts";
import { literal } from "./module.ts";

/** How `drm.*` is written. */
export const drmOperations = [
  on(
    "drm.open",
    ({ driver }) =>
      driver === "virtio-gpu-blob"
        ? { call: "open_blob_gpu()", uses: [helpers.openBlobGpu] }
        : { call: `open_gpu(${cString(driver)})`, uses: [helpers.openGpu] },
  ),
  on("drm.import", ({ drm, buffer }, scope) => ({
    call: `gem_import(&${scope.own}, ${scope.object(drm).c}, ${fdText(scope, buffer)})`,
    uses: [helpers.gemImport],
    writes: true,
  })),
  on("drm.create", ({ drm, size }, scope) => ({
    call: `gem_create(&${scope.own}, ${scope.object(drm).c}, ${sizeText(size)})`,
    uses: [helpers.gemCreate],
    writes: true,
  })),
  on("drm.export", ({ gem }, scope) => ({
    call: `gem_export(${scope.object(gem).c})`,
    uses: [helpers.gemExport],
  })),
  on("drm.map", ({ gem }, scope) => ({
    call: `gem_map(&${scope.own}, ${scope.object(gem).c})`,
    uses: [helpers.gemMap],
    writes: true,
  })),
  on("drm.close", ({ gem }, scope) => ({
    call: `gem_close(${scope.object(gem).c})`,
    uses: [helpers.gemClose],
  })),
  on("drm.same", ({ gem, other }, scope) => ({
    call: `${scope.object(gem).c}.handle == ${scope.object(other).c}.handle`,
    uses: [helpers.gem],
    shows: "truth",
  })),
] as const;

/** How `video.*` is written. */
export const videoOperations = [
  on("video.open", ({ direction, count }) => {
    const queue = `V4L2_BUF_TYPE_VIDEO_${direction.toUpperCase()}`;
    return { call: `video_open(${queue}, ${count})`, uses: [helpers.videoOpen], about: { queue } };
  }),
  on("video.queue", ({ video, buffer, index, length }, scope) => {
    const { c, queue } = scope.object(video);
    const queued = literal("v4l2_buffer", [
      `.index = ${index}`,
      `.type = ${queue}`,
      `.m.fd = ${fdText(scope, buffer)}`,
      length === undefined ? undefined : `.length = ${sizeText(length)}`,
    ]);
    return { call: `video_queue(${c}, ${queued})`, uses: [helpers.videoQueue] };
  }),
  on("video.start", ({ video }, scope) => {
    const { c, queue } = scope.object(video);
    return { call: `video_stream(${c}, VIDIOC_STREAMON, ${queue})`, uses: [helpers.videoStream] };
  }),
  on("video.take", ({ video }, scope) => {
    const { c, queue } = scope.object(video);
    return { call: `video_take(${c}, ${queue})`, uses: [helpers.videoTake] };
  }),
  on("video.stop", ({ video }, scope) => {
    const { c, queue } = scope.object(video);
    return { call: `video_stream(${c}, VIDIOC_STREAMOFF, ${queue})`, uses: [helpers.videoStream] };
  }),
  on("video.release", ({ video }, scope) => {
    const { c, queue } = scope.object(video);
    return { call: `video_request(${c}, ${queue}, 0)`, uses: [helpers.videoRequest] };
  }),
] as const;
