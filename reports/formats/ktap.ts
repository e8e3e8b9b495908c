/**
 * KTAP, version 1 (Documentation/dev-tools/ktap.rst): what kernel test tools read.
 *
 * @module
 */
import type { CaseResult, RunResult } from "../result.ts";
import { explain, printable } from "./format.ts";
import { headlineOf, knownText, staleTexts, type Standing, standingOf } from "./standing.ts";

/**
 * Writes one top-level test per case. A known failure is an XFAIL, a case that says nothing of the target a SKIP, and
 * one that was never reached an ERROR: silence is not a pass. Entries of the baseline that speak of no case come last.
 */
export function ktap(result: RunResult): string {
  const stale = staleTexts(result);
  const { results } = result;
  const about = [
    "KTAP version 1",
    `1..${results.length + stale.length}`,
    `# target: ${printable(result.target.id)} (${printable(result.target.kernel)})`,
    `# profile: ${printable(result.profile)}`,
    ...(result.partial ? ["# partial: the run did not come to its end"] : []),
  ];
  return [
    ...about,
    ...results.flatMap(testLines),
    ...stale.map(([id, text], index) =>
      `not ok ${results.length + index + 1} baseline/${descriptionOf(id)} # ERROR ${diagnostic(text)}`
    ),
    "",
  ].join("\n");
}

function testLines(result: CaseResult, index: number): string[] {
  const standing = standingOf(result);
  const name = `${index + 1} ${descriptionOf(result.case)}`;
  const quiet = standing === "ok" && result.verdict === "pass" && !result.raced;
  const remarks = quiet ? [] : explain(result).map((line) => `# ${harmless(line)}`);
  return [...remarks, `${isOk(standing) ? "ok" : "not ok"} ${name}${directiveOf(standing, result)}`];
}

function isOk(standing: Standing): boolean {
  return standing === "ok" || standing === "known" || standing === "skipped";
}

function directiveOf(standing: Standing, result: CaseResult): string {
  const reason = diagnostic(headlineOf(result));
  switch (standing) {
    case "ok":
      return result.verdict === "contested" ? ` # contested: ${reason}` : "";
    case "known":
      return ` # XFAIL ${diagnostic(knownText(result))}: ${reason}`;
    case "bad":
      return "";
    case "broken":
      return ` # ${result.end === "timeout" ? "TIMEOUT" : "ERROR"} ${reason}`;
    case "skipped":
      return ` # SKIP not-supported: ${reason}`;
    case "missing":
      return ` # ERROR not-run: ${reason}`;
  }
}

/**
 * Text on one line without what parsers of the kernel take for more than text: the name of a subtest at its begin, and
 * the messages by which they know that a machine has gone down.
 */
function harmless(text: string): string {
  return printable(text).replaceAll(/(^Subtest|List of all partitions|not syncing|reboot):/g, "$1 :");
}

/** Diagnostic data; another number sign would begin a second directive for some parsers. */
function diagnostic(text: string): string {
  return harmless(text).replaceAll("#", "_");
}

/** In a description a number sign would begin a directive. */
function descriptionOf(text: string): string {
  return printable(text).replaceAll("#", "_");
}
