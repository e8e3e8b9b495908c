/**
 * The executor of another machine: a program there (`addon/executor.c`), and messages to and from it over one pair of
 * byte streams. What is sent is not waited for, so that several questions may be on their way.
 *
 * @module
 */
import { CONTROLS, PRIMITIVES } from "../addon.ts";
import { decode, sizeOf, struct } from "../abi/layout.ts";
import {
  DUTIES,
  headerOf,
  isMessage,
  MESSAGE_MAX,
  packMessage,
  type Reply,
  type SystemCall,
  unpackMessage,
} from "../calls.ts";
import { type Executor, ExecutorGone, type Started, type Watched } from "./executor.ts";

/** A way to an executor; a connection of Deno is one. */
export interface Wire {
  /** Reads what has come, into the beginning of some memory: how much, or `null` at the end. */
  read(room: Uint8Array): Promise<number | null>;
  /** Writes some of the bytes: how many. */
  write(bytes: Uint8Array): Promise<number>;
  /** Lets go of it. */
  close(): void;
}

/** An executor on another machine. */
export interface FarExecutor extends Executor {
  /**
   * Begins: whatever it does for an earlier caller is given up.
   *
   * @returns what it was told of its machine
   * @throws {ExecutorGone} if it is another version of the program, or gone
   */
  hello(): Promise<string>;
  /** Waits until nothing is on its way in either direction. Nothing may be asked meanwhile. */
  quiet(): Promise<void>;
  /** Lets go of the connection; all that waits for an answer is told. */
  close(): void;
}

/** Bytes of `struct frame` in addon/wire.h, and where its parts are. */
const FRAME_SIZE = 16;
const FRAME_AT = { channel: 0, length: 4, sent: 8, readable: 12 } as const;

/** Room for what it says of itself. */
const HELLO_SIZE = 8_192;

/** What it says of a helper process. */
const STARTED = struct("facts", undefined, { pid: "s32", channel: "s32", thread: "s32" });

/** The channel of the executor itself. */
const OWN = 0;

const EPIPE = 32;

/** The longest wait for the end of a process, in milliseconds; as long as an executor waits itself. */
const WAIT_MAX_MS = 86_400_000;

const GARBAGE = "what came is no message of an executor";

/** Everything that can be asked for, in the order of its numbers. */
const NAMES = [...PRIMITIVES, ...CONTROLS, ...DUTIES].join(" ");

/** An executor at the other end of a wire. */
export function farExecutor(wire: Wire): FarExecutor {
  return new Far(wire);
}

/** What has come of one helper process, and who waits for more. */
interface Channel {
  readonly came: Uint8Array[];
  hasEnded: boolean;
  /** Wakes those who wait. */
  waiting: (() => void)[];
}

interface Waiting {
  /** It is called before anything that came later is looked at. */
  readonly resolve: (replies: readonly Reply[]) => void;
  readonly reject: (error: Error) => void;
}

class Far implements FarExecutor {
  readonly #wire: Wire;
  readonly #channels = new Map<number, Channel>();
  readonly #waiting = new Map<number, Waiting>();
  #leaving: Uint8Array[] = [];
  #isWriting = false;
  /** Whether there is something to read on what is watched. */
  #isReadable = true;
  #nextId = 1;
  #gone: ExecutorGone | undefined;
  /** Whether it was told to begin anew, and has not said that it has. */
  #isBeginning = false;

  constructor(wire: Wire) {
    this.#wire = wire;
    void this.#read();
  }

  async hello(): Promise<string> {
    this.#forget(new ExecutorGone("The executor has begun anew"));
    this.#isBeginning = true;
    const hello: SystemCall = { do: "hello", bytes: new Uint8Array(HELLO_SIZE) };
    const [reply] = await this.#request([hello], (replies) => {
      this.#isBeginning = false;
      return replies;
    });
    const [names = "", ...told] = textOf(reply).split("\n");
    if (names.trim() === NAMES) return told.join("\n").trim();
    const error = new ExecutorGone("The executor is not of this version of the suite");
    this.#giveUp(error);
    throw error;
  }

  async do(calls: readonly SystemCall[]): Promise<readonly Reply[]> {
    return await this.#request(calls, (replies) => replies);
  }

  /** Asks for something. What the answer means is found out at once, before anything else that comes is looked at. */
  async #request<T>(calls: readonly SystemCall[], read: (replies: readonly Reply[]) => T): Promise<T> {
    if (this.#gone) throw this.#gone;
    const id = this.#nextId++;
    const message = packMessage({ id, thread: 0, fd: -1 }, calls);
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#waiting.set(id, { resolve: (replies) => resolve(read(replies)), reject });
    this.#send(OWN, message);
    return await promise;
  }

  async start(command?: readonly string[]): Promise<Started | number> {
    if (command) throw new Error("An executor elsewhere starts no other program than its own");
    const start: SystemCall = { do: "start", bytes: new Uint8Array(sizeOf(STARTED)) };
    return await this.#request([start], ([reply]) => this.#started(reply));
  }

  #started(reply: Reply | undefined): Started | number {
    if (!reply || reply.result < 0) return reply?.result ?? -EPIPE;
    const started = decode(STARTED, reply.bytes);
    /* whatever had that number is gone, even where somebody has asked it for something since */
    this.#channels.set(started.channel, newChannel());
    return started;
  }

  prepare(): void {
    this.#ask({ do: "prepare" });
  }

  send(channel: number, message: Uint8Array): number {
    if (this.#gone) throw this.#gone;
    if (this.#channel(channel).hasEnded) return -EPIPE;
    this.#send(channel, message);
    return 0;
  }

  async receive(channel: number): Promise<Uint8Array | undefined> {
    const from = this.#channel(channel);
    while (from.came.length === 0 && !from.hasEnded && !this.#gone) {
      await new Promise<void>((resolve) => from.waiting.push(resolve));
    }
    const message = from.came.shift();
    if (!message && this.#gone) throw this.#gone;
    return message;
  }

  async hangUp(channel: number): Promise<void> {
    const known = this.#channels.get(channel);
    /* the next process may have the same number, and is told of together with the end of this one */
    this.#channels.delete(channel);
    if (known) {
      end(known);
      for (const message of known.came.splice(0)) this.#drop(message);
    }
    await this.do([{ do: "hang_up", args: [channel] }]).catch(() => undefined);
  }

  watch(fd: number): Watched {
    this.do([{ do: "watch", args: [fd] }]).catch(() => undefined);
    const isReadable = () => this.#isReadable;
    return {
      get isReadable() {
        return isReadable();
      },
    };
  }

  async kill(pid: number, signal: number): Promise<number> {
    return await this.#result({ do: "kill", args: [pid, signal] });
  }

  async gone(pid: number, ms: number): Promise<number> {
    return await this.#result({ do: "gone", args: [pid, Math.min(Math.ceil(ms), WAIT_MAX_MS)] });
  }

  async quiet(): Promise<void> {
    await this.do([{ do: "no_op" }]);
  }

  close(): void {
    this.#giveUp(new ExecutorGone("The connection to the executor was closed"));
  }

  /** Asks for something of which nobody needs the answer. */
  #ask(call: SystemCall): void {
    this.do([call]).catch(() => undefined);
  }

  /** Closes the descriptor that came along with a message which nobody waits for. */
  #drop(message: Uint8Array): void {
    const { fd } = headerOf(message);
    /* an executor that begins anew closes all, and may use the number for something else */
    if (fd >= 0 && !this.#isBeginning) this.#ask({ do: "close", args: [fd] });
  }

  async #result(call: SystemCall): Promise<number> {
    const [reply] = await this.do([call]);
    return reply?.result ?? -EPIPE;
  }

  #channel(number: number): Channel {
    const known = this.#channels.get(number) ?? newChannel();
    this.#channels.set(number, known);
    return known;
  }

  #send(channel: number, message: Uint8Array): void {
    this.#leaving.push(frameOf(channel, message));
    if (!this.#isWriting) void this.#write();
  }

  async #write(): Promise<void> {
    this.#isWriting = true;
    try {
      for (let bytes = this.#taken(); bytes.length > 0; bytes = this.#taken()) {
        while (bytes.length > 0) bytes = bytes.subarray(await this.#wire.write(bytes));
      }
    } catch (error) {
      this.#giveUp(lost(error));
    }
    this.#isWriting = false;
  }

  /** All that is to leave, in one piece. */
  #taken(): Uint8Array {
    const leaving = this.#leaving;
    this.#leaving = [];
    return leaving.length === 1 && leaving[0] ? leaving[0] : joined(leaving);
  }

  async #read(): Promise<void> {
    const room = new Uint8Array(2 * (FRAME_SIZE + MESSAGE_MAX));
    let held = 0;
    try {
      for (;;) {
        const count = await this.#wire.read(room.subarray(held));
        if (count === null) return this.#giveUp(new ExecutorGone("The executor has ended"));
        held += count;
        const taken = this.#take(room.subarray(0, held));
        room.copyWithin(0, taken, held);
        held -= taken;
      }
    } catch (error) {
      this.#giveUp(lost(error));
    }
  }

  /** Takes the frames that are whole: how many bytes they were. */
  #take(bytes: Uint8Array): number {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    while (bytes.length - at >= FRAME_SIZE) {
      const length = view.getUint32(at + FRAME_AT.length, true);
      const sent = view.getUint32(at + FRAME_AT.sent, true);
      if (length > MESSAGE_MAX || sent > length) throw new Error(GARBAGE);
      const end = at + FRAME_SIZE + sent;
      if (end > bytes.length) break;
      const message = new Uint8Array(length);
      message.set(bytes.subarray(at + FRAME_SIZE, end));
      this.#isReadable = view.getUint32(at + FRAME_AT.readable, true) !== 0;
      this.#deliver(view.getUint32(at + FRAME_AT.channel, true), message);
      at = end;
    }
    return at;
  }

  #deliver(number: number, message: Uint8Array): void {
    const isEnd = message.length === 0 && number !== OWN;
    if (!isEnd && !isMessage(message)) throw new Error(GARBAGE);
    if (number === OWN) return this.#answer(message);
    const channel = this.#channels.get(number);
    if (isEnd) return channel && end(channel);
    if (!channel) return this.#drop(message);
    channel.came.push(message);
    wake(channel);
  }

  #answer(message: Uint8Array): void {
    const { id } = headerOf(message);
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    waiting?.resolve(unpackMessage(message).replies);
  }

  /** Tells all who wait why they will never be answered. */
  #forget(error: ExecutorGone): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
    for (const channel of this.#channels.values()) end(channel);
    this.#channels.clear();
  }

  #giveUp(error: ExecutorGone): void {
    if (this.#gone) return;
    this.#gone = error;
    this.#forget(error);
    try {
      this.#wire.close();
    } catch {
      // The other side has closed it.
    }
  }
}

function newChannel(): Channel {
  return { came: [], hasEnded: false, waiting: [] };
}

function end(channel: Channel): void {
  channel.hasEnded = true;
  wake(channel);
}

function wake(channel: Channel): void {
  for (const go of channel.waiting.splice(0)) go();
}

function lost(error: unknown): ExecutorGone {
  const why = error instanceof Error ? error.message : String(error);
  return new ExecutorGone(`The connection to the executor is lost: ${why}`);
}

/** A message behind its frame, without the zeros at its end. */
function frameOf(channel: number, message: Uint8Array): Uint8Array {
  let sent = message.length;
  while (sent > 0 && message[sent - 1] === 0) sent--;
  const bytes = new Uint8Array(FRAME_SIZE + sent);
  const view = new DataView(bytes.buffer);
  view.setUint32(FRAME_AT.channel, channel, true);
  view.setUint32(FRAME_AT.length, message.length, true);
  view.setUint32(FRAME_AT.sent, sent, true);
  bytes.set(message.subarray(0, sent), FRAME_SIZE);
  return bytes;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function textOf(reply: Reply | undefined): string {
  return reply ? new TextDecoder().decode(reply.bytes.subarray(0, Math.max(0, reply.result))) : "";
}
