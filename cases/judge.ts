/**
 * The judge: what was seen, held against what a case expects. A pure function; the same observations always get
 * the same verdict, so a record can be judged again by anybody.
 *
 * @module
 */
import { operationOf } from "../spec/operations/mod.ts";
import { KERNEL_ONLY_ERRNOS } from "../spec/errno.ts";
import type {
  CaseEnd,
  Event,
  LogLine,
  Observation,
  Outcome,
  Postconditions,
  RaceOutcome,
  RunEnd,
  Value,
} from "../spec/observation.ts";
import { isSize, sizeInBytes } from "../spec/size.ts";
import type { Case, Expectation, ExpectedOutcome, Race, Section, Sees, Step } from "./case.ts";
import { SECTIONS } from "./case.ts";
import { describeEvent, describeExpectation, describeOutcome } from "./describe.ts";
import { describeAllowedResults, describeFinding, judgeRace, outcomesIn } from "./judge_race.ts";
import { finishId, RACE_ID } from "./program.ts";

/**
 * What a case says of a target:
 *
 * - `pass`: everything was as the clauses demand
 * - `fail`: something was not
 * - `contested`: the target follows another party of a disagreement
 * - `unknown`: nothing can be said, because the case did not get far enough
 */
export type Verdict = "pass" | "fail" | "contested" | "unknown";

/** How a case ended: what the runner could tell, or that it did not apply, or that it was never reached. */
export type End = RunEnd | "not-supported" | "not-run";

/** What was seen of a case. */
export interface CaseObservations {
  /** One observation for each program step, in order. */
  readonly observations: readonly Observation[];
  /** The end; missing where the case was never run or the record stops before it. */
  readonly end?: CaseEnd | undefined;
}

/** How one step fared. */
export interface StepJudgement {
  /** The step's id. */
  readonly step: string;
  /** The section it stands in. */
  readonly section: Section;
  /** What was expected, in words. */
  readonly expected: string;
  /** What was seen, in words; empty where the step was not reached. */
  readonly observed: string;
  /** Whether they agree; `alternative` where another party of a disagreement is followed. */
  readonly status: "met" | "unmet" | "alternative" | "not-reached";
  /** What differs, where something does. */
  readonly reason?: string | undefined;
  /** Whom the target follows, where that is not the clause. */
  readonly holder?: string | undefined;
}

/** What the judge says of one run of a case. */
export interface Judgement {
  /** What the case says of the target. */
  readonly verdict: Verdict;
  /** How the case ended. */
  readonly end: End;
  /** Why the verdict is not `pass`, most important first, as whole sentences without a final period. */
  readonly reasons: readonly string[];
  /** What decided a `fail`: a step of the case, or a postcondition that holds for every case. */
  readonly decidedBy?: "step" | "postcondition" | "end" | undefined;
  /** Every step, in the order in which a reader meets it. */
  readonly steps: readonly StepJudgement[];
}

/** What the judge must know of a target. */
export interface JudgeContext {
  /** Bytes in a page of the target. */
  readonly pageSize: number;
}

/** What a ruling looks at. */
interface Facts {
  readonly case: Case;
  readonly seen: CaseObservations;
  readonly steps: readonly StepJudgement[];
  /** The first step that is not as expected, and what that means. */
  readonly unmet?: { readonly step: StepJudgement; readonly means: Meaning } | undefined;
}

/** What it means that a step is not as expected. */
type Meaning = "fail" | "not-supported" | "target-error" | "nothing-shown";

/** Everything of a judgement but the steps. */
type Ruling = Omit<Judgement, "steps">;

/** The rulings in order of precedence; a case that none of them applies to has passed. */
const RULINGS: readonly ((facts: Facts) => Ruling | undefined)[] = [
  neverRun,
  notSupported,
  failedStep,
  deadTarget,
  endedEarly,
  brokenAfterwards,
  openStep,
  followsOthers,
];

const PASS: Ruling = { verdict: "pass", end: "completed", reasons: [] };

/**
 * Judges one run of a case.
 *
 * @param case_ the case, with its expectations
 * @param seen what the target saw
 * @param context what must be known of the target
 */
export function judge(case_: Case, seen: CaseObservations, context: JudgeContext): Judgement {
  const steps = judgeAll(case_, seen, context);
  const unmet = firstUnmet(steps, case_, seen);
  const facts = { case: case_, seen, steps, unmet };
  for (const ruling of RULINGS) {
    const ruled = ruling(facts);
    if (ruled) return { ...ruled, steps };
  }
  return { ...PASS, steps };
}

/** The first step that is not as expected; of the threads of a race, the one that says least of the case. */
function firstUnmet(steps: readonly StepJudgement[], case_: Case, seen: CaseObservations): Facts["unmet"] {
  const all = steps
    .filter((step) => step.status === "unmet")
    .map((step) => ({ step, means: meaningOf(step, case_, seen) }));
  const [first] = all;
  if (first?.step.section !== "race") return first;
  return all.find(({ step, means }) => step.section === "race" && means !== "fail") ?? first;
}

function neverRun({ seen }: Facts): Ruling | undefined {
  if (seen.end || seen.observations.length > 0) return undefined;
  return { verdict: "unknown", end: "not-run", reasons: ["the case was not run"] };
}

function notSupported({ unmet }: Facts): Ruling | undefined {
  if (unmet?.means !== "not-supported") return undefined;
  const { step, section, observed } = unmet.step;
  const reason = section === "race" ? `${step}: ${observed}` : sentence(unmet.step);
  return { verdict: "unknown", end: "not-supported", reasons: [reason] };
}

function failedStep({ unmet, steps, seen }: Facts): Ruling | undefined {
  if (unmet?.means !== "fail") return undefined;
  const reasons = steps.filter((step) => step.status === "unmet").map(sentence);
  return { verdict: "fail", end: seen.end?.end ?? "lost", reasons, decidedBy: "step" };
}

/** A kernel that crashes or hangs has failed the case, whatever it answered before. */
function deadTarget({ seen: { end } }: Facts): Ruling | undefined {
  if (end?.end !== "crash" && end?.end !== "hang") return undefined;
  return { verdict: "fail", end: end.end, reasons: [reasonOf(end)], decidedBy: "end" };
}

function endedEarly({ seen: { end } }: Facts): Ruling | undefined {
  if (!end) {
    return { verdict: "unknown", end: "lost", reasons: ["the record stops in the middle of the case"] };
  }
  if (end.end !== "completed") return { verdict: "unknown", end: end.end, reasons: [reasonOf(end)] };
  if (end.post) return undefined;
  return { verdict: "unknown", end: "completed", reasons: ["the clean-up was not looked at"] };
}

function brokenAfterwards({ case: case_, seen }: Facts): Ruling | undefined {
  const reasons = [
    ...(seen.end?.post ? brokenPostconditions(case_, seen, seen.end.post) : []),
    ...(racedIn(seen.observations)?.findings.map(describeFinding) ?? []),
  ];
  if (reasons.length === 0) return undefined;
  return { verdict: "fail", end: "completed", reasons, decidedBy: "postcondition" };
}

/** A step that shows nothing, or of which nothing was heard: silence is never a pass. */
function openStep({ unmet, steps }: Facts): Ruling | undefined {
  if (unmet) {
    const end = unmet.means === "target-error" ? "infra-error" : "completed";
    return { verdict: "unknown", end, reasons: [sentence(unmet.step)] };
  }
  const silent = steps.find((step) => step.status === "not-reached");
  if (!silent) return undefined;
  const reason = `${silent.step}: the target never told how it ended`;
  return { verdict: "unknown", end: "completed", reasons: [reason] };
}

function followsOthers({ steps }: Facts): Ruling | undefined {
  const reasons = steps.filter((step) => step.status === "alternative").map(sentence);
  return reasons.length === 0 ? undefined : { verdict: "contested", end: "completed", reasons };
}

function sentence(step: StepJudgement): string {
  return `${step.step}: ${step.reason ?? step.observed}`;
}

function reasonOf(end: CaseEnd): string {
  return end.reason ?? `the run ended with ${end.end}`;
}

/** Steps with the observations that belong to them, in the order in which a reader meets them. */
interface Placed {
  readonly step: Step;
  readonly section: Section;
}

function* placed(case_: Case): Generator<Placed> {
  for (const section of SECTIONS) {
    for (const step of case_.sections[section]) yield* withUntil(step, section);
  }
}

function* withUntil(step: Step, section: Section): Generator<Placed> {
  yield { step, section };
  for (const inner of step.until) yield* withUntil(inner, section);
}

function judgeAll(
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
function racedIn(observations: readonly Observation[]): RaceOutcome | undefined {
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
  const ids = step.until.length === 0
    ? [step.id]
    : [step.id, ...step.until.flatMap(idsOf), finishId(step.id)];
  return ids.flatMap((id) => seen.get(id) ?? []);
}

function idsOf(step: Step): string[] {
  return step.until.length === 0 ? [step.id] : [step.id, ...step.until.flatMap(idsOf), finishId(step.id)];
}

/** What differs between an expectation and what was seen, or `undefined` if nothing does. */
function mismatch(
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

function resultAgrees(expected: ExpectedOutcome, outcome: Outcome, context: JudgeContext): boolean {
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

/** What it means that a step is not as expected. */
function meaningOf(unmet: StepJudgement, case_: Case, seen: CaseObservations): Meaning {
  const step = [...placed(case_)].find((each) => each.step.id === unmet.step)?.step;
  const outcomes = outcomesOf(seen, unmet.step);
  const [outcome] = outcomes;
  if (!step || !outcome || outcome.kind === "skipped") return "nothing-shown";
  if (outcome.kind === "error") return "target-error";
  if (outcome.kind === "unsupported") return "not-supported";
  if (outcomes.some((each) => each.kind === "failed" && KERNEL_ONLY_ERRNOS.includes(each.errno))) {
    return "fail";
  }
  if (isMissing(step, outcomes) && !worked(step, case_, seen)) return "not-supported";
  return unmet.section === "given" || unmet.section === "control" ? "nothing-shown" : "fail";
}

/** How a step ended; in a race every way in which it did, the one that says least of the case first. */
function outcomesOf({ observations }: CaseObservations, step: string): readonly Outcome[] {
  const own = observations.find((each) => each.step === step)?.outcome;
  if (own) return [own];
  const race = observations.find((each) => each.step === RACE_ID)?.outcome;
  if (!race) return [];
  return race.kind === "raced" ? outcomesIn(race, step) : [race];
}

/** Whether a target has answered that it does not have an operation, and has never done it in the step. */
function isMissing({ operation }: Step, outcomes: readonly Outcome[]): boolean {
  const { missing } = operationOf(operation);
  return outcomes.some((each) => each.kind === "failed" && each.errno === missing) &&
    outcomes.every(({ kind }) => kind !== "returned");
}

/** Whether the same operation succeeded earlier in the case, so that the target has it. */
function worked(step: Step, case_: Case, seen: CaseObservations): boolean {
  const succeeded = new Set(
    seen.observations.filter((each) => each.outcome.kind === "returned").map((each) => each.step),
  );
  for (const { step: earlier } of placed(case_)) {
    if (earlier.id === step.id) return false;
    if (earlier.operation === step.operation && succeeded.has(earlier.id)) return true;
  }
  return false;
}

/** What must hold after every case, without the case saying so. */
function brokenPostconditions(case_: Case, seen: CaseObservations, post: Postconditions): string[] {
  const expected = [...placed(case_)].flatMap(({ step }) =>
    [step.expects, ...step.otherwise].flatMap((each) => each.warns ?? [])
  );
  const warnings = [...seen.observations.flatMap((each) => each.log), ...post.log]
    .filter(isWarning)
    .filter((line) => !expected.some((text) => line.text.includes(text)));
  return [
    ...warnings.map((line) => `the kernel warned: ${line.text}`),
    ...post.blocked.map((what) => `never returned: ${what}`),
    ...post.leaks.map((what) => `leaked: ${what}`),
    ...(post.tainted && warnings.length === 0 && expected.length === 0 ? ["the kernel became tainted"] : []),
  ];
}

function isWarning(line: LogLine): boolean {
  return ["emerg", "alert", "crit", "err", "warn"].includes(line.level);
}
