/**
 * A helper process that is ready before a case needs it.
 *
 * @module
 */
import type { Addon } from "./addon.ts";
import { LIMITS } from "./session.ts";
import { HelperProcess } from "./process.ts";

/** The thread that does the first call of a case. */
const FIRST_THREAD = 1;

/** Keeps one process ready. It serves one case, like any other. */
export class Spare {
  #process: HelperProcess | undefined;
  #coming: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  /** Starts one, unless there is one. */
  start(addon: Addon): void {
    if (this.#process || this.#isClosed) return;
    try {
      this.#process = new HelperProcess(addon);
    } catch {
      // Who needs one will be told why.
    }
  }

  /** Has one started, and its first thread, as soon as there is nothing else to do. */
  startSoon(addon: Addon): void {
    clearTimeout(this.#coming);
    if (this.#isClosed) return;
    this.#coming = setTimeout(() => {
      this.start(addon);
      this.#process?.threadId(FIRST_THREAD).catch(() => undefined);
    }, 0);
  }

  /** The process, which is the taker's from then on; `undefined` where none is ready. */
  take(): HelperProcess | undefined {
    clearTimeout(this.#coming);
    const process = this.#process;
    this.#process = undefined;
    if (process?.isAlive()) return process;
    void process?.end(LIMITS.process);
    return undefined;
  }

  /** Lets go of the process. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.take()?.end(LIMITS.process);
  }
}
