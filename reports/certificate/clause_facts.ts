/**
 * The four facts of a clause, from those of its cases: the worst of each.
 *
 * @module
 */
import type { End, Verdict } from "../../cases/judge/judgement.ts";
import type { Clause } from "../../spec/clause.ts";
import type { Baseline, CaseResult, VerdictCounts } from "../result.ts";
import type { DetectorStates } from "./detectors.ts";
import type { CertifiedClause, ClauseState, Stability } from "./predicate.ts";

const VERDICTS: readonly Verdict[] = ["fail", "unknown", "contested", "pass"];

const ENDS: readonly End[] = [
  "suite-error",
  "infra-error",
  "lost",
  "crash",
  "hang",
  "timeout",
  "not-run",
  "not-supported",
  "completed",
];

const BASELINES: readonly Baseline[] = [
  "unexpected-fail",
  "other-failure",
  "unexpected-pass",
  "stale-entry",
  "waived",
  "expected",
];

const DETECTORS: readonly Stability["detectors"][] = ["none", "doubtful", "alive"];

/** The facts of a clause from those of the cases that were run for it; without any, nothing is known. */
export function clauseFacts(
  { id, title, keyword, status }: Clause,
  state: ClauseState,
  ran: readonly CaseResult[],
  { stateAt }: Pick<DetectorStates, "stateAt">,
): CertifiedClause {
  const verdicts: Partial<Record<Verdict, number>> = {};
  for (const { stability } of ran) {
    for (const verdict of VERDICTS) {
      const count = stability.verdicts[verdict];
      if (count !== undefined) verdicts[verdict] = (verdicts[verdict] ?? 0) + count;
    }
  }
  return {
    clause: id,
    title,
    keyword,
    status,
    state,
    verdict: worst(VERDICTS, ran.map((each) => each.verdict)) ?? "unknown",
    end: worst(ENDS, ran.map((each) => each.end)) ?? "not-run",
    baseline: worst(BASELINES, ran.map((each) => each.baseline)) ?? "expected",
    stability: stabilityOf(ran, verdicts, worst(DETECTORS, ran.map((each) => stateAt(each.case))) ?? "none"),
    cases: ran.map((each) => each.case),
  };
}

function stabilityOf(
  ran: readonly CaseResult[],
  verdicts: VerdictCounts,
  detectors: Stability["detectors"],
): Stability {
  return {
    attempts: ran.reduce((sum, { stability }) => sum + stability.attempts, 0),
    verdicts,
    stable: ran.every(({ stability }) => stability.stable),
    detectors,
  };
}

function worst<T>(order: readonly T[], values: readonly T[]): T | undefined {
  return order.find((each) => values.includes(each));
}
