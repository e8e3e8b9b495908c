/**
 * A helper process: a process of a case. It does system calls on threads of its own and answers when they return.
 *
 * @module
 */
import type { Addon } from "./addon.ts";
import { AF_UNIX } from "./constants.ts";
import {
  MESSAGE_MAX,
  packMessage,
  primitiveNumber,
  type Reply,
  type SystemCall,
  unpackMessage,
} from "./calls.ts";

/**
 * How long this thread looks for an answer before it waits without being held up, in nanoseconds. Where every
 * instruction is translated, an answer takes most of a millisecond.
 */
const LOOK_NS = 2_000_000;

/** The same for the end of a process, which takes longer and leaves nothing else to be done. */
const END_NS = 10_000_000;

/** How long one wait for an answer is at most, in milliseconds. */
const WAIT_MS = 1_000;

/** The thread that does the first call of a case. */
const FIRST_THREAD = 1;

/** Error numbers that are the same on every architecture, but for EAGAIN on alpha. */
const EAGAIN = 11;

const SIGKILL = 9;

/** What the exit status of a process that a signal ended is counted from. */
const KILLED = 256;

/** A helper process has ended, so that what it was asked will never be answered. */
export class ProcessEnded extends Error {
  /** Makes an error of what has ended. */
  constructor(pid: number) {
    super(`The process ${pid} has ended`);
    this.name = "ProcessEnded";
  }
}

/** How a process ended, or that it did not in time. */
export type Ending =
  | { readonly kind: "exited"; readonly status: number }
  | { readonly kind: "killed"; readonly signal: number }
  | { readonly kind: "stuck" };

/** A process that is the copy of another. */
interface Copy {
  readonly pid: number;
  readonly channel: number;
}

const SOCK_SEQPACKET = 5;
const SOCK_CLOEXEC = 0o2000000;

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

interface Answer {
  readonly replies: readonly Reply[];
  /** A descriptor of this process that came along, or -1. */
  readonly fd: number;
}

/** A helper process. */
export class HelperProcess {
  /** Its process id. */
  readonly pid: number;
  readonly #addon: Addon;
  readonly #channel: number;
  readonly #isCopy: boolean;
  readonly #waiting = new Map<number, Waiting>();
  readonly #room = new Uint8Array(MESSAGE_MAX);
  readonly #threadIds = new Map<number, number>();
  #nextId = 1;
  #isListening = false;
  #wasKilled = false;
  #listening: Promise<void> = Promise.resolve();
  #ended = false;
  #isClosed = false;
  /** How it ended, once it has. */
  #ending: Ending | undefined;
  #leaving: Promise<Ending> | undefined;

  /**
   * Starts a helper process.
   *
   * @param addon the addon, which holds the program
   * @param command another program to start, with its arguments
   */
  constructor(addon: Addon, command?: readonly string[] | Copy) {
    const started = command && "pid" in command
      ? [command.pid, command.channel, 0] as const
      : addon.spawn(command);
    if (typeof started === "number") throw new Error(`Cannot start a helper process: error ${-started}`);
    this.#addon = addon;
    this.#isCopy = command !== undefined && "pid" in command;
    const [pid, channel, thread] = started;
    this.pid = pid;
    this.#channel = channel;
    if (thread > 0) this.#threadIds.set(FIRST_THREAD, thread);
  }

  /**
   * Makes a copy of the process: it has the same descriptors and the same mappings.
   *
   * @param fork does the call on the thread of whoever asks for it
   * @returns the copy, or a negative error number
   */
  async fork(fork: (channel: number) => Promise<number>): Promise<HelperProcess | number> {
    const ends = new Uint8Array(8);
    const type = SOCK_SEQPACKET | SOCK_CLOEXEC;
    const made = this.#addon.call(primitiveNumber("socketpair"), ends, AF_UNIX, type);
    if (made < 0) return made;
    const [ours = -1, theirs = -1] = new Int32Array(ends.buffer);
    const taken = this.#ask(0, [{ do: "take" }], theirs);
    this.#closeOwn(theirs);
    const channel = (await taken).replies[0]?.result ?? -1;
    const pid = channel < 0 ? channel : await fork(channel);
    if (pid >= 0) return new HelperProcess(this.#addon, { pid, channel: ours });
    this.#closeOwn(ours);
    return pid;
  }

  /** Whether it lives, as far as its parent knows. */
  isAlive(): boolean {
    if (!this.#ending && !this.#isCopy) this.#ending = endingOf(this.#addon.reap(this.pid, 0));
    return !this.#ending;
  }

  /** Does a call on a thread, which is started where it is not there, and waits for it. */
  async call(thread: number, call: SystemCall): Promise<Reply> {
    if (thread > 0 && !this.#threadIds.has(thread)) await this.threadId(thread);
    const [reply] = (await this.#ask(thread, [call])).replies;
    if (!reply) throw new Error(`The process ${this.pid} answered nothing`);
    return reply;
  }

  /**
   * Does calls on a thread in one go, one after the other, and waits for the last. Where one fails, those behind it are
   * not done. An argument may be the result of an earlier one, see `resultOf()`.
   */
  async callAll(thread: number, calls: readonly SystemCall[]): Promise<readonly Reply[]> {
    if (thread > 0 && !this.#threadIds.has(thread)) await this.threadId(thread);
    return (await this.#ask(thread, calls)).replies;
  }

  /** The id by which the kernel knows a thread. */
  async threadId(thread: number): Promise<number> {
    const known = this.#threadIds.get(thread);
    if (known !== undefined) return known;
    const [reply] = (await this.#ask(thread, [{ do: "thread_id" }])).replies;
    this.#threadIds.set(thread, reply?.result ?? -1);
    return reply?.result ?? -1;
  }

  /** The id of a thread that has done something. */
  knownThreadId(thread: number): number | undefined {
    return this.#threadIds.get(thread);
  }

  /** Interrupts the system call that a thread is in. */
  async cancel(thread: number): Promise<void> {
    await this.call(0, { do: "cancel", args: [thread] });
  }

  /**
   * Gives a copy of a descriptor to another process.
   *
   * @returns the number there, or a negative error number
   */
  async give(fd: number, to: HelperProcess): Promise<number> {
    const { replies: [given], fd: copy } = await this.#ask(0, [{ do: "give", args: [fd] }]);
    if (copy < 0) return given?.result ?? -1;
    const taken = to.#ask(0, [{ do: "take" }], copy);
    this.#closeOwn(copy);
    return (await taken).replies[0]?.result ?? -1;
  }

  /** Kills the process and waits until the kernel has closed what it held, for some milliseconds. */
  async kill(ms: number): Promise<Ending> {
    if (!this.#ending) {
      this.#wasKilled = true;
      this.#addon.kill(this.pid, SIGKILL);
    }
    const ending = await this.#gone(ms);
    await this.#hangUp();
    return ending;
  }

  /**
   * Asks the process to end, and kills it where it does not.
   *
   * @param ms how long it may take, and as long again when it is killed
   */
  async end(ms: number): Promise<Ending> {
    await this.#hangUp();
    const ending = await this.#gone(ms);
    return ending.kind === "stuck" ? await this.kill(ms) : ending;
  }

  #ask(thread: number, calls: readonly SystemCall[], fd = -1): Promise<Answer> {
    if (this.#ended) return Promise.reject(new ProcessEnded(this.pid));
    const id = this.#nextId++;
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    this.#waiting.set(id, { resolve, reject });
    if (this.#addon.send(this.#channel, packMessage(id, thread, calls), fd) < 0) {
      this.#waiting.delete(id);
      return Promise.reject(new ProcessEnded(this.pid));
    }
    if (!this.#isListening) this.#listening = this.#listen();
    return promise;
  }

  /** Takes answers as long as somebody waits for one. */
  async #listen(): Promise<void> {
    this.#isListening = true;
    while (this.#waiting.size > 0 && !this.#ended) {
      const length = this.#addon.receive(this.#channel, this.#room, LOOK_NS);
      if (length > 0) {
        this.#deliver(this.#room.subarray(0, length));
        await Promise.resolve();
      } else if (length === -EAGAIN) {
        await this.#addon.readable(this.#channel, WAIT_MS);
      } else this.#giveUp();
    }
    this.#isListening = false;
  }

  #deliver(message: Uint8Array): void {
    const { id, replies, fd } = unpackMessage(message);
    this.#waiting.get(id)?.resolve({ replies, fd });
    this.#waiting.delete(id);
  }

  #giveUp(): void {
    this.#ended = true;
    for (const { reject } of this.#waiting.values()) reject(new ProcessEnded(this.pid));
    this.#waiting.clear();
  }

  async #hangUp(): Promise<void> {
    if (this.#isClosed) return;
    this.#addon.hangUp(this.#channel);
    this.#giveUp();
    await this.#listening;
    if (!this.#isClosed) this.#closeOwn(this.#channel);
    this.#isClosed = true;
  }

  /** Waits until it is gone. Its status can be had once, so that all who wait do so together. */
  #gone(ms: number): Promise<Ending> {
    if (this.#ending) return Promise.resolve(this.#ending);
    this.#leaving ??= this.#watchedOut(ms);
    return this.#leaving;
  }

  /** Keeps how it ended before anybody may wait anew, who would be told that there is no such process. */
  async #watchedOut(ms: number): Promise<Ending> {
    try {
      const ending = await this.#reaped(ms);
      if (ending.kind !== "stuck") this.#ending = ending;
      return ending;
    } finally {
      this.#leaving = undefined;
    }
  }

  async #reaped(ms: number): Promise<Ending> {
    const limit = performance.now() + ms;
    for (let pause = 0;; pause = Math.min(pause + 1, 20)) {
      const status = this.#isCopy ? this.#goneCopy() : this.#addon.reap(this.pid, pause === 0 ? END_NS : 0);
      const ending = endingOf(status);
      if (ending) return ending;
      if (performance.now() > limit) return { kind: "stuck" };
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }

  /** A copy is no child of the suite, and the kernel lets it go as soon as it has given up what it held. */
  #goneCopy(): number {
    if (this.#addon.kill(this.pid, 0) === 0) return -EAGAIN;
    return this.#wasKilled ? KILLED + SIGKILL : 0;
  }

  #closeOwn(fd: number): void {
    this.#addon.call(primitiveNumber("close"), undefined, fd);
  }
}

/** How a process ended, from what the addon tells; `undefined` where it has not. */
function endingOf(status: number): Ending | undefined {
  if (status === -EAGAIN) return undefined;
  return status >= KILLED ? { kind: "killed", signal: status - KILLED } : { kind: "exited", status };
}
