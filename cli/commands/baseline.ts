/**
 * `conform baseline update`: brings the file with the known failures up to a run.
 *
 * @module
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import {
  type BaselineChange,
  BaselineError,
  EMPTY_BASELINE,
  type NewCondition,
  parseBaseline,
  updateBaseline,
  UpdateRefused,
} from "../../reports/baseline/mod.ts";
import { exitStatus, resultOf } from "../../reports/result.ts";
import { heldAgainst } from "../baseline_at.ts";
import { Failure, type Io } from "../io.ts";
import { recordAt } from "../record_at.ts";
import { loadSuite } from "../suite.ts";

/** What `conform baseline update` is given. */
export interface BaselineArguments {
  /** The baseline; it is made where there is none. */
  readonly file: string;
  /** The run record. */
  readonly record: string;
  /** What new entries are bound to. */
  readonly when: NewCondition;
}

/** Carries out `conform baseline update`; the exit status is that of the run, held against what the file says now. */
export function updateBaselineFile({ file, record, when }: BaselineArguments, io: Io): number {
  const suite = loadSuite();
  const result = resultOf(recordAt(record), suite.byId);
  const old = existsSync(file) ? readFileSync(file, "utf8") : EMPTY_BASELINE;
  const { text, changes } = refusals(() => updateBaseline(old, file, result, suite.byId.keys(), when));
  for (const change of changes) io.out(`${lineFor(change)}\n`);
  if (text === old && existsSync(file)) io.err("There is nothing to change\n");
  else write(file, text);
  return exitStatus(heldAgainst(result, parseBaseline(text, file), suite));
}

function lineFor({ kind, case: id, why }: BaselineChange): string {
  return `${kind} ${id}: ${why.replaceAll(/\p{Cc}|\p{Cf}/gu, "\ufffd")}`;
}

/** Writes the file in one piece, so that a kill leaves the old one or the new one. */
function write(file: string, text: string): void {
  try {
    writeFileSync(`${file}.new`, text);
    renameSync(`${file}.new`, file);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Failure(2, `Cannot write the baseline "${file}": ${reason}`, "Name another place", error);
  }
}

function refusals<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof UpdateRefused) throw new Failure(2, error.message, error.hint, error);
    if (error instanceof BaselineError) throw new Failure(2, error.message, "Mend the lines it names", error);
    throw error;
  }
}
