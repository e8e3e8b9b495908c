/**
 * How a result stands for a tool that knows of little more than passed, failed and skipped.
 *
 * @module
 */
import { type CaseResult, isBad, isExpected, type RunResult } from "../result.ts";

/**
 * How a result stands:
 *
 * - `ok`: it passed, or follows another party of a disagreement
 * - `known`: it failed as the baseline says
 * - `bad`: it failed, or is not what the baseline says
 * - `broken`: nothing can be said of the target
 * - `skipped`: the target lacks what the case needs
 * - `missing`: the case was never reached
 */
export type Standing = "ok" | "known" | "bad" | "broken" | "skipped" | "missing";

/** How a result stands. */
export function standingOf(result: Pick<CaseResult, "verdict" | "end" | "baseline">): Standing {
  const { verdict, end, baseline } = result;
  if (end === "not-run") return "missing";
  if (baseline === "unexpected-pass" || baseline === "stale-entry") return "bad";
  if (end === "not-supported") return "skipped";
  if (!isBad(result)) return "ok";
  if (isExpected(result)) return "known";
  return verdict === "fail" ? "bad" : "broken";
}

/** What a tool should show first of a result that is not simply ok. */
export function headlineOf(result: CaseResult): string {
  return baselineText(result) ?? result.reasons[0] ?? "";
}

/** What the baseline says of a result that is not as it says, in words. */
export function baselineText(
  { baseline, known }: Pick<CaseResult, "baseline" | "known">,
): string | undefined {
  if (!known) return undefined;
  switch (baseline) {
    case "unexpected-pass":
      return `${known.at} says that it fails, but it passes`;
    case "stale-entry":
      return `${known.at} says that it fails, but it is not supported here`;
    case "other-failure":
      return `${known.at} says that it fails otherwise: ${known.message}`;
    default:
      return undefined;
  }
}

/** A failure that is known, in words: where that is written, and where it was agreed to let it pass. */
export function knownText({ known }: Pick<CaseResult, "known">): string {
  if (!known) return "";
  const { waiver, at } = known;
  if (!waiver) return `known by ${at}`;
  return `waived, see ${waiver.url}${waiver.why === undefined ? "" : ` (${waiver.why})`}`;
}

/** Entries of the baseline that speak of no case, in words, each with the name of the entry. */
export function staleTexts({ against }: Pick<RunResult, "against">): readonly (readonly [string, string])[] {
  return (against?.stale ?? []).map((
    { case: id, at },
  ) => [id, `${at} speaks of ${id}, and the suite has no such case`]);
}
