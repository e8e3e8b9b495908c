/**
 * Which clauses the mutants prove to be watched: somebody breaks the clause, and a case that verifies it notices.
 *
 * @module
 */
import type { Case } from "../../cases/case.ts";
import type { Keyword } from "../../spec/clause.ts";
import type { CaseId, ClauseId } from "../../spec/ids.ts";
import type { Ledger } from "../../spec/ledger.ts";
import type { MutantResult } from "./kills.ts";
import { killersOf } from "./score.ts";

/** A clause of which nobody knows whether its cases watch it. */
export interface UnwatchedClause {
  /** The clause. */
  readonly id: ClauseId;
  /** How many cases verify it. */
  readonly cases: number;
  /** The mutants that break it; none of them is killed by a step of these cases. */
  readonly mutants: readonly string[];
}

const DEMANDS: readonly Keyword[] = ["MUST", "MUST NOT"];

/**
 * Finds the clauses that must hold, that can be observed and that cases verify, but that no mutant breaks in a way
 * which one of these cases notices.
 *
 * @param ledger the ledger
 * @param cases the cases
 * @param mutants what the cases say of the mutants
 */
export function unwatchedClauses(
  ledger: Pick<Ledger, "clauses">,
  cases: readonly Pick<Case, "id" | "clauses">[],
  mutants: readonly Pick<MutantResult, "id" | "breaks" | "kills">[],
): readonly UnwatchedClause[] {
  const demanded = [...ledger.clauses.values()]
    .filter(({ keyword, observable }) => DEMANDS.includes(keyword) && observable.length > 0);
  return demanded.flatMap(({ id }) => {
    const own = new Set<string>(verifying(cases, id));
    if (own.size === 0) return [];
    const breaking = mutants.filter(({ breaks }) => breaks.includes(id));
    if (breaking.some((mutant) => killersOf(mutant).some((killer) => own.has(killer)))) return [];
    return [{ id, cases: own.size, mutants: breaking.map((mutant) => mutant.id) }];
  });
}

function verifying(cases: readonly Pick<Case, "id" | "clauses">[], clause: ClauseId): readonly CaseId[] {
  return cases.filter(({ clauses }) => clauses.includes(clause)).map(({ id }) => id);
}
