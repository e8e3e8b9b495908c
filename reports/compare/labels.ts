/**
 * Short names for runs that stand side by side: the first kind of name that tells all of them apart.
 *
 * @module
 */
import type { RunHead } from "./facts.ts";

const CANDIDATES: readonly ((run: RunHead) => string)[] = [
  ({ kernel }) => partOf(kernel, /^\d+\.\d+/),
  ({ kernel }) => partOf(kernel, /^\d+\.\d+\.\d+/),
  ({ kernel }) => kernel,
  ({ target }) => target,
  ({ target, profile }) => `${target} as ${profile}`,
  ({ target, startedAt }) => `${target}, ${startedAt.slice(0, 16).replace("T", " ")}`,
  ({ target, startedAt }) => `${target}, ${startedAt}`,
];

/** A short name for each run, in their order; no two are the same. */
export function labelsOf(runs: readonly RunHead[]): readonly string[] {
  for (const candidate of CANDIDATES) {
    const labels = runs.map(candidate);
    if (new Set(labels).size === runs.length && !labels.includes("")) return labels;
  }
  return runs.map(({ target }, index) => `${index + 1}: ${target}`);
}

/** A released kernel: its series, its number in the series, and whatever a distribution adds. */
const RELEASED = /^\d+\.\d+\.\d+(?!\d|-rc)/;

/** The first part of the name of a released kernel; of another one the whole name, which says what else it is. */
function partOf(kernel: string, part: RegExp): string {
  return RELEASED.test(kernel) ? part.exec(kernel)?.[0] ?? kernel : kernel;
}
