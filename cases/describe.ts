/**
 * Expectations and outcomes in words, for people who read a result.
 *
 * @module
 */
import type { Event, Outcome, Value } from "../spec/observation.ts";
import type { Expectation, ExpectedOutcome, Sees } from "./case.ts";

/** An expectation in words, as in `fails with ENODEV, a1 is told once`. */
export function describeExpectation(expectation: Expectation): string {
  const parts = [describeExpectedOutcome(expectation.outcome)];
  if (expectation.sees) parts.push(describeSees(expectation.sees));
  if (expectation.warns !== undefined) parts.push(describeWarning(expectation.warns));
  if (expectation.mayWarn !== undefined) parts.push(`the kernel may warn of "${expectation.mayWarn}"`);
  return parts.join(", ");
}

function describeWarning(warns: string | readonly []): string {
  return typeof warns === "string" ? `the kernel warns of "${warns}"` : "the kernel does not warn";
}

function describeExpectedOutcome(outcome: ExpectedOutcome): string {
  switch (outcome.kind) {
    case "returns":
      return outcome.value === undefined ? "succeeds" : `returns ${describeValue(outcome.value)}`;
    case "fails":
      return `fails with ${outcome.errnos.join(" or ")}`;
    case "faults":
      return `raises ${outcome.signal}`;
    case "any":
      return "ends in a way that is allowed";
  }
}

function describeSees(sees: Sees): string {
  if (sees.kind === "order") {
    return sees.events.length === 0
      ? "no importer is told"
      : `importers see ${sees.events.map(describeEvent).join(", then ")}`;
  }
  return Object.entries(sees.counts).map(([name, count]) => `${name} is told ${times(count)}`).join(", ");
}

function times(count: number): string {
  if (count === 0) return "never";
  return count === 1 ? "once" : `${count} times`;
}

/** How a step ended, in words. */
export function describeOutcome(outcome: Outcome): string {
  switch (outcome.kind) {
    case "returned":
      return outcome.value === null ? "succeeded" : `returned ${describeValue(outcome.value)}`;
    case "failed":
      return `failed with ${outcome.errno}`;
    case "faulted":
      return `raised ${outcome.signal}`;
    case "blocked":
      return `blocked on ${outcome.on}`;
    case "unsupported":
      return `is not supported: ${outcome.reason}`;
    case "skipped":
      return `was skipped: ${outcome.reason}`;
    case "error":
      return `could not be run: ${outcome.message}`;
    case "raced":
      return `ended in ${outcome.ends.length} ways in ${outcome.runs} ${
        outcome.exhaustive ? "schedules" : "runs"
      }`;
  }
}

/** An event in words, as in `invalidate of a1`. */
export function describeEvent(event: Event): string {
  const subject = "attachment" in event ? event.attachment : event.device;
  if (event.event !== "remap") return `${event.event} of ${subject}`;
  return `remap of ${subject} ${event.errno === null ? "that succeeds" : `that fails with ${event.errno}`}`;
}

/** A value as one would write it in a case. */
export function describeValue(value: Value): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
