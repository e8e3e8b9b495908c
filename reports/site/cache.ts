/**
 * Keeps pages that were made, as long as what they are made from has not changed.
 *
 * @module
 */
import { createHash } from "node:crypto";

/** A page that was made. */
export interface Made {
  /** What it was made from. */
  readonly stamp: string;
  /** Its text, UTF-8. */
  readonly body: Uint8Array<ArrayBuffer>;
  /** Names its text: another text has another one. */
  readonly tag: string;
}

/** The most bytes that are kept. */
const MOST_BYTES = 64 * 1024 * 1024;

/** What a page costs besides its text. */
const OVERHEAD = 256;

/** Keeps pages, those that were asked for last. */
export class PageCache {
  readonly #made = new Map<string, Made>();
  readonly #underWay = new Map<string, Promise<Made | undefined>>();
  readonly #mostBytes: number;
  #bytes = 0;

  /** Keeps pages of so many bytes together. */
  constructor(mostBytes: number = MOST_BYTES) {
    this.#mostBytes = mostBytes;
  }

  /**
   * A page by its address, made anew only if what it is made from has changed, and once for all who ask meanwhile.
   * What cannot be made, `undefined`, is not kept: nobody can fill the memory with addresses of nothing.
   */
  page(
    address: string,
    stamp: string,
    make: () => Promise<string | undefined>,
  ): Made | Promise<Made | undefined> {
    const known = this.#made.get(address);
    if (known?.stamp === stamp) {
      this.#made.delete(address);
      this.#made.set(address, known);
      return known;
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
    const text = await make();
    if (text === undefined) return undefined;
    const body = new TextEncoder().encode(text);
    const tag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
    const made = { stamp, body, tag };
    this.#keep(address, made);
    return made;
  }

  #keep(address: string, made: Made): void {
    this.#drop(address);
    this.#made.set(address, made);
    this.#bytes += sizeOf(address, made);
    for (const [oldest] of this.#made) {
      if (this.#bytes <= this.#mostBytes) return;
      this.#drop(oldest);
    }
  }

  #drop(address: string): void {
    const known = this.#made.get(address);
    if (!known) return;
    this.#made.delete(address);
    this.#bytes -= sizeOf(address, known);
  }
}

function sizeOf(address: string, { body }: Made): number {
  return body.length + 2 * address.length + OVERHEAD;
}
