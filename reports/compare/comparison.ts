/**
 * What a comparison of runs is.
 *
 * @module
 */
import type { Word } from "../formats/format.ts";
import type { RunHead } from "./facts.ts";

/** The version of the shape. */
export const COMPARISON_SCHEMA = "dmabuf-conform/comparison/1";

/** How a case ended in a run, or that the run did not select it. */
export type ComparedWord = Word | "absent";

/**
 * What differs:
 *
 * - `verdict`: what the case says of the targets
 * - `support`: whether the targets have what the case needs; where only some runs in between have it not, that is all
 *   that is known of them, and no change
 * - `behaviour`: what was seen, although it is judged alike
 * - `coverage`: only whether the case was run
 * - `same`: nothing
 */
export type Difference = "verdict" | "support" | "behaviour" | "coverage" | "same";

/** Neighbouring runs in which a case behaves alike. */
export interface Window {
  /** The first of the runs, by its place. */
  readonly from: number;
  /** The last of them. */
  readonly to: number;
  /** How the case ended. */
  readonly word: Word;
}

/** What is otherwise in a window than in the one before it. */
export interface Change {
  /** The first run of the window, by its place. */
  readonly at: number;
  /** The first step that was not seen alike; missing where only the judgement differs. */
  readonly step?: string | undefined;
  /** What the step does. */
  readonly operation?: string | undefined;
  /** What was seen of the step before, or how the case ended and why. */
  readonly before: string;
  /** What is seen of it now. */
  readonly after: string;
}

/** One case over the runs. */
export interface CaseComparison {
  /** The id of the case. */
  readonly case: string;
  /** What it shows, in a line. */
  readonly title: string;
  /** The clauses it verifies. */
  readonly clauses: readonly string[];
  /** What differs. */
  readonly difference: Difference;
  /** How it ended in each run. */
  readonly words: readonly ComparedWord[];
  /** Where it behaves alike; runs that tell nothing are in none: they did not reach the case, or could not answer it between others that could. */
  readonly windows: readonly Window[];
  /** What is otherwise in each window after the first. */
  readonly changes: readonly Change[];
  /** All of it in a sentence. */
  readonly says: string;
}
/** A case over the runs, but for the sentence, which has the names of the runs in it. */
export type ComparedFacts = Omit<CaseComparison, "says">;

/** Cases that changed in the same runs. */
export interface Group {
  /** The runs in which behaviour changed, by their places; empty where some runs tell nothing and the others are alike. */
  readonly at: readonly number[];
  /** A heading, as in `Changed in 7.1`, `Not run in 6.12` or `Not supported in 6.18`. */
  readonly title: string;
  /** The cases. */
  readonly cases: readonly CaseComparison[];
}

/** One clause over the runs: the worst that its cases say. */
export interface ClauseComparison {
  /** The id of the clause. */
  readonly clause: string;
  /** The worst word of its cases in each run. */
  readonly words: readonly ComparedWord[];
  /** Whether the runs differ. */
  readonly differs: boolean;
  /** Its cases that differ. */
  readonly cases: readonly string[];
}

/** Runs side by side. */
export interface Comparison {
  /** The shape and its version. */
  readonly schema: typeof COMPARISON_SCHEMA;
  /** The runs, each with a name as short as can be. */
  readonly runs: readonly (RunHead & { readonly label: string })[];
  /** How many cases differ in which way. */
  readonly counts: Readonly<Record<Difference, number>>;
  /** The cases that differ, the ones that changed earliest first. */
  readonly groups: readonly Group[];
  /** The cases that do not. */
  readonly same: readonly CaseComparison[];
  /** Every clause that one of the cases verifies; those that differ come first. */
  readonly clauses: readonly ClauseComparison[];
}
