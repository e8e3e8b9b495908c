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
  /** Its text. */
  readonly body: string;
  /** Names its text: another text has another one. */
  readonly tag: string;
}

/** The most characters that are kept. */
const MOST_CHARACTERS = 48 * 1024 * 1024;

/** Keeps pages, those that were asked for last. */
export class PageCache {
  readonly #made = new Map<string, Made>();
  #characters = 0;

  /** A page by its address, made anew only if what it is made from has changed. */
  async page(address: string, stamp: string, make: () => string | Promise<string>): Promise<Made> {
    const known = this.#made.get(address);
    if (known?.stamp === stamp) {
      this.#made.delete(address);
      this.#made.set(address, known);
      return known;
    }
    const body = await make();
    const made = {
      stamp,
      body,
      tag: `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`,
    };
    this.#keep(address, made);
    return made;
  }

  #keep(address: string, made: Made): void {
    this.#drop(address);
    this.#made.set(address, made);
    this.#characters += made.body.length;
    for (const [oldest] of this.#made) {
      if (this.#characters <= MOST_CHARACTERS) return;
      this.#drop(oldest);
    }
  }

  #drop(address: string): void {
    const known = this.#made.get(address);
    if (!known) return;
    this.#made.delete(address);
    this.#characters -= known.body.length;
  }
}
