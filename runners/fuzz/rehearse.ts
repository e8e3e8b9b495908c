/**
 * Plays a program on the model to see which of its steps can be used, and which of them block.
 *
 * @module
 */
import { type Call, finishId, type Program, type ProgramStep } from "../../cases/program.ts";
import { caseIdSchema } from "../../spec/ids.ts";
import type { CaseEnd, Observation } from "../../spec/observation.ts";
import type { OperationName } from "../../spec/operations/mod.ts";
import type { Simulator } from "../simulator/mod.ts";
import type { Played } from "./play.ts";
import type { WovenStep } from "./weave.ts";

/** Steps that can be used, with what the model saw of each. */
export interface Rehearsed {
  /** The steps; those that block are started, the others called. */
  readonly steps: readonly WovenStep[];
  /** What the model saw. */
  readonly seen: Played;
}

/** Nothing goes on beside a sleep: whoever starts one waits for it, since no two targets agree on how long a step takes. */
const SLEEP: OperationName = "clock.advance";

/** How often a program is mended before it is taken as it is: a step may block as a call and not if it is started. */
const MAX_ROUNDS = 8;

/**
 * Plays steps on the model until every step that is left can be used and only those that block are started.
 *
 * A step that needs an object which the model refused to give cannot be used. Neither can the last use of an object
 * that a blocked step still uses: a driver that did so would be wrong.
 *
 * @throws what the model throws, unless it is in the clean-up of a program that leaves calls blocked
 */
export function rehearse(steps: readonly WovenStep[], model: Simulator): Rehearsed {
  let rehearsed = playSteps(steps, model);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const { seen: { observations } } = rehearsed;
    const next = rehearsed.steps.map((step, index) => asSeen(step, observations[index]));
    if (next.every(({ action }, index) => action === rehearsed.steps[index]?.action)) break;
    rehearsed = playSteps(next, model);
  }
  return rehearsed;
}

/** Whether a step has not returned. */
export function isBlocked({ outcome }: Observation): boolean {
  return outcome.kind === "blocked";
}

function asSeen(step: WovenStep, observation: Observation | undefined): WovenStep {
  const blocks = observation && isBlocked(observation) && step.operation !== SLEEP;
  const action = blocks ? "start" : "call";
  return step.action === action ? step : { ...step, action };
}

function playSteps(steps: readonly WovenStep[], model: Simulator): Rehearsed {
  const observations: Observation[] = [];
  let end: CaseEnd = { end: "lost" };
  let thrown: { readonly error: unknown } | undefined;
  try {
    end = model.run(programOf(steps.map(actionOf)), (observation) => observations.push(observation));
  } catch (error) {
    thrown = { error };
  }
  const early = steps.find((step, index) => endsTooEarly(step, observations[index - 1], steps));
  if (early) return playSteps(steps.filter((step) => step !== early), model);
  if (thrown && !leavesBlocked(steps, observations)) throw thrown.error;
  return withoutSkipped(steps, { observations, end });
}

/** A step that was skipped has had no effect. */
function withoutSkipped(steps: readonly WovenStep[], { observations, end }: Played): Rehearsed {
  if (!observations.some(isSkipped)) return { steps, seen: { observations, end } };
  const used = steps.filter((_step, index) => {
    const observation = observations[index];
    return observation === undefined || !isSkipped(observation);
  });
  return { steps: used, seen: { observations: observations.filter((each) => !isSkipped(each)), end } };
}

function isSkipped({ outcome }: Observation): boolean {
  return outcome.kind === "skipped";
}

/** Whether every step was played and some of them still block: giving objects back may mend the program. */
function leavesBlocked(steps: readonly WovenStep[], observations: readonly Observation[]): boolean {
  return observations.length === steps.length && (observations.at(-1)?.pending.length ?? 0) > 0;
}

function endsTooEarly(
  { ends }: WovenStep,
  before: Observation | undefined,
  steps: readonly WovenStep[],
): boolean {
  if (ends === undefined || !before || before.pending.length === 0) return false;
  return steps.some(({ id, uses }) => before.pending.includes(id) && uses.includes(ends));
}

const PROGRAM = caseIdSchema.parse("fuzz/program");

/** A program of some steps. */
export function programOf(steps: readonly ProgramStep[]): Program {
  return { case: PROGRAM, steps };
}

/** A step as a target gets it. */
export function actionOf(step: WovenStep): ProgramStep {
  const call = callOf(step);
  return step.action === "start" ? { ...call, action: "start" } : call;
}

/** The wait for a step that was started. */
export function finishOf(id: string): ProgramStep {
  return { action: "finish", id: finishId(id), of: id };
}

function callOf({ id, operation, args, bind }: WovenStep): Call {
  return { action: "call", id, operation, args, bind };
}
