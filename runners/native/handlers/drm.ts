/**
 * Importers of the kernel's own: GPU drivers by PRIME, and the video queues of vivid.
 *
 * @module
 */
import type { OperationName } from "../../../spec/operations/mod.ts";
import { DMA_BUF_REQUESTS, dmaHeapAllocationData } from "../abi/dma_buf.ts";
import { DRM_REQUESTS, drmGemClose, drmModeCreateDumb, drmModeMapDumb, drmPrimeHandle } from "../abi/drm.ts";
import { concat, decode, encode, sizeOf } from "../abi/layout.ts";
import {
  V4L2_BUF_FLAG_ERROR,
  V4L2_BUF_TYPE,
  V4L2_FIELD_NONE,
  V4L2_FORMAT,
  V4L2_MEMORY_DMABUF,
  V4L2_PIX_FMT_GREY,
  V4L2_REQUESTS,
  v4l2Buffer,
  v4l2PixFormat,
  v4l2Requestbuffers,
} from "../abi/v4l2.ts";
import { MAP, O_CLOEXEC, O_RDWR, PROT } from "../constants.ts";
import { Failed, Unsupported } from "../failure.ts";
import { Descriptor, type GemHandle, numberIn, type VideoFormat } from "../objects.ts";
import { type Context, type NativeHandler, on } from "../session.ts";
import type { Strand } from "../strand.ts";
import { sizeOfBuffer } from "./buffer.ts";
import { openFile } from "./process.ts";

const SHARED = O_RDWR | O_CLOEXEC;

async function closeQuietly(strand: Strand, { process, number }: Descriptor): Promise<void> {
  await strand.attempt(process, "close", [number]);
}

/** Imports a buffer, and gives its handle. */
async function importBuffer(strand: Strand, gpu: Descriptor, fd: number): Promise<number> {
  const imported = await strand.ioctl(gpu, DRM_REQUESTS.primeFdToHandle, drmPrimeHandle, { fd });
  return imported.handle;
}

/**
 * Tries whether the driver takes memory of others, which virtio-gpu does since Linux 6.14: with a page of the heap and
 * an open of its own.
 */
async function refusesAll({ session, strand }: Context, path: string): Promise<boolean> {
  const { process, setting: { machine } } = session;
  if (machine.heap.kind === "missing") throw new Unsupported(machine.heap.reason);
  const heap = await openFile(strand, process, machine.heap.path);
  const gpu = await openFile(strand, process, path);
  try {
    const values = { len: machine.pageSize, fd_flags: SHARED };
    const { fd } = await strand.ioctl(heap, DMA_BUF_REQUESTS.heapAlloc, dmaHeapAllocationData, values);
    await importBuffer(strand, gpu, fd).finally(() => strand.attempt(process, "close", [fd]));
    return false;
  } catch (error) {
    if (error instanceof Failed && error.errno === "ENODEV") return true;
    throw error;
  } finally {
    await closeQuietly(strand, gpu);
    await closeQuietly(strand, heap);
  }
}

/** The handlers of `drm.*`. */
export const drmHandlers: readonly (readonly [OperationName, NativeHandler])[] = [
  on("drm.open", async (context, { driver }) => {
    const { session: { process, setting }, strand } = context;
    const gpu = setting.machine.foreign.gpus[driver];
    if (gpu.kind === "missing") throw new Unsupported(gpu.reason);
    if (driver === "virtio-gpu-blob" && await refusesAll(context, gpu.path)) {
      throw new Unsupported("virtio-gpu imports no buffers of others here: use Linux 6.14 or newer");
    }
    return await openFile(strand, process, gpu.path);
  }),
  on("drm.import", async ({ strand }, { drm, buffer }) => {
    const handle = await importBuffer(strand, drm, numberIn(drm.process, buffer));
    const size = typeof buffer === "number" ? 0 : await sizeOfBuffer(strand, buffer);
    return { fd: drm, handle, size } satisfies GemHandle;
  }),
  on("drm.create", async ({ session, strand }, { drm, size }) => {
    const shape = { width: Math.ceil(Number(session.bytes(size)) / 4), height: 1, bpp: 32 };
    const made = await strand.ioctl(drm, DRM_REQUESTS.modeCreateDumb, drmModeCreateDumb, shape);
    return { fd: drm, handle: made.handle, size: Number(made.size) } satisfies GemHandle;
  }),
  on("drm.export", async ({ session, strand }, { gem: { fd, handle } }) => {
    const values = { handle, flags: SHARED };
    const shared = await strand.ioctl(fd, DRM_REQUESTS.primeHandleToFd, drmPrimeHandle, values);
    return await session.buffer(fd.process, shared.fd);
  }),
  on("drm.map", async ({ strand }, { gem: { fd, handle, size } }) => {
    const { offset } = await strand.ioctl(fd, DRM_REQUESTS.modeMapDumb, drmModeMapDumb, { handle });
    const { process, number } = fd;
    const access = PROT.read | PROT.write;
    const address = await strand.do(process, "map", [0, size, access, MAP.shared, number, offset]);
    return { process, address, length: size };
  }),
  on("drm.close", async ({ strand }, { gem: { fd, handle } }) => {
    await strand.ioctl(fd, DRM_REQUESTS.gemClose, drmGemClose, { handle });
  }),
  on("drm.same", (_context, { gem, other }) => Promise.resolve(gem.handle === other.handle)),
];

/** Sets the smallest frames, and gives the bytes of one. */
async function setFormat(strand: Strand, fd: Descriptor, type: number): Promise<number> {
  const head = new Uint8Array(V4L2_FORMAT.format);
  head[0] = type;
  const pix = encode(v4l2PixFormat, { pixelformat: V4L2_PIX_FMT_GREY, field: V4L2_FIELD_NONE });
  const rest = new Uint8Array(V4L2_FORMAT.size - head.length - pix.length);
  const { whole } = await strand.ioctlBytes(fd, V4L2_REQUESTS.setFormat, concat(head, pix, rest));
  const set = whole.subarray(head.length, head.length + sizeOf(v4l2PixFormat));
  return decode(v4l2PixFormat, set).sizeimage;
}

function formatOf({ about }: Descriptor): VideoFormat {
  if (!about.video) throw new Unsupported("only a queue that the case has opened can be used");
  return about.video;
}

async function requestBuffers(strand: Strand, fd: Descriptor, type: number, count: number): Promise<void> {
  const values = { count, type, memory: V4L2_MEMORY_DMABUF };
  await strand.ioctl(fd, V4L2_REQUESTS.requestBuffers, v4l2Requestbuffers, values);
}

function typeBytes(fd: Descriptor): Uint8Array {
  return new Uint8Array(Uint32Array.of(formatOf(fd).type).buffer);
}

/** The handlers of `video.*`. */
export const videoHandlers: readonly (readonly [OperationName, NativeHandler])[] = [
  on("video.open", async ({ session: { process, setting }, strand }, { direction, count }) => {
    const queue = setting.machine.foreign.video[direction];
    if (queue.kind === "missing") throw new Unsupported(queue.reason);
    const opened = await openFile(strand, process, queue.path);
    const type = V4L2_BUF_TYPE[direction];
    try {
      const frame = await setFormat(strand, opened, type);
      await requestBuffers(strand, opened, type, count);
      return new Descriptor(process, opened.number, { video: { type, frame } });
    } catch (error) {
      await closeQuietly(strand, opened);
      throw error;
    }
  }),
  on("video.queue", async ({ session, strand }, { video, buffer, index, length }) => {
    const { type, frame } = formatOf(video);
    await strand.ioctl(video, V4L2_REQUESTS.queue, v4l2Buffer, {
      index,
      type,
      bytesused: type === V4L2_BUF_TYPE.output ? frame : 0,
      field: V4L2_FIELD_NONE,
      memory: V4L2_MEMORY_DMABUF,
      "m.userptr": BigInt.asUintN(32, BigInt(numberIn(video.process, buffer))),
      length: length === undefined ? 0 : Number(session.bytes(length)),
    });
  }),
  on("video.start", async ({ strand }, { video }) => {
    await strand.ioctlBytes(video, V4L2_REQUESTS.start, typeBytes(video));
  }),
  on("video.take", async ({ strand }, { video }) => {
    const { type } = formatOf(video);
    const values = { type, memory: V4L2_MEMORY_DMABUF };
    const taken = await strand.ioctl(video, V4L2_REQUESTS.take, v4l2Buffer, values);
    return { index: taken.index, failed: (taken.flags & V4L2_BUF_FLAG_ERROR) !== 0 };
  }),
  on("video.stop", async ({ strand }, { video }) => {
    await strand.ioctlBytes(video, V4L2_REQUESTS.stop, typeBytes(video));
  }),
  on("video.release", async ({ strand }, { video }) => {
    await requestBuffers(strand, video, formatOf(video).type, 0);
  }),
];
