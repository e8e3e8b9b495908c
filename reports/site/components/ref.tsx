/**
 * Links between pages, which are only text where there are no other pages.
 *
 * @module
 */
import type { Child } from "hono/jsx";

/** What there is around what is rendered. */
export interface Surroundings {
  /** Whether the other pages are there to be linked to: in a report of a single file they are not. */
  readonly pages: "yes" | "no";
  /** Whether somebody answers what a form asks: nobody does for pages that are files. */
  readonly answers: "yes" | "no";
}

/** Markup is made in one go, so that what is around it can be held here meanwhile. */
let around: Surroundings = { pages: "yes", answers: "yes" };

/** Renders something for its surroundings. */
export function renderedIn(surroundings: Surroundings, render: () => Child): string {
  const before = around;
  around = surroundings;
  try {
    return String(render());
  } finally {
    around = before;
  }
}

/** A link to another page of the site; only its text where there is no such page. */
export function Ref(
  { href, class: kind, children }: {
    readonly href: string;
    readonly class?: string | undefined;
    readonly children?: Child;
  },
) {
  return around.pages === "yes"
    ? <a class={kind} href={href}>{children}</a>
    : <span class={kind}>{children}</span>;
}

/** One thing where forms are answered, another where they are not. */
export function CanAsk({ then, otherwise = "" }: { readonly then: Child; readonly otherwise?: Child }) {
  return <>{around.answers === "yes" ? then : otherwise}</>;
}
