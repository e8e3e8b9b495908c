/**
 * Which cases the mutants prove to be worth something: some wrong implementation fails them.
 *
 * @module
 */
import type { Case } from "../../cases/case.ts";
import type { CaseId } from "../../spec/ids.ts";
import { idleCases, type MutationScore } from "./score.ts";

/** What the mutants say of the cases as a whole. */
export interface CaseProof {
  /** The cases that some mutant fails. */
  readonly proved: readonly CaseId[];
  /** The cases that no mutant fails and that say why none can. */
  readonly excused: readonly { readonly case: CaseId; readonly reason: string }[];
  /** The cases that no mutant fails and that do not say why. */
  readonly idle: readonly CaseId[];
  /** The cases that say that no mutant can fail them, and one does. */
  readonly wronglyExcused: readonly CaseId[];
}

/**
 * Sorts cases by whether a step of them fails on a mutant.
 *
 * @param cases the cases; all of them were run on the mutants
 * @param score what became of the mutants
 */
export function proofOf(
  cases: readonly Pick<Case, "id" | "noMutant">[],
  score: Pick<MutationScore, "cases">,
): CaseProof {
  const unmoved = new Set(idleCases(score));
  const idle = cases.filter(({ id }) => unmoved.has(id));
  const proved = cases.filter(({ id }) => !unmoved.has(id));
  return {
    proved: proved.map(({ id }) => id),
    excused: idle.flatMap(({ id, noMutant }) =>
      noMutant === undefined ? [] : [{ case: id, reason: noMutant }]
    ),
    idle: idle.filter(({ noMutant }) => noMutant === undefined).map(({ id }) => id),
    wronglyExcused: proved.filter(({ noMutant }) => noMutant !== undefined).map(({ id }) => id),
  };
}
