/**
 * What a matrix shows: its records side by side, the behaviour windows, and the files in which a reader finds them.
 *
 * @module
 */
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import {
  compareRuns,
  type Comparison,
  countsText,
  factsOf,
  type RunFacts,
  writeComparison,
} from "../../reports/compare/mod.ts";
import { type Counts, countsOf, resultOf, type RunResult } from "../../reports/result.ts";
import { type Windows, windowsOf, windowsPage, writeWindows } from "../../reports/windows/mod.ts";
import { Failure, type Io } from "../io.ts";
import { recordAt } from "../record_at.ts";
import { type Suite, VERSION } from "../suite.ts";
import type { TargetFailure } from "./matrix.ts";
import { type MatrixPlan, recordsOf } from "./matrix_parts.ts";

/** The version of the shape. */
export const MATRIX_SCHEMA = "dmabuf-conform/matrix/1";

/** What `conform matrix` can print. */
export const MATRIX_FORMATS = ["human", "json", "markdown"] as const;

/** One of them. */
export type MatrixFormat = typeof MATRIX_FORMATS[number];

/** What one target of a matrix showed. */
export interface MatrixRun {
  /** The name of the target. */
  readonly target: string;
  /** The kernel that it runs or models. */
  readonly kernel: string;
  /** The files of its records. */
  readonly records: readonly string[];
  /** Whether cases of it are still to be run. */
  readonly partial: boolean;
  /** How many cases ended how. */
  readonly counts: Counts;
  /** The time that its cases took, in milliseconds. */
  readonly durationMs: number;
}

/** What a matrix shows. */
export interface MatrixReport {
  /** The shape and its version. */
  readonly schema: typeof MATRIX_SCHEMA;
  /** The targets that have a record, in order. */
  readonly runs: readonly MatrixRun[];
  /** The targets that could not be run. */
  readonly failures: readonly TargetFailure[];
  /** The runs side by side, case by case. */
  readonly comparison: Comparison;
  /** Which behaviour of a clause was seen in which run. */
  readonly windows: Windows;
}

/** Reads what there is of a matrix: the records of its targets, whichever parts of them are there. */
export function readMatrix(
  { folder, targets }: MatrixPlan,
  { byId, ledger }: Suite,
  failures: readonly TargetFailure[],
): MatrixReport {
  const read = targets.flatMap((target) => {
    const paths = recordsOf(folder, target);
    const parts = paths.map((path) => ({ path, result: resultOf(recordAt(path), byId) }));
    return parts.length === 0 ? [] : [together(target, parts)];
  });
  const facts = read.map(({ facts }) => facts);
  return {
    schema: MATRIX_SCHEMA,
    runs: read.map(({ run }) => run),
    failures,
    comparison: compareRuns(facts),
    windows: windowsOf(facts, ledger),
  };
}

/** One run of the parts of a target; where a case is in several, the first one that reached it counts. */
function together(
  target: string,
  parts: readonly { readonly path: string; readonly result: RunResult }[],
): { readonly run: MatrixRun; readonly facts: RunFacts } {
  const [first] = parts;
  if (!first) throw new Error("A run has no part");
  const byCase = new Map<string, RunResult["results"][number]>();
  for (const each of parts.flatMap(({ result }) => result.results)) {
    if ((byCase.get(each.case)?.end ?? "not-run") === "not-run") byCase.set(each.case, each);
  }
  const results = [...byCase.values()].toSorted((one, other) => one.case < other.case ? -1 : 1);
  const partial = parts.every(({ result }) => result.partial) || !isWhole(parts.map(({ path }) => path));
  const counts = countsOf(results);
  return {
    run: {
      target,
      kernel: first.result.target.kernel,
      records: parts.map(({ path }) => basename(path)),
      partial,
      counts,
      durationMs: Math.round(results.reduce((total, { durationMs }) => total + durationMs, 0)),
    },
    facts: factsOf(basename(first.path, ".jsonl"), { ...first.result, results, counts, partial }),
  };
}

/** Whether the files of a target are all that there is to be: one for all cases, or every part. */
function isWhole(paths: readonly string[]): boolean {
  const parts = paths.map((path) => /\.(\d+)-of-(\d+)\.jsonl$/.exec(path));
  if (parts.includes(null)) return true;
  const count = Number(parts[0]?.[2]);
  return new Set(parts.map((each) => each?.[1])).size === count;
}

/** Writes the files of a matrix, and gives what is to be printed. */
export async function writeMatrix(
  report: MatrixReport,
  suite: Suite,
  { out, format, site }: {
    readonly out: string;
    readonly format: MatrixFormat;
    readonly site: "write" | "leave";
  },
  io: Io,
): Promise<string> {
  const json = `${JSON.stringify(report, undefined, 2)}\n`;
  const markdown = markdownOf(report);
  try {
    writeFileSync(join(out, "matrix.json"), json);
    writeFileSync(join(out, "matrix.md"), markdown);
    writeFileSync(join(out, "matrix.html"), await windowsPage(report.windows));
    if (site === "write") await writePages(report, suite, out);
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    throw new Failure(2, `Cannot write to "${out}": ${error.message}`, "Take another --out", error);
  }
  const pages = site === "write" ? `, ${join(out, "compare.html")}` : "";
  io.err(`Wrote ${join(out, "matrix.html")}, matrix.md, matrix.json${pages}\n`);
  switch (format) {
    case "json":
      return json;
    case "markdown":
      return markdown;
    case "human":
      return `${countsTable(report)}\n${writeWindows(report.windows, "human")}`;
  }
}

function markdownOf(report: MatrixReport): string {
  const header = ["target", "kernel", ...COUNTED, "minutes"];
  const rows = report.runs.map(({ target, kernel, counts, durationMs }) => [
    target,
    kernel,
    ...COUNTED.map((each) => String(counts[each])),
    (durationMs / 60_000).toFixed(1),
  ]);
  const table = [header, header.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join(
    "\n",
  );
  return `${table}\n\n${writeWindows(report.windows, "markdown")}\n${
    writeComparison(report.comparison, "markdown")
  }`;
}

const COUNTED = ["pass", "fail", "contested", "unknown", "not-supported", "not-run", "total"] as const;

function countsTable({ runs, comparison, failures }: MatrixReport): string {
  const width = Math.max(...runs.map(({ target }) => target.length), 0);
  const lines = runs.map(({ target, counts, partial }) =>
    `${target.padEnd(width)}  ${COUNTED.map((each) => `${each} ${counts[each]}`).join(", ")}${
      partial ? ", partial" : ""
    }`
  );
  const failed = failures.map(({ target, reason, hint }) =>
    `${target}: could not be run: ${reason}${hint === undefined ? "" : `. ${hint}`}`
  );
  return `${[...lines, ...failed, "", `Cases: ${countsText(comparison)}`].join("\n")}\n`;
}

/** The pages of all runs, and beside them one that leads to their comparison. */
async function writePages({ runs }: MatrixReport, { ledger, byId }: Suite, out: string): Promise<void> {
  const { createSite, fileHistory, writeSite } = await import("../../reports/site/mod.ts");
  const records = runs.flatMap(({ records }) => records.map((file) => join(out, file)));
  const folder = join(out, "site");
  if (existsSync(folder)) rmSync(folder, { recursive: true });
  const history = fileHistory(records, byId);
  const compared = comparedPath(records);
  const made = createSite({ history, ledger, cases: byId, version: VERSION, answers: "no" });
  const { pages } = await writeSite({ site: made, folder, also: [compared] });
  writeFileSync(join(out, "compare.html"), leadingTo(pages.get(compared) ?? "index.html"));
}

function comparedPath(records: readonly string[]): string {
  const query = records.map((path) => ["run", basename(path, ".jsonl")]);
  return `/compare?${new URLSearchParams(query)}`;
}

function leadingTo(file: string): string {
  const address = `site/${file.split("/").map(encodeURIComponent).join("/")}`;
  return `<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="refresh" content="0; url=${address}">
<title>Comparison</title>
<p><a href="${address}">The runs side by side</a></p>
</html>
`;
}
