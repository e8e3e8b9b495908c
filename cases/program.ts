/**
 * The part of a case that a target gets: the steps, without anything that is expected of them.
 *
 * @module
 */
import type { AnyArgs, OperationName } from "../spec/operations/mod.ts";
import type { CaseId } from "../spec/ids.ts";
import { type Case, type Race, SECTIONS, type Step } from "./case.ts";

/** One thing for a target to do. */
export type ProgramStep =
  /** Run the operation and wait until it returns. */
  | Call
  /** Run the operation on a thread of its own and go on as soon as it returns or blocks. */
  | (Omit<Call, "action"> & { readonly action: "start" })
  /** Wait until the started step `of` has returned. */
  | { readonly action: "finish"; readonly id: string; readonly of: string };

/** Threads that run at the same time, and what is done after them. */
export interface ProgramRace {
  /** What each thread does, in order. */
  readonly threads: readonly { readonly name: string; readonly steps: readonly Call[] }[];
  /** What is done once every thread has returned or waits for something that no thread gives. */
  readonly then: readonly ProgramStep[];
}

/** An operation with its arguments; objects are named, and the result gets the name `bind`. */
export interface Call {
  /** Tells it from the other steps. */
  readonly action: "call";
  /** The id of the step. */
  readonly id: string;
  /** The operation. */
  readonly operation: OperationName;
  /** Its arguments. */
  readonly args: AnyArgs;
  /** The name that its result gets. */
  readonly bind?: string | undefined;
}

/** What a target is asked to do for one case. */
export interface Program {
  /** The case, so that a target can name it in its log. */
  readonly case: CaseId;
  /** The steps, in order. */
  readonly steps: readonly ProgramStep[];
  /**
   * What runs at the same time, after the steps. It is run again and again, each time from the start of the case to
   * its end; what was seen of all the runs is one observation of the step {@link RACE_ID}.
   */
  readonly race?: ProgramRace | undefined;
  /** Bugs that the target's own exporter is to have meanwhile, by name, to test the cases; none where left out. */
  readonly bugs?: readonly string[] | undefined;
}

/** The id of the program step that waits for a started step. */
export function finishId(step: string): string {
  return `${step}.finish`;
}

/** The id under which a race is observed. */
export const RACE_ID = "race";

/** The ids under which the observations of a program are expected, in order. */
export function observedIds({ steps, race }: Program): readonly string[] {
  return [...steps.map(({ id }) => id), ...(race ? [RACE_ID] : [])];
}

/** Takes the expectations out of a case. */
export function programOf(case_: Case): Program {
  const { sections, race } = case_;
  if (!race) {
    return {
      case: case_.id,
      steps: SECTIONS.flatMap((section) => sections[section].flatMap(actionsOf)),
    };
  }
  const before = [...sections.given, ...sections.control, ...sections.when];
  return { case: case_.id, steps: before.flatMap(actionsOf), race: raceOf(race, sections.then) };
}

function raceOf({ threads }: Race, then: readonly Step[]): ProgramRace {
  return {
    threads: threads.map(({ name, steps }) => ({ name, steps: steps.map(callOf) })),
    then: then.flatMap(actionsOf),
  };
}

function callOf({ id, operation, args, bind }: Step): Call {
  return { action: "call", id, operation, args, bind };
}

function actionsOf(step: Step): ProgramStep[] {
  const { id } = step;
  if (step.until.length === 0) return [callOf(step)];
  return [
    { ...callOf(step), action: "start" },
    ...step.until.flatMap(actionsOf),
    { action: "finish", id: finishId(id), of: id },
  ];
}
