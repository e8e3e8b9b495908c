/**
 * CSV (RFC 4180): one row per case, for spreadsheets.
 *
 * @module
 */
import type { RunResult } from "../result.ts";
import { wordOf } from "./format.ts";
import { raceRows } from "./race.ts";

const COLUMNS = [
  "case",
  "result",
  "verdict",
  "end",
  "baseline",
  "clauses",
  "attempts",
  "duration_ms",
  "reason",
  "title",
  "stable",
  "known_at",
  "waiver",
  "race_runs",
  "race_outcomes",
];

/** Writes a header row and a row per case. */
export function csv(result: RunResult): string {
  const rows = result.results.map((each) => [
    each.case,
    wordOf(each),
    each.verdict,
    each.end,
    each.baseline,
    each.clauses.join(" "),
    each.stability.attempts,
    each.durationMs.toFixed(3),
    each.reasons[0] ?? "",
    each.title,
    each.stability.stable ? "yes" : "no",
    each.known?.at ?? "",
    each.known?.waiver?.url ?? "",
    each.raced?.runs ?? "",
    each.raced
      ? raceRows(each.raced).map(({ count, outcome }) => `${count} times ${outcome}`).join(" | ")
      : "",
  ]);
  return [COLUMNS, ...rows].map(csvRow).join("");
}

/** Writes one row. */
export function csvRow(row: readonly (string | number)[]): string {
  return row.map(cell).join(",") + "\r\n";
}

/** Quotes what must be quoted; a leading sign would make a formula of a text in a spreadsheet. */
function cell(value: string | number): string {
  const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
