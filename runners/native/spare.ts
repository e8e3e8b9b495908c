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

/** Keeps one process ready. It is started while nothing is asked of the target, and serves one case, like any other. */
export class Spare {
  #process: HelperProcess | undefined;
  #starting: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  /** Has one started as soon as there is nothing else to do. */
  startSoon(addon: Addon): void {
    if (this.#process || this.#isClosed) return;
    clearTimeout(this.#starting);
    this.#starting = setTimeout(() => this.#start(addon), 0);
  }

  /** The process, which is the taker's from then on; `undefined` where none is ready. */
  take(): HelperProcess | undefined {
    clearTimeout(this.#starting);
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

  #start(addon: Addon): void {
    try {
      this.#process = new HelperProcess(addon);
    } catch {
      // Who needs one will be told why.
      return;
    }
    this.#process.threadId(FIRST_THREAD).catch(() => undefined);
  }
}
