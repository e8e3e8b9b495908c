/**
 * A race in words: how often it was run, and each outcome with how often it was seen.
 *
 * @module
 */
import { describeOutcome } from "../../cases/describe.ts";
import type { Outcome, RaceEnd, RaceOutcome } from "../../spec/observation.ts";

/** An outcome of a race, for tables. */
export interface RaceRow {
  /** How many runs ended like this. */
  readonly count: number;
  /** How each step ended, and how often importers were told. */
  readonly outcome: string;
  /** A schedule that ends like this; empty where the target cannot tell. */
  readonly schedule: string;
}

/** How often a race was run, in words. */
export function raceHead({ runs, exhaustive, ends }: RaceOutcome): string {
  const how = exhaustive ? `all ${runs} schedules` : `${runs} runs`;
  return `race: ${how}, ${ends.length} ${ends.length === 1 ? "outcome" : "outcomes"}`;
}

/** The outcomes of a race, the most frequent first. */
export function raceRows({ ends }: RaceOutcome): readonly RaceRow[] {
  return ends.toSorted((one, other) => other.count - one.count)
    .map((end) => ({ count: end.count, outcome: endText(end), schedule: end.schedule ?? "" }));
}

/** A race line by line; nothing where there was none. */
export function raceLines(raced: RaceOutcome | undefined): readonly string[] {
  if (!raced) return [];
  return [
    raceHead(raced),
    ...raceRows(raced).map(({ count, outcome, schedule }) =>
      `${count} times ${outcome}${schedule === "" ? "" : ` (schedule ${schedule})`}`
    ),
  ];
}

function endText({ results, told }: RaceEnd): string {
  return [
    ...Object.entries(results).map(([step, outcome]) => `${step} ${shortly(outcome)}`),
    ...Object.entries(told).map(([name, count]) => `${name} told ${count}`),
  ].join("; ");
}

function shortly(outcome: Outcome): string {
  return outcome.kind === "skipped" || outcome.kind === "blocked" ? outcome.kind : describeOutcome(outcome);
}
