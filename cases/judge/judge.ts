/**
 * The judge: what was seen, held against what a case expects. A pure function; the same observations always get
 * the same verdict, so a record can be judged again by anybody.
 *
 * @module
 */
import type { CaseEnd, Postconditions } from "../../spec/observation.ts";
import type { Case } from "../case.ts";
import { isWarning } from "./agreement.ts";
import type { CaseObservations, JudgeContext, Judgement, StepJudgement } from "./judgement.ts";
import { type Meaning, meaningOf } from "./meaning.ts";
import { placed } from "./placed.ts";
import { describeFinding } from "./race.ts";
import { idsOf, judgeAll, racedIn } from "./steps.ts";

/** What a ruling looks at. */
interface Facts {
  readonly case: Case;
  readonly seen: CaseObservations;
  readonly steps: readonly StepJudgement[];
  /** The first step that is not as expected, and what that means. */
  readonly unmet?: { readonly step: StepJudgement; readonly means: Meaning } | undefined;
}

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

function brokenAfterwards({ case: case_, seen, steps }: Facts): Ruling | undefined {
  const reasons = [
    ...(seen.end?.post ? brokenPostconditions(case_, seen, seen.end.post, steps) : []),
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

/** What must hold after every case, without the case saying so. */
function brokenPostconditions(
  case_: Case,
  seen: CaseObservations,
  post: Postconditions,
  steps: readonly StepJudgement[],
): string[] {
  const expected = [...placed(case_)].flatMap(({ step }) =>
    [step.expects, ...step.otherwise].flatMap((each) => each.warns ?? [])
  );
  const logged = [
    ...seen.observations.flatMap(({ step, log }) => log.map((line) => ({ step, line }))),
    ...post.log.map((line) => ({ step: undefined, line })),
  ].filter(({ line }) => isWarning(line));
  const allowed = allowancesOf(case_, steps);
  const warnings = logged.filter(({ step, line }) =>
    !expected.some((text) => line.text.includes(text)) &&
    !allowed.some(({ ids, text }) => step !== undefined && ids.includes(step) && line.text.includes(text))
  );
  return [
    ...warnings.map(({ line }) => `the kernel warned: ${line.text}`),
    ...post.blocked.map((what) => `never returned: ${what}`),
    ...post.leaks.map((what) => `leaked: ${what}`),
    ...(post.tainted && logged.length === 0 && expected.length === 0 ? ["the kernel became tainted"] : []),
  ];
}

/** A warning that may come in one of these steps. */
interface Allowance {
  readonly ids: readonly string[];
  readonly text: string;
}

/** The warnings that may come: those of what was seen of each step, and not those of what might have been seen. */
function allowancesOf(case_: Case, steps: readonly StepJudgement[]): readonly Allowance[] {
  const judged = new Map(steps.map((each) => [each.step, each]));
  return [...placed(case_)].flatMap(({ step }) => {
    const { status, holder } = judged.get(step.id) ?? {};
    const seen = status === "met"
      ? [step.expects]
      : step.otherwise.filter((other) => status === "alternative" && other.holder === holder);
    return seen.flatMap(({ mayWarn }) => mayWarn === undefined ? [] : [{ ids: idsOf(step), text: mayWarn }]);
  });
}
