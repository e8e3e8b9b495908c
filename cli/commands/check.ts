/**
 * `conform lint`, `conform coverage`: how good the suite itself is.
 *
 * @module
 */
import { coverage as coverageOf } from "../../cases/coverage.ts";
import { lint as lintCases } from "../../cases/lint.ts";
import { passesOn } from "../../runners/mutation.ts";
import { DIALECTS } from "../../runners/simulator/mod.ts";
import { formatDiagnostic } from "../../spec/diagnostic.ts";
import { LedgerError, loadLedger } from "../../spec/ledger.ts";
import type { Diagnostic } from "../../spec/diagnostic.ts";
import type { Io } from "../io.ts";
import { loadSuite, profileNamed } from "../suite.ts";

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
