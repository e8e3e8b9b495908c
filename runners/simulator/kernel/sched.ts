/**
 * Kernel threads and what they wait for.
 *
 * A kernel operation is a generator that yields a {@link Wait} wherever another thread could run: at a lock, at a
 * completion, at a fence, in a window without a lock. The scheduler decides when the wait is over, takes what was
 * waited for on behalf of the thread and resumes it. Between two yields a thread is atomic.
 *
 * @module
 */

/** Something that a thread can wait for. */
export interface Wait {
  /** What is waited for, in words: the wait reason that an observation shows. */
  readonly on: string;
  /** Whether the thread may go on. */
  ready(thread: Thread): boolean;
  /** Takes what was waited for; called once, right after `ready` said yes. */
  take(thread: Thread): void;
}

/** The body of a kernel operation: a generator that yields its waits and returns a result. */
export type Steps<T> = Generator<Wait, T, void>;

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
  #body: Steps<unknown>;
  #hasResult = false;

  constructor(name: string, body: Steps<unknown>) {
    this.name = name;
    this.#body = body;
  }

  /** Gives a thread that has done its work more to do before it returns; its result stays. */
  continueWith(body: Steps<unknown>): void {
    this.#body = body;
    this.done = false;
  }

  /** Runs until it returns or has to wait. Tells whether it got anywhere. */
  advance(): boolean {
    let moved = false;
    while (!this.done) {
      if (this.waiting) {
        if (!this.waiting.ready(this)) return moved;
        this.waiting.take(this);
        this.waiting = undefined;
      }
      moved = true;
      const step = this.#body.next();
      if (step.done) this.#finish(step.value);
      else this.waiting = step.value;
    }
    return moved;
  }

  #finish(value: unknown): void {
    this.done = true;
    if (!this.#hasResult) this.result = value;
    this.#hasResult = true;
  }
}

/** A mutual exclusion lock. */
export class Mutex {
  /** Who holds it. */
  owner: Thread | undefined;
  /** Yield this to lock it. */
  readonly lock: Wait;

  constructor(name: string) {
    this.lock = {
      on: `lock:${name}`,
      ready: () => this.owner === undefined,
      take: (thread) => {
        this.owner = thread;
      },
    };
  }

  /** Unlocks it. */
  unlock(): void {
    this.owner = undefined;
  }
}

/** A reader-writer semaphore. */
export class RwSemaphore {
  /** How many threads hold it for reading. */
  readers = 0;
  /** Who holds it for writing. */
  writer: Thread | undefined;
  /** Yield this to take it for reading. */
  readonly read: Wait;
  /** Yield this to take it for writing. */
  readonly write: Wait;

  constructor(name: string) {
    this.read = {
      on: `lock:${name}(read)`,
      ready: () => this.writer === undefined,
      take: () => {
        this.readers++;
      },
    };
    this.write = {
      on: `lock:${name}(write)`,
      ready: () => this.isFree(),
      take: (thread) => {
        this.writer = thread;
      },
    };
  }

  /** Whether nobody holds it. */
  isFree(): boolean {
    return this.writer === undefined && this.readers === 0;
  }

  /** Takes it for writing if nobody holds it, and tells whether it did; down_write_trylock(). */
  tryWrite(thread: Thread | undefined): boolean {
    if (!thread || !this.isFree()) return false;
    this.writer = thread;
    return true;
  }

  /** Gives it back after reading. */
  upRead(): void {
    this.readers--;
  }

  /** Gives it back after writing. */
  upWrite(): void {
    this.writer = undefined;
  }
}

/** A condition that some thread will meet. */
export class Completion {
  #done = false;
  /** Yield this to wait until it is met. */
  readonly wait: Wait;

  constructor(on: () => string) {
    const isDone = () => this.#done;
    this.wait = {
      get on() {
        return on();
      },
      ready: isDone,
      take: () => {},
    };
  }

  /** Says that it is met. */
  complete(): void {
    this.#done = true;
  }

  /** Makes it unmet again; reinit_completion(). */
  reinit(): void {
    this.#done = false;
  }
}

/** A place without a lock where another thread can run. */
export function window(between: string): Wait {
  return { on: `window:${between}`, ready: () => true, take: () => {} };
}

/** A kernel operation that never waits. */
export function* atomic<T>(run: () => T): Steps<T> {
  yield* NO_WAITS;
  return run();
}

const NO_WAITS: readonly Wait[] = [];
