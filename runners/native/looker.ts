/**
 * Looks at files that the kernel takes locks for, which a case may hold for ever: in a helper process of its own, so that
 * nobody else waits with it.
 *
 * @module
 */
import type { Reply, SystemCall } from "./calls.ts";
import type { Executor } from "./executor/executor.ts";
import { Files } from "./executor/files.ts";
import { isOverWithin } from "./strand.ts";
import { HelperProcess } from "./process.ts";

/** The thread that looks. */
const THREAD = 1;

/** How long a look may take, in milliseconds; kmemleak looks at all memory, on a kernel that is slow. */
const LOOK_MS = 120_000;

/** How long its process may take to end, in milliseconds. */
const END_MS = 1_000;

/** Looks at files, some of which may never be told. */
export class Looker {
  /** The files; a look that takes too long is an error. */
  readonly files: Files;
  readonly #executor: Executor;
  readonly #ms: number;
  #process: HelperProcess | undefined;

  /**
   * Makes one for the machine of an executor; its process is started with the first look.
   *
   * @param ms how long a look may take, in milliseconds
   */
  constructor(executor: Executor, ms: number = LOOK_MS) {
    this.#executor = executor;
    this.#ms = ms;
    this.files = new Files({ do: (calls) => this.#look(calls) });
  }

  /** Lets go of its process. */
  async close(): Promise<void> {
    const process = this.#process;
    this.#process = undefined;
    await process?.end(END_MS);
  }

  async #look(calls: readonly SystemCall[]): Promise<readonly Reply[]> {
    const process = this.#process ??= new HelperProcess(this.#executor);
    const replies = process.callAll(THREAD, calls);
    if (await isOverWithin(replies.catch(() => undefined), this.#ms)) return await replies;
    this.#process = undefined;
    void process.kill(END_MS).catch(() => undefined);
    throw new Error(`The kernel has not told what it was asked for within ${this.#ms} ms`);
  }
}
