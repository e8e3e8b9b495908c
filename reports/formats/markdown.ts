/**
 * Markdown: a summary that fits into a review comment or a CI page.
 *
 * @module
 */
import type { CaseResult, RunResult } from "../result.ts";
import { commandFor, explain, printable, wordOf } from "./format.ts";

/** Writes the counts, then what did not pass, in full. */
export function markdown(result: RunResult): string {
  const { counts, target, profile } = result;
  const open = result.results.filter((each) => !["pass", "not-supported"].includes(wordOf(each)));
  const lines = [
    `# ${text(profile)} on ${text(target.id)}`,
    "",
    `${text(target.name)}, kernel ${text(target.kernel)}. Suite ${
      text(result.suite.version)
    }, begun ${result.startedAt}.`,
    ...(result.partial ? ["", "**Partial: the run did not come to its end.**"] : []),
    "",
    "| pass | fail | contested | unknown | not supported | not run | total |",
    "|---:|---:|---:|---:|---:|---:|---:|",
    `| ${counts.pass} | ${counts.fail} | ${counts.contested} | ${counts.unknown} | ${
      counts["not-supported"]
    } | ` +
    `${counts["not-run"]} | ${counts.total} |`,
    ...open.flatMap((each) => section(result, each)),
  ];
  return lines.join("\n") + "\n";
}

function section(result: RunResult, each: CaseResult): string[] {
  return [
    "",
    `## ${wordOf(each)}: ${text(each.case)}`,
    "",
    `${text(each.title)} (${each.clauses.join(", ")})`,
    "",
    ...explain(each).map((line) => `- ${text(line)}`),
    "",
    "```",
    commandFor(result, each.case).replaceAll("`", "'"),
    "```",
  ];
}

/** Text on one line, in which nothing is markup. */
export function text(value: string): string {
  return printable(value).replaceAll(/[\\`*_{}[\]<>#|~&]/g, "\\$&");
}
