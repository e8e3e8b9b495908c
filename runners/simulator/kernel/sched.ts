/**
 * Kernel threads and what they wait for.
 *
 * A kernel operation is a generator that yields a {@link Wait} wherever another thread could run: at a lock, at a
 * completion, at a fence, in a window without a lock. The scheduler decides when the wait is over, takes what was
 * waited for on behalf of the thread and resumes it. Between two yields a thread is atomic.
 *
 * @module
 */
import { ADD, lockGivenBack, lockTaken, READ, shared, SharedObject, touch, WRITE } from "./shared.ts";

/** Something that a thread can wait for. */
export interface Wait {
  /** What is waited for, in words: the wait reason that an observation shows. */
  readonly on: string;
  /** Whether the thread may go on. */
  ready(thread: Thread): boolean;
  /** Takes what was waited for; called once, right after `ready` said yes. */
  take?(thread: Thread): void;
}

/** The body of a kernel operation: a generator that yields its waits and returns a result. */
export type Steps<T> = Generator<Wait, T, void>;

/** Steps of one thread, of which no call takes so many. */
const MOST_STEPS = 100_000;

/** A kernel thread, or a user thread inside the kernel. */
export class Thread {
  /** What it is doing, for findings. */
  readonly name: string;
  /** Whether it has returned. */
  done = false;
  /** What it waits for, if it does not run. */
  waiting: Wait | undefined;
  /** What the call gave. */
  result: unknown;
  /** What it has to do before it returns to user space; task_work_add(). */
  readonly taskWork: (() => Steps<void>)[] = [];
  #body: Steps<unknown>;
  #hasResult = false;
  #steps = 0;

  constructor(name: string, body: Steps<unknown>) {
    this.name = name;
    this.#body = body;
  }

  /** Whether it can take a step. */
  canRun(): boolean {
    return !this.done && (this.waiting === undefined || this.waiting.ready(this));
  }

  /**
   * Takes what it waited for and runs until it returns or waits again; only if it can run.
   *
   * @throws if it has taken so many steps that a rule must have gone wild
   */
  step(): void {
    if (++this.#steps > MOST_STEPS) throw new Error(`The model does not come to an end: ${this.name}`);
    this.waiting?.take?.(this);
    const step = this.#body.next();
    this.waiting = step.done ? undefined : step.value;
    if (step.done) this.#return(step.value);
  }

  /** Runs until it returns or has to wait. Tells whether it got anywhere. */
  advance(): boolean {
    let moved = false;
    for (; this.canRun(); moved = true) this.step();
    return moved;
  }

  /** The call is over, but for the task work. */
  #return(value: unknown): void {
    if (!this.#hasResult) this.result = value;
    this.#hasResult = true;
    const work = this.taskWork.pop();
    if (work) this.#body = work();
    else this.done = true;
  }
}

/** A mutual exclusion lock. */
export class Mutex extends SharedObject implements Wait {
  readonly #name: string;
  /** The class of the lock: locks of one class are taken in the same order as those of another. */
  readonly #class: string;
  /** Who holds it. */
  @shared
  accessor owner: Thread | undefined;

  /**
   * @param lockClass what kind of lock it is, as in `resv`
   * @param of whose it is
   */
  constructor(lockClass: string, of: string) {
    super();
    this.#class = lockClass;
    this.#name = `${lockClass} of ${of}`;
  }

  /** Yield this to lock it. */
  get lock(): Wait {
    return this;
  }

  /** What somebody who wants to lock it waits for. */
  get on(): string {
    return `lock:${this.#name}`;
  }

  /** Whether nobody holds it. */
  ready(): boolean {
    return this.owner === undefined;
  }

  /** Locks it. */
  take(thread: Thread): void {
    this.owner = thread;
    lockTaken(this.#class);
  }

  /** Unlocks it. */
  unlock(): void {
    this.owner = undefined;
    lockGivenBack(this.#class);
  }
}

/** A reader-writer semaphore. */
export class RwSemaphore extends SharedObject {
  readonly #class: string;
  #readers = 0;
  /** Who holds it for writing. */
  @shared
  accessor writer: Thread | undefined;
  /** Yield this to take it for reading. */
  readonly read: Wait;
  /** Yield this to take it for writing. */
  readonly write: Wait;

  /**
   * @param lockClass what kind of lock it is, as in `memory_lock`
   * @param of whose it is
   */
  constructor(lockClass: string, of: string) {
    super();
    this.#class = lockClass;
    this.read = {
      on: `lock:${lockClass} of ${of}(read)`,
      ready: () => this.writer === undefined,
      take: () => {
        touch(this, ADD);
        this.#readers++;
        lockTaken(lockClass);
      },
    };
    this.write = {
      on: `lock:${lockClass} of ${of}(write)`,
      ready: () => this.isFree(),
      take: (thread) => this.#takeForWriting(thread, "waits"),
    };
  }

  /** Whether nobody holds it. */
  isFree(): boolean {
    touch(this, READ);
    return this.writer === undefined && this.#readers === 0;
  }

  /** Takes it for writing if nobody holds it, and tells whether it did; down_write_trylock(). */
  tryWrite(thread: Thread | undefined): boolean {
    if (!thread || !this.isFree()) return false;
    this.#takeForWriting(thread, "tries");
    return true;
  }

  /** Gives it back after reading. */
  upRead(): void {
    touch(this, ADD);
    this.#readers--;
    lockGivenBack(this.#class);
  }

  /** Gives it back after writing. */
  upWrite(): void {
    this.writer = undefined;
    lockGivenBack(this.#class);
  }

  #takeForWriting(thread: Thread, how: "waits" | "tries"): void {
    touch(this, WRITE);
    this.writer = thread;
    lockTaken(this.#class, how);
  }
}

/** A condition that some thread will meet. */
export class Completion extends SharedObject implements Wait {
  readonly #on: () => string;
  @shared
  private accessor done = false;

  /** @param on what is waited for, in words */
  constructor(on: () => string) {
    super();
    this.#on = on;
  }

  /** Yield this to wait until it is met. */
  get wait(): Wait {
    return this;
  }

  /** What somebody who waits is waiting for. */
  get on(): string {
    return this.#on();
  }

  /** Whether it is met. */
  ready(): boolean {
    return this.done;
  }

  /** Says that it is met. */
  complete(): void {
    this.done = true;
  }

  /** Makes it unmet again; reinit_completion(). */
  reinit(): void {
    this.done = false;
  }
}

/** A place without a lock where another thread can run. */
export function window(between: string): Wait {
  return { on: `window:${between}`, ready: () => true };
}

/** A kernel operation that never waits. */
export function* atomic<T>(run: () => T): Steps<T> {
  yield* NO_WAITS;
  return run();
}

const NO_WAITS: readonly Wait[] = [];
