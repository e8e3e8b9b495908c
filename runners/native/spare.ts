/**
 * A helper process that is ready before a case needs it.
 *
 * @module
 */
import type { Addon } from "./addon.ts";
import { LIMITS } from "./session.ts";
import { HelperProcess } from "./process.ts";

/** Keeps one process ready. It serves one case, like any other. */
export class Spare {
  readonly #addon: Addon;
  #state: "none" | "coming" | "closed" = "none";

  /** Keeps one of an addon's. */
  constructor(addon: Addon) {
    this.#addon = addon;
  }

  /** Has one started, unless there is one; nobody waits for it before it is taken. */
  prepare(): void {
    if (this.#state !== "none") return;
    this.#state = "coming";
    this.#addon.prepare();
  }

  /** A process that nothing was done with, which is the taker's from then on. */
  take(): HelperProcess {
    if (this.#state === "coming") this.#state = "none";
    const process = new HelperProcess(this.#addon);
    if (process.isAlive()) return process;
    void process.end(LIMITS.process);
    return new HelperProcess(this.#addon);
  }

  /** Lets go of the process. */
  async close(): Promise<void> {
    const before = this.#state;
    this.#state = "closed";
    if (before === "coming") await this.take().end(LIMITS.process);
  }
}
