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
  packMessage,
  type Reply,
  type SystemCall,
  unpackMessage,
} from "../calls.ts";
import { type Executor, ExecutorGone, type Started, type Watched } from "./executor.ts";
import { Frames, GARBAGE, type Wire } from "./wire.ts";

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

/** Room for what it says of itself. */
const HELLO_SIZE = 8_192;

/** What it says of a helper process. */
const STARTED = struct("facts", undefined, { pid: "s32", channel: "s32", thread: "s32" });

/** The channel of the executor itself. */
const OWN = 0;

const EPIPE = 32;

/** The longest wait for the end of a process, in milliseconds; as long as an executor waits itself. */
const WAIT_MAX_MS = 86_400_000;

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
  readonly #frames: Frames;
  readonly #channels = new Map<number, Channel>();
  readonly #waiting = new Map<number, Waiting>();
  /** Whether there is something to read on what is watched. */
  #isReadable = true;
  #nextId = 1;
  #gone: ExecutorGone | undefined;
  /** Whether it was told to begin anew, and has not said that it has. */
  #isBeginning = false;

  constructor(wire: Wire) {
    this.#frames = new Frames(wire, {
      take: (channel, message, isReadable) => {
        this.#isReadable = isReadable;
        this.#deliver(channel, message);
      },
      lost: (why) => this.#giveUp(why),
    });
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
    this.#frames.send(OWN, message);
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
    this.#frames.send(channel, message);
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
    this.#frames.close();
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

function textOf(reply: Reply | undefined): string {
  return reply ? new TextDecoder().decode(reply.bytes.subarray(0, Math.max(0, reply.result))) : "";
}
