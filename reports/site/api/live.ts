/**
 * A run that is going on, as server-sent events.
 *
 * @module
 */
import type { Context } from "hono";
import { streamSSE } from "hono/streaming";
import type { RunResult } from "../../result.ts";
import type { History } from "../history.ts";

/** How often a record is looked at. */
const LOOK_EVERY_MS = 1000;

/** After so many looks a browser connects anew. */
const MOST_LOOKS = 600;

/** At most so many listen at the same time. */
const MOST_LISTENERS = 32;

let listeners = 0;

/** Tells how far a run has come, whenever it has come further, until it has ended. */
export function progressOf(c: Context, history: History, run: string): Response {
  const begin = history.run(run);
  if (!begin) return c.json({ error: "There is no such run" }, 404);
  if (listeners >= MOST_LISTENERS) return c.json({ error: "Too many follow runs at this time" }, 429);
  listeners++;
  return streamSSE(c, async (stream) => {
    let told = "";
    const gone = new AbortController();
    stream.onAbort(() => gone.abort());
    try {
      for (let look = 0; look < MOST_LOOKS && !gone.signal.aborted; look++) {
        const entry = history.run(run);
        if (!entry) return;
        const data = JSON.stringify({
          counts: entry.counts,
          partial: entry.partial,
          last: lastCase(history.result(run)),
        });
        if (data !== told) await stream.writeSSE({ event: "progress", data });
        told = data;
        if (!entry.partial) return;
        await stream.sleep(LOOK_EVERY_MS);
      }
    } finally {
      listeners--;
    }
  });
}

/** The case that ended last. */
export function lastCase(result: RunResult | undefined): string {
  return result?.results.findLast(({ end }) => end !== "not-run")?.case ?? "";
}
