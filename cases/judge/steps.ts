/**
 * Judges the steps of a case one by one, a race among them by all its outcomes.
 *
 * @module
 */
import type { Observation, RaceOutcome } from "../../spec/observation.ts";
import type { Case, Race, Section, Step } from "../case.ts";
import { describeExpectation, describeOutcome } from "../describe.ts";
import { finishId, RACE_ID } from "../program.ts";
import { mismatch, resultAgrees } from "./agreement.ts";
import type { CaseObservations, JudgeContext, StepJudgement } from "./judgement.ts";
import { placed } from "./placed.ts";
import { describeAllowedResults, judgeRace } from "./race.ts";

/** Judges every step of a case, those of its race among them. */
export function judgeAll(
  case_: Case,
  { observations }: CaseObservations,
  context: JudgeContext,
): readonly StepJudgement[] {
  const { race } = case_;
  if (!race) return judgeSteps(case_, observations, context);
  const raced = racedIn(observations);
  if (!raced) return judgeSteps(case_, observations, context).map((step) => withoutRace(step, observations));
  const before = observations.filter(({ step }) => step !== RACE_ID);
  const prepared = judgeSteps(case_, before, context).filter(({ section }) => !AFTER.includes(section));
  const afterwards = raced.ends.map((end) => judgeSteps(case_, [...before, ...end.then], context));
  return [...prepared, ...judgeThreads(race, raced, context), ...judgeThen(raced, afterwards)];
}

/** The sections whose steps are run more than once in a race. */
const AFTER: readonly Section[] = ["race", "then"];

/** What was seen of the race, if anything was. */
export function racedIn(observations: readonly Observation[]): RaceOutcome | undefined {
  const outcome = observations.find(({ step }) => step === RACE_ID)?.outcome;
  return outcome?.kind === "raced" ? outcome : undefined;
}

/** A target that could not run the race says why. */
function withoutRace(judged: StepJudgement, observations: readonly Observation[]): StepJudgement {
  const race = observations.find(({ step }) => step === RACE_ID);
  if (judged.section !== "race" || !race) return judged;
  const observed = describeOutcome(race.outcome);
  return { ...judged, observed, status: "unmet", reason: observed };
}

function judgeThreads(race: Race, raced: RaceOutcome, context: JudgeContext): StepJudgement[] {
  const judged = judgeRace(race, raced, (expected, outcome) => resultAgrees(expected, outcome, context));
  const steps = race.threads.flatMap((thread) => thread.steps);
  return steps.map(({ id }, index) => {
    const base = {
      step: id,
      section: "race" as const,
      expected: describeAllowedResults(race, index),
      observed: judged.observed.get(id) ?? "",
    };
    const blamed = judged.wrong.length > 0 &&
      (judged.blamed.size === 0 ? index === 0 : judged.blamed.has(id));
    if (blamed) return { ...base, status: "unmet", reason: judged.wrong.join("; ") };
    const [holder] = judged.holders;
    if (holder === undefined || index > 0) return { ...base, status: "met" };
    return { ...base, status: "alternative", holder, reason: `some schedules end as ${holder} has it` };
  });
}

/** The steps after a race hold if they hold after every outcome in which their objects are there. */
function judgeThen(raced: RaceOutcome, afterwards: readonly (readonly StepJudgement[])[]): StepJudgement[] {
  const steps = afterwards[0]?.filter(({ section }) => section === "then") ?? [];
  return steps.map(({ step }) => {
    const each = afterwards.map((judged, index) => ({
      judged: judged.find((other) => other.step === step),
      end: raced.ends[index],
    })).filter(({ end }) => !end?.then.some((seen) => seen.step === step && seen.outcome.kind === "skipped"));
    const chosen = each.find(({ judged }) => judged?.status === "unmet") ??
      each.find(({ judged }) => judged?.status !== "met") ?? each[0];
    const judged = chosen?.judged ?? afterwards[0]?.find((other) => other.step === step);
    if (!judged) throw new Error(`Cannot judge ${step}, which the case does not have`);
    const schedule = chosen?.end?.schedule;
    if (judged.status !== "unmet" || schedule === undefined) return judged;
    return { ...judged, reason: `${judged.reason ?? judged.observed} (schedule ${schedule})` };
  });
}

function judgeSteps(
  case_: Case,
  observations: readonly Observation[],
  context: JudgeContext,
): StepJudgement[] {
  const byId = new Map(observations.map((observation) => [observation.step, observation]));
  return [...placed(case_)].map(({ step, section }) => judgeStep(step, section, byId, context));
}

function judgeStep(
  step: Step,
  section: Section,
  seen: ReadonlyMap<string, Observation>,
  context: JudgeContext,
): StepJudgement {
  const expected = (step.until.length > 0 ? "blocks, then " : "") + describeExpectation(step.expects);
  const base = { step: step.id, section, expected };
  const last = seen.get(step.until.length > 0 ? finishId(step.id) : step.id);
  const first = seen.get(step.id);
  if (!first) return { ...base, observed: "", status: "not-reached" };
  const observed = describeOutcome((last ?? first).outcome);
  const early = step.until.length > 0 ? brokenBlocking(step, seen) : undefined;
  if (early) return judgeEarly(step, first, early, base, context);
  if (!last) return { ...base, observed: "", status: "not-reached" };
  const all = observationsOf(step, seen);
  const reason = mismatch(step.expects, last, all, context);
  if (reason === undefined) return { ...base, observed, status: "met" };
  const followed = step.otherwise.find((other) =>
    other.blocks !== false && mismatch(other, last, all, context) === undefined
  );
  if (followed) {
    const holder = followed.holder;
    return { ...base, observed, status: "alternative", holder, reason: `follows ${holder}: ${observed}` };
  }
  return { ...base, observed, status: "unmet", reason };
}

/** A step that had to block and did not: as others hold, or wrong. */
function judgeEarly(
  step: Step,
  first: Observation,
  reason: string,
  base: Pick<StepJudgement, "step" | "section" | "expected">,
  context: JudgeContext,
): StepJudgement {
  const observed = describeOutcome(first.outcome);
  const followed = step.otherwise.find((other) =>
    other.blocks === false && mismatch(other, first, [first], context) === undefined
  );
  if (!followed) return { ...base, observed, status: "unmet", reason };
  const holder = followed.holder;
  return {
    ...base,
    observed,
    status: "alternative",
    holder,
    reason: `follows ${holder}: ${observed} at once`,
  };
}

/** Why a step that must block did not, or did not stay blocked until its last inner step. */
function brokenBlocking(step: Step, seen: ReadonlyMap<string, Observation>): string | undefined {
  const first = seen.get(step.id);
  if (first && first.outcome.kind !== "blocked") {
    return `expected that it blocks, but it ${describeOutcome(first.outcome)}`;
  }
  for (const inner of step.until.slice(0, -1)) {
    const observation = seen.get(inner.until.length > 0 ? finishId(inner.id) : inner.id);
    if (observation && !observation.pending.includes(step.id)) {
      return `expected that it still blocks after ${inner.id}, but it had returned`;
    }
  }
  return undefined;
}

function observationsOf(step: Step, seen: ReadonlyMap<string, Observation>): Observation[] {
  return idsOf(step).flatMap((id) => seen.get(id) ?? []);
}

/** The ids under which a step and those inside it are seen. */
export function idsOf(step: Step): readonly string[] {
  return step.until.length === 0 ? [step.id] : [step.id, ...step.until.flatMap(idsOf), finishId(step.id)];
}
