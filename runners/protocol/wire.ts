/**
 * The larger parts of messages as they are on the wire: programs, observations, ends and descriptions.
 *
 * They are those of the suite, but open: a field that is not known is no mistake, and an operation may be one that the
 * other side has never heard of.
 *
 * @module
 */
import { z } from "zod";
import { ERRNO_NAMES } from "../../spec/errno.ts";
import {
  type CaseEnd,
  type Event,
  type LogLine,
  type Observation,
  type Outcome,
  type Postconditions,
  type RaceOutcome,
  signalSchema,
  type Value,
} from "../../spec/observation.ts";

/** An operation to do. */
export interface WireCall {
  /** `call` waits until it returns; `start` goes on as soon as it returns or blocks. */
  readonly action: "call" | "start";
  /** The id of the step. */
  readonly id: string;
  /** The operation. */
  readonly operation: string;
  /** Its arguments, defaults filled in; objects by the names that earlier steps gave them. */
  readonly args: Readonly<Record<string, unknown>>;
  /** The name that its result gets. */
  readonly bind?: string | undefined;
}

/** One thing to do. */
export type WireStep =
  | WireCall
  /** Wait until the started step `of` has returned. */
  | { readonly action: "finish"; readonly id: string; readonly of: string };

/** Threads that run at the same time, and what is done after them. */
export interface WireRace {
  /** What each thread does, in order. */
  readonly threads: readonly { readonly name: string; readonly steps: readonly WireCall[] }[];
  /** What is done after them. */
  readonly then: readonly WireStep[];
}

/** What a testee is asked to do for one case. */
export interface WireProgram {
  /** The id of the case, for logs. */
  readonly case: string;
  /** The steps, in order. */
  readonly steps: readonly WireStep[];
  /** What runs at the same time, after the steps. */
  readonly race?: WireRace | undefined;
  /** Bugs that the testee's own exporter is to have meanwhile, to test the cases; only one that has such is asked. */
  readonly bugs?: readonly string[] | undefined;
}

/** What a testee says of itself. */
export interface WireDescription {
  /** The short string that names it. */
  readonly id: string;
  /** What it is, in a few words. */
  readonly name: string;
  /** Its own version. */
  readonly version: string;
  /** The kernel release it runs, or the one it models. */
  readonly kernel: string;
  /** Digest of the kernel configuration, where known. */
  readonly config?: string | undefined;
  /** Digest of the kernel image, where known. */
  readonly image?: string | undefined;
  /** What it has to run on, as in `0000:01:00.0 10de:2204`, where known. */
  readonly devices?: readonly string[] | undefined;
  /** The architecture, as `uname -m` names it; `generic` where there is none. */
  readonly architecture: string;
  /** Bytes in a page. */
  readonly pageSize: number;
  /** What watches for bugs while cases run. */
  readonly detectors: readonly string[];
  /** The operations that it can do. */
  readonly operations: readonly string[];
}

const callSchema: z.ZodType<WireCall> = z.looseObject({
  action: z.enum(["call", "start"]),
  id: z.string(),
  operation: z.string(),
  args: z.record(z.string(), z.unknown()),
  bind: z.string().optional(),
});

const stepSchema: z.ZodType<WireStep> = z.union([
  callSchema,
  z.looseObject({ action: z.literal("finish"), id: z.string(), of: z.string() }),
]);

/** Schema of {@link WireProgram}. */
export const programSchema: z.ZodType<WireProgram> = z.looseObject({
  case: z.string(),
  steps: z.array(stepSchema),
  race: z.looseObject({
    threads: z.array(z.looseObject({ name: z.string(), steps: z.array(callSchema) })),
    then: z.array(stepSchema),
  }).optional(),
  bugs: z.array(z.string()).optional(),
});

/** Schema of {@link WireDescription}. */
export const descriptionSchema: z.ZodType<WireDescription> = z.looseObject({
  id: z.string(),
  name: z.string(),
  version: z.string(),
  kernel: z.string(),
  config: z.string().optional(),
  image: z.string().optional(),
  devices: z.array(z.string()).optional(),
  architecture: z.string(),
  pageSize: z.int().positive(),
  detectors: z.array(z.string()),
  operations: z.array(z.string()),
});

const errnoSchema = z.enum(ERRNO_NAMES);

const eventSchema: z.ZodType<Event> = z.discriminatedUnion("event", [
  z.object({ event: z.literal("invalidate"), attachment: z.string() }),
  z.object({ event: z.literal("remap"), attachment: z.string(), errno: errnoSchema.nullable() }),
  z.object({ event: z.literal("unmap"), attachment: z.string() }),
  z.object({ event: z.literal("stop"), attachment: z.string() }),
  z.object({ event: z.literal("unpin"), attachment: z.string() }),
  z.object({ event: z.literal("wakeup"), device: z.string() }),
  z.object({ event: z.literal("release-request"), device: z.string() }),
]);

/** Schema of a line of the kernel log. */
export const logLineSchema: z.ZodType<LogLine> = z.object({
  level: z.enum(["emerg", "alert", "crit", "err", "warn", "notice", "info", "debug"]),
  text: z.string(),
});

/** Whatever JSON can hold; a message is read by `JSON.parse`, which gives nothing else. */
const valueSchema: z.ZodType<Value> = z.custom<Value>((value) => value !== undefined);

/** Two kinds of outcome apart, because only one of them is made of observations. */
const stepOutcomeSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("returned"), value: valueSchema }),
  z.object({ kind: z.literal("failed"), errno: errnoSchema }),
  z.object({ kind: z.literal("faulted"), signal: signalSchema }),
  z.object({ kind: z.literal("blocked"), on: z.string() }),
  z.object({ kind: z.literal("unsupported"), reason: z.string() }),
  z.object({ kind: z.literal("skipped"), reason: z.string() }),
  z.object({ kind: z.literal("error"), message: z.string() }),
]);

const raceOutcomeSchema = z.object({
  kind: z.literal("raced"),
  ends: z.array(z.object({
    results: z.record(z.string(), z.lazy((): z.ZodType<Outcome> => outcomeSchema)),
    told: z.record(z.string(), z.int().positive()),
    then: z.array(z.lazy((): z.ZodType<Observation> => observationSchema)),
    count: z.int().positive(),
    schedule: z.string().optional(),
  })),
  runs: z.int().nonnegative(),
  exhaustive: z.boolean(),
  states: z.int().nonnegative().optional(),
  findings: z.array(z.object({
    kind: z.enum(["invariant", "deadlock", "lost-wake-up", "lock-order", "warning", "leak", "endless"]),
    what: z.string(),
    schedule: z.string(),
  })),
}) satisfies z.ZodType<RaceOutcome>;

const outcomeSchema: z.ZodType<Outcome> = z.discriminatedUnion("kind", [
  ...stepOutcomeSchema.options,
  raceOutcomeSchema,
]);

/** Schema of an observation. What it does not know is left out, so that a record has only what it can hold. */
export const observationSchema: z.ZodType<Observation> = observationWith(outcomeSchema);

/** The same for a step that is no race: nearly all are, and zod can compile it because it has no cycle. */
export const stepObservationSchema: z.ZodType<Observation> = observationWith(stepOutcomeSchema);

function observationWith(outcome: z.ZodType<Outcome>): z.ZodType<Observation> {
  return z.object({
    step: z.string(),
    outcome,
    events: z.array(eventSchema).default([]),
    log: z.array(logLineSchema).default([]),
    pending: z.array(z.string()).default([]),
    durationMs: z.number().nonnegative(),
  });
}

const postconditionsSchema: z.ZodType<Postconditions> = z.object({
  leaks: z.array(z.string()),
  blocked: z.array(z.string()),
  log: z.array(logLineSchema),
  tainted: z.boolean(),
});

/** Schema of the end of a case. A case that completed says what was found after it. */
export const endSchema: z.ZodType<CaseEnd> = z.union([
  z.object({ end: z.literal("completed"), reason: z.string().optional(), post: postconditionsSchema }),
  z.object({
    end: z.enum(["timeout", "crash", "hang", "lost", "infra-error", "suite-error"]),
    reason: z.string().optional(),
    post: postconditionsSchema.optional(),
  }),
]);
