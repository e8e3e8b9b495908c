/**
 * Holds a result against a baseline: which failures are known, which are not, and which entries say nothing any more.
 *
 * @module
 */
import { matchesSelector } from "../../cases/select.ts";
import type { Position } from "../../spec/diagnostic.ts";
import { type BaselineReport, type CaseResult, isBad, type RunResult } from "../result.ts";
import { applies, type ConditionedTarget } from "./condition.ts";
import type { BaselineEntry, BaselineFile, KnownFailure } from "./file.ts";

/**
 * Holds a result against a baseline.
 *
 * An entry that speaks of no case of the suite is stale. One that speaks of cases which were not selected says nothing
 * of this run.
 *
 * @param result the result
 * @param baseline the known failures
 * @param suite the ids of every case of the suite
 */
export function holdAgainst(result: RunResult, baseline: BaselineFile, suite: Iterable<string>): RunResult {
  const entries = entriesFor(baseline, result.target);
  const ids = [...suite];
  const lost = entries.filter((entry) => !ids.some((id) => matchesSelector(id, entry.case)));
  const results = result.results.map((each) => held(each, entriesOf(each, entries)));
  const report: BaselineReport = {
    file: baseline.file,
    digest: baseline.digest,
    entries: baseline.known.length,
    applied: entries.length,
    stale: lost.map((entry) => ({ case: entry.case, message: entry.message, at: placeOf(entry.at) })),
  };
  return { ...result, against: report, results };
}

/** The entries that apply to a target. */
export function entriesFor(
  { known }: Pick<BaselineFile, "known">,
  target: ConditionedTarget,
): BaselineEntry[] {
  return known.filter(({ when }) => applies(when, target));
}

/** The entries that speak of a case. */
export function entriesOf<E extends KnownFailure>(
  result: Pick<CaseResult, "case">,
  entries: readonly E[],
): E[] {
  return entries.filter((entry) => matchesSelector(result.case, entry.case));
}

/** Whether a result failed as an entry says. */
export function failsAs(result: Pick<CaseResult, "verdict" | "reasons">, entry: KnownFailure): boolean {
  return result.verdict === (entry.verdict ?? "fail") &&
    plain(result.reasons[0] ?? "").startsWith(plain(entry.message));
}

function held(result: CaseResult, entries: readonly BaselineEntry[]): CaseResult {
  const [entry] = entries;
  if (!entry) return result;
  if (result.end === "not-run") return result;
  if (result.end === "not-supported") return { ...result, baseline: "stale-entry", known: knownOf(entry) };
  if (!isBad(result)) {
    const passes = entries.find((each) => each.passes === "sometimes");
    if (passes) return { ...result, known: knownOf(passes) };
    return { ...result, baseline: "unexpected-pass", known: knownOf(entry) };
  }
  const matching = entries.find((each) => failsAs(result, each));
  if (!matching) return { ...result, baseline: "other-failure", known: knownOf(entry) };
  return { ...result, baseline: matching.waiver ? "waived" : "expected", known: knownOf(matching) };
}

function knownOf({ message, waiver, note, at }: BaselineEntry): CaseResult["known"] {
  return { message, waiver, note, at: placeOf(at) };
}

function placeOf({ file, line }: Position): string {
  return `${file}:${line}`;
}

function plain(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}
