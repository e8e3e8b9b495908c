/**
 * `conform baseline update`: brings the file with the known failures up to a run.
 *
 * @module
 */
import { existsSync } from "node:fs";
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
import { textAt, writeWhole } from "../files.ts";
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
  const old = existsSync(file)
    ? textAt(file, "Name the file of a baseline, or one that is to be made")
    : EMPTY_BASELINE;
  const { text, changes } = refusals(() => updateBaseline(old, file, result, suite.byId.keys(), when));
  for (const change of changes) io.out(`${lineFor(change)}\n`);
  if (text === old && existsSync(file)) io.err("There is nothing to change\n");
  else writeWhole(file, text);
  return exitStatus(heldAgainst(result, parseBaseline(text, file), suite));
}

function lineFor({ kind, case: id, why }: BaselineChange): string {
  return `${kind} ${id}: ${why.replaceAll(/\p{Cc}|\p{Cf}/gu, "\ufffd")}`;
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
