/**
 * The mutation score: what the mutants say of the cases.
 *
 * @module
 */
import type { Case } from "../../cases/case.ts";
import type { Evidence, Fate, MutantResult } from "./kills.ts";

/** What the mutants say of a case. */
export interface CaseScore {
  /** The case. */
  readonly case: string;
  /** How many mutants a step of it kills. */
  readonly kills: number;
  /** The mutants that it alone kills; without the case nobody would notice them. */
  readonly alone: readonly string[];
}

/** How many mutants met which fate. */
export type FateCounts = Readonly<Record<Fate, number>>;

/** The version of {@link MutationScore}. */
export const MUTATION_SCHEMA = "dmabuf-conform/mutants/1";

/** What became of the mutants. */
export interface MutationScore {
  /** The version of this shape. */
  readonly schema: typeof MUTATION_SCHEMA;
  /** How many mutants met which fate. */
  readonly counts: FateCounts;
  /** The part of the mutants that cases kill, from 0 to 1; those that nothing can kill are left out of it. */
  readonly score: number;
  /** Each mutant with the cases that notice it: the rows of the kill matrix. */
  readonly mutants: readonly MutantResult[];
  /** Each case that was run, in its order. */
  readonly cases: readonly CaseScore[];
}

/**
 * Counts what became of mutants.
 *
 * @param mutants what the cases say of each mutant
 * @param cases the cases that were run
 */
export function scoreOf(
  mutants: readonly MutantResult[],
  cases: readonly Pick<Case, "id">[],
): MutationScore {
  const count = (fate: Fate) => mutants.filter((each) => each.fate === fate).length;
  const counts = {
    killed: count("killed"),
    control: count("control"),
    postcondition: count("postcondition"),
    harness: count("harness"),
    survived: count("survived"),
  };
  const excused = mutants.filter((each) => each.fate !== "killed" && each.explained).length;
  const due = mutants.length - excused;
  return {
    schema: MUTATION_SCHEMA,
    counts,
    score: due === 0 ? 1 : counts.killed / due,
    mutants,
    cases: casesOf(mutants, cases),
  };
}

/** The mutants that nobody notices although no reason is given, and those that only bring the harness down. */
export function unexplained({ mutants }: Pick<MutationScore, "mutants">): readonly MutantResult[] {
  return mutants.filter(({ fate, explained }) => !explained && (fate === "survived" || fate === "harness"));
}

/** The mutants that are killed although their declaration gives a reason why they cannot be. */
export function wronglyExcused({ mutants }: Pick<MutationScore, "mutants">): readonly MutantResult[] {
  return mutants.filter(({ fate, explained }) => explained && fate === "killed");
}

/** The cases that kill no mutant at all. */
export function idleCases({ cases }: Pick<MutationScore, "cases">): readonly string[] {
  return cases.filter(({ kills }) => kills === 0).map((each) => each.case);
}

/** The cases that kill a mutant by a step, in their order. */
export function killersOf({ kills }: Pick<MutantResult, "kills">, by: Evidence = "step"): readonly string[] {
  return kills.filter((kill) => kill.by === by).map((kill) => kill.case);
}

function casesOf(
  mutants: readonly MutantResult[],
  cases: readonly Pick<Case, "id">[],
): readonly CaseScore[] {
  const kills = new Map<string, number>();
  const alone = new Map<string, string[]>();
  for (const mutant of mutants) {
    const killers = killersOf(mutant);
    for (const id of killers) kills.set(id, (kills.get(id) ?? 0) + 1);
    const [only] = killers;
    if (killers.length === 1 && only !== undefined) alone.set(only, [...(alone.get(only) ?? []), mutant.id]);
  }
  return cases.map(({ id }) => ({ case: id, kills: kills.get(id) ?? 0, alone: alone.get(id) ?? [] }));
}
