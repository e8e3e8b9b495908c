/**
 * `conform lint`, `conform coverage`, `conform mutants`: how good the suite itself is.
 *
 * @module
 */
import { coverage as coverageOf } from "../../cases/coverage.ts";
import { lint as lintCases } from "../../cases/lint.ts";
import { profilesOf } from "../../cases/select.ts";
import { passesOn, runMutants } from "../../runners/mutation.ts";
import { DIALECTS } from "../../runners/simulator/mod.ts";
import { type Mutant, MUTANTS } from "../../runners/simulator/mutants/mod.ts";
import { formatDiagnostic } from "../../spec/diagnostic.ts";
import { LedgerError, loadLedger } from "../../spec/ledger.ts";
import { didYouMean } from "../../spec/nearest.ts";
import type { Diagnostic } from "../../spec/diagnostic.ts";
import { Failure, type Io } from "../io.ts";
import { progressOn } from "../progress.ts";
import { loadSuite, profileNamed, type Suite } from "../suite.ts";

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
    loadLedger();
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

/** Carries out `conform coverage` and gives the exit status. */
export function coverage(format: CheckFormat, profile: string | undefined, io: Io): number {
  const { cases, ledger } = loadSuite();
  const found = coverageOf(cases, ledger, profile === undefined ? undefined : profileNamed(ledger, profile));
  if (format === "json") {
    io.out(JSON.stringify(found, undefined, 2) + "\n");
    return 0;
  }
  io.out([
    ...found.covered.map(({ id, cases: ids }) =>
      `${id}  ${ids.length} ${ids.length === 1 ? "case" : "cases"}`
    ),
    ...found.notTested.map(({ id, reason, details }) => `${id}  not tested (${reason}): ${details}`),
    ...found.uncovered.map(({ id, keyword, observable }) =>
      `${id}  no case yet: ${keyword}, seen from ${observable.join(", ") || "nowhere"}`
    ),
    `${found.covered.length} of ${found.clauses} clauses have cases, ${found.notTested.length} are not tested for a ` +
    `reason, ${found.uncovered.length} have none yet`,
    "",
  ].join("\n"));
  return 0;
}

/** Carries out `conform mutants` and gives the exit status: 1 if a mutant survives. */
export function mutants(format: CheckFormat, ids: readonly string[], io: Io): number {
  const suite = loadSuite();
  const chosen = ids.length === 0 ? MUTANTS : ids.map(mutantNamed);
  const progress = progressOn(io);
  const score = runMutants(suite.cases, chosen, {
    casesOf: (dialect) => casesOf(suite, dialect),
    progress: (done, mutant) => progress.update(done, chosen.length, mutant.id),
  });
  progress.end();
  if (format === "json") io.out(JSON.stringify(score, undefined, 2) + "\n");
  else {
    io.out(score.survivors.map(({ id, reason }) => `${id} survives: ${reason}\n`).join(""));
    io.out(`${score.killed} of ${score.mutants} mutants are killed\n`);
  }
  return score.survivors.length === 0 ? 0 : 1;
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

function casesOf({ cases, ledger }: Suite, dialect: string) {
  return cases.filter((case_) => profilesOf(case_, ledger).some((id) => id === dialect));
}
