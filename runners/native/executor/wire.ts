/**
 * Messages over one pair of byte streams, each behind a frame; `addon/wire.h` says the same in C. What ends in zeros is
 * sent without them, so that room for an answer costs nothing on its way there.
 *
 * @module
 */
import { concat } from "../abi/layout.ts";
import { MESSAGE_MAX } from "../calls.ts";
import { ExecutorGone } from "./executor.ts";
import { messageOf } from "../../../spec/message_of.ts";

/** A way to an executor; a connection of Deno is one. */
export interface Wire {
  /** Reads what has come, into the beginning of some memory: how much, or `null` at the end. */
  read(room: Uint8Array): Promise<number | null>;
  /** Writes some of the bytes: how many. */
  write(bytes: Uint8Array): Promise<number>;
  /** Lets go of it. */
  close(): void;
}

/** Who takes what comes. */
export interface Taker {
  /**
   * Takes a message; an error that it throws ends the connection.
   *
   * @param channel whose it is
   * @param message the message; it is empty where the channel has ended
   * @param isReadable whether there is something to read on what the executor watches
   */
  readonly take: (channel: number, message: Uint8Array, isReadable: boolean) => void;
  /** Is told that nothing comes or leaves any more. */
  readonly lost: (why: ExecutorGone) => void;
}

/** Bytes of `struct frame`, and where its parts are. */
const FRAME_SIZE = 16;
const AT = { channel: 0, length: 4, sent: 8, readable: 12 } as const;

/** Says of what came that it cannot have been sent by an executor. */
export const GARBAGE = "what came is no message of an executor";

/** Sends and takes messages. */
export class Frames {
  readonly #wire: Wire;
  readonly #taker: Taker;
  #leaving: Uint8Array[] = [];
  #isWriting = false;

  /** Begins to take what comes. */
  constructor(wire: Wire, taker: Taker) {
    this.#wire = wire;
    this.#taker = taker;
    void this.#read();
  }

  /** Sends a message, without a wait until it has left. */
  send(channel: number, message: Uint8Array): void {
    this.#leaving.push(frameOf(channel, message));
    if (!this.#isWriting) void this.#write();
  }

  /** Lets go of the wire. */
  close(): void {
    try {
      this.#wire.close();
    } catch {
      // The other side has closed it.
    }
  }

  async #write(): Promise<void> {
    this.#isWriting = true;
    try {
      for (let bytes = this.#taken(); bytes.length > 0; bytes = this.#taken()) {
        while (bytes.length > 0) bytes = bytes.subarray(await this.#wire.write(bytes));
      }
    } catch (error) {
      this.#taker.lost(lost(error));
    }
    this.#isWriting = false;
  }

  /** All that is to leave, in one piece. */
  #taken(): Uint8Array {
    const leaving = this.#leaving;
    this.#leaving = [];
    return leaving.length === 1 && leaving[0] ? leaving[0] : concat(...leaving);
  }

  async #read(): Promise<void> {
    const room = new Uint8Array(2 * (FRAME_SIZE + MESSAGE_MAX));
    let held = 0;
    try {
      for (;;) {
        const count = await this.#wire.read(room.subarray(held));
        if (count === null) return this.#taker.lost(new ExecutorGone("The executor has ended"));
        held += count;
        const taken = this.#take(room.subarray(0, held));
        room.copyWithin(0, taken, held);
        held -= taken;
      }
    } catch (error) {
      this.#taker.lost(lost(error));
    }
  }

  /** Takes the frames that are whole: how many bytes they were. */
  #take(bytes: Uint8Array): number {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    while (bytes.length - at >= FRAME_SIZE) {
      const length = view.getUint32(at + AT.length, true);
      const sent = view.getUint32(at + AT.sent, true);
      if (length > MESSAGE_MAX || sent > length) throw new Error(GARBAGE);
      const end = at + FRAME_SIZE + sent;
      if (end > bytes.length) break;
      const message = new Uint8Array(length);
      message.set(bytes.subarray(at + FRAME_SIZE, end));
      const isReadable = view.getUint32(at + AT.readable, true) !== 0;
      this.#taker.take(view.getUint32(at + AT.channel, true), message, isReadable);
      at = end;
    }
    return at;
  }
}

function lost(error: unknown): ExecutorGone {
  const why = messageOf(error);
  return new ExecutorGone(`The connection to the executor is lost: ${why}`);
}

/** A message behind its frame. */
function frameOf(channel: number, message: Uint8Array): Uint8Array {
  let sent = message.length;
  while (sent > 0 && message[sent - 1] === 0) sent--;
  const bytes = new Uint8Array(FRAME_SIZE + sent);
  const view = new DataView(bytes.buffer);
  view.setUint32(AT.channel, channel, true);
  view.setUint32(AT.length, message.length, true);
  view.setUint32(AT.sent, sent, true);
  bytes.set(message.subarray(0, sent), FRAME_SIZE);
  return bytes;
}
