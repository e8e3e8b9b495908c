/**
 * Judges a race: every outcome that was seen must be allowed, every allowed outcome must be reached where all
 * schedules were run, and what comes after the race must hold after each of them.
 *
 * @module
 */
import type { Outcome, RaceEnd, RaceFinding, RaceOutcome } from "../../spec/observation.ts";
import type { AllowedEnd, AllowedResult, Race, Step } from "../case.ts";
import { describeExpectation, describeOutcome } from "../describe.ts";

/** What a race says of a target. */
export interface RaceJudgement {
  /** How each step of the threads ended, over all runs, in words, by its id. */
  readonly observed: ReadonlyMap<string, string>;
  /** What may not be; empty where all is as it must be. */
  readonly wrong: readonly string[];
  /** Steps that have an outcome which nothing allows. */
  readonly blamed: ReadonlySet<string>;
  /** Who allows what the clause does not, where somebody does. */
  readonly holders: readonly string[];
}

/** Whether a step ended as it may. */
export type Agrees = (
  expected: Exclude<AllowedResult, { kind: "skipped" | "blocked" }>,
  seen: Outcome,
) => boolean;

/**
 * Judges the outcomes of a race, without what comes after it.
 *
 * @param race the threads and what they may do
 * @param outcome what was seen
 * @param agrees compares a result with what is allowed
 */
export function judgeRace(race: Race, outcome: RaceOutcome, agrees: Agrees): RaceJudgement {
  const steps = race.threads.flatMap((thread) => thread.steps);
  const matches = outcome.ends.map((end) => race.allowed.filter((row) => allows(row, end, steps, agrees)));
  const strange = outcome.ends.filter((_, index) => matches[index]?.length === 0);
  const reached = new Set(matches.flat());
  const missing = outcome.exhaustive ? race.allowed.filter((row) => !row.holder && !reached.has(row)) : [];
  const contested = matches.filter((rows) =>
    rows.length > 0 && rows.every(({ holder }) => holder !== undefined)
  );
  return {
    observed: new Map(steps.map(({ id }) => [id, histogramOf(outcome.ends, id)])),
    wrong: [
      ...strange.map((end) => `${describeEnd(end, race)} is not allowed (${howOften(end, outcome)})`),
      ...missing.map((row) => `no schedule leads to ${describeRow(row, race)}`),
    ],
    blamed: new Set(steps.filter(({ id }) => strange.some((end) => end.results[id])).map(({ id }) => id)),
    holders: contested.flatMap((rows) => rows.flatMap(({ holder }) => holder ?? [])),
  };
}

/** What may become of a step of a race, in words. */
export function describeAllowedResults(race: Race, index: number): string {
  return [...new Set(race.allowed.map(({ results }) => describeAllowed(results[index])))].join(" or ");
}

/**
 * The outcomes of a step over all runs of a race, the ones that say least of the case first. A step that was skipped
 * comes last: it may well be skipped in one run because the outcome of another thread left it without its object.
 */
export function outcomesIn(raced: RaceOutcome, step: string): readonly Outcome[] {
  const all = raced.ends.flatMap(({ results, then }) => [
    ...(results[step] ? [results[step]] : []),
    ...then.filter((observation) => observation.step === step).map(({ outcome }) => outcome),
  ]);
  const rank = ({ kind }: Outcome) => {
    const place = ["error", "unsupported", "failed"].indexOf(kind);
    return place >= 0 ? place : kind === "skipped" ? 4 : 3;
  };
  return all.toSorted((one, other) => rank(one) - rank(other));
}

function allows(row: AllowedEnd, end: RaceEnd, steps: readonly Step[], agrees: Agrees): boolean {
  const told = Object.entries(row.sees ?? {}).every(([name, count]) => (end.told[name] ?? 0) === count);
  return told && steps.every(({ id }, index) => {
    const [expected, seen] = [row.results[index], end.results[id]];
    if (!expected || !seen) return false;
    if (expected.kind === "skipped" || expected.kind === "blocked") return seen.kind === expected.kind;
    return agrees(expected, seen);
  });
}

function histogramOf(ends: readonly RaceEnd[], id: string): string {
  const counts = new Map<string, number>();
  for (const { results, count } of ends) {
    const outcome = results[id];
    if (!outcome) continue;
    const words = shortly(outcome);
    counts.set(words, (counts.get(words) ?? 0) + count);
  }
  return [...counts].map(([words, count]) => `${words} (${count})`).join(", ");
}

/** An outcome without the reasons, which differ from run to run. */
function shortly(outcome: Outcome): string {
  return outcome.kind === "skipped" || outcome.kind === "blocked" ? outcome.kind : describeOutcome(outcome);
}

function describeEnd(end: RaceEnd, race: Race): string {
  const threads = race.threads.map(({ name, steps }) =>
    `${name}: ${
      steps.map(({ id }) => end.results[id]).map((each) => each ? shortly(each) : "nothing").join(", ")
    }`
  );
  const told = Object.entries(end.told).map(([name, count]) => `${name} told ${count}`);
  return [...threads, ...told].join("; ");
}

function describeRow(row: AllowedEnd, race: Race): string {
  let index = 0;
  const threads = race.threads.map(({ name, steps }) =>
    `${name}: ${steps.map(() => describeAllowed(row.results[index++])).join(", ")}`
  );
  const told = Object.entries(row.sees ?? {}).map(([name, count]) => `${name} told ${count}`);
  return [...threads, ...told].join("; ");
}

function describeAllowed(result: AllowedResult | undefined): string {
  if (!result) return "nothing";
  if (result.kind === "skipped" || result.kind === "blocked") return result.kind;
  return describeExpectation({ outcome: result });
}

function howOften({ count, schedule }: RaceEnd, { runs, exhaustive }: RaceOutcome): string {
  const of = `${count} of ${runs} ${exhaustive ? "schedules" : "runs"}`;
  return schedule === undefined ? of : `${of}, such as ${schedule}`;
}

/** A finding in words, with its schedule. */
export function describeFinding({ kind, what, schedule }: RaceFinding): string {
  return `${kind.replaceAll("-", " ")}: ${what} (schedule ${schedule})`;
}
