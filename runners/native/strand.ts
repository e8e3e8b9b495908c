/**
 * A strand: one after the other of what a case does, in whatever process. Each has a thread of its own in every
 * process, so that one that blocks holds up no other.
 *
 * @module
 */
import type { Primitive } from "./addon.ts";
import type { Files } from "./executor/files.ts";
import { type Request, requestNumber } from "./abi/ioctl.ts";
import {
  concat,
  decode,
  encode,
  type Fields,
  type ReadValues,
  type Struct,
  text,
  type Values,
} from "./abi/layout.ts";
import { type Arg, type Reply, resultOf, type SystemCall } from "./calls.ts";
import { O_CLOEXEC, O_RDWR } from "./constants.ts";
import { failureOf, Faulted } from "./failure.ts";
import type { HelperProcess } from "./process.ts";
import {
  describeWait,
  livingThread,
  type Patience,
  patienceFor,
  sleptThrough,
  type ThreadState,
  threadState,
} from "./thread_state.ts";

/** A descriptor number of a process. */
export interface Numbered {
  readonly process: HelperProcess;
  readonly number: number;
}

/** What became of something that was waited for. */
export type Settled =
  | { readonly kind: "over" }
  | {
    readonly kind: "blocked";
    readonly on: string;
    /** How its thread was seen last; `undefined` where it is in none. */
    readonly thread: ThreadState | undefined;
  };

/** How long to wait between two looks at a thread, in milliseconds. */
const LOOK_MS = 5;

/** Does what it is asked, one after the other. */
export class Strand {
  /** Its thread in every process. */
  readonly thread: number;
  readonly #files: Files;
  #in: HelperProcess | undefined;
  #ending: HelperProcess | undefined;

  /**
   * Makes the strand of a thread.
   *
   * @param thread its number in every process
   * @param files of the machine, which tell what a thread waits for
   */
  constructor(thread: number, files: Files) {
    this.thread = thread;
    this.#files = files;
  }

  /** Does a call and gives what became of it. */
  async attempt(
    process: HelperProcess,
    primitive: Primitive,
    args: readonly Arg[] = [],
    bytes?: Uint8Array,
  ): Promise<Reply> {
    this.#in = process;
    try {
      return await process.call(this.thread, { do: primitive, args, bytes });
    } finally {
      this.#in = undefined;
    }
  }

  /**
   * Does a call.
   *
   * @throws {Failed} if the kernel refuses it
   * @throws {Faulted} if it is an access that raises a signal
   */
  async do(
    process: HelperProcess,
    primitive: Primitive,
    args: readonly Arg[] = [],
    bytes?: Uint8Array,
  ): Promise<number> {
    return checked(await this.attempt(process, primitive, args, bytes)).result;
  }

  /**
   * Does calls in one go, of which a later one may take what an earlier one gave.
   *
   * @returns what each gave
   * @throws {Failed} if the kernel refuses one; those behind it are not done
   */
  async doAll(process: HelperProcess, calls: readonly SystemCall[]): Promise<readonly number[]> {
    const replies = await this.attemptAll(process, calls);
    return replies.map((reply) => checked(reply).result);
  }

  /** Does calls in one go and gives what became of each. */
  async attemptAll(process: HelperProcess, calls: readonly SystemCall[]): Promise<readonly Reply[]> {
    this.#in = process;
    try {
      return await process.callAll(this.thread, calls);
    } finally {
      this.#in = undefined;
    }
  }

  /**
   * Opens a file, sends it one request with bytes, and closes it, in one go. It also gives the number of the inode where
   * the answer is a descriptor, and an error number in place of it elsewhere.
   *
   * @throws {Failed} if it cannot be opened, or refuses
   */
  async askOnce(
    process: HelperProcess,
    path: string,
    request: Request,
    bytes: Uint8Array,
  ): Promise<{ readonly result: number; readonly whole: Uint8Array; readonly inode: number }> {
    const [file, answer, , inode] = await this.attemptAll(process, [
      { do: "open", args: [O_RDWR | O_CLOEXEC, 0], bytes: text(path) },
      { do: "ioctl", args: [resultOf(0), requestNumber(request)], bytes },
      { do: "close", args: [resultOf(0)] },
      { do: "inode", args: [resultOf(1)] },
    ]);
    if (!file || !answer) throw new Error(`The process ${process.pid} answered too little`);
    const { result } = checked(file);
    if (answer.result < 0) await this.attempt(process, "close", [result]);
    return { result: checked(answer).result, whole: answer.bytes, inode: inode?.result ?? -1 };
  }

  /**
   * Sends a request that a structure goes with, and gives the structure as the kernel left it.
   *
   * @param fd the descriptor
   * @param request the request
   * @param of the structure
   * @param values its values; what is left out is zero
   * @param tail bytes that follow it
   */
  async ioctl<F extends Fields>(
    fd: Numbered,
    request: Request,
    of: Struct<F>,
    values: Values<F>,
    tail: Uint8Array = new Uint8Array(0),
  ): Promise<ReadValues<F> & { readonly result: number; readonly whole: Uint8Array }> {
    const { result, whole } = await this.ioctlBytes(fd, request, concat(encode(of, values), tail));
    return { ...decode(of, whole), result, whole };
  }

  /** Sends a request with bytes; what follows them cannot be read or written, so that a longer reach is EFAULT. */
  async ioctlBytes(
    { process, number }: Numbered,
    request: Request,
    bytes: Uint8Array,
  ): Promise<{ readonly result: number; readonly whole: Uint8Array }> {
    const args = [number, requestNumber(request)];
    const reply = checked(await this.attempt(process, "ioctl", args, bytes));
    return { result: reply.result, whole: reply.bytes };
  }

  /** Sends a request with a bare number. */
  async ioctlValue(
    { process, number }: Numbered,
    request: Request | number,
    value: Arg = 0,
  ): Promise<number> {
    const code = typeof request === "number" ? request : requestNumber(request);
    return await this.do(process, "ioctl_value", [number, code, value]);
  }

  /**
   * Waits until something that this strand does is over, or its thread blocks.
   *
   * @param work what it does; it must not reject
   * @param patience how long it must sleep without waking
   * @param deadline when to call it blocked wherever it is, as `performance.now()` tells time
   */
  async settle(work: Promise<unknown>, patience: Patience, deadline: number): Promise<Settled> {
    let since = performance.now();
    let before: ThreadState | undefined;
    while (!(await isOverWithin(work, LOOK_MS))) {
      const now = await this.look();
      if (!now || !before || !sleptThrough(before, now)) since = performance.now();
      before = now;
      const slept = performance.now() - since;
      const late = performance.now() > deadline;
      if (late || (now && slept >= patienceFor(now, patience))) {
        return { kind: "blocked", on: now ? describeWait(now) : "the suite itself", thread: now };
      }
    }
    return { kind: "over" };
  }

  /**
   * Waits for the end of a process that has been killed. A thread of it that is still there is one that cannot be
   * killed where it is, and what it waits for is what this strand waits for.
   */
  async untilGone<T>(process: HelperProcess, gone: Promise<T>): Promise<T> {
    this.#ending = process;
    try {
      return await gone;
    } finally {
      this.#ending = undefined;
    }
  }

  /** Looks at the thread that is in a system call; `undefined` if there is none. */
  async look(): Promise<ThreadState | undefined> {
    if (this.#ending) return await livingThread(this.#files, this.#ending.pid);
    const process = this.#in;
    const id = process?.knownThreadId(this.thread);
    return process && id !== undefined ? await threadState(this.#files, process.pid, id) : undefined;
  }

  /** Interrupts the system call that it is in. */
  async cancel(): Promise<void> {
    await this.#in?.cancel(this.thread);
  }
}

function checked(reply: Reply): Reply {
  if (reply.signal) throw new Faulted(reply.signal);
  if (reply.result < 0) throw failureOf(reply.result);
  return reply;
}

/** Waits for something for some milliseconds: whether it is over. */
export async function isOverWithin(work: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<boolean>((resolve) => timer = setTimeout(() => resolve(false), ms));
  const over = await Promise.race([work.then(() => true), late]);
  clearTimeout(timer);
  return over;
}
