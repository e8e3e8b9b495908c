/**
 * A helper process: a process of a case. It does system calls on threads of its own and answers when they return.
 *
 * @module
 */
import { decode, sizeOf, struct } from "./abi/layout.ts";
import { AF_UNIX } from "./constants.ts";
import { EAGAIN, packMessage, type Reply, type SystemCall, unpackMessage } from "./calls.ts";
import { type Executor, ExecutorGone, type Started } from "./executor/executor.ts";
import { Files } from "./executor/files.ts";
import { livingThread } from "./thread_state.ts";

/** The thread that does the first call of a case. */
const FIRST_THREAD = 1;

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

/** How one ended that there never was. */
const NEVER_STARTED: Ending = { kind: "exited", status: 0 };

/** The longest pause between two looks at a copy that is to end, in milliseconds. */
const PAUSE_MS = 20;

/** The two ends of a channel. */
const ENDS = struct("ends", undefined, { ours: "s32", theirs: "s32" });

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
  readonly #executor: Executor;
  readonly #isCopy: boolean;
  readonly #waiting = new Map<number, Waiting>();
  readonly #threadIds = new Map<number, number>();
  /** Resolves when it runs; it rejects where it cannot be started, which whoever asks it hears. */
  readonly #starting: Promise<Started>;
  #started: Started | undefined;
  #nextId = 1;
  #isListening = false;
  #wasKilled = false;
  /** Why it can be asked for nothing any more. */
  #ended: Error | undefined;
  #hungUp: Promise<void> | undefined;
  /** How it ended, once it has. */
  #ending: Ending | undefined;
  #leaving: Promise<Ending> | undefined;

  /**
   * Starts a helper process, without a wait until it runs.
   *
   * @param executor what starts it
   * @param command another program to start, with its arguments; or a copy that has been made
   */
  constructor(executor: Executor, command?: readonly string[] | Started) {
    const copy = command && "pid" in command ? command : undefined;
    this.#executor = executor;
    this.#isCopy = copy !== undefined;
    if (copy) this.#started = copy;
    this.#starting = copy
      ? Promise.resolve(copy)
      : this.#start(command && "pid" in command ? undefined : command);
    this.#starting.catch(() => undefined);
  }

  async #start(command: readonly string[] | undefined): Promise<Started> {
    const started = await this.#executor.start(command);
    if (typeof started === "number") throw new Error(`Cannot start a helper process: error ${-started}`);
    if (started.thread > 0) this.#threadIds.set(FIRST_THREAD, started.thread);
    this.#started = started;
    return started;
  }

  /**
   * Its process id.
   *
   * @throws {Error} if it does not run yet; whoever has an answer of it, or has waited until it runs, need not fear that
   */
  get pid(): number {
    if (this.#started) return this.#started.pid;
    throw new Error("A helper process has no id before it runs");
  }

  /** Waits until it runs. */
  async runs(): Promise<this> {
    await this.#starting;
    return this;
  }

  /**
   * Makes a copy of the process: it has the same descriptors and the same mappings.
   *
   * @param fork does the call on the thread of whoever asks for it
   * @returns the copy, or a negative error number
   */
  async fork(fork: (channel: number) => Promise<number>): Promise<HelperProcess | number> {
    const args = [AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC];
    const [made] = await this.#executor.do([{ do: "socketpair", args, bytes: new Uint8Array(sizeOf(ENDS)) }]);
    if (!made || made.result < 0) return made?.result ?? -1;
    const { ours, theirs } = decode(ENDS, made.bytes);
    try {
      const channel = await this.#take(theirs);
      const pid = channel < 0 ? channel : await fork(channel);
      if (pid >= 0) return new HelperProcess(this.#executor, { pid, channel: ours, thread: 0 });
      await this.#closeOwn(ours);
      return pid;
    } catch (error) {
      await this.#closeOwn(ours);
      throw error;
    }
  }

  /** Takes a descriptor of the executor over: its number, or a negative error number. */
  async #take(fd: number): Promise<number> {
    await this.#starting.catch(() => undefined);
    const taken = this.#ask(0, [{ do: "take" }], fd);
    /* it has left by now, where there is anywhere to go */
    void this.#closeOwn(fd);
    return (await taken).replies[0]?.result ?? -1;
  }

  /** Does a call on a thread, which is started where it is not there, and waits for it. */
  async call(thread: number, call: SystemCall): Promise<Reply> {
    const [reply] = await this.callAll(thread, [call]);
    if (!reply) throw new Error(`The process ${this.pid} answered nothing`);
    return reply;
  }

  /**
   * Does calls on a thread in one go, one after the other, and waits for the last. Where one fails, those behind it are
   * not done. An argument may be the result of an earlier one, see `resultOf()`.
   */
  async callAll(thread: number, calls: readonly SystemCall[]): Promise<readonly Reply[]> {
    if (!this.#started) await this.#starting;
    /* its id comes before what it does, and is there for whoever looks at what holds the thread up */
    if (thread > 0 && !this.#threadIds.has(thread)) this.threadId(thread).catch(() => undefined);
    return (await this.#ask(thread, calls)).replies;
  }

  /** The id by which the kernel knows a thread. */
  async threadId(thread: number): Promise<number> {
    if (!this.#started) await this.#starting;
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
    return await to.#take(copy);
  }

  /** Kills the process and waits until the kernel has closed what it held, for some milliseconds. */
  async kill(ms: number): Promise<Ending> {
    const pid = await this.#pidWhereStarted();
    if (pid === undefined) return NEVER_STARTED;
    if (!this.#ending) {
      this.#wasKilled = true;
      void this.#executor.kill(pid, SIGKILL).catch(() => undefined);
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
    if (await this.#pidWhereStarted() === undefined) return NEVER_STARTED;
    const hungUp = this.#hangUp();
    const ending = await this.#gone(ms);
    await hungUp;
    return ending.kind === "stuck" ? await this.kill(ms) : ending;
  }

  /** Waits until it runs: its id, or `undefined` where it could not be started, so that there is nothing to end. */
  async #pidWhereStarted(): Promise<number | undefined> {
    try {
      return (await this.#starting).pid;
    } catch (error) {
      if (error instanceof ExecutorGone) throw error;
      return undefined;
    }
  }

  async #ask(thread: number, calls: readonly SystemCall[], fd = -1): Promise<Answer> {
    const { pid, channel } = this.#started ?? await this.#starting;
    if (this.#ended) throw this.#ended;
    const id = this.#nextId++;
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    if (this.#executor.send(channel, packMessage({ id, thread, fd }, calls)) < 0) throw new ProcessEnded(pid);
    this.#waiting.set(id, { resolve, reject });
    if (!this.#isListening) void this.#listen(channel);
    return await promise;
  }

  /** Takes answers as long as somebody waits for one. */
  async #listen(channel: number): Promise<void> {
    this.#isListening = true;
    try {
      while (this.#waiting.size > 0 && !this.#ended) {
        const message = await this.#executor.receive(channel);
        if (message) this.#deliver(message);
        else this.#giveUp(new ProcessEnded(this.pid));
      }
    } catch (error) {
      this.#giveUp(error instanceof Error ? error : new Error(String(error)));
    }
    this.#isListening = false;
  }

  #deliver(message: Uint8Array): void {
    const { id, replies, fd } = unpackMessage(message);
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (waiting) waiting.resolve({ replies, fd });
    else if (fd >= 0) void this.#closeOwn(fd);
  }

  #giveUp(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  #hangUp(): Promise<void> {
    this.#hungUp ??= this.#hangUpOnce();
    return this.#hungUp;
  }

  /** At once where it runs: whoever waits for its end next may hold up this thread. */
  async #hangUpOnce(): Promise<void> {
    const { channel } = this.#started ?? await this.#starting;
    this.#giveUp(new ProcessEnded(this.pid));
    await this.#executor.hangUp(channel);
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
    const status = this.#isCopy ? await this.#copyGone(ms) : await this.#executor.gone(this.pid, ms);
    return endingOf(status) ?? { kind: "stuck" };
  }

  /**
   * A copy is no child of the suite. It has given up what it held when none of its threads lives, which is earlier than
   * that it is not there: where the one that it is a copy of has ended, it is for the first process of the machine to
   * reap it, and some never do.
   */
  async #copyGone(ms: number): Promise<number> {
    const limit = performance.now() + ms;
    const files = new Files(this.#executor);
    for (let pause = 0;; pause = Math.min(pause + 1, PAUSE_MS)) {
      const isThere = await this.#executor.kill(this.pid, 0) === 0;
      if (!isThere || !await livingThread(files, this.pid)) return this.#wasKilled ? KILLED + SIGKILL : 0;
      if (performance.now() > limit) return -EAGAIN;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }

  async #closeOwn(fd: number): Promise<void> {
    await this.#executor.do([{ do: "close", args: [fd] }]).catch(() => undefined);
  }
}

/** How a process ended, from what the executor tells; `undefined` where it has not. */
function endingOf(status: number): Ending | undefined {
  if (status === -EAGAIN) return undefined;
  return status >= KILLED ? { kind: "killed", signal: status - KILLED } : { kind: "exited", status };
}
