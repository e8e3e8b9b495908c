/**
 * The executor of this machine: the addon, in this process.
 *
 * @module
 */
import type { Addon } from "../addon.ts";
import {
  type Arg,
  EAGAIN,
  headerOf,
  MESSAGE_MAX,
  primitiveNumber,
  type Reply,
  resultIn,
  type SystemCall,
} from "../calls.ts";
import type { Executor, Started, Watched } from "./executor.ts";

/**
 * How long this thread looks for an answer before it waits without being held up, in nanoseconds. An answer takes some
 * tens of microseconds.
 */
const LOOK_NS = 2_000_000;

/** The same for the end of a process, which takes longer and leaves nothing else to be done. */
const END_NS = 10_000_000;

/** How long one wait for an answer is at most, in milliseconds. */
const WAIT_MS = 1_000;

/** The longest pause between two looks at a process that is to end, in milliseconds. */
const PAUSE_MS = 20;

const NOTHING = new Uint8Array(0);

const executors = new WeakMap<Addon, Executor>();

/** The executor that an addon is; one for each. */
export function nearExecutor(addon: Addon): Executor {
  const known = executors.get(addon) ?? new NearExecutor(addon);
  executors.set(addon, known);
  return known;
}

class NearExecutor implements Executor {
  readonly #addon: Addon;
  readonly #room = new Uint8Array(MESSAGE_MAX);
  readonly #waits = new Map<number, Promise<unknown>>();

  constructor(addon: Addon) {
    this.#addon = addon;
  }

  do(calls: readonly SystemCall[]): Promise<readonly Reply[]> {
    const replies: Reply[] = [];
    for (const call of calls) {
      const failed = replies.some(({ result }) => result < 0);
      replies.push(failed ? CANCELLED : this.#call(call, replies));
    }
    return Promise.resolve(replies);
  }

  #call({ do: name, args = [], bytes }: SystemCall, before: readonly Reply[]): Reply {
    const numbers = args.map((arg) => numberOf(arg, before));
    const result = this.#addon.call(primitiveNumber(name), bytes, ...numbers);
    return { result, address: 0n, bytes: bytes ?? NOTHING };
  }

  start(command?: readonly string[]): Promise<Started | number> {
    const started = this.#addon.spawn(command);
    if (typeof started === "number") return Promise.resolve(started);
    const [pid, channel, thread] = started;
    return Promise.resolve({ pid, channel, thread });
  }

  prepare(): void {
    this.#addon.prepare();
  }

  send(channel: number, message: Uint8Array): number {
    return this.#addon.send(channel, message, headerOf(message).fd);
  }

  receive(channel: number): Promise<Uint8Array | undefined> {
    const received = this.#receive(channel);
    this.#waits.set(channel, received);
    return received;
  }

  async #receive(channel: number): Promise<Uint8Array | undefined> {
    for (;;) {
      const length = this.#addon.receive(channel, this.#room, LOOK_NS);
      if (length > 0) return this.#room.slice(0, length);
      if (length !== -EAGAIN) return undefined;
      await this.#addon.readable(channel, WAIT_MS);
    }
  }

  /** The number of the channel is free only when nobody waits in the kernel for it any more. */
  async hangUp(channel: number): Promise<void> {
    this.#addon.hangUp(channel);
    await this.#waits.get(channel);
    this.#waits.delete(channel);
    this.#addon.call(primitiveNumber("close"), undefined, channel);
  }

  /** To read it costs no more than to ask whether there is something. */
  watch(_fd: number): Watched {
    return { isReadable: true };
  }

  kill(pid: number, signal: number): Promise<number> {
    return Promise.resolve(this.#addon.kill(pid, signal));
  }

  async gone(pid: number, ms: number): Promise<number> {
    const limit = performance.now() + ms;
    for (let pause = 0;; pause = Math.min(pause + 1, PAUSE_MS)) {
      const status = this.#addon.reap(pid, pause === 0 && ms > 0 ? END_NS : 0);
      if (status !== -EAGAIN || performance.now() > limit) return status;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}

const ECANCELED = 125;

/** What becomes of a call behind one that failed. */
const CANCELLED: Reply = { result: -ECANCELED, address: 0n, bytes: NOTHING };

function numberOf(arg: Arg, before: readonly Reply[]): number {
  const index = typeof arg === "bigint" ? resultIn(arg) : undefined;
  return index === undefined ? Number(arg) : before[index]?.result ?? Number(arg);
}
