/**
 * Arranges a program around what blocks: a step that blocks on the model is started, and finished once another step
 * has let it go.
 *
 * A program that waits for a step which never returns would hang a real kernel, and could not be written as a case.
 * So the model plays the program first, and the program is arranged by what it saw.
 *
 * @module
 */
import type { Program, ProgramStep } from "../../cases/program.ts";
import type { Observation } from "../../spec/observation.ts";
import type { Simulator } from "../simulator/mod.ts";
import type { Played } from "./play.ts";
import { actionOf, finishOf, isBlocked, programOf, rehearse, type Rehearsed } from "./rehearse.ts";
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

/**
 * Arranges a program.
 *
 * @param woven the program
 * @param model what says which steps block, and for how long
 * @throws what the model throws
 */
export function arrange(woven: Woven, model: Simulator): Arranged {
  const steps = new Map([...woven.steps, ...woven.closing].map((step) => [step.id, step]));
  const rehearsed = rehearse(woven.steps, model);
  if (!rehearsed.seen.observations.some(isBlocked)) {
    return { program: programOf(rehearsed.steps.map(actionOf)), steps, expected: rehearsed.seen };
  }
  for (const closing of closings(woven.closing)) {
    const closed = finished([...rehearsed.steps, ...closing], model);
    if (closed) return { ...closed, steps };
  }
  const program = programOf(finishedInTime(rehearsed).done);
  return { program, steps, expected: playOn(model, program) };
}

/** What to add so that nothing stays blocked: nothing, one step, or all of them. */
function closings(all: readonly WovenStep[]): readonly (readonly WovenStep[])[] {
  return [[], ...all.map((step) => [step]), all];
}

/**
 * The program that waits at the end for what still blocks, or nothing where that does not return or the model does
 * not survive it.
 */
function finished(steps: readonly WovenStep[], model: Simulator): Omit<Arranged, "steps"> | undefined {
  try {
    const { done, open } = finishedInTime(rehearse(steps, model));
    const program = programOf([...done, ...open.toReversed().map(finishOf)].flatMap(asCallIfAlone));
    const expected = playOn(model, program);
    return isStuck(program, expected.observations) ? undefined : { program, expected };
  } catch {
    return undefined;
  }
}

/** The steps, each that blocks finished as soon as another has let it go, and those that still block at the end. */
function finishedInTime({ steps, seen: { observations } }: Rehearsed): {
  readonly done: readonly ProgramStep[];
  readonly open: readonly string[];
} {
  const open: string[] = [];
  const done: ProgramStep[] = [];
  steps.forEach((step, index) => {
    done.push(actionOf(step));
    if (step.action === "start") open.push(step.id);
    for (const id of open.toReversed()) {
      if (observations[index]?.pending.includes(id)) continue;
      open.splice(open.indexOf(id), 1);
      done.push(finishOf(id));
    }
  });
  return { done, open };
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

/** Whether the program waits for a step that does not return. */
function isStuck({ steps }: Program, observations: readonly Observation[]): boolean {
  return steps.some(({ action }, index) => {
    const observation = observations[index];
    return action !== "start" && observation !== undefined && isBlocked(observation);
  });
}

function playOn(model: Simulator, program: Program): Played {
  const observations: Observation[] = [];
  const end = model.run(program, (observation) => observations.push(observation));
  return { observations, end };
}

/** The operation of a step of the program by its index, or `after the program`. */
export function operationAt({ program, steps }: Arranged, index: number): string {
  const step = program.steps[index];
  const id = step?.action === "finish" ? step.of : step?.id;
  return (id === undefined ? undefined : steps.get(id)?.operation) ?? "after the program";
}
