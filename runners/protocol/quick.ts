/**
 * The messages that come most often, read by hand: the schemas are what defines them, and take several times as long.
 *
 * What is read here, the schemas take with the same result, which a test holds against made-up messages. Whatever is not
 * quite as usual is left to them, and so is the word on what is wrong. No field may be called `__proto__`.
 *
 * @module
 */
import { z } from "zod";
import { isErrnoName } from "../../spec/errno.ts";
import type { CaseEnd, Observation, Outcome, Value } from "../../spec/observation.ts";
import type { EndMessage, ObservationMessage, RunMessage } from "./messages.ts";
import { stepObservationSchema, type WireCall, type WireStep } from "./wire.ts";

/** A run without a race and without bugs. */
export function quickRun(message: unknown): RunMessage | undefined {
  return isRun(message) ? message : undefined;
}

/** An observation of a step that is no race. */
export function quickObservation(message: unknown): ObservationMessage | undefined {
  if (!isFields(message) || message.type !== "observation") return undefined;
  const { type, run, seq } = message;
  if (!isNumber(run) || !isCount(seq)) return undefined;
  const observation = observationOf(message.observation);
  return observation && { ...message, type, run, seq, observation };
}

/** The end of a run that completed and left nothing behind. */
export function quickEnd(message: unknown): EndMessage | undefined {
  if (!isFields(message) || message.type !== "end") return undefined;
  const { type, run, observations } = message;
  if (!isNumber(run) || !isCount(observations)) return undefined;
  const end = completed(message.end);
  if (!end) return undefined;
  if (message.rest === undefined) return { ...message, type, run, observations, end };
  const rest = observationsOf(message.rest);
  return rest && { ...message, type, run, observations, end, rest };
}

/** What JSON calls an object. */
type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether something out of JSON is there. */
function isValue(value: unknown): value is Value {
  return value !== undefined;
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isNumber(value: unknown): value is number {
  return isCount(value) && value > 0;
}

function isEmpty(value: unknown): value is readonly never[] {
  return Array.isArray(value) && value.length === 0;
}

function isRun(message: unknown): message is RunMessage {
  if (!isFields(message) || message.type !== "run" || !isNumber(message.run)) return false;
  const { program, ended } = message;
  if (!isFields(program) || !isText(program.case)) return false;
  const { steps, race, bugs } = program;
  return Array.isArray(steps) && steps.every(isStep) && race === undefined && bugs === undefined &&
    (ended === undefined || isCount(ended));
}

function isStep(step: unknown): step is WireStep {
  return isCall(step) || (isFields(step) && step.action === "finish" && isText(step.id) && isText(step.of));
}

function isCall(step: unknown): step is WireCall {
  if (!isFields(step)) return false;
  const { action, id, operation, args, bind } = step;
  return (action === "call" || action === "start") && isText(id) && isText(operation) && isFields(args) &&
    (bind === undefined || isText(bind));
}

function observationsOf(list: unknown): readonly Observation[] | undefined {
  if (!Array.isArray(list)) return undefined;
  const observations: Observation[] = [];
  for (const each of list) {
    const observation = observationOf(each);
    if (!observation) return undefined;
    observations.push(observation);
  }
  return observations;
}

/** For the fewer observations that have more than an outcome. */
const STEP_OBSERVATION = z.compile(stepObservationSchema);

function observationOf(value: unknown): Observation | undefined {
  if (!isFields(value)) return undefined;
  const { step, events, log, pending, durationMs } = value;
  if (events !== undefined || log !== undefined || pending !== undefined) {
    return STEP_OBSERVATION.safeParse(value).data;
  }
  const outcome = outcomeOf(value.outcome);
  if (!outcome || !isText(step) || !isDuration(durationMs)) return undefined;
  return { step, outcome, events: [], log: [], pending: [], durationMs };
}

function isDuration(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

/** The outcomes of most steps. */
function outcomeOf(value: unknown): Outcome | undefined {
  if (!isFields(value)) return undefined;
  switch (value.kind) {
    case "returned":
      return isValue(value.value) ? { kind: value.kind, value: value.value } : undefined;
    case "failed":
      return isErrnoName(value.errno) ? { kind: value.kind, errno: value.errno } : undefined;
    case "unsupported":
    case "skipped":
      return isText(value.reason) ? { kind: value.kind, reason: value.reason } : undefined;
    default:
      return undefined;
  }
}

function completed(end: unknown): CaseEnd | undefined {
  if (!isFields(end) || end.end !== "completed" || end.reason !== undefined) return undefined;
  const { post } = end;
  if (!isFields(post) || typeof post.tainted !== "boolean") return undefined;
  const { leaks, blocked, log, tainted } = post;
  if (!isEmpty(leaks) || !isEmpty(blocked) || !isEmpty(log)) return undefined;
  return { end: "completed", post: { leaks, blocked, log, tainted } };
}
