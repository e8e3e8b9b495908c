/**
 * Makes pages of what is to be shown, and keeps them until something changes.
 *
 * @module
 */
import type { Context } from "hono";
import type { Child } from "hono/jsx";
import { PageCache } from "./cache.ts";
import type { History } from "./history.ts";
import { page, type PageKind, type Place } from "./layout.tsx";
import { ProblemPage } from "./pages/problem.tsx";
import { EMPTY_SHELF, type Shelf } from "./papers/shelf.ts";

/** A page that can be shown. */
export interface Shown {
  /** Its title. */
  readonly title: string;
  /** The part of the site that it is in. */
  readonly place: Place;
  /** What it says. */
  readonly body: Child;
  /** The script that helps where there are scripts. */
  readonly script?: PageKind["script"];
}

/** Why a page cannot be shown. */
export interface Problem {
  /** The HTTP status. */
  readonly status: 400 | 404 | 422 | 500;
  /** What is wrong. */
  readonly title: string;
  /** Why, and what to do. */
  readonly details: string;
}

/** Something that is not there. */
export function missing(what: string, name: string): Problem {
  return { status: 404, title: `There is no such ${what}`, details: `Nothing here is called "${name}".` };
}

/** Makes a page, or says why there is none. */
type Make = () => Shown | Problem | Promise<Shown | Problem>;

/** What the pages are made from. */
export interface PagesOptions {
  /** The runs. */
  readonly history: History;
  /** What lies beside them. */
  readonly shelf?: Shelf | undefined;
  /** Whether requests are answered. */
  readonly answers?: PageKind["answers"] | undefined;
  /** How old a page may be in milliseconds before it is looked at whether runs have come in. */
  readonly maxAgeMs?: number | undefined;
}

/** Many pages that are looked at in the same moment are one look at the runs. */
const LOOK_EVERY_MS = 50;

/** Makes pages, and keeps them. */
export class Pages {
  readonly #history: History;
  readonly #shelf: Shelf;
  readonly #answers: PageKind["answers"];
  readonly #lookEveryMs: number;
  readonly #cache: PageCache;
  #looked = { at: -Infinity, stamp: "" };

  /** Shows pages of some runs and papers. */
  constructor({ history, shelf = EMPTY_SHELF, answers = "yes", maxAgeMs = 0 }: PagesOptions) {
    this.#history = history;
    this.#shelf = shelf;
    this.#answers = answers;
    this.#lookEveryMs = Math.min(LOOK_EVERY_MS, maxAgeMs);
    this.#cache = new PageCache({ maxAgeMs });
  }

  /** Shows a page that is kept until some run changes, or until `stamp` does. */
  async show(c: Context, make: Make, stamp?: string): Promise<Response> {
    const { pathname, search } = new URL(c.req.url);
    const made = await this.#cache.page(pathname + search, () => stamp ?? this.#stamp(), async () => {
      const shown = await make();
      return "status" in shown ? undefined : this.#text(shown);
    });
    if (!made) return await this.#unmade(c, make);
    if (c.req.header("if-none-match") === made.tag) return c.body(null, 304, { etag: made.tag });
    return c.body(made.body, 200, {
      "content-type": "text/html; charset=UTF-8",
      "etag": made.tag,
      "cache-control": "no-cache",
    });
  }

  /** Says what cannot be shown. */
  problem(c: Context, { status, title, details }: Problem): Response | Promise<Response> {
    const body = <ProblemPage title={title} details={details} />;
    return c.html(this.#text({ title, place: "none", body }), status);
  }

  /** Says why a page cannot be shown; by now perhaps it can. */
  async #unmade(c: Context, make: Make): Promise<Response> {
    const shown = await make();
    return "status" in shown ? await this.problem(c, shown) : c.html(this.#text(shown));
  }

  #stamp(): string {
    const now = performance.now();
    if (now - this.#looked.at >= this.#lookEveryMs) {
      this.#looked = { at: now, stamp: `${this.#history.stamp()} ${this.#shelf.stamp()}` };
    }
    return this.#looked.stamp;
  }

  #text({ title, place, body, script = "none" }: Shown): string {
    return page(title, place, body, { answers: this.#answers, script });
  }
}
