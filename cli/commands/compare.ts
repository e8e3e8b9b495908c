/**
 * `conform compare`: runs side by side, differences first.
 *
 * @module
 */
import { basename } from "node:path";
import { compareRuns, type ComparisonFormat, factsOf, writeComparison } from "../../reports/compare/mod.ts";
import { resultOf } from "../../reports/result.ts";
import { Failure, type Io } from "../io.ts";
import { recordAt } from "../record_at.ts";
import { loadSuite } from "../suite.ts";

/** What `conform compare` is given. */
export interface CompareArguments {
  readonly records: readonly string[];
  readonly format: ComparisonFormat;
  /** Whether a difference makes the exit status 1. */
  readonly exitCode: boolean;
}

/** Carries out `conform compare` and gives the exit status. */
export function compare({ records, format, exitCode }: CompareArguments, io: Io): number {
  if (records.length < 2) {
    throw new Failure(2, "There is nothing to compare", "Name two records or more, the older ones first");
  }
  const { byId } = loadSuite();
  const comparison = compareRuns(
    records.map((path) => factsOf(basename(path, ".jsonl"), resultOf(recordAt(path), byId))),
  );
  io.out(writeComparison(comparison, format));
  return exitCode && comparison.groups.length > 0 ? 1 : 0;
}
