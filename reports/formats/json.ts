/**
 * The machine output: the result as it is. Its shape is documented in the README and does not change without a new
 * version in `schema`.
 *
 * @module
 */
import type { RunResult } from "../result.ts";

/** Writes the result as one JSON object. */
export function json(result: RunResult): string {
  return JSON.stringify(result, undefined, 2) + "\n";
}
