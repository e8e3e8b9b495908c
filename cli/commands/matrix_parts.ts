/**
 * The parts of a matrix: one record for each target, or for each part of its cases, and what each has already.
 *
 * @module
 */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Case } from "../../cases/case.ts";
import type { Shard } from "../../cases/select.ts";
import type { RunRecord } from "../../reports/record_reader.ts";
import type { SuiteIdentity } from "../../reports/record.ts";
import { Failure } from "../io.ts";
import { recordAt } from "../record_at.ts";

/** What there is of a part: nothing, a record that was cut, or a whole one. */
export type Progress = "not begun" | "cut" | "finished";

/** The record of one target, or of a part of its cases. */
export interface Part {
  /** The name of the target. */
  readonly target: string;
  /** The file of the record. */
  readonly path: string;
  /** What there is of it. */
  readonly progress: Progress;
  /** How many cases have their end in it. */
  readonly done: number;
  /** How many it gave up: the target died too often to reach them. */
  readonly givenUp: number;
}

/** What all parts of a matrix have in common. */
export interface MatrixPlan {
  /** The folder. */
  readonly folder: string;
  /** The names of the targets, the older ones first. */
  readonly targets: readonly string[];
  /** The cases that are run on each of them. */
  readonly cases: readonly Case[];
  /** Which part of the cases is run. */
  readonly shard: Shard | undefined;
  /** The profile that the targets are held against. */
  readonly profile: string;
  /** The suite with these cases. */
  readonly suite: SuiteIdentity;
}

/** The file of a target's record. */
export function pathOf({ folder, shard }: Pick<MatrixPlan, "folder" | "shard">, target: string): string {
  const part = shard ? `.${shard.index}-of-${shard.count}` : "";
  return join(folder, `${stemOf(target)}${part}.jsonl`);
}

function stemOf(target: string): string {
  return target.replaceAll(/[^a-zA-Z0-9.]+/g, "-").replaceAll(/^-+|-+$/g, "");
}

/**
 * What there is of each part.
 *
 * @throws {Failure} with status 2 if a record that is there is not of this matrix, or two targets share a file
 */
export function partsOf(plan: MatrixPlan): readonly Part[] {
  const paths = new Set(plan.targets.map((target) => pathOf(plan, target)));
  if (paths.size < plan.targets.length) {
    throw new Failure(2, "The records of two targets would have the same file", "Give their names otherwise");
  }
  return plan.targets.map((target) => partOf(plan, target));
}

function partOf(plan: MatrixPlan, target: string): Part {
  const path = pathOf(plan, target);
  if (!existsSync(path)) return { target, path, progress: "not begun", done: 0, givenUp: 0 };
  const record = recordAt(path);
  refuseOther(path, record, target, plan);
  const done = record.attempts.filter(({ end }) => end).length;
  const { footer } = record;
  return { target, path, progress: footer ? "finished" : "cut", done, givenUp: footer?.notRun.length ?? 0 };
}

/** Records of different suites or targets do not make one matrix. */
function refuseOther(path: string, { header, footer }: RunRecord, target: string, plan: MatrixPlan): void {
  const why = header.target.id !== target
    ? `it was run on ${header.target.id}`
    : header.suite.cases !== plan.suite.cases
    ? "it is of other cases, or of other versions of them"
    : header.profile !== plan.profile
    ? `it was held against ${header.profile}`
    : !footer && header.suite.ledger !== plan.suite.ledger
    ? "it was cut, and the ledger has changed since"
    : undefined;
  if (why === undefined) return;
  throw new Failure(2, `${path} does not belong to this matrix: ${why}`, "Name another folder with --out");
}

/**
 * The records of a target in the folder, those of other parts included. A record of all cases comes first.
 */
export function recordsOf(folder: string, target: string): readonly string[] {
  const stem = stemOf(target);
  const isOwn = (file: string) =>
    file === `${stem}.jsonl` ||
    (file.startsWith(`${stem}.`) && /^\d+-of-\d+\.jsonl$/.test(file.slice(stem.length + 1)));
  return readdirSync(folder).filter(isOwn).toSorted((one, other) =>
    one.length - other.length || (one < other ? -1 : 1)
  )
    .map((file) => join(folder, file));
}
