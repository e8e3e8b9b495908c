/**
 * From a program on the wire to one that a target of this version can run.
 *
 * A runner may be newer than this side and know operations that this one has never heard of. Such a step is answered
 * "unsupported" without the target; the others are run all the same.
 *
 * @module
 */
import { z } from "zod";
import { type Call, type Program, type ProgramStep, RACE_ID } from "../../cases/program.ts";
import { caseIdSchema } from "../../spec/ids.ts";
import type { Observation, Outcome } from "../../spec/observation.ts";
import { type AnyArgs, isOperationName, type OperationName, operationOf } from "../../spec/operations/mod.ts";
import { MessageError } from "../protocol/errors.ts";
import type { WireCall, WireProgram, WireStep } from "../protocol/wire.ts";

/** A program, and the steps of it that are answered without the target. */
export interface Understood {
  /** What the target is to run. */
  readonly program: Program;
  /** The answers to the other steps, by id. */
  readonly answers: ReadonlyMap<string, Outcome>;
  /** The ids of all steps, in order. */
  readonly order: readonly string[];
}

/**
 * Understands a program as far as possible.
 *
 * @throws {MessageError} if the case has no name that this version can write down
 */
export function understand(wire: WireProgram): Understood {
  const id = caseIdSchema.safeParse(wire.case);
  if (!id.success) {
    throw new MessageError(
      `"${wire.case}" is no id of a case`,
      "Look at spec/ids.ts for what one looks like",
    );
  }
  const answers = new Map<string, Outcome>();
  const steps = knownSteps(wire.steps, answers);
  const race = wire.race && knownRace(wire.race, answers);
  return {
    program: { case: id.data, steps, ...(race ? { race } : {}), ...(wire.bugs ? { bugs: wire.bugs } : {}) },
    answers,
    order: [...wire.steps.map((step) => step.id), ...(wire.race ? [RACE_ID] : [])],
  };
}

/** What a target does not know, it does not get: a race with one such step is not run at all. */
function knownRace(
  { threads, then }: NonNullable<WireProgram["race"]>,
  answers: Map<string, Outcome>,
): Program["race"] {
  const inside = new Map<string, Outcome>();
  const race = {
    threads: threads.map(({ name, steps }) => ({ name, steps: knownCalls(steps, inside) })),
    then: knownSteps(then, inside),
  };
  const [first] = inside.values();
  if (!first) return race;
  answers.set(RACE_ID, first);
  return undefined;
}

function knownCalls(steps: readonly WireCall[], answers: Map<string, Outcome>): Call[] {
  return steps.map((step) => knownCall(step, answers)).filter((call) => call !== undefined);
}

function knownSteps(steps: readonly WireStep[], answers: Map<string, Outcome>): ProgramStep[] {
  return steps.map((step) => knownStep(step, answers)).filter((step) => step !== undefined);
}

function knownStep(step: WireStep, answers: Map<string, Outcome>): ProgramStep | undefined {
  if (step.action === "finish") {
    if (!answers.has(step.of)) return { action: "finish", id: step.id, of: step.of };
    answers.set(step.id, { kind: "skipped", reason: `${step.of} was not started` });
    return undefined;
  }
  const call = knownCall(step, answers);
  return step.action === "call" ? call : call && { ...call, action: step.action };
}

function knownCall(
  { id, operation: name, args, bind }: WireCall,
  answers: Map<string, Outcome>,
): Call | undefined {
  const known = knownOperation(name);
  if (!known) {
    answers.set(id, { kind: "unsupported", reason: `this version has no operation "${name}"` });
    return undefined;
  }
  const checked = known.args.safeParse(args);
  if (checked.success) return { action: "call", id, operation: known.operation, args: checked.data, bind };
  const why = checked.error.issues[0]?.message ?? "they are wrong";
  answers.set(id, { kind: "unsupported", reason: `this version cannot take these arguments: ${why}` });
  return undefined;
}

/** An operation of this version. */
interface KnownOperation {
  readonly operation: OperationName;
  /** The schema of its arguments, compiled: every step of every case goes through one. */
  readonly args: z.ZodType<AnyArgs>;
}

/** The operations that were asked for so far. */
const KNOWN = new Map<string, KnownOperation>();

function knownOperation(name: string): KnownOperation | undefined {
  const known = KNOWN.get(name);
  if (known || !isOperationName(name)) return known;
  const operation = { operation: name, args: z.compile(operationOf(name).args) };
  KNOWN.set(name, operation);
  return operation;
}

/**
 * Puts the answers that need no target between those that the target gives.
 *
 * @param understood the program
 * @param observe is told of every step, in order
 * @returns what the target is to tell, and what is to be called when the target has told everything
 */
export function interleaved(
  { answers, order }: Understood,
  observe: (observation: Observation) => void,
): { readonly observe: (observation: Observation) => void; readonly rest: () => void } {
  if (answers.size === 0) return { observe, rest() {} };
  let next = 0;
  const answerUpTo = (step: string | undefined) => {
    for (let id = order[next]; id !== undefined && id !== step; id = order[++next]) {
      const outcome = answers.get(id);
      if (!outcome) return;
      observe({ step: id, outcome, events: [], log: [], pending: [], durationMs: 0 });
    }
  };
  return {
    observe(observation) {
      answerUpTo(observation.step);
      next++;
      observe(observation);
    },
    rest: () => answerUpTo(undefined),
  };
}
