/**
 * What it means that a step is not as expected: a failure of the target, or only that it shows nothing.
 *
 * @module
 */
import { KERNEL_ONLY_ERRNOS } from "../../spec/errno.ts";
import type { Outcome } from "../../spec/observation.ts";
import { operationOf } from "../../spec/operations/mod.ts";
import type { Case, Step } from "../case.ts";
import { RACE_ID } from "../program.ts";
import type { CaseObservations, StepJudgement } from "./judgement.ts";
import { placed } from "./placed.ts";
import { outcomesIn } from "./race.ts";

/** What it means that a step is not as expected. */
export type Meaning = "fail" | "not-supported" | "target-error" | "nothing-shown";

/** Says it of one step, from how it ended and whether the operation worked before. */
export function meaningOf(unmet: StepJudgement, case_: Case, seen: CaseObservations): Meaning {
  const step = [...placed(case_)].find((each) => each.step.id === unmet.step)?.step;
  const outcomes = outcomesOf(seen, unmet.step);
  const [outcome] = outcomes;
  if (!step || !outcome || outcome.kind === "skipped") return "nothing-shown";
  if (outcome.kind === "error") return "target-error";
  if (outcome.kind === "unsupported") return "not-supported";
  if (outcomes.some((each) => each.kind === "failed" && KERNEL_ONLY_ERRNOS.includes(each.errno))) {
    return "fail";
  }
  if (isMissing(step, outcomes) && !worked(step, case_, seen)) return "not-supported";
  return unmet.section === "given" || unmet.section === "control" ? "nothing-shown" : "fail";
}

/** How a step ended; in a race every way in which it did, the one that says least of the case first. */
function outcomesOf({ observations }: CaseObservations, step: string): readonly Outcome[] {
  const own = observations.find((each) => each.step === step)?.outcome;
  if (own) return [own];
  const race = observations.find((each) => each.step === RACE_ID)?.outcome;
  if (!race) return [];
  return race.kind === "raced" ? outcomesIn(race, step) : [race];
}

/** Whether a target has answered that it does not have an operation, and has never done it in the step. */
function isMissing({ operation }: Step, outcomes: readonly Outcome[]): boolean {
  const { missing } = operationOf(operation);
  return outcomes.some((each) => each.kind === "failed" && each.errno === missing) &&
    outcomes.every(({ kind }) => kind !== "returned");
}

/** Whether the same operation succeeded earlier in the case, so that the target has it. */
function worked(step: Step, case_: Case, seen: CaseObservations): boolean {
  const succeeded = new Set(
    seen.observations.filter((each) => each.outcome.kind === "returned").map((each) => each.step),
  );
  for (const { step: earlier } of placed(case_)) {
    if (earlier.id === step.id) return false;
    if (earlier.operation === step.operation && succeeded.has(earlier.id)) return true;
  }
  return false;
}
