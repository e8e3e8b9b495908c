/**
 * Pieces of pages that are rendered once and filled anew for each page: what a case showed on the same facts looks the
 * same on every page, but for the names of the runs.
 *
 * @module
 */
import { randomUUID } from "node:crypto";
import { html } from "hono/html";
import type { Child } from "hono/jsx";

/** No record can have it in a text: it is another one each time that the program starts. */
const MARK = `place${randomUUID().replaceAll("-", "")}`;

const PLACE = new RegExp(`${MARK}([0-9]+)x`);

/** A text that stands for a value which each page has of its own; escaping and encoding leave it as it is. */
export function placeFor(value: number): string {
  return `${MARK}${value}x`;
}

/**
 * The same markup in plain ASCII: a long page that has no other characters is sent in half the time.
 */
export function plainMarkup(rendered: string): string {
  return rendered.replaceAll(/[^\0-\x7f]/gu, (each) => `&#${each.toWellFormed().codePointAt(0)};`);
}

/** The same as plain markup, in half the memory: what is made of a wider text keeps two bytes for each character. */
function narrow(rendered: string): string {
  const plain = plainMarkup(rendered);
  return plain === rendered ? plain : new TextDecoder().decode(new TextEncoder().encode(plain));
}

/** A text that is its own markup, as most names and numbers are. */
const PLAIN = /^[ !#$%(-;=?-~]*$/;

/** A text as markup in plain ASCII. */
export function markupOf(text: string): string {
  return PLAIN.test(text) ? text : plainMarkup(String(html`${text}`));
}

/** A piece of a page with places in it. */
export class Fragment {
  readonly #first: string;
  readonly #places: readonly number[];
  readonly #then: readonly string[];

  /** Takes the rendered text apart. */
  constructor(rendered: string) {
    const [first = "", ...parts] = narrow(rendered).split(PLACE);
    this.#first = first;
    this.#places = parts.filter((_, index) => index % 2 === 0).map(Number);
    this.#then = parts.filter((_, index) => index % 2 === 1);
  }

  /** The piece with its values, which must be markup already. */
  filled(values: readonly string[]): string {
    let text = this.#first;
    for (let index = 0; index < this.#places.length; index++) {
      text += (values[this.#places[index] ?? -1] ?? "") + (this.#then[index] ?? "");
    }
    return text;
  }
}

/** A piece that is the same wherever it stands but for its values, which must be markup: places 0, 1 and so on. */
export function template(render: () => Child): (...values: readonly string[]) => string {
  let made: Fragment | undefined;
  return (...values) => (made ??= new Fragment(String(render()))).filled(values);
}

/** Pieces as one; nothing is copied until the whole page is written down. */
export function joined(pieces: readonly string[]): string {
  let text = "";
  for (const piece of pieces) text += piece;
  return text;
}

/** Pieces by what they are made of, for as long as that is there. */
export class Fragments<K extends object> {
  readonly #kept = new WeakMap<K, Fragment>();

  /** The piece that is made of something; rendered only if that is new. */
  of(key: K, render: () => Child): Fragment {
    const known = this.#kept.get(key);
    if (known) return known;
    const made = new Fragment(String(render()));
    this.#kept.set(key, made);
    return made;
  }
}

/** The most pieces that are kept by a text. */
const KEPT = 10_000;

/** Pieces by a text that tells all that they are made of. */
export class NamedFragments {
  readonly #kept = new Map<string, Fragment>();

  /** The piece that is made of something; rendered only if that is new. */
  of(key: string, render: () => Child): Fragment {
    const known = this.#kept.get(key);
    if (known) return known;
    const made = new Fragment(String(render()));
    if (this.#kept.size >= KEPT) this.#kept.clear();
    this.#kept.set(key, made);
    return made;
  }
}
