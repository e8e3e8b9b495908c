/**
 * A queue of video buffers that are dma-bufs, and a device without hardware behind it that uses them with the CPU:
 * drivers/media/common/videobuf2/videobuf2-core.c and videobuf2-vmalloc.c, as vivid has them.
 *
 * It never attaches. A buffer is mapped into the kernel when it is queued for the first time and stays mapped until
 * another one takes its place, or the queue lets go of its buffers.
 *
 * @module
 */
import type { ErrnoName } from "../../../spec/errno.ts";
import { isError, refusal } from "./check.ts";
import { type DmaBuf, dmaBufGet, dmaBufPut } from "./dma_buf.ts";
import { type Fd, fget, File, type Process } from "./file.ts";
import type { Kernel } from "./kernel.ts";
import type { Steps } from "./sched.ts";
import { shared, SharedObject } from "./shared.ts";

/** Bytes of the smallest frame of grey pixels: of 320 times 180 for the webcam that captures, of 16 times 16 for output. */
const FRAME_BYTES: Readonly<Record<Direction, number>> = { capture: 57_600, output: 256 };

/** Places that a queue has at least, whatever is asked for. */
const MIN_PLACES = 2;

/** Milliseconds between frames. */
const FRAME_MS = 40;

/** Whether the device writes into buffers, or reads them. */
export type Direction = "capture" | "output";

/** A place in a queue: struct vb2_buffer. */
export class VideoPlace extends SharedObject {
  @shared
  accessor state: "free" | "queued" | "done" = "free";
  /** How many buffers were queued before the one that it has now. */
  @shared
  accessor turn = 0;
  @shared
  accessor held: HeldBuffer | undefined;
  /** Bytes that the kernel takes it to have: those of a frame, then those of its buffer, and none without one. */
  @shared
  accessor length: number;

  constructor(length: number) {
    super();
    this.length = length;
  }
}

/** What a place has of a buffer. */
export interface HeldBuffer {
  readonly dmabuf: DmaBuf;
  /** Bytes that the place was told it has. */
  readonly length: number;
}

/** One open of the device, with places for buffers: struct vb2_queue. */
export class VideoQueue extends SharedObject {
  readonly direction: Direction;
  @shared
  accessor places: readonly VideoPlace[];
  @shared
  accessor streaming = false;
  /** Whether somebody waits for a frame. */
  @shared
  accessor waiting = false;
  /** How many buffers have been queued. */
  @shared
  accessor turns = 0;

  constructor(direction: Direction, count: number) {
    super();
    this.direction = direction;
    const length = Math.max(count, MIN_PLACES);
    this.places = Array.from({ length }, () => new VideoPlace(FRAME_BYTES[direction]));
  }
}

/** What is asked of a place. */
export interface VideoRequest {
  readonly queue: VideoQueue;
  readonly fd: Fd;
  readonly index: number;
  /** Bytes; those of the buffer where left out. */
  readonly length?: number | undefined;
}

/** Opens the device and asks for places, of which only one open file can have some in each direction. */
export function openVideo(
  kernel: Kernel,
  process: Process,
  direction: Direction,
  count: number,
): Fd | ErrnoName {
  if (kernel.rules.video.device === "absent") return "ENOENT";
  if (process.exhausted) return "EMFILE";
  if (kernel.queues.has(direction)) return "EBUSY";
  const queue = new VideoQueue(direction, count);
  kernel.queues.set(direction, queue);
  return process.install(new File("video", queue, (k) => releaseVideo(k, queue)));
}

/** The queue behind a descriptor, or the error of a request on it. */
export function videoQueueOf(fd: Fd): VideoQueue | ErrnoName {
  const file = fget(fd);
  if (!file) return "EBADF";
  return file.of instanceof VideoQueue ? file.of : "ENOTTY";
}

/** Whether the places of the device are those of another open file; vb2_queue_is_busy(). */
function isOfAnother(kernel: Kernel, queue: VideoQueue): boolean {
  return (kernel.queues.get(queue.direction) ?? queue) !== queue;
}

/** Queues a buffer; vb2_core_qbuf(). */
export function* queueBuffer(kernel: Kernel, request: VideoRequest): Steps<ErrnoName | undefined> {
  const { queue } = request;
  if (isOfAnother(kernel, queue)) return "EBUSY";
  const place = queue.places[request.index];
  if (!place || place.state !== "free") return "EINVAL";
  const error = yield* prepare(kernel, request, place);
  if (error) return error;
  place.state = "queued";
  place.turn = queue.turns++;
  if (queue.streaming) kernel.spawn("frame", tick(kernel, queue));
  return undefined;
}

/** Has a place hold a buffer, or nothing where that fails; __prepare_dmabuf(). */
function* prepare(
  kernel: Kernel,
  { queue: { direction }, fd, length: told }: VideoRequest,
  place: VideoPlace,
): Steps<ErrnoName | undefined> {
  const { video } = kernel.rules;
  if (!fitsFrame(place, direction)) return "EINVAL";
  const dmabuf = dmaBufGet(kernel, fd);
  if (isError(dmabuf)) {
    yield* letGo(kernel, place);
    return video.lookupError(dmabuf);
  }
  const wanted = { dmabuf, length: told || dmabuf.size };
  const isHeld = place.held?.dmabuf === dmabuf && place.held.length === wanted.length;
  if (isHeld || wanted.length < FRAME_BYTES[direction]) {
    dmaBufPut(kernel, dmabuf);
    if (isHeld) return undefined;
    yield* letGo(kernel, place);
    return "EINVAL";
  }
  yield* letGo(kernel, place);
  const refused = refusal(kernel, video.attach, wanted);
  if (refused) {
    for (let puts = video.putsAfterRefusal; puts > 0; puts--) dmaBufPut(kernel, dmabuf);
    return refused;
  }
  return yield* mapInto(kernel, place, wanted);
}

/**
 * Whether the frame that is to be shown fits into what the place had so far, which is looked at before the buffer that it
 * gets; __verify_length().
 */
function fitsFrame({ length }: VideoPlace, direction: Direction): boolean {
  return direction === "capture" || FRAME_BYTES[direction] <= length;
}

/** Maps a buffer into the kernel, whose errors all become one; vb2_vmalloc_map_dmabuf(). */
function* mapInto(kernel: Kernel, place: VideoPlace, held: HeldBuffer): Steps<ErrnoName | undefined> {
  const { video } = kernel.rules;
  const { dmabuf } = held;
  yield dmabuf.resv.mutex.lock;
  const error = video.map(kernel, dmabuf);
  dmabuf.resv.mutex.unlock();
  if (!error) {
    place.held = held;
    place.length = held.length;
    return undefined;
  }
  place.length = 0;
  for (let puts = video.putsAfterFailedMap; puts > 0; puts--) dmaBufPut(kernel, dmabuf);
  return video.mapError(error);
}

/** Unmaps what a place holds and puts it; __vb2_buf_dmabuf_put(). */
function* letGo(kernel: Kernel, place: VideoPlace): Steps<void> {
  const { held } = place;
  if (!held) return;
  place.held = undefined;
  place.length = 0;
  yield held.dmabuf.resv.mutex.lock;
  held.dmabuf.resv.mutex.unlock();
  for (let puts = kernel.rules.video.putsAtTheEnd; puts > 0; puts--) dmaBufPut(kernel, held.dmabuf);
}

/** Has the device begin; vb2_core_streamon(). */
export function startVideo(kernel: Kernel, queue: VideoQueue): ErrnoName | undefined {
  if (isOfAnother(kernel, queue)) return "EBUSY";
  if (queue.places.length === 0) return "EINVAL";
  if (queue.streaming) return undefined;
  queue.streaming = true;
  for (const place of queue.places) {
    if (place.state === "queued") kernel.spawn("frame", tick(kernel, queue));
  }
  return undefined;
}

/**
 * The device is done with the buffer that was queued first, after a while. What is shown stays, until there is another
 * to be shown; vivid_thread_vid_out_tick().
 */
function* tick(kernel: Kernel, queue: VideoQueue): Steps<void> {
  yield* kernel.sleep(FRAME_MS);
  const [first, second] = inTurn(queue, "queued");
  if (queue.streaming && first && (queue.direction === "capture" || second)) first.state = "done";
}

/** The places in a state, in the order in which their buffers were queued. */
function inTurn({ places }: VideoQueue, wanted: VideoPlace["state"]): readonly VideoPlace[] {
  return places.filter(({ state }) => state === wanted).toSorted((a, b) => a.turn - b.turn);
}

/** The place whose buffer was queued first of those that the device is done with. */
function nextDone(queue: VideoQueue): VideoPlace | undefined {
  return inTurn(queue, "done")[0];
}

/** Waits for the next buffer that the device is done with; vb2_core_dqbuf(). */
export function* takeBuffer(
  kernel: Kernel,
  queue: VideoQueue,
): Steps<{ index: number; failed: boolean } | ErrnoName> {
  if (queue.waiting || isOfAnother(kernel, queue)) return "EBUSY";
  if (!queue.streaming) return "EINVAL";
  queue.waiting = true;
  yield { on: "frame", ready: () => !queue.streaming || nextDone(queue) !== undefined };
  queue.waiting = false;
  const place = nextDone(queue);
  if (!place) return "EINVAL";
  place.state = "free";
  if (kernel.rules.video.letsGoWhenTaken) yield* letGo(kernel, place);
  return { index: queue.places.indexOf(place), failed: false };
}

/** Stops the device; what places hold they go on to hold; vb2_core_streamoff(). */
export function stopVideo(kernel: Kernel, queue: VideoQueue): ErrnoName | undefined {
  if (isOfAnother(kernel, queue)) return "EBUSY";
  queue.streaming = false;
  for (const place of queue.places) place.state = "free";
  return undefined;
}

/** Lets go of every buffer; VIDIOC_REQBUFS with 0, __vb2_queue_free(). */
export function* releaseBuffers(kernel: Kernel, queue: VideoQueue): Steps<ErrnoName | undefined> {
  if (queue.streaming || isOfAnother(kernel, queue)) return "EBUSY";
  const { places, direction } = queue;
  queue.places = [];
  if (kernel.queues.get(direction) === queue) kernel.queues.delete(direction);
  for (const place of places) yield* letGo(kernel, place);
  return undefined;
}

function* releaseVideo(kernel: Kernel, queue: VideoQueue): Steps<void> {
  stopVideo(kernel, queue);
  yield* releaseBuffers(kernel, queue);
}
