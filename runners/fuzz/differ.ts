/**
 * Where two runs of the same program differ first.
 *
 * Times and the texts that say why a step waits or was skipped are not compared: no two targets agree on them.
 *
 * @module
 */
import { describeEvent, describeOutcome } from "../../cases/describe.ts";
import type { Program, ProgramStep } from "../../cases/program.ts";
import type { Event, LogLine, Observation, Outcome, Postconditions } from "../../spec/observation.ts";
import type { Played } from "./play.ts";

/** What two runs differ in. */
export type Aspect = "outcome" | "events" | "warnings" | "pending" | "afterwards" | "end";

/** A difference between two runs. */
export interface Divergence {
  /** The step of the program where it shows; its length where it shows only after the last. */
  readonly index: number;
  /** What differs. */
  readonly aspect: Aspect;
  /** What was expected, in words. */
  readonly expected: string;
  /** What was seen, in words. */
  readonly seen: string;
  /** The same in so few words that the same difference in other programs has the same words. */
  readonly kind: { readonly expected: string; readonly seen: string };
}

/** What comes of comparing two runs. */
export type Comparison =
  | { readonly result: "same" }
  | { readonly result: "differs"; readonly divergence: Divergence }
  /** One of the two cannot do a step, so nothing after it can be compared. */
  | { readonly result: "unsupported"; readonly index: number }
  /** One of the two did not do its work as a target. */
  | { readonly result: "target-error"; readonly reason: string };

/** Ends that are the doing of the kernel under test. */
const KERNEL_ENDS: readonly string[] = ["crash", "hang"];

/**
 * Compares two runs of a program and stops at the first difference.
 *
 * @param program what was played
 * @param expected what the model saw
 * @param seen what the target saw
 */
export function compare(program: Program, expected: Played, seen: Played): Comparison {
  const { end, reason } = seen.end;
  if (end !== "completed" && !KERNEL_ENDS.includes(end)) {
    return { result: "target-error", reason: reason ?? `the run ended with ${end}` };
  }
  const reached = Math.min(expected.observations.length, seen.observations.length);
  for (const [index, step] of program.steps.entries()) {
    const [one, other] = [expected.observations[index], seen.observations[index]];
    if (!one || !other) break;
    const until = endOfWaits(program.steps, index, reached);
    const found = compareStep(
      { ...one, events: eventsUntilFinished(expected, index, until) },
      { ...other, events: eventsUntilFinished(seen, index, until) },
      finishedNext(program.steps, index),
    );
    if (found === "same") continue;
    if (found === "unsupported") return { result: "unsupported", index };
    if (found.aspect === "target-error") {
      return { result: "target-error", reason: `${step.id}: ${found.seen}` };
    }
    return { result: "differs", divergence: { index, ...found, aspect: found.aspect } };
  }
  return compareEnds(program, expected, seen);
}

/**
 * What happened in a step and while the program then waits for calls: how much of it a call that goes on does before the
 * step itself is over is up to chance. Those of a wait belong to the step before it.
 */
function eventsUntilFinished(
  { observations }: Played,
  from: number,
  to: number,
): readonly Event[] {
  return observations.slice(from, to).flatMap(({ events }) => events);
}

/** Where the waits behind a step end; the step itself where one of the runs did not get so far. */
function endOfWaits(steps: readonly ProgramStep[], index: number, reached: number): number {
  if (steps[index]?.action === "finish") return index;
  const next = steps.findIndex(({ action }, at) => at > index && action !== "finish");
  const end = next < 0 ? steps.length : next;
  return end <= reached ? end : index + 1;
}

type StepComparison =
  | "same"
  | "unsupported"
  | (Omit<Divergence, "index" | "aspect"> & { readonly aspect: Aspect | "target-error" });

/** The started steps that the program is about to wait for; whether they have returned already is up to chance. */
function finishedNext(steps: readonly ProgramStep[], index: number): ReadonlySet<string> {
  const next = new Set<string>();
  for (const step of steps.slice(index + 1)) {
    if (step.action !== "finish") break;
    next.add(step.of);
  }
  return next;
}

function compareStep(
  expected: Observation,
  seen: Observation,
  undecided: ReadonlySet<string>,
): StepComparison {
  if (expected.outcome.kind === "unsupported" || seen.outcome.kind === "unsupported") return "unsupported";
  if (seen.outcome.kind === "error") {
    const words = { expected: describeOutcome(expected.outcome), seen: describeOutcome(seen.outcome) };
    return { aspect: "target-error", ...words, kind: words };
  }
  return compareOutcomes(expected.outcome, seen.outcome) ??
    compareEvents(expected.events, seen.events) ??
    compareWarnings(expected.log, seen.log) ??
    comparePending(expected, seen, undecided) ?? "same";
}

type Difference = Omit<Divergence, "index">;

function compareOutcomes(expected: Outcome, seen: Outcome): Difference | undefined {
  if (essence(expected) === essence(seen)) return undefined;
  const values = expected.kind === "returned" && seen.kind === "returned";
  return {
    aspect: "outcome",
    expected: describeOutcome(expected),
    seen: describeOutcome(seen),
    kind: values
      ? { expected: "a value", seen: "another value" }
      : { expected: kindOf(expected), seen: kindOf(seen) },
  };
}

/** What of an outcome two targets can agree on. */
function essence(outcome: Outcome): string {
  return outcome.kind === "returned" ? `returned ${canonical(outcome.value)}` : kindOf(outcome);
}

function kindOf(outcome: Outcome): string {
  switch (outcome.kind) {
    case "failed":
      return outcome.errno;
    case "faulted":
      return outcome.signal;
    default:
      return outcome.kind;
  }
}

/** What a driver calls itself, as fdinfo tells it, is its own word. */
const OWN_WORD = "exporter";

function canonical(value: unknown): string {
  return JSON.stringify(value, (key, inner: unknown) => {
    if (key === OWN_WORD) return undefined;
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => a < b ? -1 : 1));
  });
}

/** What is told through an eventfd; how it lies in time with what happens to importers, nobody can see. */
const TOLD_APART: ReadonlySet<Event["event"]> = new Set(["wakeup", "release-request"]);

function inOrder(events: readonly Event[]): readonly Event[] {
  const isApart = ({ event }: Event) => TOLD_APART.has(event);
  return [...events.filter((each) => !isApart(each)), ...events.filter(isApart)];
}

function compareEvents(expected: readonly Event[], seen: readonly Event[]): Difference | undefined {
  const [one, other] = [expected, seen].map((events) => inOrder(events).map(describeEvent));
  if (!one || !other) return undefined;
  if (canonical(one) === canonical(other)) return undefined;
  return {
    aspect: "events",
    expected: one.join(", ") || "nothing happened",
    seen: other.join(", ") || "nothing happened",
    kind: eventKind(expected, seen),
  };
}

function eventKind(expected: readonly Event[], seen: readonly Event[]): Divergence["kind"] {
  for (const kind of new Set([...expected, ...seen].map(({ event }) => event))) {
    const [one, other] = [expected, seen].map((events) =>
      events.filter(({ event }) => event === kind).length
    );
    if (one === undefined || other === undefined || one === other) continue;
    return other > one
      ? { expected: one === 0 ? `no ${kind}` : kind, seen: one === 0 ? kind : `more of ${kind}` }
      : { expected: kind, seen: other === 0 ? `no ${kind}` : `fewer of ${kind}` };
  }
  return { expected: "events", seen: "other events" };
}

function compareWarnings(expected: readonly LogLine[], seen: readonly LogLine[]): Difference | undefined {
  const [one, other] = [expected.filter(isWarning), seen.filter(isWarning)];
  if ((one.length > 0) === (other.length > 0)) return undefined;
  return {
    aspect: "warnings",
    expected: describeWarnings(one),
    seen: describeWarnings(other),
    kind: one.length > 0
      ? { expected: "a warning", seen: "no warning" }
      : { expected: "no warning", seen: "a warning" },
  };
}

/** Whether a line of the kernel log says that something is wrong. */
export function isWarning({ level }: LogLine): boolean {
  return ["emerg", "alert", "crit", "err", "warn"].includes(level);
}

function describeWarnings(lines: readonly LogLine[]): string {
  return lines.length === 0
    ? "the kernel did not warn"
    : `the kernel warned: ${lines.map(({ text }) => text).join("; ")}`;
}

function comparePending(
  expected: Observation,
  seen: Observation,
  undecided: ReadonlySet<string>,
): Difference | undefined {
  const decided = (pending: readonly string[]) => pending.filter((id) => !undecided.has(id)).sort();
  const [one, other] = [decided(expected.pending), decided(seen.pending)];
  if (canonical(one) === canonical(other)) return undefined;
  const early = one.some((id) => !other.includes(id));
  return {
    aspect: "pending",
    expected: describePending(one),
    seen: describePending(other),
    kind: early
      ? { expected: "still blocked", seen: "returned" }
      : { expected: "returned", seen: "still blocked" },
  };
}

function describePending(ids: readonly string[]): string {
  return ids.length === 0 ? "nothing is blocked" : `still blocked: ${ids.join(", ")}`;
}

function compareEnds(program: Program, expected: Played, seen: Played): Comparison {
  const { end, reason, post } = seen.end;
  if (end !== "completed") {
    const words = { expected: "the kernel lives", seen: `${end}: ${reason ?? "the kernel died"}` };
    const divergence: Divergence = {
      index: seen.observations.length,
      aspect: "end",
      ...words,
      kind: { ...words, seen: end },
    };
    return { result: "differs", divergence };
  }
  const left = {
    mayTaint: mayTaint(expected),
    isOpen: (expected.observations.at(-1)?.pending.length ?? 0) > 0,
  };
  const difference = comparePostconditions(expected.end.post, post, left);
  if (!difference) return { result: "same" };
  return { result: "differs", divergence: { index: program.steps.length, ...difference } };
}

/** Whether a step makes the kernel warn, which taints it. A kernel that is tainted already does not become so. */
function mayTaint({ observations }: Played): boolean {
  return observations.some(({ log }) => log.some(isWarning));
}

/** What a program leaves to its clean-up. */
interface Leftover {
  readonly mayTaint: boolean;
  /**
   * Whether it has begun what it does not wait for: the order of the clean-up decides whether that returns, and whether
   * the kernel complains that it does not.
   */
  readonly isOpen: boolean;
}

/** The postconditions one by one; where a target could not look, there is nothing to compare. */
function comparePostconditions(
  expected: Postconditions | undefined,
  seen: Postconditions | undefined,
  { mayTaint, isOpen }: Leftover,
): Difference | undefined {
  if (!expected || !seen) return undefined;
  return comparePost("leaks", "nothing leaked", expected.leaks, seen.leaks) ??
    (isOpen ? undefined : compareWaits(expected, seen)) ??
    (mayTaint
      ? undefined
      : comparePost("taints", "the kernel is not tainted", taintOf(expected), taintOf(seen)));
}

/** What waits in the clean-up, and what the kernel says of it. */
function compareWaits(expected: Postconditions, seen: Postconditions): Difference | undefined {
  return comparePost("never returns", "everything returned", expected.blocked, seen.blocked) ??
    comparePost("warns", "the kernel did not warn", warningsOf(expected), warningsOf(seen));
}

function comparePost(
  word: string,
  otherwise: string,
  expected: readonly string[],
  seen: readonly string[],
): Difference | undefined {
  if ((expected.length > 0) === (seen.length > 0)) return undefined;
  const words = (found: readonly string[]) => found.length === 0 ? otherwise : `${word}: ${found.join("; ")}`;
  const kind = (found: readonly string[]) => found.length === 0 ? otherwise : word;
  return {
    aspect: "afterwards",
    expected: words(expected),
    seen: words(seen),
    kind: { expected: kind(expected), seen: kind(seen) },
  };
}

function warningsOf({ log }: Postconditions): readonly string[] {
  return log.filter(isWarning).map(({ text }) => text);
}

function taintOf({ tainted }: Postconditions): readonly string[] {
  return tainted ? ["the kernel is tainted"] : [];
}
