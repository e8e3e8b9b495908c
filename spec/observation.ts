/**
 * What a target saw while it ran a step. Never what it means: a verdict is the judge's.
 *
 * @module
 */
import { z } from "zod";
import { ERRNO_NAMES, type ErrnoName } from "./errno.ts";

/** A value that a step returned; JSON, so that a record can hold it. */
export type Value = null | boolean | number | string | readonly Value[] | { readonly [key: string]: Value };

/** A signal that a CPU access can raise. */
export type Signal = "SIGBUS" | "SIGSEGV";

/** How one step ended, or that it has not. */
export type Outcome =
  /** It succeeded; `value` is `null` where the operation gives an object or nothing. */
  | { readonly kind: "returned"; readonly value: Value }
  /** It failed with an error, by name. */
  | { readonly kind: "failed"; readonly errno: ErrnoName }
  /** A CPU access raised a signal. */
  | { readonly kind: "faulted"; readonly signal: Signal }
  /** It has not returned and nothing that could release it is under way; `on` says what it waits for. */
  | { readonly kind: "blocked"; readonly on: string }
  /** This target cannot do it; `reason` says what is missing. */
  | { readonly kind: "unsupported"; readonly reason: string }
  /** It needs an object that an earlier step did not give. */
  | { readonly kind: "skipped"; readonly reason: string }
  /** The target itself failed. */
  | { readonly kind: "error"; readonly message: string }
  /** Threads ran at the same time, again and again. */
  | RaceOutcome;

/** What was seen of a race. */
export interface RaceOutcome {
  /** Tells it from the outcome of a step. */
  readonly kind: "raced";
  /** Each outcome that was seen, and how often. */
  readonly ends: readonly RaceEnd[];
  /** How often the threads were run; where `exhaustive`, the number of schedules. */
  readonly runs: number;
  /** Whether every schedule was run, but for those that differ only in the order of steps that commute. */
  readonly exhaustive: boolean;
  /** Distinct states that were gone through, where the target can tell. */
  readonly states?: number | undefined;
  /** What must not be in any schedule. */
  readonly findings: readonly RaceFinding[];
}

/** One way in which a race ended. */
export interface RaceEnd {
  /** How each step ended, by its id. */
  readonly results: Readonly<Record<string, Outcome>>;
  /** How often each attachment was told during the race; those that were not are left out. */
  readonly told: Readonly<Record<string, number>>;
  /** What was seen of the steps after the race. */
  readonly then: readonly Observation[];
  /** How many runs ended like this. */
  readonly count: number;
  /** A schedule that ends like this, where the target can repeat it. */
  readonly schedule?: string | undefined;
}

/** What a schedule showed that must not be, whatever the case expects. */
export interface RaceFinding {
  /** What kind of mistake it is. */
  readonly kind: "invariant" | "deadlock" | "lost-wake-up" | "lock-order" | "warning" | "leak" | "endless";
  /** What it is, in words. */
  readonly what: string;
  /** A schedule that shows it. */
  readonly schedule: string;
}

/** Something that happened by itself while a step ran. Objects are named as the case names them. */
export type Event =
  /** The importer's `invalidate_mappings` callback was called on an attachment. */
  | { readonly event: "invalidate"; readonly attachment: string }
  /** An importer tried to map again from inside its callback; `errno` is `null` when that succeeded. */
  | { readonly event: "remap"; readonly attachment: string; readonly errno: ErrnoName | null }
  /** An importer gave its mappings back by its own policy, inside or after the callback. */
  | { readonly event: "unmap"; readonly attachment: string }
  /** The driver of a memory region was told to stop its hardware, before the pages are given back. */
  | { readonly event: "stop"; readonly attachment: string }
  /** An importer took its pin back by itself. */
  | { readonly event: "unpin"; readonly attachment: string }
  /** A device left low power by itself and its wake-up eventfd fired. */
  | { readonly event: "wakeup"; readonly device: string }
  /** A device asked its user to let go of it, because its driver is being unbound. */
  | { readonly event: "release-request"; readonly device: string };

/** One line of the kernel log. */
export interface LogLine {
  /** Severity, by the kernel's own names. */
  readonly level: "emerg" | "alert" | "crit" | "err" | "warn" | "notice" | "info" | "debug";
  /** The line without its time stamp. */
  readonly text: string;
}

/** What was seen of one program step. */
export interface Observation {
  /** The id that the program gave the step. */
  readonly step: string;
  /** How it ended. */
  readonly outcome: Outcome;
  /** What happened meanwhile, in order. */
  readonly events: readonly Event[];
  /** What the kernel logged meanwhile. */
  readonly log: readonly LogLine[];
  /** Ids of the started steps that had still not returned when this one was over. */
  readonly pending: readonly string[];
  /** The target's own time in milliseconds; virtual in a simulator. */
  readonly durationMs: number;
}

/** What was found after every object of the case had been given back. */
export interface Postconditions {
  /** Kernel objects still alive, in words. */
  readonly leaks: readonly string[];
  /** Calls that never returned, with what they wait for. */
  readonly blocked: readonly string[];
  /** What the kernel logged during the clean-up. */
  readonly log: readonly LogLine[];
  /** Whether the kernel became tainted during the case. */
  readonly tainted: boolean;
}

/** How the run of one case ended, as far as a target can tell. */
export type RunEnd = "completed" | "timeout" | "crash" | "hang" | "lost" | "infra-error" | "suite-error";

/** The end of the run of one case. */
export interface CaseEnd {
  /** How it ended. */
  readonly end: RunEnd;
  /** Why, where it did not complete. */
  readonly reason?: string | undefined;
  /** What was found after the clean-up; missing where it could not be looked at. */
  readonly post?: Postconditions | undefined;
}

const valueSchema: z.ZodType<Value> = z.lazy(() =>
  z.union([
    z.null(),
    z.boolean(),
    z.number(),
    z.string(),
    z.array(valueSchema),
    z.record(z.string(), valueSchema),
  ])
);

/** Schema of {@link Signal}. */
export const signalSchema: z.ZodType<Signal> = z.enum(["SIGBUS", "SIGSEGV"]);

/** Schema of {@link RaceOutcome}. */
export const raceOutcomeSchema: z.ZodType<RaceOutcome> = z.strictObject({
  kind: z.literal("raced"),
  ends: z.array(z.strictObject({
    results: z.record(z.string(), z.lazy(() => outcomeSchema)),
    told: z.record(z.string(), z.int().positive()),
    then: z.array(z.lazy(() => observationSchema)),
    count: z.int().positive(),
    schedule: z.string().optional(),
  })),
  runs: z.int().nonnegative(),
  exhaustive: z.boolean(),
  states: z.int().nonnegative().optional(),
  findings: z.array(z.strictObject({
    kind: z.enum(["invariant", "deadlock", "lost-wake-up", "lock-order", "warning", "leak", "endless"]),
    what: z.string(),
    schedule: z.string(),
  })),
});

/** Schema of {@link Outcome}. */
export const outcomeSchema: z.ZodType<Outcome> = z.union([
  z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("returned"), value: valueSchema }),
    z.strictObject({ kind: z.literal("failed"), errno: z.enum(ERRNO_NAMES) }),
    z.strictObject({ kind: z.literal("faulted"), signal: signalSchema }),
    z.strictObject({ kind: z.literal("blocked"), on: z.string() }),
    z.strictObject({ kind: z.literal("unsupported"), reason: z.string() }),
    z.strictObject({ kind: z.literal("skipped"), reason: z.string() }),
    z.strictObject({ kind: z.literal("error"), message: z.string() }),
  ]),
  // Last, as few outcomes are one: every branch before the right one costs as much again.
  raceOutcomeSchema,
]);

/** Schema of {@link Event}. */
export const eventSchema: z.ZodType<Event> = z.discriminatedUnion("event", [
  z.strictObject({ event: z.literal("invalidate"), attachment: z.string() }),
  z.strictObject({
    event: z.literal("remap"),
    attachment: z.string(),
    errno: z.enum(ERRNO_NAMES).nullable(),
  }),
  z.strictObject({ event: z.literal("unmap"), attachment: z.string() }),
  z.strictObject({ event: z.literal("stop"), attachment: z.string() }),
  z.strictObject({ event: z.literal("unpin"), attachment: z.string() }),
  z.strictObject({ event: z.literal("wakeup"), device: z.string() }),
  z.strictObject({ event: z.literal("release-request"), device: z.string() }),
]);

/** Schema of {@link LogLine}. */
export const logLineSchema: z.ZodType<LogLine> = z.strictObject({
  level: z.enum(["emerg", "alert", "crit", "err", "warn", "notice", "info", "debug"]),
  text: z.string(),
});

/** Schema of {@link Observation}. */
export const observationSchema: z.ZodType<Observation> = z.strictObject({
  step: z.string(),
  outcome: outcomeSchema,
  events: z.array(eventSchema),
  log: z.array(logLineSchema),
  pending: z.array(z.string()),
  durationMs: z.number().nonnegative(),
});

/** Schema of {@link Postconditions}. */
export const postconditionsSchema: z.ZodType<Postconditions> = z.strictObject({
  leaks: z.array(z.string()),
  blocked: z.array(z.string()),
  log: z.array(logLineSchema),
  tainted: z.boolean(),
});

/** Schema of {@link CaseEnd}. */
export const caseEndSchema: z.ZodType<CaseEnd> = z.strictObject({
  end: z.enum(["completed", "timeout", "crash", "hang", "lost", "infra-error", "suite-error"]),
  reason: z.string().optional(),
  post: postconditionsSchema.optional(),
});
