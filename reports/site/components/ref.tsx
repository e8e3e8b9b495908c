/**
 * Links between pages, which are only text where there are no other pages.
 *
 * @module
 */
import { type Child, createContext, useContext } from "hono/jsx";

/** Whether the other pages are there to be linked to: in a report of a single file they are not. */
export const LinksToPages = createContext(true);

/** Whether somebody answers what a form asks: nobody does for pages that are files. */
export const Answers = createContext(true);

/** A link to another page of the site; only its text where there is no such page. */
export function Ref(
  { href, class: kind, children }: {
    readonly href: string;
    readonly class?: string | undefined;
    readonly children?: Child;
  },
) {
  return useContext(LinksToPages)
    ? <a class={kind} href={href}>{children}</a>
    : <span class={kind}>{children}</span>;
}

/** One thing where forms are answered, another where they are not. */
export function CanAsk({ then, otherwise = "" }: { readonly then: Child; readonly otherwise?: Child }) {
  return <>{useContext(Answers) ? then : otherwise}</>;
}
