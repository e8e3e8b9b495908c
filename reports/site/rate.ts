/**
 * How many requests one address may make.
 *
 * @module
 */

/** A limit. */
export interface RateLimitOptions {
  /** How many requests an address may make in a second, over a longer time. */
  readonly perSecond: number;
  /** How many it may make at once after it has been quiet; five seconds' worth if left out. */
  readonly burst?: number | undefined;
  /** What the time is, in milliseconds. */
  readonly now?: (() => number) | undefined;
}

/** What an address may still do. */
interface Bucket {
  left: number;
  at: number;
}

/** The most addresses that are kept in mind; those that were quiet longest are forgotten first. */
const MOST_ADDRESSES = 10_000;

/** Lets each address make so many requests and no more. */
export class RateLimit {
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #now: () => number;
  readonly #buckets = new Map<string, Bucket>();

  /** Makes a limit. */
  constructor({ perSecond, burst = 5 * perSecond, now = () => performance.now() }: RateLimitOptions) {
    this.#perSecond = perSecond;
    this.#burst = Math.max(1, burst);
    this.#now = now;
  }

  /** Counts a request: 0 if it may be answered, otherwise after how many seconds the next one may. */
  wait(address: string): number {
    const bucket = this.#bucketOf(address);
    if (bucket.left < 1) return Math.max(1, Math.ceil((1 - bucket.left) / this.#perSecond));
    bucket.left--;
    return 0;
  }

  #bucketOf(address: string): Bucket {
    const at = this.#now();
    const known = this.#buckets.get(address) ?? { left: this.#burst, at };
    const left = Math.min(this.#burst, known.left + (at - known.at) / 1000 * this.#perSecond);
    const bucket = { left, at };
    this.#buckets.delete(address);
    this.#buckets.set(address, bucket);
    if (this.#buckets.size > MOST_ADDRESSES) this.#forgetOldest();
    return bucket;
  }

  #forgetOldest(): void {
    for (const [oldest] of this.#buckets) {
      this.#buckets.delete(oldest);
      return;
    }
  }
}
