/**
 * What every page has: the head, the ways to the other pages, the foot.
 *
 * @module
 */
import { html } from "hono/html";
import type { Child } from "hono/jsx";

/** A part of the site that the navigation leads to. */
export type Place = "runs" | "clauses" | "profiles" | "operations" | "spec" | "none";

const PLACES: readonly (readonly [Place, string, string])[] = [
  ["runs", "/", "Runs"],
  ["clauses", "/clauses", "Clauses"],
  ["profiles", "/profiles", "Profiles"],
  ["operations", "/operations", "Vocabulary"],
  ["spec", "/spec", "Specification"],
];

/** A page, ready to be sent. */
export function page(title: string, place: Place, body: Child) {
  const document = (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{title} · dmabuf-conform</title>
        <link rel="stylesheet" href="/style.css" />
        <link rel="icon" href="data:," />
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
            </nav>
          </div>
        </header>
        <main id="main" tabindex={-1}>{body}</main>
        <footer class="site">
          <div>Verdicts are made anew from the recorded observations each time a page is shown.</div>
        </footer>
      </body>
    </html>
  );
  return html`<!DOCTYPE html>${document}`;
}
