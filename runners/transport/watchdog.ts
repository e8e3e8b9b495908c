/**
 * Notices that the other side has gone silent.
 *
 * @module
 */

/** How many heartbeats in a row may be missing. */
const MISSED = 4;

/**
 * Counts the time in its own ticks: when this process or the whole machine stands still for a while, all of that
 * while is one tick, so that it is not taken for a silence of the other side. No clock is looked at.
 */
export class Watchdog {
  readonly #timer: ReturnType<typeof setInterval>;
  #missed = 0;

  /**
   * Begins to watch.
   *
   * @param everyMs how often the other side promises a sign of life
   * @param silent is called once, when too many are missing
   */
  constructor(everyMs: number, silent: () => void) {
    this.#timer = setInterval(() => {
      if (++this.#missed < MISSED) return;
      this.stop();
      silent();
    }, everyMs);
  }

  /** There was a sign of life. */
  alive(): void {
    this.#missed = 0;
  }

  /** Stops watching. */
  stop(): void {
    clearInterval(this.#timer);
  }
}
