/**
 * `conform lint`, `conform coverage`: how good the suite itself is.
 *
 * @module
 */
import { type Coverage, coverage as coverageOf, type Gap, gapsIn } from "../../cases/coverage.ts";
import { lint as lintCases } from "../../cases/lint.ts";
import { profilesOf } from "../../cases/select.ts";
import { passesOn } from "../../runners/mutation/kills.ts";
import { type CaseProof, proofOf } from "../../runners/mutation/cases.ts";
import { type UnwatchedClause, unwatchedClauses } from "../../runners/mutation/clauses.ts";
import { DIALECTS } from "../../runners/simulator/mod.ts";
import { MUTANTS } from "../../runners/simulator/mutants/mod.ts";
import { TARGET_KINDS } from "../../cases/target_kinds.ts";
import { loadContradictions } from "../../spec/contradictions.ts";
import { formatDiagnostic } from "../../spec/diagnostic.ts";
import { LedgerError, loadLedger } from "../../spec/ledger.ts";
import type { Diagnostic } from "../../spec/diagnostic.ts";
import type { Io } from "../io.ts";
import type { Profile } from "../../spec/profile.ts";
import { loadSuite, profileNamed, type Suite } from "../suite.ts";
import { scoreMutants } from "./mutants.ts";

type CheckFormat = "human" | "json";

/** Carries out `conform lint` and gives the exit status: 1 if there is something to mend. */
export function lint(format: CheckFormat, io: Io): number {
  const findings = allFindings();
  if (format === "json") {
    const rows = findings.map(({ file, line, column, code, message, hint }) => ({
      file,
      line,
      column,
      code,
      message,
      hint,
    }));
    io.out(JSON.stringify(rows, undefined, 2) + "\n");
  } else {
    io.out(findings.map((each) => `${formatDiagnostic(each)}\n`).join(""));
    io.err(findings.length === 0 ? "Nothing to mend\n" : `${findings.length} to mend\n`);
  }
  return findings.length === 0 ? 0 : 1;
}

function allFindings(): readonly Diagnostic[] {
  try {
    loadContradictions(loadLedger());
  } catch (error) {
    if (error instanceof LedgerError) return error.diagnostics;
    throw error;
  }
  const { cases, diagnostics, ledger } = loadSuite();
  const dialects = [...DIALECTS.values()];
  const found = lintCases(cases, ledger, {
    passesSomewhere: (case_) => dialects.some((dialect) => passesOn(dialect, case_)),
  });
  return [...diagnostics, ...found];
}

/** What `conform coverage` was asked for. */
export interface CoverageOptions {
  readonly format: CheckFormat;
  readonly profile: string | undefined;
  /** Whether to run the mutants, too. */
  readonly mutants: boolean;
  /** How many workers run them side by side. */
  readonly jobs: number | undefined;
}

/**
 * Carries out `conform coverage` and gives the exit status: 1 if a clause lacks a case or a reason, or if a case cannot
 * be read; with mutants also if a clause is not watched, or if no mutant fails a case that does not say why none can.
 */
export async function coverage(options: CoverageOptions, io: Io): Promise<number> {
  const suite = loadSuite();
  const { cases, ledger } = suite;
  const profile = options.profile === undefined ? undefined : profileNamed(ledger, options.profile);
  const found = coverageOf(cases, ledger, profile);
  const gaps = gapsIn(found, suite.diagnostics);
  const watch = options.mutants ? await watchIn(suite, profile, options.jobs, io) : undefined;
  if (options.format === "json") io.out(JSON.stringify({ ...found, gaps, ...watch }, undefined, 2) + "\n");
  else io.out(`${[...coverageLines(found, gaps), ...watchLines(watch)].join("\n")}\n`);
  return gaps.length === 0 && (watch === undefined || isProved(watch)) ? 0 : 1;
}

/** What the mutants say of clauses and cases. */
interface Watch {
  readonly unwatched: readonly UnwatchedClause[];
  readonly proof: CaseProof;
}

function isProved({ unwatched, proof }: Watch): boolean {
  return unwatched.length + proof.idle.length + proof.wronglyExcused.length === 0;
}

function coverageLines(found: Coverage, gaps: readonly Gap[]): readonly string[] {
  return [
    ...found.covered.map(({ id, cases, targets, profiles }) =>
      `${id}  ${counted(cases.length, "case")}; ${targets.join(", ")}; ${profiles.join(", ") || "no profile"}`
    ),
    ...found.notTested.map(({ id, reason, details }) => `${id}  not tested (${reason}): ${details}`),
    "",
    ...targetLines(found),
    ...gaps.map(({ gap, of, message, hint }) => `${gap === "bad-case" ? `${of}: ` : ""}${message}. ${hint}`),
    `${found.covered.length} of ${found.clauses} clauses have cases, ${found.notTested.length} are not tested for a ` +
    `reason, ${found.uncovered.length} have neither`,
  ];
}

/** How many clauses each kind of target can show. */
function targetLines({ covered }: Coverage): readonly string[] {
  return TARGET_KINDS.map((kind) => {
    const shown = covered.filter(({ targets }) => targets.includes(kind)).length;
    return `${kind}: ${counted(shown, "clause")} can be shown`;
  });
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

async function watchIn(
  suite: Suite,
  profile: Profile | undefined,
  jobs: number | undefined,
  io: Io,
): Promise<Watch> {
  const { ledger } = suite;
  const score = await scoreMutants(suite, MUTANTS, jobs, io);
  const cases = suite.cases.filter((each) => !profile || profilesOf(each, ledger).includes(profile.id));
  const unwatched = unwatchedClauses(ledger, suite.cases, score.mutants)
    .filter(({ id }) => profile?.clauses.has(id) ?? true);
  return { unwatched, proof: proofOf(cases, score) };
}

function watchLines(watch: Watch | undefined): readonly string[] {
  if (watch === undefined) return [];
  const { unwatched, proof } = watch;
  return [
    "",
    ...unwatched.map(({ id, mutants }) =>
      mutants.length === 0
        ? `${id}  not watched: no mutant breaks it`
        : `${id}  not watched: its cases do not kill ${mutants.join(", ")}`
    ),
    unwatched.length === 0
      ? "Every clause that must hold and has a case is broken by a mutant that such a case kills"
      : `${unwatched.length} clauses have cases, but no mutant that breaks them is killed by these`,
    "",
    ...proof.excused.map(({ case: id, reason }) => `${id}  no mutant fails it: ${reason}`),
    ...proof.idle.map((id) => `${id}  no mutant fails it, and it does not say why under "no mutant"`),
    ...proof.wronglyExcused.map((id) =>
      `${id}  a mutant fails it, though it says under "no mutant" why none can`
    ),
    proofLine(proof),
  ];
}

function proofLine({ proved, excused, idle }: CaseProof): string {
  const all = proved.length + excused.length + idle.length;
  return `${proved.length} of ${
    counted(all, "case")
  } fail on a mutant, ${excused.length} say why none can fail them, ` +
    `${idle.length} do neither`;
}
