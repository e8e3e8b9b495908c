/**
 * Which clauses the cases show, and why the others are not shown.
 *
 * @module
 */
import type { Clause, Keyword, NotTestedReason, View } from "../spec/clause.ts";
import type { CaseId, ClauseId } from "../spec/ids.ts";
import type { Ledger } from "../spec/ledger.ts";
import type { Profile } from "../spec/profile.ts";
import type { Case } from "./case.ts";

/** A clause that cases show. */
export interface CoveredClause {
  /** The clause. */
  readonly id: ClauseId;
  /** The cases that show it, in their order. */
  readonly cases: readonly CaseId[];
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

/**
 * Finds out which clauses are shown.
 *
 * @param cases the cases
 * @param ledger the ledger
 * @param profile the profile whose clauses are looked at; all of the ledger where left out
 */
export function coverage(
  cases: readonly Pick<Case, "id" | "clauses">[],
  ledger: Pick<Ledger, "clauses">,
  profile?: Pick<Profile, "clauses">,
): Coverage {
  const clauses = [...ledger.clauses.values()].filter(({ id }) => profile?.clauses.has(id) ?? true);
  const shownBy = casesByClause(cases);
  const rest = clauses.filter(({ id }) => !shownBy.has(id));
  return {
    clauses: clauses.length,
    covered: clauses.flatMap(({ id }) => {
      const ids = shownBy.get(id);
      return ids ? [{ id, cases: ids }] : [];
    }),
    notTested: rest.flatMap(({ id, notTested }) => notTested ? [{ id, ...notTested }] : []),
    uncovered: rest.filter(({ notTested }) => !notTested).map(uncoveredOf),
  };
}

function casesByClause(
  cases: readonly Pick<Case, "id" | "clauses">[],
): ReadonlyMap<ClauseId, readonly CaseId[]> {
  const shownBy = new Map<ClauseId, CaseId[]>();
  for (const { id, clauses } of cases) {
    for (const clause of new Set(clauses)) {
      const ids = shownBy.get(clause);
      if (ids) ids.push(id);
      else shownBy.set(clause, [id]);
    }
  }
  return shownBy;
}

function uncoveredOf({ id, keyword, observable }: Clause): UncoveredClause {
  return { id, keyword, observable };
}
