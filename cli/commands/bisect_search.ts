/**
 * The search of a bisection: halves what is left between a good and a bad place, and goes round places that are neither.
 *
 * @module
 */
import type { Side } from "./bisect_lock.ts";

/** Where a bisection ended. */
export interface Found {
  /** The last place that is known to be on the side of the one end. */
  readonly good: number;
  /** The first place after it that is known to be on the other side. */
  readonly bad: number;
  /** The places between the two that are neither. */
  readonly neither: readonly number[];
}

/**
 * Finds where one side becomes the other. The good end may be before the bad one or after it.
 *
 * @param good the place of the good end
 * @param bad the place of the bad end
 * @param ask says what a place between them is; each is asked for once at most
 */
export async function search(
  good: number,
  bad: number,
  ask: (place: number) => Promise<Side>,
): Promise<Found> {
  const neither = new Set<number>();
  let [low, high] = [good, bad];
  for (let next = middleOf(low, high, neither); next !== undefined; next = middleOf(low, high, neither)) {
    const side = await ask(next);
    if (side === "neither") neither.add(next);
    else if (side === "good") low = next;
    else high = next;
  }
  return { good: low, bad: high, neither: between(low, high).filter((place) => neither.has(place)) };
}

/** The place nearest to the middle that has not been found to be neither. */
function middleOf(low: number, high: number, neither: ReadonlySet<number>): number | undefined {
  const middle = (low + high) / 2;
  return between(low, high)
    .filter((place) => !neither.has(place))
    .toSorted((one, other) => Math.abs(one - middle) - Math.abs(other - middle) || one - other)[0];
}

function between(one: number, other: number): number[] {
  const [from, to] = [Math.min(one, other), Math.max(one, other)];
  return Array.from({ length: Math.max(0, to - from - 1) }, (_, index) => from + 1 + index);
}
