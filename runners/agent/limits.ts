/**
 * What an agent lets a caller use, and how patient it is.
 *
 * @module
 */

/** The limits of an agent. */
export interface Limits {
  /** How many sessions there may be at the same time, those that are kept for a cut connection among them. */
  readonly sessions: number;
  /** The longest message that is taken, in bytes. */
  readonly messageBytes: number;
  /** How many messages a caller may send in a second. */
  readonly messagesPerSecond: number;
  /** How many bytes of answers are kept for a caller whose connection was cut. */
  readonly keptBytes: number;
  /** How long such a session is kept, in milliseconds. */
  readonly keptMs: number;
  /** How long a caller may take to say hello, in milliseconds. */
  readonly helloMs: number;
  /** How long a worker may take to start and say hello, in milliseconds; shorter than callers wait, so that they hear why. */
  readonly startMs: number;
  /** How long a worker may take to end an aborted run or to reset before it is killed, in milliseconds. */
  readonly killMs: number;
  /** How often the caller is told that the agent is alive, in milliseconds. */
  readonly heartbeatMs: number;
  /** How often a worker of one session may be started. */
  readonly workers: number;
  /** How many wrong tokens in a minute close the door to an address. */
  readonly wrongTokens: number;
}

/** The limits unless said otherwise. */
export const LIMITS: Limits = {
  sessions: 8,
  messageBytes: 8 * 1024 * 1024,
  messagesPerSecond: 50_000,
  keptBytes: 32 * 1024 * 1024,
  keptMs: 10_000,
  helloMs: 10_000,
  startMs: 25_000,
  killMs: 2000,
  heartbeatMs: 1000,
  workers: 1000,
  wrongTokens: 10,
};

/** Counts what happens in a second and says when it is too much. */
export class Rate {
  readonly #most: number;
  #begin = performance.now();
  #count = 0;

  /** Makes one that lets so many pass in a second. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Counts some more, and tells whether that is still within the limit. */
  allows(more: number): boolean {
    const now = performance.now();
    if (now - this.#begin >= 1000) {
      this.#begin = now;
      this.#count = 0;
    }
    this.#count += more;
    return this.#count <= this.#most;
  }
}
