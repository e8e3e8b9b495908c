/**
 * What is run in which order: every case as often as asked, in rounds, shuffled by a seed.
 *
 * @module
 */
import type { Case } from "../cases/case.ts";

/** One run of one case. */
export interface Attempt {
  readonly case: Case;
  /** Which run of the case it is, counted from 1. */
  readonly number: number;
}

/** What decides the order. */
export interface PlanOptions {
  /** How often each case is run; 1 unless said otherwise. */
  readonly repeat?: number | undefined;
  /** Shuffles each round; the same seed gives the same order. The order of the cases where it is left out. */
  readonly seed?: number | undefined;
  /** Tells of attempts that an earlier run has finished. */
  readonly isDone?: ((caseId: string, attempt: number) => boolean) | undefined;
}

/**
 * The attempts of a run in order: first every case once, then every case again. What is done is taken out last, so
 * that a resumed run keeps the order of the run that it goes on with.
 */
export function planOf(cases: readonly Case[], options: PlanOptions = {}): Attempt[] {
  const { repeat = 1, seed, isDone } = options;
  const random = seed === undefined ? undefined : randomFrom(seed);
  const plan: Attempt[] = [];
  for (let number = 1; number <= repeat; number++) {
    const round = random ? shuffled(cases, random) : cases;
    for (const each of round) plan.push({ case: each, number });
  }
  return isDone ? plan.filter((attempt) => !isDone(attempt.case.id, attempt.number)) : plan;
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items.map((item) => ({ item, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}

/** Numbers from 0 up to 1 that depend on nothing but the seed (the generator known as mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
