/**
 * Progress on a terminal: one line that is drawn over. Where there is no terminal there is none.
 *
 * @module
 */
import type { Io } from "./io.ts";

/** How far a command is. */
export interface Progress {
  /** Says what is done now. */
  update(done: number, total: number, what: string): void;
  /** Takes the line away. */
  end(): void;
}

/** How often the line is drawn at most, in milliseconds. */
const INTERVAL_MS = 50;

/** Draws progress on standard error. */
export function progressOn(io: Io): Progress {
  const { columns } = io;
  if (columns === undefined) return { update() {}, end() {} };
  const begin = performance.now();
  let drawn = -Infinity;
  return {
    update(done, total, what) {
      const now = performance.now();
      if (now - drawn < INTERVAL_MS) return;
      drawn = now;
      io.err(`\r\x1b[K${lineOf(done, total, what, now - begin).slice(0, columns - 1)}`);
    },
    end() {
      io.err("\r\x1b[K");
    },
  };
}

/** The line: how many of how many, how long, what. */
export function lineOf(done: number, total: number, what: string, elapsedMs: number): string {
  return `${done}/${total}  ${(elapsedMs / 1000).toFixed(1)} s  ${what}`;
}
