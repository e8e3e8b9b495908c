/**
 * Whether an observation is what a step expects: its outcome, its events and the warnings of the kernel.
 *
 * @module
 */
import type { Event, LogLine, Observation, Outcome, Value } from "../../spec/observation.ts";
import { isSize, sizeInBytes } from "../../spec/size.ts";
import type { Expectation, ExpectedOutcome, Sees } from "../case.ts";
import { describeEvent, describeExpectation, describeOutcome } from "../describe.ts";
import type { JudgeContext } from "./judgement.ts";

/** What differs between an expectation and what was seen, or `undefined` if nothing does. */
export function mismatch(
  expects: Expectation,
  last: Observation,
  all: readonly Observation[],
  context: JudgeContext,
): string | undefined {
  if (!resultAgrees(expects.outcome, last.outcome, context)) {
    return `expected that it ${describeExpectation({ outcome: expects.outcome })}, but it ${
      describeOutcome(last.outcome)
    }`;
  }
  const events = all.flatMap((observation) => observation.events);
  if (expects.sees && !seesAgrees(expects.sees, events)) {
    const seen = events.length === 0
      ? "nothing happened"
      : `there was ${events.map(describeEvent).join(", ")}`;
    return `expected that it ${describeExpectation(expects)}, but ${seen}`;
  }
  return warningMismatch(expects.warns, all.flatMap((observation) => observation.log).filter(isWarning));
}

function warningMismatch(expected: Expectation["warns"], warned: readonly LogLine[]): string | undefined {
  if (expected === undefined) return undefined;
  if (typeof expected === "string") {
    if (warned.some(({ text }) => text.includes(expected))) return undefined;
    return `expected a warning of the kernel that contains "${expected}"`;
  }
  const [first] = warned;
  return first && `expected that the kernel does not warn, but it warned: ${first.text}`;
}

/** Whether a line of the kernel log is a warning or worse. */
export function isWarning(line: LogLine): boolean {
  return ["emerg", "alert", "crit", "err", "warn"].includes(line.level);
}

/** Whether a step ended as it must; a missing value agrees with any. */
export function resultAgrees(expected: ExpectedOutcome, outcome: Outcome, context: JudgeContext): boolean {
  switch (expected.kind) {
    case "returns":
      return outcome.kind === "returned" &&
        (expected.value === undefined || valueAgrees(expected.value, outcome.value, context));
    case "fails":
      return outcome.kind === "failed" && expected.errnos.includes(outcome.errno);
    case "faults":
      return outcome.kind === "faulted" && outcome.signal === expected.signal;
    case "any":
      return ["returned", "failed", "faulted", "skipped", "blocked"].includes(outcome.kind);
  }
}

/** Objects agree if the named keys do; a size agrees with the number of bytes it stands for on the target. */
function valueAgrees(expected: Value, seen: Value, context: JudgeContext): boolean {
  if (isSize(expected) && typeof seen === "number") {
    return sizeInBytes(expected, context.pageSize) === BigInt(seen);
  }
  if (isRecord(expected)) {
    return isRecord(seen) &&
      Object.entries(expected).every(([key, value]) => valueAgrees(value, seen[key] ?? null, context));
  }
  return JSON.stringify(expected) === JSON.stringify(seen);
}

function isRecord(value: Value): value is { readonly [key: string]: Value } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function seesAgrees(sees: Sees, events: readonly Event[]): boolean {
  if (sees.kind === "count") {
    return Object.entries(sees.counts).every(([name, count]) =>
      events.filter((event) => event.event === "invalidate" && event.attachment === name).length === count
    );
  }
  const kinds = new Set<Event["event"]>(["invalidate", "stop", ...sees.events.map((event) => event.event)]);
  const relevant = events.filter((event) => kinds.has(event.event));
  return relevant.length === sees.events.length &&
    sees.events.every((event, index) => describeEvent(event) === describeEvent(relevant[index] ?? event));
}
