/**
 * Pages that stand alone: one HTML file with everything in it, no script, no other file.
 *
 * @module
 */
import { html as markup, raw } from "hono/html";
import type { Child } from "hono/jsx";

/** A page that stands alone. */
export interface AlonePage {
  /** Its title, without the name of the project. */
  readonly title: string;
  /** Its style sheet. */
  readonly style: string;
  /** What stands in its `main`. */
  readonly body: Child;
}

/** Writes a page as one HTML file. */
export async function alonePage({ title, style, body }: AlonePage): Promise<string> {
  const document = (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
        <title>{title} · dmabuf-conform</title>
        <style>{raw(style)}</style>
      </head>
      <body>
        <main>{body}</main>
      </body>
    </html>
  );
  return `${await markup`<!DOCTYPE html>${document}`}\n`;
}
