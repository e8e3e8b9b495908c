/**
 * Markdown: a summary that fits into a review comment or a CI page.
 *
 * @module
 */
import { type CaseResult, isExpected, type RunResult } from "../result.ts";
import { commandFor, explain, printable, wordOf } from "./format.ts";
import { raceHead, raceRows } from "./race.ts";
import { knownText, staleTexts } from "./standing.ts";

/** Characters that a review comment may have on the common hosts, with some room. */
const MAX_LENGTH = 60_000;

/** Writes the counts, then what did not pass, as far as there is room; what is unexpected first. */
export function markdown(result: RunResult): string {
  const open = result.results.filter(isTold).toSorted((one, other) =>
    Number(isKnown(one)) - Number(isKnown(other))
  );
  const told = open.filter((each) => !isKnown(each)).map((each) => section(result, each));
  const lines = [
    ...headOf(result),
    ...staleLines(result),
    ...fitting(told),
    ...knownLines(open.filter(isKnown)),
  ];
  return lines.join("\n") + "\n";
}

function isTold(result: CaseResult): boolean {
  return !isExpected(result) || !["pass", "not-supported"].includes(wordOf(result));
}

function isKnown(result: CaseResult): boolean {
  return result.known !== undefined && isExpected(result);
}

function headOf({ counts, target, profile, suite, startedAt, partial, against }: RunResult): string[] {
  const numbers = [counts.pass, counts.fail, counts.contested, counts.unknown, counts["not-supported"]];
  const from = `${text(target.name)}, kernel ${text(target.kernel)}`;
  return [
    `# ${text(profile)} on ${text(target.id)}`,
    "",
    `${from}. Suite ${text(suite.version)}, begun ${startedAt}.`,
    ...(against
      ? ["", `Held against ${text(against.file)}, which has ${against.applied} entries for it.`]
      : []),
    ...(partial ? ["", "**Partial: the run did not come to its end.**"] : []),
    "",
    "| pass | fail | contested | unknown | not supported | not run | total |",
    "|---:|---:|---:|---:|---:|---:|---:|",
    `| ${numbers.join(" | ")} | ${counts["not-run"]} | ${counts.total} |`,
  ];
}

function staleLines(result: RunResult): string[] {
  const stale = staleTexts(result);
  if (stale.length === 0) return [];
  return ["", "## Stale entries of the baseline", "", ...stale.map(([, what]) => `- ${text(what)}`)];
}

/** The failures that are known, a line each. */
function knownLines(known: readonly CaseResult[]): string[] {
  if (known.length === 0) return [];
  return [
    "",
    "## Known failures",
    "",
    ...known.map((each) =>
      `- ${wordOf(each)}: ${text(each.case)}, ${text(knownText(each))}: ${text(each.reasons[0] ?? "")}`
    ),
  ];
}

/** As many sections as there is room for, and how many there are beyond. */
function fitting(sections: readonly (readonly string[])[]): string[] {
  let room = MAX_LENGTH;
  const lines: string[] = [];
  for (const [index, section] of sections.entries()) {
    room -= section.reduce((sum, line) => sum + line.length + 1, 0);
    if (room < 0) return [...lines, "", `**${sections.length - index} more cases are not shown here.**`];
    lines.push(...section);
  }
  return lines;
}

function section(result: RunResult, each: CaseResult): string[] {
  const lines = explain({ ...each, raced: undefined });
  return [
    "",
    `## ${wordOf(each)}: ${text(each.case)}`,
    "",
    `${text(each.title)} (${each.clauses.join(", ")})`,
    "",
    ...lines.map((line) => `- ${text(line)}`),
    ...raceTable(each),
    "",
    "```",
    commandFor(result, each.case).replaceAll("`", "'"),
    "```",
  ];
}

function raceTable({ raced }: CaseResult): string[] {
  if (!raced) return [];
  return [
    "",
    `${text(raceHead(raced))}:`,
    "",
    "| times | outcome | schedule |",
    "|---:|---|---|",
    ...raceRows(raced).map(({ count, outcome, schedule }) =>
      `| ${count} | ${text(outcome)} | ${text(schedule)} |`
    ),
  ];
}

/** Text on one line, in which nothing is markup. */
export function text(value: string): string {
  return printable(value).replaceAll(/[\\`*_{}[\]<>#|~&]/g, "\\$&");
}
