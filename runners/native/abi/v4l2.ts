/**
 * The part of V4L2 by which buffers of others are queued.
 *
 * @module
 */
import { iow, iowr } from "./ioctl.ts";
import { struct } from "./layout.ts";

const V4L2 = "linux/videodev2.h";

/** A format of one plane, as it stands in the argument of VIDIOC_S_FMT. */
export const v4l2PixFormat = struct("v4l2_pix_format", V4L2, {
  width: "u32",
  height: "u32",
  pixelformat: "u32",
  field: "u32",
  bytesperline: "u32",
  sizeimage: "u32",
  colorspace: "u32",
  priv: "u32",
  flags: "u32",
  ycbcr_enc: "u32",
  quantization: "u32",
  xfer_func: "u32",
});

/** Bytes of the argument of VIDIOC_S_FMT, struct v4l2_format: a type, and from byte 8 on what belongs to it. */
export const V4L2_FORMAT = { size: 208, format: 8 } as const;

/** The argument of VIDIOC_REQBUFS. */
export const v4l2Requestbuffers = struct("v4l2_requestbuffers", V4L2, {
  count: "u32",
  type: "u32",
  memory: "u32",
  capabilities: "u32",
  flags: "u8",
  reserved: { text: 3 },
});

/** The argument of VIDIOC_QBUF and VIDIOC_DQBUF; a descriptor is the first half of its address. */
export const v4l2Buffer = struct("v4l2_buffer", V4L2, {
  index: "u32",
  type: "u32",
  bytesused: "u32",
  flags: "u32",
  field: "u32",
  "timestamp.tv_sec": "u64",
  "timestamp.tv_usec": "u64",
  timecode: { text: 16 },
  sequence: "u32",
  memory: "u32",
  "m.userptr": "u64",
  length: "u32",
  reserved2: "u32",
  request_fd: "s32",
});

/** V4L2_BUF_TYPE_VIDEO_CAPTURE and V4L2_BUF_TYPE_VIDEO_OUTPUT. */
export const V4L2_BUF_TYPE = { capture: 1, output: 2 } as const;

/** V4L2_MEMORY_DMABUF: the buffers are dma-bufs. */
export const V4L2_MEMORY_DMABUF = 4;

/** V4L2_FIELD_NONE: whole frames. */
export const V4L2_FIELD_NONE = 1;

/** V4L2_PIX_FMT_GREY: a byte for each pixel. */
export const V4L2_PIX_FMT_GREY = 0x59455247;

/** V4L2_BUF_FLAG_ERROR: the device has given up on a buffer. */
export const V4L2_BUF_FLAG_ERROR = 0x40;

/** The requests of V4L2. */
export const V4L2_REQUESTS = {
  setFormat: iowr("VIDIOC_S_FMT", V4L2, "V", 5, V4L2_FORMAT.size),
  requestBuffers: iowr("VIDIOC_REQBUFS", V4L2, "V", 8, v4l2Requestbuffers),
  queue: iowr("VIDIOC_QBUF", V4L2, "V", 15, v4l2Buffer),
  take: iowr("VIDIOC_DQBUF", V4L2, "V", 17, v4l2Buffer),
  start: iow("VIDIOC_STREAMON", V4L2, "V", 18, 4),
  stop: iow("VIDIOC_STREAMOFF", V4L2, "V", 19, 4),
} as const;

/** The structures of V4L2. */
export const V4L2_STRUCTS = [v4l2PixFormat, v4l2Requestbuffers, v4l2Buffer] as const;
