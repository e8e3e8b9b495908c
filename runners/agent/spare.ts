/**
 * A worker that is ready before it is asked for, so that nobody waits while it starts.
 *
 * @module
 */
import type { CommandConnection } from "../transport/stdio.ts";

/** Gives workers, the next of which is always being started. */
export class SpareWorker {
  readonly #start: () => CommandConnection;
  #spare: CommandConnection | undefined;

  /** Starts the first one. */
  constructor(start: () => CommandConnection) {
    this.#start = start;
    this.#spare = this.#started();
  }

  /** Gives the worker that is ready, or a new one. */
  take(): CommandConnection {
    const spare = this.#spare;
    const worker = spare?.isAlive ? spare : this.#start();
    this.#spare = this.#started();
    return worker;
  }

  /** Ends the worker that nobody has taken. */
  async close(): Promise<void> {
    await this.#spare?.close();
  }

  /** What cannot be started is told to whoever asks for it, not before. */
  #started(): CommandConnection | undefined {
    try {
      return this.#start();
    } catch {
      return undefined;
    }
  }
}
