/**
 * The messages of the protocol: those that a runner sends, and those that a testee sends.
 *
 * @module
 */
import { z } from "zod";
import type { CaseEnd, LogLine, Observation } from "../../spec/observation.ts";
import {
  descriptionSchema,
  endSchema,
  logLineSchema,
  observationSchema,
  programSchema,
  type WireDescription,
  type WireProgram,
} from "./wire.ts";

/** Where a runner was when its connection was cut. */
export interface Resume {
  /** The session, as the testee's hello named it. */
  readonly session: string;
  /** The run that is under way, or the one that would be next. Of later runs the runner has taken nothing. */
  readonly run: number;
  /** How many observations of that run have arrived. */
  readonly seen: number;
}

/** The first message: which versions the runner speaks. */
export interface RunnerHello {
  readonly type: "hello";
  /** The versions that the runner speaks. */
  readonly versions: readonly number[];
  /** The suite. */
  readonly suite: { readonly name: string; readonly version: string };
  /** What it takes that a testee need not send, by name: `rest` for observations in the end of their run. */
  readonly takes?: readonly string[] | undefined;
  /** Asks to go on with a session whose connection was cut. */
  readonly resume?: Resume | undefined;
}

/** Run the steps of a case from a clean state, and clean up after them. */
export interface RunMessage {
  readonly type: "run";
  /** Tells it from other runs; counted up from 1. */
  readonly run: number;
  /** What to do. */
  readonly program: WireProgram;
  /** The last run whose end the runner has; what belongs to it and before it can be forgotten. */
  readonly ended?: number | undefined;
}

/** Stop a run; its end is still to be told. */
export interface AbortMessage {
  readonly type: "abort";
  /** The run. */
  readonly run: number;
  /** Why. */
  readonly reason: string;
}

/** Go back to the start state; runs that have not begun are dropped. */
export interface ResetMessage {
  readonly type: "reset";
  /** Tells it from other resets; counted up from 1. */
  readonly reset: number;
}

/** That was all. The other side says the same and lets go. */
export interface ByeMessage {
  readonly type: "bye";
}

/** What was not understood, or will not be done. */
export interface ErrorMessage {
  readonly type: "error";
  /** One word for the reason. */
  readonly code: string;
  /** What happened. */
  readonly message: string;
  /** What to do about it. */
  readonly hint?: string | undefined;
  /** The run that it is about; that run has no end then. */
  readonly run?: number | undefined;
}

/** The answer to a hello. */
export interface TesteeHello {
  readonly type: "hello";
  /** The version that both will speak. */
  readonly version: number;
  /** What the testee is and can do. */
  readonly target: WireDescription;
  /** Promises a message at least so often, in milliseconds, whatever happens. */
  readonly heartbeatMs?: number | undefined;
  /** How many runs may wait behind the one under way; none where left out. */
  readonly ahead?: number | undefined;
  /** Names the session, so that it can be resumed. */
  readonly session?: string | undefined;
  /** How long a session whose connection was cut is kept, in milliseconds. */
  readonly keptMs?: number | undefined;
  /** That this goes on with the session that was asked for: the last run that had arrived there; 0 for none. */
  readonly resumedAfter?: number | undefined;
}

/** A step is over. */
export interface ObservationMessage {
  readonly type: "observation";
  /** The run. */
  readonly run: number;
  /** The place of the observation within the run, from 0. */
  readonly seq: number;
  /** What was seen. */
  readonly observation: Observation;
}

/** What the kernel has logged since the last observation, ahead of the observation that will hold it. */
export interface LogMessage {
  readonly type: "log";
  /** The run. */
  readonly run: number;
  /** The lines. */
  readonly lines: readonly LogLine[];
}

/** A run is over. */
export interface EndMessage {
  readonly type: "end";
  /** The run. */
  readonly run: number;
  /** How many observations there are of it, those in `rest` among them. */
  readonly observations: number;
  /** How it ended. */
  readonly end: CaseEnd;
  /** The last of its observations, where they were not sent by themselves; only for a runner that takes `rest`. */
  readonly rest?: readonly Observation[] | undefined;
}

/** The answer to a reset. */
export interface ReadyMessage {
  readonly type: "ready";
  /** The reset. */
  readonly reset: number;
}

/** A sign of life. */
export interface HeartbeatMessage {
  readonly type: "heartbeat";
}

/** What a runner sends. */
export type RunnerMessage =
  | RunnerHello
  | RunMessage
  | AbortMessage
  | ResetMessage
  | ByeMessage
  | ErrorMessage;

/** What a testee sends. */
export type TesteeMessage =
  | TesteeHello
  | ObservationMessage
  | LogMessage
  | EndMessage
  | ReadyMessage
  | HeartbeatMessage
  | ByeMessage
  | ErrorMessage;

/** A number that tells runs and resets apart. */
const number = z.int().positive();
const count = z.int().nonnegative();

/** The schemas that both sides use: bye and error. */
const byeSchema: z.ZodType<ByeMessage> = z.looseObject({ type: z.literal("bye") });
const errorSchema: z.ZodType<ErrorMessage> = z.looseObject({
  type: z.literal("error"),
  code: z.string(),
  message: z.string(),
  hint: z.string().optional(),
  run: number.optional(),
});

/** A schema for each type of message that `M` has. */
export type Schemas<M extends { readonly type: string }> = {
  readonly [T in M["type"]]: z.ZodType<Extract<M, { readonly type: T }>>;
};

/** The schemas of what a runner sends, by type. */
export const RUNNER_SCHEMAS: Schemas<RunnerMessage> = {
  hello: z.looseObject({
    type: z.literal("hello"),
    versions: z.array(number).min(1),
    suite: z.looseObject({ name: z.string(), version: z.string() }),
    takes: z.array(z.string()).optional(),
    resume: z.looseObject({ session: z.string(), run: number, seen: count }).optional(),
  }),
  run: z.looseObject({
    type: z.literal("run"),
    run: number,
    program: programSchema,
    ended: count.optional(),
  }),
  abort: z.looseObject({ type: z.literal("abort"), run: number, reason: z.string() }),
  reset: z.looseObject({ type: z.literal("reset"), reset: number }),
  bye: byeSchema,
  error: errorSchema,
};

/** The schemas of what a testee sends, by type. */
export const TESTEE_SCHEMAS: Schemas<TesteeMessage> = {
  hello: z.looseObject({
    type: z.literal("hello"),
    version: number,
    target: descriptionSchema,
    heartbeatMs: z.int().min(100).optional(),
    ahead: count.optional(),
    session: z.string().optional(),
    keptMs: count.optional(),
    resumedAfter: count.optional(),
  }),
  observation: z.looseObject({
    type: z.literal("observation"),
    run: number,
    seq: count,
    observation: observationSchema,
  }),
  log: z.looseObject({ type: z.literal("log"), run: number, lines: z.array(logLineSchema) }),
  end: z.looseObject({
    type: z.literal("end"),
    run: number,
    observations: count,
    end: endSchema,
    rest: z.array(observationSchema).optional(),
  }),
  ready: z.looseObject({ type: z.literal("ready"), reset: number }),
  heartbeat: z.looseObject({ type: z.literal("heartbeat") }),
  bye: byeSchema,
  error: errorSchema,
};
