/**
 * The formats that commands can print a result in.
 *
 * @module
 */
import { FORMATS } from "../reports/formats/mod.ts";
import type { RunResult } from "../reports/result.ts";
import type { Io } from "./io.ts";
import type { Suite } from "./suite.ts";
import { summaryOf } from "./summary.ts";

/** The names that `--format` takes. */
export const FORMAT_NAMES = [
  "human",
  "ktap",
  "junit",
  "kcidb",
  "sarif",
  "json",
  "markdown",
  "html",
  "csv",
] as const;

/** A name that `--format` takes. */
export type FormatName = typeof FORMAT_NAMES[number];

/** Writes a result. */
export async function writeResult(
  format: FormatName,
  result: RunResult,
  suite: Suite,
  io: Io,
): Promise<string> {
  if (format === "human") return summaryOf(result, suite.ledger, io.colours);
  if (format !== "html") return FORMATS[format](result);
  const { htmlReport } = await import("../reports/site/html.tsx");
  return await htmlReport(result, { ledger: suite.ledger, cases: suite.byId });
}
