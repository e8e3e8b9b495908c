/**
 * What every page has: the head, the ways to the other pages, the foot.
 *
 * @module
 */
import { raw } from "hono/html";
import type { Child } from "hono/jsx";
import { CanAsk, renderedIn } from "./components/ref.tsx";
import { markupOf, NamedFragments, placeFor } from "./fragment.ts";

/** A part of the site that the navigation leads to. */
export type Place =
  | "start"
  | "runs"
  | "certificates"
  | "clauses"
  | "profiles"
  | "operations"
  | "spec"
  | "suite"
  | "search"
  | "none";

const PLACES: readonly (readonly [Place, string, string])[] = [
  ["start", "/", "Start"],
  ["runs", "/runs", "Runs"],
  ["certificates", "/certificates", "Certificates"],
  ["clauses", "/clauses", "Clauses"],
  ["profiles", "/profiles", "Profiles"],
  ["operations", "/operations", "Vocabulary"],
  ["spec", "/spec", "Specification"],
  ["suite", "/suite", "Suite"],
];

/** What else is there besides the page. */
export interface PageKind {
  /** Whether somebody answers what a form asks. */
  readonly answers: "yes" | "no";
  /** The script that helps where there are scripts. */
  readonly script: "live" | "none";
}

/** A page, ready to be sent. */
export function page(title: string, place: Place, body: Child, { answers, script }: PageKind): string {
  const around = { pages: "yes", answers } as const;
  const frame = FRAMES.of(
    `${place} ${answers} ${script}`,
    () => raw(renderedIn(around, () => <Frame place={place} script={script} />)),
  );
  return frame.filled([markupOf(title), renderedIn(around, () => body)]);
}

/** What is around the body, which is the same on all pages of a part of the site. */
const FRAMES = new NamedFragments();

/** A page with places for its title and its body. */
function Frame({ place, script }: { readonly place: Place; readonly script: PageKind["script"] }) {
  return (
    <>
      {raw("<!DOCTYPE html>")}
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <title>{placeFor(0)} · dmabuf-conform</title>
          <link rel="stylesheet" href="/style.css" />
          <link rel="icon" href="data:," />
          {script === "none" ? "" : <script src="/live.js" defer></script>}
        </head>
        <body>
          <a class="skip" href="#main">Skip to the content</a>
          <header class="site">
            <div>
              <a class="name" href="/">dmabuf-conform</a>
              <nav aria-label="Parts of the site">
                {PLACES.map(([id, href, text]) => (
                  <a href={href} aria-current={id === place ? "page" : undefined}>{text}</a>
                ))}
                <CanAsk
                  then={<a href="/search" aria-current={place === "search" ? "page" : undefined}>Search</a>}
                />
              </nav>
            </div>
          </header>
          <main id="main" tabindex={-1}>{placeFor(1)}</main>
          <footer class="site">
            <div>
              Verdicts are made from the recorded observations, so anybody with the record can make them
              again.
            </div>
          </footer>
        </body>
      </html>
    </>
  );
}
