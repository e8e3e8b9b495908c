/**
 * Importers of the kernel's own that user space drives: GPU drivers by PRIME, which are exporters as well, and video
 * queues.
 *
 * @module
 */
import { z } from "zod";
import { sizeSchema } from "../size.ts";
import { descriptorOrNumber, named, operation } from "./operation.ts";

const fourPages = sizeSchema.default(() => sizeSchema.parse("4 pages")).meta({ description: "Bytes." });
const index = z.int().nonnegative().default(0).meta({ description: "The place in the queue." });

/** The operations of GPU drivers on the objects that they share. */
export const drmOperations = {
  "drm.open": operation({
    driver: z.enum(["vgem", "vkms", "virtio-gpu", "virtio-gpu-blob"]).default("vgem").meta({
      description:
        "vgem and vkms: drivers without hardware, static importers that can map memory with the CPU " +
        "only. virtio-gpu: a device that cannot use the memory of others. virtio-gpu-blob: one that can.",
    }),
  }, {
    summary: "Opens the GPU of a driver.",
    follows: "open(2) of /dev/dri/card*; drm_open()",
    result: { gives: "object", kind: "drm" },
    errnos: ["ENOENT", "EACCES", "EMFILE"],
    missing: "ENOENT",
  }),
  "drm.import": operation({ drm: named.drm, buffer: descriptorOrNumber }, {
    summary: "Makes an object of the driver out of a buffer, or finds the one that there is.",
    follows: "DRM_IOCTL_PRIME_FD_TO_HANDLE; drm_gem_prime_fd_to_handle(), drm_gem_prime_import()",
    result: { gives: "object", kind: "gem" },
    errnos: ["EBADF", "EINVAL", "EOPNOTSUPP", "ENODEV", "EBUSY", "ENOMEM"],
    access: true,
  }),
  "drm.create": operation({ drm: named.drm, size: fourPages }, {
    summary: "Makes an object of the driver's own memory.",
    follows: "DRM_IOCTL_MODE_CREATE_DUMB; drm_mode_create_dumb()",
    result: { gives: "object", kind: "gem" },
    errnos: ["EBADF", "EINVAL", "ENOMEM"],
  }),
  "drm.export": operation({ gem: named.gem }, {
    summary: "Gives an object as a buffer; one that was imported as the buffer that it was made of.",
    follows: "DRM_IOCTL_PRIME_HANDLE_TO_FD; drm_gem_prime_handle_to_fd()",
    result: { gives: "object", kind: "buffer" },
    errnos: ["EBADF", "EMFILE", "ENOENT", "ENOMEM"],
  }),
  "drm.map": operation({ gem: named.gem }, {
    summary: "Maps an object into the process, through the driver.",
    follows:
      "DRM_IOCTL_MODE_MAP_DUMB, mmap(2) of the driver's file; drm_gem_dumb_map_offset(), drm_gem_mmap()",
    result: { gives: "object", kind: "vma" },
    errnos: ["EBADF", "ENOENT", "EINVAL", "EACCES"],
    access: true,
  }),
  "drm.close": operation({ gem: named.gem }, {
    summary: "Gives the handle of an object back.",
    follows: "DRM_IOCTL_GEM_CLOSE; drm_gem_handle_delete()",
    result: { gives: "nothing" },
    errnos: ["EBADF", "EINVAL"],
  }),
  "drm.same": operation({ gem: named.gem, other: named.gem }, {
    summary: "Compares two objects of one open file by their handles.",
    follows: "the handles that the requests have given",
    result: { gives: "value", of: "boolean" },
    errnos: [],
  }),
};

/** The operations of a queue of video buffers. */
export const videoOperations = {
  "video.open": operation({
    direction: z.enum(["capture", "output"]).default("capture").meta({
      description: "Whether it writes frames into buffers, or reads them.",
    }),
    count: z.int().min(1).max(32).default(2).meta({ description: "Places in the queue." }),
  }, {
    summary:
      "Opens a queue of vivid, a driver without hardware, for buffers of others and its smallest frames.",
    follows:
      "open(2) of /dev/video*, VIDIOC_S_FMT, VIDIOC_REQBUFS with V4L2_MEMORY_DMABUF; vb2_core_reqbufs()",
    result: { gives: "object", kind: "video" },
    errnos: ["ENOENT", "EACCES", "EMFILE", "EBUSY", "EINVAL"],
    missing: "ENOENT",
  }),
  "video.queue": operation({
    video: named.video,
    buffer: descriptorOrNumber,
    index,
    length: sizeSchema.optional().meta({
      description: "Bytes that the queue is told the buffer has; those that it has where left out.",
    }),
  }, {
    summary: "Queues a buffer, for which the driver maps it into the kernel.",
    follows: "VIDIOC_QBUF; vb2_core_qbuf(), __prepare_dmabuf(), vb2_vmalloc_map_dmabuf()",
    result: { gives: "nothing" },
    errnos: ["EBADF", "EINVAL", "EFAULT", "ENOMEM", "EIO", "EBUSY"],
    access: true,
  }),
  "video.start": operation({ video: named.video }, {
    summary: "Has the device begin with what is queued.",
    follows: "VIDIOC_STREAMON; vb2_core_streamon()",
    result: { gives: "nothing" },
    errnos: ["EBADF", "EINVAL", "EBUSY"],
  }),
  "video.take": operation({ video: named.video }, {
    summary: "Waits for the next buffer that the device is done with.",
    follows: "VIDIOC_DQBUF; vb2_core_dqbuf()",
    result: { gives: "value", of: "{ index: its place, failed: boolean }" },
    errnos: ["EBADF", "EINVAL", "EBUSY"],
  }),
  "video.stop": operation({ video: named.video }, {
    summary: "Stops the device and takes everything out of the queue; buffers stay mapped.",
    follows: "VIDIOC_STREAMOFF; vb2_core_streamoff()",
    result: { gives: "nothing" },
    errnos: ["EBADF", "EBUSY"],
  }),
  "video.release": operation({ video: named.video }, {
    summary: "Has a queue let go of its buffers.",
    follows: "VIDIOC_REQBUFS with 0; __vb2_queue_free()",
    result: { gives: "nothing" },
    errnos: ["EBADF", "EBUSY"],
  }),
};
