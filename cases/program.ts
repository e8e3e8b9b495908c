/**
 * The part of a case that a target gets: the steps, without anything that is expected of them.
 *
 * @module
 */
import type { AnyArgs, OperationName } from "../spec/operations/mod.ts";
import type { CaseId } from "../spec/ids.ts";
import { type Case, SECTIONS, type Step } from "./case.ts";

/** One thing for a target to do. */
export type ProgramStep =
  /** Run the operation and wait until it returns. */
  | Call
  /** Run the operation on a thread of its own and go on as soon as it returns or blocks. */
  | (Omit<Call, "action"> & { readonly action: "start" })
  /** Wait until the started step `of` has returned. */
  | { readonly action: "finish"; readonly id: string; readonly of: string };

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
}

/** The id of the program step that waits for a started step. */
export function finishId(step: string): string {
  return `${step}.finish`;
}

/** Takes the expectations out of a case. */
export function programOf(case_: Case): Program {
  return {
    case: case_.id,
    steps: SECTIONS.flatMap((section) => case_.sections[section].flatMap(actionsOf)),
  };
}

function actionsOf(step: Step): ProgramStep[] {
  const { id, operation, args, bind } = step;
  if (step.until.length === 0) return [{ action: "call", id, operation, args, bind }];
  return [
    { action: "start", id, operation, args, bind },
    ...step.until.flatMap(actionsOf),
    { action: "finish", id: finishId(id), of: id },
  ];
}
