/**
 * What became of each program, and how many had which fate: what a fuzzing is worth depends on how much of it was
 * really compared.
 *
 * @module
 */

/** What became of a program. */
export interface Fate {
  /** Its place among the programs of the fuzzing, from 0; with the seed it makes the program again. */
  readonly number: number;
  /** What decides the program, together with its path. */
  readonly seed: number;
  /** The way from the seed to the program. */
  readonly path: string;
  /**
   * `same`: it was compared to the end, and nothing differs; `different`: something differs, and the rest was compared
   * without the steps that show it; `nothing left`: the target can do none of its steps; `failed`: target or model did
   * not do their work.
   */
  readonly fate: "same" | "different" | "nothing left" | "failed";
  /** How many steps were compared, those included that were added so that nothing stays blocked. */
  readonly steps: number;
  /** The operations of the steps that were left out because target or model cannot do them, with what they said. */
  readonly leftOut: readonly { readonly operation: string; readonly reason: string }[];
  /** What differs, each as the finding that tells it. */
  readonly differences: readonly string[];
  /** What went wrong, where it failed. */
  readonly reason?: string | undefined;
}

/** How many programs had which fate. */
export interface Tally {
  /** Compared to the end with every step, and the same. */
  readonly whole: number;
  /** Compared to the end without the steps that target or model cannot do, and the same. */
  readonly part: number;
  /** Something differs. */
  readonly different: number;
  /** The target can do none of its steps. */
  readonly nothingLeft: number;
  /** Target or model did not do their work. */
  readonly failed: number;
  /** Steps that were compared. */
  readonly steps: number;
  /** How often a step of each operation was left out. */
  readonly leftOut: Readonly<Record<string, number>>;
}

/** Counts fates. */
export function tallyOf(fates: readonly Fate[]): Tally {
  const count = (isMeant: (fate: Fate) => boolean) => fates.filter(isMeant).length;
  const leftOut = Map.groupBy(fates.flatMap((fate) => fate.leftOut), ({ operation }) => operation);
  const often = [...leftOut].map(([operation, { length }]) => [operation, length] as const)
    .toSorted(([, one], [, other]) => other - one);
  return {
    whole: count(({ fate, leftOut }) => fate === "same" && leftOut.length === 0),
    part: count(({ fate, leftOut }) => fate === "same" && leftOut.length > 0),
    different: count(({ fate }) => fate === "different"),
    nothingLeft: count(({ fate }) => fate === "nothing left"),
    failed: count(({ fate }) => fate === "failed"),
    steps: fates.reduce((sum, { steps }) => sum + steps, 0),
    leftOut: Object.fromEntries(often),
  };
}
