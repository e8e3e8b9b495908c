/**
 * What a comparison needs of a run: of each case how it ended and what was seen, without what differs from run to run
 * by itself.
 *
 * @module
 */
import { describeEvent, describeOutcome } from "../../cases/describe.ts";
import type { Outcome } from "../../spec/observation.ts";
import { type Word, wordOf } from "../formats/format.ts";
import type { CaseResult, RunResult, StepResult } from "../result.ts";

/** What was seen of one step, in a few words. */
export interface Seen {
  /** The id of the step. */
  readonly step: string;
  /** What it does. */
  readonly operation: string;
  /** How it ended: `ok`, the name of an error or a signal, `blocks`. */
  readonly seen: string;
  /** Of a race whose threads were only run again and again: another run would have brought up other outcomes. */
  readonly extent?: "sample" | undefined;
}

/** What a case showed in one run. */
export interface CaseFacts {
  /** The id of the case. */
  readonly case: string;
  /** What it shows, in a line. */
  readonly title: string;
  /** The clauses it verifies. */
  readonly clauses: readonly string[];
  /** How it ended, in one word. */
  readonly word: Word;
  /** Why it did not pass; empty where it did. */
  readonly reason: string;
  /** What was seen of each step that was reached. */
  readonly seen: readonly Seen[];
}

/** What a run is, for those who compare it. */
export interface RunHead {
  /** The name of the run. */
  readonly run: string;
  /** The target. */
  readonly target: string;
  /** The kernel that the target runs or models. */
  readonly kernel: string;
  /** The profile that it was held against. */
  readonly profile: string;
  /** When it began: ISO 8601, UTC. */
  readonly startedAt: string;
  /** Whether it did not come to its end. */
  readonly partial: boolean;
}

/** A run as a comparison takes it. */
export interface RunFacts extends RunHead {
  /** What each case showed, by its id. */
  readonly cases: ReadonlyMap<string, CaseFacts>;
}

/** Takes from a result what a comparison needs; `run` is the name of the run. */
export function factsOf(run: string, result: RunResult): RunFacts {
  return {
    run,
    ...headOf(result),
    cases: new Map(result.results.map((each) => [each.case, caseFacts(each)])),
  };
}

/** What a run is, without its name. */
export function headOf(result: RunResult): Omit<RunHead, "run"> {
  const { target, profile, startedAt, partial } = result;
  return { target: target.id, kernel: target.kernel, profile, startedAt, partial };
}

/** What a case showed. */
export function caseFacts(result: CaseResult): CaseFacts {
  return {
    case: result.case,
    title: result.title,
    clauses: result.clauses,
    word: wordOf(result),
    reason: result.reasons[0] ?? "",
    seen: result.steps.filter((step) => step.observed !== "").map((step) => ({
      step: step.step,
      operation: step.operation,
      seen: seenOf(step),
      ...(step.section === "race" && result.raced?.exhaustive === false ? { extent: "sample" } : {}),
    })),
  };
}

/**
 * What was seen, in a few words that are the same whenever the target does the same. A value counts only where it is
 * not the expected one, and of a race only which outcomes there were, not how often.
 */
function seenOf({ section, observed, outcome, status, events }: StepResult): string {
  if (section === "race") return outcomesOf(observed);
  if (!outcome) return observed;
  if (status === "met" || outcome.kind !== "returned") return shortly(outcome);
  if (outcome.value !== null) return describeOutcome(outcome);
  return `ok, ${events.length === 0 ? "nothing happened" : events.map(describeEvent).join(", ")}`;
}

/** A histogram without its figures. */
function outcomesOf(histogram: string): string {
  const outcomes = histogram.split(", ").map((part) => part.replace(/ \(\d+\)$/, ""));
  return outcomes.map(shortWords).sort().join(" or ");
}

function shortWords(words: string): string {
  if (words === "succeeded") return "ok";
  return words.replace(/^(failed with|raised) /, "");
}

function shortly(outcome: Outcome): string {
  switch (outcome.kind) {
    case "returned":
      return "ok";
    case "failed":
      return outcome.errno;
    case "faulted":
      return outcome.signal;
    case "blocked":
      return "blocks";
    case "unsupported":
      return "not supported";
    case "skipped":
      return "skipped";
    case "error":
      return "target error";
    case "raced":
      return "raced";
  }
}
