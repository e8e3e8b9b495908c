/**
 * KTAP, version 1 (Documentation/dev-tools/ktap.rst): what kernel test tools read.
 *
 * @module
 */
import type { CaseResult, RunResult } from "../result.ts";
import { explain, printable, type Word, wordOf } from "./format.ts";

/** Writes one top-level test per case; a case that says nothing of the target is a SKIP. */
export function ktap(result: RunResult): string {
  const about = [
    "KTAP version 1",
    `# target: ${printable(result.target.id)} (${printable(result.target.kernel)})`,
    `# profile: ${printable(result.profile)}`,
    ...(result.partial ? ["# partial: the run did not come to its end"] : []),
    `1..${result.results.length}`,
  ];
  return [...about, ...result.results.flatMap(testLines), ""].join("\n");
}

function testLines(result: CaseResult, index: number): string[] {
  const word = wordOf(result);
  const name = `${index + 1} ${descriptionOf(result.case)}`;
  const remarks = word === "pass" ? [] : explain(result).map((line) => `# ${printable(line)}`);
  return [...remarks, `${isOk(word) ? "ok" : "not ok"} ${name}${directiveOf(word, result)}`];
}

function isOk(word: Word): boolean {
  return word !== "fail" && word !== "unknown";
}

function directiveOf(word: Word, { reasons }: CaseResult): string {
  if (word === "not-supported" || word === "not-run") {
    return ` # SKIP ${word}: ${printable(reasons[0] ?? "")}`;
  }
  return "";
}

/** In a description a number sign would begin a directive. */
function descriptionOf(text: string): string {
  return printable(text).replaceAll("#", "_");
}
