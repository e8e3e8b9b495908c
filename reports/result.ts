/**
 * What a run record shows: every case of its selection, judged. This is the machine output that other tools rely on.
 *
 * @module
 */
import type { Case, Section, Step } from "../cases/case.ts";
import { SECTIONS } from "../cases/case.ts";
import { describeOutcome } from "../cases/describe.ts";
import { judge } from "../cases/judge/judge.ts";
import type { End, Judgement, StepJudgement, Verdict } from "../cases/judge/judgement.ts";
import { finishId, RACE_ID } from "../cases/program.ts";
import type { AnyArgs, OperationName } from "../spec/operations/mod.ts";
import type {
  Event,
  LogLine,
  Observation,
  Outcome,
  Postconditions,
  RaceOutcome,
} from "../spec/observation.ts";
import type { RecordedTarget, SuiteIdentity } from "./record.ts";
import type { RecordedAttempt, RunRecord } from "./record_reader.ts";

/** The version of the shape. */
export const RESULT_SCHEMA = "dmabuf-conform/result/1";

/** How a result stands against the baseline. Without a baseline a result is either as it should be or it is not. */
export type Baseline =
  | "expected"
  | "unexpected-fail"
  | "unexpected-pass"
  | "other-failure"
  | "stale-entry"
  | "waived";

/** The entry of a baseline that speaks of a case. */
export interface KnownEntry {
  /** How the failure that it knows begins. */
  readonly message: string;
  /** Says that the failure is let pass, and where that was agreed. */
  readonly waiver?: { readonly url: string; readonly why?: string | undefined } | undefined;
  /** A remark of the baseline. */
  readonly note?: string | undefined;
  /** The file and the line of the entry. */
  readonly at: string;
}

/** The baseline that a result is held against. */
export interface BaselineReport {
  /** The file. */
  readonly file: string;
  /** Digest of its text, `sha256:` and hexadecimal digits. */
  readonly digest: string;
  /** How many entries it has. */
  readonly entries: number;
  /** How many of them apply to the target. */
  readonly applied: number;
  /** Entries that speak of no case of the suite. */
  readonly stale: readonly { readonly case: string; readonly message: string; readonly at: string }[];
}

/** How often which verdict was given. */
export type VerdictCounts = Readonly<Partial<Record<Verdict, number>>>;

/** How many results there are; each is counted once. */
export interface Counts {
  /** Everything was as the clauses demand. */
  readonly pass: number;
  /** Something was not. */
  readonly fail: number;
  /** The target follows another party of a disagreement. */
  readonly contested: number;
  /** Nothing can be said. */
  readonly unknown: number;
  /** The target lacks what the case needs. */
  readonly "not-supported": number;
  /** The case was never reached. */
  readonly "not-run": number;
  /** All of them. */
  readonly total: number;
}

/** One step of a result. */
export interface StepResult {
  /** The id of the step. */
  readonly step: string;
  /** The section it stands in. */
  readonly section: Section;
  /** What it does. */
  readonly operation: OperationName;
  /** With what. */
  readonly args: AnyArgs;
  /** The name that its result gets. */
  readonly bind?: string | undefined;
  /** How deep it stands inside steps that block; 0 at the top. */
  readonly depth: number;
  /** What was expected, in words. */
  readonly expected: string;
  /** What was seen, in words; empty where it was not reached. */
  readonly observed: string;
  /** Whether the two agree. */
  readonly status: StepJudgement["status"];
  /** What differs. */
  readonly reason?: string | undefined;
  /** Whom the target follows, where that is not the clause. */
  readonly holder?: string | undefined;
  /** How it ended; missing where it was not reached. */
  readonly outcome?: Outcome | undefined;
  /** What happened meanwhile. */
  readonly events: readonly Event[];
  /** What the kernel logged meanwhile. */
  readonly log: readonly LogLine[];
  /** The target's time in milliseconds. */
  readonly durationMs: number;
  /** A remark of the case. */
  readonly note?: string | undefined;
}

/** The result of one case. */
export interface CaseResult {
  /** The id of the case. */
  readonly case: string;
  /** What it shows, in a line. */
  readonly title: string;
  /** The clauses it verifies. */
  readonly clauses: readonly string[];
  /** What it says of the target. */
  readonly verdict: Verdict;
  /** How it ended. */
  readonly end: End;
  /** How it stands against the baseline. */
  readonly baseline: Baseline;
  /** What the baseline says of it, where it says something. */
  readonly known?: KnownEntry | undefined;
  /** How the attempts compare. */
  readonly stability: {
    readonly attempts: number;
    readonly verdicts: VerdictCounts;
    /** Whether every attempt got the same verdict. */
    readonly stable: boolean;
  };
  /** Wall time of all attempts in milliseconds. */
  readonly durationMs: number;
  /** Why the verdict is not `pass`. */
  readonly reasons: readonly string[];
  /** What decided a failure. */
  readonly decidedBy?: Judgement["decidedBy"];
  /** Whether the suite has no such case any more, or another one of the same name. */
  readonly stale?: "missing" | "changed" | undefined;
  /** Every step, in the order in which a reader meets it. */
  readonly steps: readonly StepResult[];
  /** What was seen of a race: each outcome, and how often. */
  readonly raced?: RaceOutcome | undefined;
  /** What was found after the clean-up of the attempt that decided. */
  readonly post?: Postconditions | undefined;
}

/** A whole run, judged. */
export interface RunResult {
  /** The shape and its version. */
  readonly schema: typeof RESULT_SCHEMA;
  /** The suite that made the record. */
  readonly suite: SuiteIdentity;
  /** What was run on. */
  readonly target: RecordedTarget;
  /** The profile that the target is held against. */
  readonly profile: string;
  /** Whether the record has no footer. */
  readonly partial: boolean;
  /** When the run began: ISO 8601, UTC. */
  readonly startedAt: string;
  /** When it ended; missing where it is partial. */
  readonly finishedAt?: string | undefined;
  /** The arguments of the command. */
  readonly command: readonly string[];
  /** The baseline that it is held against, where there is one. */
  readonly against?: BaselineReport | undefined;
  /** How many cases ended how. */
  readonly counts: Counts;
  /** Every case of the selection, in order. */
  readonly results: readonly CaseResult[];
}

/** From the worst to the best: of several attempts at a case the worst one counts. */
const BY_WORST: readonly Verdict[] = ["fail", "unknown", "contested", "pass"];

/**
 * Judges a record.
 *
 * @param record the record
 * @param cases the suite's cases, by id
 */
export function resultOf(record: RunRecord, cases: ReadonlyMap<string, Case>): RunResult {
  const { header, footer } = record;
  const attempts = Map.groupBy(record.attempts, (attempt) => attempt.case);
  const left = new Map(footer?.notRun.map(({ case: id, reason }) => [id, reason]));
  const context = { pageSize: header.target.pageSize };
  const results = header.selection.map((id) => {
    const case_ = cases.get(id);
    const own = attempts.get(id) ?? [];
    return case_ ? caseResult(case_, own, left.get(id), context) : missingCase(id, own);
  });
  return {
    schema: RESULT_SCHEMA,
    suite: header.suite,
    target: header.target,
    profile: header.profile,
    partial: footer === undefined,
    startedAt: header.startedAt,
    finishedAt: footer?.finishedAt,
    command: header.command,
    counts: countsOf(results),
    results,
  };
}

/** An attempt with its judgement. */
interface Judged {
  readonly attempt: RecordedAttempt;
  readonly judgement: Judgement;
}

function caseResult(
  case_: Case,
  attempts: readonly RecordedAttempt[],
  notRun: string | undefined,
  context: { readonly pageSize: number },
): CaseResult {
  const judged = attempts.map((attempt) => ({ attempt, judgement: judge(case_, attempt, context) }));
  const worst = worstOf(judged);
  const judgement = worst?.judgement ?? judge(case_, { observations: [] }, context);
  const stale = attempts.some(({ digest }) => digest !== case_.source.digest) ? "changed" : undefined;
  return {
    case: case_.id,
    title: case_.title,
    clauses: case_.clauses,
    verdict: judgement.verdict,
    end: judgement.end,
    baseline: baselineOf(judgement),
    stability: stabilityOf(judged),
    durationMs: sum(attempts.map(({ durationMs }) => durationMs)),
    reasons: !worst && notRun !== undefined ? [notRun] : judgement.reasons,
    decidedBy: judgement.decidedBy,
    stale,
    steps: stepResults(case_, judgement.steps, worst?.attempt.observations ?? []),
    raced: racedIn(worst?.attempt.observations ?? []),
    post: worst?.attempt.end?.post,
  };
}

/** A case that the suite does not have any more is shown without a verdict. */
function missingCase(id: string, attempts: readonly RecordedAttempt[]): CaseResult {
  const last = attempts.at(-1);
  return {
    case: id,
    title: id,
    clauses: [],
    verdict: "unknown",
    end: last?.end?.end ?? "not-run",
    baseline: "unexpected-fail",
    stability: { attempts: attempts.length, verdicts: {}, stable: true },
    durationMs: sum(attempts.map(({ durationMs }) => durationMs)),
    reasons: ["this suite has no such case, so nothing can be said of it"],
    stale: "missing",
    steps: [],
    post: last?.end?.post,
  };
}

function worstOf(judged: readonly Judged[]): Judged | undefined {
  for (const verdict of BY_WORST) {
    const found = judged.find(({ judgement }) => judgement.verdict === verdict);
    if (found) return found;
  }
  return undefined;
}

function stabilityOf(judged: readonly Judged[]): CaseResult["stability"] {
  const groups = Map.groupBy(judged, ({ judgement }) => judgement.verdict);
  const verdicts: Partial<Record<Verdict, number>> = {};
  for (const [verdict, group] of groups) verdicts[verdict] = group.length;
  return { attempts: judged.length, verdicts, stable: groups.size <= 1 };
}

function baselineOf(judgement: Judgement): Baseline {
  return isBad(judgement) ? "unexpected-fail" : "expected";
}

/** Whether a result speaks against a target, or leaves open what it should have said. */
export function isBad({ verdict, end }: Pick<Judgement, "verdict" | "end">): boolean {
  return end !== "not-supported" && end !== "not-run" && (verdict === "fail" || verdict === "unknown");
}

/** Whether a result is as it was expected, or let pass. */
export function isExpected({ baseline }: Pick<CaseResult, "baseline">): boolean {
  return baseline === "expected" || baseline === "waived";
}

function racedIn(observations: readonly Observation[]): RaceOutcome | undefined {
  const outcome = observations.find(({ step }) => step === RACE_ID)?.outcome;
  return outcome?.kind === "raced" ? outcome : undefined;
}

function stepResults(
  case_: Case,
  judgements: readonly StepJudgement[],
  observations: readonly Observation[],
): StepResult[] {
  const seen = new Map(observations.map((observation) => [observation.step, observation]));
  const judged = new Map(judgements.map((judgement) => [judgement.step, judgement]));
  return SECTIONS.flatMap((section) =>
    case_.sections[section].flatMap((step) => withInner(step, 0)).map(({ step, depth }) =>
      stepResult(step, section, depth, judged.get(step.id), seen)
    )
  );
}

function withInner(step: Step, depth: number): { readonly step: Step; readonly depth: number }[] {
  return [{ step, depth }, ...step.until.flatMap((inner) => withInner(inner, depth + 1))];
}

function stepResult(
  step: Step,
  /** The section it stands in. */
  section: Section,
  depth: number,
  judgement: StepJudgement | undefined,
  seen: ReadonlyMap<string, Observation>,
): StepResult {
  const first = seen.get(step.id);
  const last = step.until.length > 0 ? seen.get(finishId(step.id)) : undefined;
  const outcome = last?.outcome ?? first?.outcome;
  return {
    step: step.id,
    section,
    operation: step.operation,
    args: step.args,
    bind: step.bind,
    depth,
    expected: judgement?.expected ?? "",
    observed: blockedFirst(first?.outcome, last?.outcome) ?? judgement?.observed ?? "",
    status: judgement?.status ?? "not-reached",
    reason: judgement?.reason,
    holder: judgement?.holder,
    outcome,
    events: [...first?.events ?? [], ...last?.events ?? []],
    log: [...first?.log ?? [], ...last?.log ?? []],
    durationMs: (first?.durationMs ?? 0) + (last?.durationMs ?? 0),
    note: step.note,
  };
}

/** What was seen of a step that blocked and went on later, in words. */
function blockedFirst(first: Outcome | undefined, last: Outcome | undefined): string | undefined {
  if (first?.kind !== "blocked" || !last || last.kind === "blocked") return undefined;
  return `${describeOutcome(first)}, then ${describeOutcome(last)}`;
}

/** How many results ended how; each is counted once. */
export function countsOf(results: readonly CaseResult[]): Counts {
  const counts = { pass: 0, fail: 0, contested: 0, unknown: 0, "not-supported": 0, "not-run": 0 };
  for (const { verdict, end } of results) {
    counts[end === "not-supported" || end === "not-run" ? end : verdict]++;
  }
  return { ...counts, total: results.length };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/**
 * The exit status that a result stands for: 4 if the suite itself is at fault, 3 if the target or its transport
 * failed and that was not known, 1 if some verdict is unexpected, a case was not reached or an entry of the baseline is
 * stale, 0 otherwise.
 */
export function exitStatus({ results, against }: Pick<RunResult, "results" | "against">): 0 | 1 | 3 | 4 {
  if (results.some(({ end, stale }) => end === "suite-error" || stale === "missing")) return 4;
  const unexpected = results.filter((result) => !isExpected(result));
  if (unexpected.some(({ end }) => end === "lost" || end === "infra-error")) return 3;
  const open = results.some(({ end }) => end === "not-run") || (against?.stale.length ?? 0) > 0;
  return open || unexpected.length > 0 ? 1 : 0;
}
