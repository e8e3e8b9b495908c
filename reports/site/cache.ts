/**
 * Keeps pages that were made, as long as what they are made from has not changed.
 *
 * @module
 */
import { crc32 } from "node:zlib";

/** A page that was made. */
export interface Made {
  /** What it was made from. */
  readonly stamp: string;
  /** Its text, UTF-8. */
  readonly body: Uint8Array<ArrayBuffer>;
  /** Names its text: another text of the same page has another one, but for once in four thousand million times. */
  readonly tag: string;
}

/** A page that is kept. */
interface Kept extends Made {
  /** When it was last seen that what it is made from has not changed. */
  checkedAt: number;
}

/** How pages are kept. */
export interface PageCacheOptions {
  /** How old a page may be in milliseconds before it is looked at whether what it is made from has changed. */
  readonly maxAgeMs?: number | undefined;
  /** The most bytes that are kept. */
  readonly mostBytes?: number | undefined;
  /** What the time is, in milliseconds. */
  readonly now?: (() => number) | undefined;
}

/** The most bytes that are kept. */
const MOST_BYTES = 64 * 1024 * 1024;

/** So many addresses that were asked for once are remembered. */
const ASKED_ONCE = 4096;

/** What a page costs besides its text. */
const OVERHEAD = 256;

/**
 * Keeps pages, those that were asked for last. A page that is asked for only once has no room: it would cost more to
 * clear away than it has cost to make.
 */
export class PageCache {
  readonly #made = new Map<string, Kept>();
  readonly #askedOnce = new Set<string>();
  readonly #underWay = new Map<string, Promise<Made | undefined>>();
  readonly #maxAgeMs: number;
  readonly #mostBytes: number;
  readonly #now: () => number;
  #bytes = 0;

  /** Makes a cache with nothing in it. */
  constructor(
    { maxAgeMs = 0, mostBytes = MOST_BYTES, now = () => performance.now() }: PageCacheOptions = {},
  ) {
    this.#maxAgeMs = maxAgeMs;
    this.#mostBytes = mostBytes;
    this.#now = now;
  }

  /**
   * A page by its address, made anew only if what it is made from has changed, and once for all who ask meanwhile.
   * Each page is looked at in its own time, so that they are not all made anew at once.
   * What cannot be made, `undefined`, is not kept: nobody can fill the memory with addresses of nothing.
   */
  page(
    address: string,
    stampNow: () => string,
    make: () => Promise<string | undefined>,
  ): Made | Promise<Made | undefined> {
    const known = this.#made.get(address);
    const now = this.#now();
    if (known && now - known.checkedAt < this.#maxAgeMs) return this.#touch(address, known);
    const stamp = stampNow();
    if (known?.stamp === stamp) {
      known.checkedAt = now;
      return this.#touch(address, known);
    }
    const key = `${stamp} ${address}`;
    const underWay = this.#underWay.get(key) ?? this.#make(address, stamp, make).finally(() => {
      this.#underWay.delete(key);
    });
    this.#underWay.set(key, underWay);
    return underWay;
  }

  async #make(
    address: string,
    stamp: string,
    make: () => Promise<string | undefined>,
  ): Promise<Made | undefined> {
    const checkedAt = this.#now();
    const text = await make();
    if (text === undefined) return undefined;
    const body = new TextEncoder().encode(text);
    const made = { stamp, body, tag: tagOf(body), checkedAt };
    this.#keep(address, made);
    return made;
  }

  /** Those that were asked for last are dropped last. */
  #touch(address: string, known: Kept): Made {
    this.#made.delete(address);
    this.#made.set(address, known);
    return known;
  }

  #keep(address: string, made: Kept): void {
    if (!this.#made.has(address) && !this.#isAskedAgain(address)) return;
    this.#drop(address);
    this.#made.set(address, made);
    this.#bytes += sizeOf(address, made);
    for (const [oldest] of this.#made) {
      if (this.#bytes <= this.#mostBytes) return;
      this.#drop(oldest);
    }
  }

  #isAskedAgain(address: string): boolean {
    if (this.#askedOnce.delete(address)) return true;
    if (this.#askedOnce.size >= ASKED_ONCE) this.#askedOnce.clear();
    this.#askedOnce.add(address);
    return false;
  }

  #drop(address: string): void {
    const known = this.#made.get(address);
    if (!known) return;
    this.#made.delete(address);
    this.#bytes -= sizeOf(address, known);
  }
}

/** A checksum, which takes a thirtieth of the time that a digest takes: a tag guards against nobody. */
function tagOf(body: Uint8Array): string {
  return `"${body.length.toString(36)}-${crc32(body).toString(36)}"`;
}

function sizeOf(address: string, { body }: Made): number {
  return body.length + 2 * address.length + OVERHEAD;
}
