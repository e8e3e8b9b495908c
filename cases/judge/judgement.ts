/**
 * What the judge is told and what it says.
 *
 * @module
 */
import type { CaseEnd, Observation, RunEnd } from "../../spec/observation.ts";
import type { Section } from "../case.ts";

/**
 * What a case says of a target:
 *
 * - `pass`: everything was as the clauses demand
 * - `fail`: something was not
 * - `contested`: the target follows another party of a disagreement
 * - `unknown`: nothing can be said, because the case did not get far enough
 */
export type Verdict = "pass" | "fail" | "contested" | "unknown";

/** How a case ended: what the runner could tell, or that it did not apply, or that it was never reached. */
export type End = RunEnd | "not-supported" | "not-run";

/** What was seen of a case. */
export interface CaseObservations {
  /** One observation for each program step, in order. */
  readonly observations: readonly Observation[];
  /** The end; missing where the case was never run or the record stops before it. */
  readonly end?: CaseEnd | undefined;
}

/** How one step fared. */
export interface StepJudgement {
  /** The step's id. */
  readonly step: string;
  /** The section it stands in. */
  readonly section: Section;
  /** What was expected, in words. */
  readonly expected: string;
  /** What was seen, in words; empty where the step was not reached. */
  readonly observed: string;
  /** Whether they agree; `alternative` where another party of a disagreement is followed. */
  readonly status: "met" | "unmet" | "alternative" | "not-reached";
  /** What differs, where something does. */
  readonly reason?: string | undefined;
  /** Whom the target follows, where that is not the clause. */
  readonly holder?: string | undefined;
}

/** What the judge says of one run of a case. */
export interface Judgement {
  /** What the case says of the target. */
  readonly verdict: Verdict;
  /** How the case ended. */
  readonly end: End;
  /** Why the verdict is not `pass`, most important first, as whole sentences without a final period. */
  readonly reasons: readonly string[];
  /** What decided a `fail`: a step of the case, or a postcondition that holds for every case. */
  readonly decidedBy?: "step" | "postcondition" | "end" | undefined;
  /** Every step, in the order in which a reader meets it. */
  readonly steps: readonly StepJudgement[];
}

/** What the judge must know of a target. */
export interface JudgeContext {
  /** Bytes in a page of the target. */
  readonly pageSize: number;
}
