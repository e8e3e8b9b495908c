/**
 * A helper process that is ready before a case needs it.
 *
 * @module
 */
import { type Executor, ExecutorGone } from "./executor/executor.ts";
import { LIMITS } from "./session.ts";
import { HelperProcess } from "./process.ts";

/** Keeps one process ready. It serves one case, like any other. */
export class Spare {
  readonly #executor: Executor;
  #state: "none" | "coming" | "closed" = "none";

  /** Keeps one of an executor's. */
  constructor(executor: Executor) {
    this.#executor = executor;
  }

  /** Has one started, unless there is one; nobody waits for it before it is taken. */
  prepare(): void {
    if (this.#state !== "none") return;
    this.#state = "coming";
    this.#executor.prepare();
  }

  /** A process that nothing was done with, which is the taker's from then on. */
  take(): HelperProcess {
    if (this.#state === "coming") this.#state = "none";
    return new HelperProcess(this.#executor);
  }

  /** Lets go of the process, which is gone where its executor is. */
  async close(): Promise<void> {
    const before = this.#state;
    this.#state = "closed";
    if (before === "coming") await this.take().end(LIMITS.process).catch(unlessGone);
  }
}

function unlessGone(error: unknown): void {
  if (!(error instanceof ExecutorGone)) throw error;
}
