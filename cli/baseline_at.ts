/**
 * A baseline that a command line names.
 *
 * @module
 */
import { BaselineError, type BaselineFile, holdAgainst, readBaseline } from "../reports/baseline/mod.ts";
import type { RunResult } from "../reports/result.ts";
import { Failure } from "./io.ts";
import type { Suite } from "./suite.ts";

/**
 * Reads a baseline.
 *
 * @throws {Failure} with status 2 if it cannot be read or says something wrong
 */
export function baselineAt(path: string): BaselineFile {
  try {
    return readBaseline(path);
  } catch (error) {
    if (!(error instanceof BaselineError)) throw error;
    throw new Failure(
      2,
      error.message,
      "Mend the lines it names; reports/baseline/README.md has the format",
      error,
    );
  }
}

/** Holds a result against a baseline, where there is one. */
export function heldAgainst(
  result: RunResult,
  baseline: BaselineFile | undefined,
  { byId }: Suite,
): RunResult {
  return baseline ? holdAgainst(result, baseline, byId.keys()) : result;
}
