/**
 * What runs are called in behaviour windows: the series of their kernels, where those differ.
 *
 * @module
 */
import { labelsOf, type RunHead } from "../compare/mod.ts";

/** Names as short as can be, as in `6.12` for `6.12.117+deb13-amd64`; no two runs are called the same. */
export function shortLabels(runs: readonly RunHead[]): readonly string[] {
  const series = runs.map(({ kernel }) => /^\d+\.\d+(?=[.+-]|$)/.exec(kernel)?.[0]);
  const known = series.filter((each) => each !== undefined);
  return new Set(known).size === runs.length ? known : labelsOf(runs);
}
