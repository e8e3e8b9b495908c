/**
 * `conform mutants`: whether the cases notice wrong implementations.
 *
 * @module
 */
import { profilesOf } from "../../cases/select.ts";
import { MATRIX_FORMATS, type MatrixFormat, percent } from "../../reports/formats/mod.ts";
import type { Fate, MutantResult } from "../../runners/mutation/kills.ts";
import { runMutants } from "../../runners/mutation/pool.ts";
import {
  idleCases,
  killersOf,
  type MutationScore,
  unexplained,
  wronglyExcused,
} from "../../runners/mutation/score.ts";
import { type Mutant, MUTANTS } from "../../runners/simulator/mutants/mod.ts";
import { didYouMean } from "../../spec/nearest.ts";
import { writeWhole } from "../files.ts";
import { Failure, type Io } from "../io.ts";
import { progressOn } from "../progress.ts";
import { loadSuite, type Suite } from "../suite.ts";
import { scoreSeeded, seededTable } from "./mutants_seeded.ts";

/** What `conform mutants` was asked for. */
export interface MutantsOptions {
  /** The mutants to run; all of them where there are none. */
  readonly ids: readonly string[];
  /** Only the mutants that break this clause. */
  readonly clause: string | undefined;
  /** The target whose reference exporter is to have the bugs; the simulator has them where left out. */
  readonly target?: string | undefined;
  /** How many workers to use side by side. */
  readonly jobs: number | undefined;
  /** What to print. */
  readonly format: "human" | MatrixFormat;
  /** A file for the kill matrix; its ending says in which format. */
  readonly matrix: string | undefined;
  /** Whether to print the cases that kill nothing instead. */
  readonly idleCases: boolean;
}

/** The formats that the ending of a file asks for. */
const ENDINGS: Readonly<Record<string, MatrixFormat>> = { csv: "csv", json: "json", md: "markdown" };

/** Carries out `conform mutants` and gives the exit status: 1 if a mutant survives without a written reason. */
export async function mutants(options: MutantsOptions, io: Io): Promise<number> {
  const writeMatrix = matrixWriter(options.matrix);
  const chosen = chosenMutants(options);
  if (options.target !== undefined) return await seeded(options, options.target, chosen, writeMatrix, io);
  const score = await scoreMutants(loadSuite(), chosen, options.jobs, io);
  writeMatrix(score);
  io.out(options.idleCases ? idleText(score, options.format) : textOf(score, options.format));
  return unexplained(score).length + wronglyExcused(score).length === 0 ? 0 : 1;
}

/** The same on a kernel, of the mutants that its reference exporter can be. */
async function seeded(
  options: MutantsOptions,
  target: string,
  chosen: readonly Mutant[],
  writeMatrix: (score: MutationScore) => void,
  io: Io,
): Promise<number> {
  const score = await scoreSeeded(loadSuite(), chosen, target, io);
  writeMatrix(score);
  const asTable = options.format === "human" || options.format === "markdown";
  io.out(asTable ? seededTable(score) : textOf(score, options.format));
  return unexplained(score).length === 0 ? 0 : 1;
}

/** Runs mutants on the cases of the suite, with progress. */
export async function scoreMutants(
  suite: Suite,
  chosen: readonly Mutant[],
  jobs: number | undefined,
  io: Io,
): Promise<MutationScore> {
  const progress = progressOn(io);
  try {
    return await runMutants(suite.cases, chosen, {
      jobs,
      casesOf: (dialect) => casesOf(suite, dialect),
      progress: (done, mutant) => progress.update(done, chosen.length, mutant.id),
      signal: io.signal,
    });
  } catch (error) {
    if (!io.signal.aborted) throw error;
    throw new Failure(1, "Interrupted: not every mutant was run", "Name some mutants to run fewer", error);
  } finally {
    progress.end();
  }
}

/** The cases of the dialect's own profile, and those whose clauses are contested so much that no profile has them. */
function casesOf({ cases, ledger }: Suite, dialect: string) {
  return cases.filter((case_) => {
    const profiles = profilesOf(case_, ledger);
    return profiles.length === 0 || profiles.some((id) => id === dialect);
  });
}

function chosenMutants({ ids, clause }: MutantsOptions): readonly Mutant[] {
  const named = ids.length === 0 ? MUTANTS : ids.map(mutantNamed);
  if (clause === undefined) return named;
  const chosen = named.filter(({ breaks }) => breaks.includes(clause));
  if (chosen.length > 0) return chosen;
  const clauses = new Set(named.flatMap(({ breaks }) => breaks));
  const hint = didYouMean(clause, clauses, "conform mutants --format json says what each of them breaks");
  throw new Failure(2, `No mutant breaks the clause "${clause}"`, hint);
}

function mutantNamed(id: string): Mutant {
  const found = MUTANTS.find((mutant) => mutant.id === id);
  if (found) return found;
  const hint = didYouMean(
    id,
    MUTANTS.map((mutant) => mutant.id),
    "conform mutants --format json names them all",
  );
  throw new Failure(2, `There is no mutant "${id}"`, hint);
}

/** Makes what writes the kill matrix; a file of an unknown kind is refused before anything is run. */
function matrixWriter(file: string | undefined): (score: MutationScore) => void {
  if (file === undefined) return () => {};
  const format = ENDINGS[file.slice(file.lastIndexOf(".") + 1)];
  if (!format) {
    throw new Failure(2, `Cannot tell the format of "${file}"`, "Let its name end in .csv, .json or .md");
  }
  return (score) => writeWhole(file, MATRIX_FORMATS[format](score), { hint: "Give --matrix another file" });
}

function textOf(score: MutationScore, format: MutantsOptions["format"]): string {
  return format === "human" ? humanText(score) : MATRIX_FORMATS[format](score);
}

function idleText(score: MutationScore, format: MutantsOptions["format"]): string {
  const ids = idleCases(score);
  return format === "json" ? JSON.stringify(ids, undefined, 2) + "\n" : ids.map((id) => `${id}\n`).join("");
}

/** What stands over the mutants of a fate that does not count. */
const APART: readonly (readonly [Fate, string])[] = [
  ["control", "Only keep cases from saying anything:"],
  ["postcondition", "Noticed only by what must hold after every case:"],
  ["harness", "Only bring the harness down:"],
  ["survived", "Survive:"],
];

function humanText(score: MutationScore): string {
  const { counts, mutants } = score;
  const killed = mutants.filter(({ fate }) => fate === "killed").map((each) =>
    `${each.id}  ${killers(each)}`
  );
  const apart = APART.flatMap(([fate, heading]) => {
    const those = mutants.filter((each) => each.fate === fate);
    return those.length === 0 ? [] : ["", heading, ...those.map((each) => `  ${each.id}: ${why(each)}`)];
  });
  const stale = wronglyExcused(score).map(({ id }) => `${id} is killed, though it says why it cannot be`);
  const only = [
    `${counts.control} by a control`,
    `${counts.postcondition} by a postcondition`,
    `${counts.harness} by the harness`,
  ].join(", ");
  return [
    ...killed,
    ...apart,
    "",
    ...stale,
    `${counts.killed} of ${mutants.length} mutants are killed by a step of a case: ${
      percent(score)
    } of those ` +
    `that can be; noticed only ${only}; ${counts.survived} survive`,
    "",
  ].join("\n");
}

function killers(mutant: MutantResult): string {
  const [first, ...others] = killersOf(mutant);
  return others.length === 0 ? `killed by ${first} alone` : `killed by ${first} and ${others.length} more`;
}

function why({ reason, explained, kills }: MutantResult): string {
  const [first] = kills;
  if (explained || !first) return reason ?? "";
  return `${first.case}: ${first.reason}${kills.length > 1 ? `, and ${kills.length - 1} more cases` : ""}`;
}
