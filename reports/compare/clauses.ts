/**
 * Clauses over some runs: the worst that their cases say.
 *
 * @module
 */
import type { ClauseComparison, ComparedFacts, ComparedWord } from "./comparison.ts";
import type { Row } from "./rows.ts";

/** From the best to the worst; what was not reached is never hidden by what passed. */
const BY_WEIGHT: readonly ComparedWord[] = [
  "absent",
  "not-supported",
  "pass",
  "not-run",
  "contested",
  "unknown",
  "fail",
];

/** The worst weighs most. */
const WEIGHTS: Readonly<Record<ComparedWord, number>> = {
  fail: 6,
  unknown: 5,
  contested: 4,
  "not-run": 3,
  pass: 2,
  "not-supported": 1,
  absent: 0,
};

/** How much a word weighs: the worst weighs most. */
export function weightOf(word: ComparedWord): number {
  return WEIGHTS[word];
}

/** Every clause that one of the cases verifies; those that differ come first. */
export function clausesOf(rows: readonly Row[]): ClauseComparison[] {
  const tallies = new Map<string, Tally>();
  for (const { compared, weights } of rows) {
    for (const clause of compared.clauses) {
      const known = tallies.get(clause);
      if (known) raise(known.weights, weights);
      const tally = known ?? { clause, weights: weights.slice(), cases: [] };
      if (!known) tallies.set(clause, tally);
      if (isOtherwise(compared)) tally.cases.push(compared.case);
    }
  }
  const clauses = inOrder([...tallies.keys()]).flatMap((id) => tallies.get(id) ?? []).map(clauseOf);
  return [...clauses.filter(({ differs }) => differs), ...clauses.filter(({ differs }) => !differs)];
}

/** The ids that were sorted last: most runs have the same cases, and so the same clauses. */
let last: { readonly ids: readonly string[]; readonly sorted: readonly string[] } = { ids: [], sorted: [] };

function inOrder(ids: readonly string[]): readonly string[] {
  const isLast = ids.length === last.ids.length && ids.every((id, place) => id === last.ids[place]);
  if (!isLast) last = { ids, sorted: ids.toSorted() };
  return last.sorted;
}

/** What the cases of a clause say so far. */
interface Tally {
  readonly clause: string;
  /** How much the worst word of each run weighs. */
  readonly weights: number[];
  /** The cases that differ. */
  readonly cases: string[];
}

function raise(worst: number[], weights: readonly number[]): void {
  for (let run = 0; run < worst.length; run++) {
    const weight = weights[run] ?? 0;
    if (weight > (worst[run] ?? 0)) worst[run] = weight;
  }
}

function isOtherwise({ difference }: ComparedFacts): boolean {
  return difference !== "same" && difference !== "coverage";
}

function clauseOf({ clause, weights, cases }: Tally): ClauseComparison {
  return {
    clause,
    words: weights.map((weight) => BY_WEIGHT[weight] ?? "absent"),
    differs: cases.length > 0 || weights.some((weight) => weight !== weights[0]),
    cases,
  };
}

/** The worst of some words. */
export function worstOf(words: readonly (ComparedWord | undefined)[]): ComparedWord {
  let worst: ComparedWord = "absent";
  for (const word of words) if (word && WEIGHTS[word] > WEIGHTS[worst]) worst = word;
  return worst;
}
