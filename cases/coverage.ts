/**
 * Which clauses the cases show, and why the others are not shown.
 *
 * @module
 */
import type { Diagnostic } from "../spec/diagnostic.ts";
import type { Clause, Keyword, NotTestedReason, View } from "../spec/clause.ts";
import type { CaseId, ClauseId, ProfileId } from "../spec/ids.ts";
import type { Ledger } from "../spec/ledger.ts";
import type { Profile } from "../spec/profile.ts";
import type { Case } from "./case.ts";
import { profilesOf } from "./select.ts";
import { TARGET_KINDS, type TargetKind, targetKindsOf } from "./target_kinds.ts";

/** A case that shows a clause. */
export interface ShowingCase {
  /** The case. */
  readonly case: CaseId;
  /** The profiles under which it runs: those that have every clause that it verifies. */
  readonly profiles: readonly ProfileId[];
  /** The kinds of targets that it can be shown on. */
  readonly targets: readonly TargetKind[];
}

/** A clause that cases show. */
export interface CoveredClause {
  /** The clause. */
  readonly id: ClauseId;
  /** The cases that show it, in their order. */
  readonly cases: readonly CaseId[];
  /** The same with where and as what each of them can be shown. */
  readonly shown: readonly ShowingCase[];
  /** The profiles under which one of them runs. */
  readonly profiles: readonly ProfileId[];
  /** The kinds of targets that one of them can be shown on. */
  readonly targets: readonly TargetKind[];
}

/** A clause that no case shows, for a reason that the ledger gives. */
export interface NotTestedClause {
  /** The clause. */
  readonly id: ClauseId;
  /** The reason in a word. */
  readonly reason: NotTestedReason;
  /** The reason in a sentence. */
  readonly details: string;
}

/** A clause that no case shows. */
export interface UncoveredClause {
  /** The clause. */
  readonly id: ClauseId;
  /** How strong it is. */
  readonly keyword: Keyword;
  /** From where it could be seen. */
  readonly observable: readonly View[];
}

/** Which clauses are shown; every clause is in exactly one of the lists. */
export interface Coverage {
  /** How many clauses were looked at. */
  readonly clauses: number;
  /** Those that cases show. */
  readonly covered: readonly CoveredClause[];
  /** Those that no case shows, for a reason. */
  readonly notTested: readonly NotTestedClause[];
  /** Those that no case shows yet. */
  readonly uncovered: readonly UncoveredClause[];
}

/** What coverage looks at of a case. */
export type CoveringCase = Pick<Case, "id" | "clauses" | "sections">;

/**
 * Finds out which clauses are shown.
 *
 * @param cases the cases
 * @param ledger the ledger
 * @param profile the profile whose clauses are looked at; all of the ledger where left out
 */
export function coverage(
  cases: readonly CoveringCase[],
  ledger: Pick<Ledger, "clauses" | "profiles">,
  profile?: Pick<Profile, "clauses">,
): Coverage {
  const clauses = [...ledger.clauses.values()].filter(({ id }) => profile?.clauses.has(id) ?? true);
  const shownBy = casesByClause(cases, ledger);
  const rest = clauses.filter(({ id }) => !shownBy.has(id));
  return {
    clauses: clauses.length,
    covered: clauses.flatMap(({ id }) => {
      const shown = shownBy.get(id);
      return shown ? [coveredOf(id, shown)] : [];
    }),
    notTested: rest.flatMap(({ id, notTested }) => notTested ? [{ id, ...notTested }] : []),
    uncovered: rest.filter(({ notTested }) => !notTested).map(uncoveredOf),
  };
}

function casesByClause(
  cases: readonly CoveringCase[],
  ledger: Pick<Ledger, "profiles">,
): ReadonlyMap<ClauseId, readonly ShowingCase[]> {
  const shownBy = new Map<ClauseId, ShowingCase[]>();
  for (const case_ of cases) {
    const showing = { case: case_.id, profiles: profilesOf(case_, ledger), targets: targetKindsOf(case_) };
    for (const clause of new Set(case_.clauses)) {
      const known = shownBy.get(clause);
      if (known) known.push(showing);
      else shownBy.set(clause, [showing]);
    }
  }
  return shownBy;
}

function coveredOf(id: ClauseId, shown: readonly ShowingCase[]): CoveredClause {
  return {
    id,
    cases: shown.map((each) => each.case),
    shown,
    profiles: [...new Set(shown.flatMap(({ profiles }) => profiles))].sort(),
    targets: TARGET_KINDS.filter((kind) => shown.some(({ targets }) => targets.includes(kind))),
  };
}

function uncoveredOf({ id, keyword, observable }: Clause): UncoveredClause {
  return { id, keyword, observable };
}

/** Something that keeps the suite from being whole. */
export interface Gap {
  /**
   * What it is: a clause that must hold, can be seen and has no case; another clause that has neither a case nor a
   * reason; a case that cannot be read, as one that names no clause or an unknown one.
   */
  readonly gap: "no-case" | "no-reason" | "bad-case";
  /** The clause, or where the case stands. */
  readonly of: string;
  /** What is wrong; a sentence without a final period. */
  readonly message: string;
  /** What to do about it; a sentence without a final period. */
  readonly hint: string;
}

/** Finds what keeps the suite from being whole. There is no list of what may be missing. */
export function gapsIn(
  found: Pick<Coverage, "uncovered">,
  diagnostics: readonly Diagnostic[],
): readonly Gap[] {
  return [...found.uncovered.map(gapOf), ...diagnostics.map(badCase)];
}

function gapOf({ id, keyword, observable }: UncoveredClause): Gap {
  const hint =
    `Start one with: conform new case PATH --clause ${id}; or say under "not-tested" why none can exist`;
  if (keyword.startsWith("MUST") && observable.length > 0) {
    const message = `${id} must hold and can be seen from ${observable.join(", ")}, and no case shows it`;
    return { gap: "no-case", of: id, message, hint };
  }
  return { gap: "no-reason", of: id, message: `No case shows ${id}, and the ledger does not say why`, hint };
}

function badCase({ file, line, column, message, hint }: Diagnostic): Gap {
  return { gap: "bad-case", of: `${file}:${line}:${column}`, message, hint };
}
