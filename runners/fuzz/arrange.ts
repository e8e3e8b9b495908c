/**
 * Arranges a program around what blocks: a step that blocks on the model is started, and finished once another step
 * has let it go.
 *
 * A program that waits for a step which never returns would hang a real kernel, and could not be written as a case.
 * So the model plays the program first, and the program is arranged by what it saw.
 *
 * @module
 */
import { type Call, finishId, type Program, type ProgramStep } from "../../cases/program.ts";
import { caseIdSchema } from "../../spec/ids.ts";
import type { CaseEnd, Observation } from "../../spec/observation.ts";
import type { Simulator } from "../simulator/mod.ts";
import type { Played } from "./play.ts";
import type { Woven, WovenStep } from "./weave.ts";

/** A program as it is played, with what the model saw. */
export interface Arranged {
  /** What is played. */
  readonly program: Program;
  /** The steps by id. */
  readonly steps: ReadonlyMap<string, WovenStep>;
  /** What the model saw. */
  readonly expected: Played;
}

const PROGRAM = caseIdSchema.parse("fuzz/program");

/**
 * Arranges a program.
 *
 * @param woven the program
 * @param model what says which steps block, and for how long
 * @throws what the model throws
 */
export function arrange(woven: Woven, model: Simulator): Arranged {
  const steps = new Map([...woven.steps, ...woven.closing].map((step) => [step.id, step]));
  const { usable, seen } = rehearse(woven.steps, model);
  if (!seen.observations.some(isBlocked)) {
    const program = programOf(usable.map(callOf));
    const asPlayed = usable.every(({ action }) => action === "call");
    return { program, steps, expected: asPlayed ? without(seen, program) : playOn(model, program.steps) };
  }
  for (const closing of closings(woven.closing)) {
    const arranged = closed([...usable, ...closing], steps, model);
    if (arranged && !isStuck(arranged)) return arranged;
  }
  const program = programOf(finished(usable, model).done);
  return { program, steps, expected: playOn(model, program.steps) };
}

/** The program that waits at the end for what still blocks, or nothing where the model does not survive that. */
function closed(
  all: readonly WovenStep[],
  steps: Arranged["steps"],
  model: Simulator,
): Arranged | undefined {
  try {
    const { done, open } = finished(all, model);
    const program = programOf([...done, ...open.toReversed().map(finishOf)].flatMap(asCallIfAlone));
    return { program, steps, expected: playOn(model, program.steps) };
  } catch {
    return undefined;
  }
}

/** What to add so that nothing stays blocked: nothing, one step, or all of them. */
function closings(all: readonly WovenStep[]): readonly (readonly WovenStep[])[] {
  return [[], ...all.map((step) => [step]), all];
}

interface Rehearsed {
  /** The steps that can be used. */
  readonly usable: readonly WovenStep[];
  /** What the model saw; of the steps that cannot be used, too. */
  readonly seen: Played;
}

/**
 * Plays the steps on the model to see which of them can be used. A step that needs an object which the model refused
 * to give cannot. Neither can the last use of an object that a blocked step still uses: such a driver would be wrong.
 */
function rehearse(steps: readonly WovenStep[], model: Simulator): Rehearsed {
  const observations: Observation[] = [];
  const program = programOf(steps.map(actionOf));
  let end: CaseEnd = { end: "lost" };
  let thrown: { readonly error: unknown } | undefined;
  try {
    end = model.run(program, (observation) => observations.push(observation));
  } catch (error) {
    thrown = { error };
  }
  const early = steps.find((step, index) => endsTooEarly(step, observations[index - 1], steps));
  if (early) return rehearse(steps.filter((step) => step !== early), model);
  if (thrown && !isCleanUpOfBlocked(steps, observations)) throw thrown.error;
  const usable = steps.filter((_step, index) => observations[index]?.outcome.kind !== "skipped");
  return { usable, seen: { observations, end } };
}

/** Whether every step was played and some of them still block: the program may yet be mended by what gives back. */
function isCleanUpOfBlocked(steps: readonly WovenStep[], observations: readonly Observation[]): boolean {
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

/** The steps, each that blocks finished as soon as another has let it go, and those that still block at the end. */
function finished(steps: readonly WovenStep[], model: Simulator): {
  readonly done: readonly ProgramStep[];
  readonly open: readonly string[];
} {
  const seen = observe(model, programOf(steps.map(actionOf)));
  const open: string[] = [];
  const done: ProgramStep[] = [];
  steps.forEach((step, index) => {
    const observation = seen[index];
    const blocks = observation !== undefined && isBlocked(observation);
    done.push(blocks ? startOf(step) : callOf(step));
    if (blocks) open.push(step.id);
    for (const id of open.toReversed()) {
      if (observation?.pending.includes(id)) continue;
      open.splice(open.indexOf(id), 1);
      done.push(finishOf(id));
    }
  });
  return { done, open };
}

/** What the model sees of the steps; it need not survive the clean-up. */
function observe(model: Simulator, program: Program): readonly Observation[] {
  const observations: Observation[] = [];
  try {
    model.run(program, (observation) => observations.push(observation));
  } catch (error) {
    if (observations.length < program.steps.length) throw error;
  }
  return observations;
}

/** A start right before its finish is a call. */
function asCallIfAlone(
  step: ProgramStep,
  index: number,
  all: readonly ProgramStep[],
): readonly ProgramStep[] {
  const next = all[index + 1];
  if (step.action === "start" && next?.action === "finish" && next.of === step.id) {
    return [{ ...step, action: "call" }];
  }
  const before = all[index - 1];
  if (step.action === "finish" && before?.action === "start" && before.id === step.of) return [];
  return [step];
}

function isBlocked({ outcome }: Observation): boolean {
  return outcome.kind === "blocked";
}

/** Whether the program waits for a step that does not return. */
function isStuck({ program, expected }: Pick<Arranged, "program" | "expected">): boolean {
  return program.steps.some(({ action }, index) => {
    const observation = expected.observations[index];
    return action !== "start" && observation !== undefined && isBlocked(observation);
  });
}

function playOn(model: Simulator, steps: readonly ProgramStep[]): Played {
  const observations: Observation[] = [];
  const end = model.run(programOf(steps), (observation) => observations.push(observation));
  return { observations, end };
}

function programOf(steps: readonly ProgramStep[]): Program {
  return { case: PROGRAM, steps };
}

/** What was seen of the steps that are still there; the others had no effect. */
function without({ observations, end }: Played, { steps }: Program): Played {
  const kept = new Set(steps.map(({ id }) => id));
  return { observations: observations.filter(({ step }) => kept.has(step)), end };
}

function actionOf(step: WovenStep): ProgramStep {
  return step.action === "start" ? startOf(step) : callOf(step);
}

function callOf({ id, operation, args, bind }: WovenStep): Call {
  return { action: "call", id, operation, args, bind };
}

function startOf(step: WovenStep): ProgramStep {
  return { ...callOf(step), action: "start" };
}

function finishOf(id: string): ProgramStep {
  return { action: "finish", id: finishId(id), of: id };
}
