/**
 * Behaviour windows as text: for people, for review comments, for programs.
 *
 * @module
 */
import { printable } from "../formats/format.ts";
import { text } from "../formats/markdown.ts";
import { gitLog } from "./git_log.ts";
import type { Behaviour, ClauseWindows, Standing, Trace, Windows } from "./windows.ts";

/** The formats of behaviour windows that are plain text. */
export const WINDOWS_FORMATS = ["human", "json", "markdown"] as const;

/** One of them. */
export type WindowsFormat = typeof WINDOWS_FORMATS[number];

/** Writes behaviour windows, with an end of line at the end. */
export function writeWindows(windows: Windows, format: WindowsFormat): string {
  switch (format) {
    case "human":
      return human(windows);
    case "json":
      return `${JSON.stringify(windows, undefined, 2)}\n`;
    case "markdown":
      return markdown(windows);
  }
}

/** How many clauses change, in words. */
export function clauseCounts({ clauses }: Windows): string {
  const changed = clauses.filter(({ traces }) => traces.length > 0).length;
  const shown = clauses.filter(({ standings }) => standings.some((each) => each !== "not shown")).length;
  return `${clauses.length} clauses have cases here; ${shown} were shown somewhere, ${changed} behave otherwise ` +
    "from some run on";
}

/** Standings over the runs; one that is repeated is told once. */
export function standingsText(standings: readonly Standing[]): string {
  return standings.filter((each, place) => each !== standings[place - 1]).join(" → ");
}

/** What the ledger knows of a change, in a line. */
export function traceText({ between: [before, after], ledger, commits }: Trace): string {
  const known = commits.map(({ commit, note }) => note === undefined ? commit : `${commit} (${note})`);
  return [
    `${before} → ${after}`,
    `the ledger: ${ledger ?? "says nothing of a change"}`,
    known.length === 0 ? "knows no commit" : `commits ${known.join(", ")}`,
  ].join("; ");
}

/** The command that shows the history of a change, where the clause cites files of the kernel. */
export function traceLog({ between, files }: Trace): string | undefined {
  return gitLog(between[0], between[1], files);
}

function human(windows: Windows): string {
  const changed = windows.clauses.filter(({ traces }) => traces.length > 0);
  const lines = [
    ...windows.runs.map(({ label, target, owes, partial }) =>
      printable(
        `${label}: ${target}, owes ${owes ?? "nothing that the ledger has"}${partial ? ", partial" : ""}`,
      )
    ),
    "",
    clauseCounts(windows),
    ...changed.flatMap(humanClause),
  ];
  return `${lines.join("\n")}\n`;
}

function humanClause({ clause, title, standings, behaviours, traces }: ClauseWindows): string[] {
  return [
    "",
    printable(`${clause}  ${title}: ${standingsText(standings)}`),
    ...behaviours.map((each) => `  ${printable(behaviourText(each))}`),
    ...traces.flatMap((trace) => {
      const log = traceLog(trace);
      return [`  ${printable(traceText(trace))}`, ...(log === undefined ? [] : [`    ${printable(log)}`])];
    }),
  ];
}

/** A behaviour in a line: where, how it ended, what was seen, how many cases show it. */
export function behaviourText({ spans, word, says, cases }: Behaviour): string {
  return `${spans}: ${word}, ${says} (${casesText(cases.length)})`;
}

function casesText(count: number): string {
  return count === 1 ? "1 case" : `${count} cases`;
}

function markdown(windows: Windows): string {
  const { runs, clauses } = windows;
  const lines = [
    `# Behaviour windows: ${runs.map(({ label }) => text(label)).join(" · ")}`,
    "",
    `${clauseCounts(windows)}.`,
    "",
    ...table(
      ["called", "target", "kernel", "owes", "begun"],
      runs.map(({ label, target, kernel, owes, startedAt }) => [
        text(label),
        text(target),
        text(kernel),
        text(owes ?? "–"),
        startedAt,
      ]),
    ),
    ...standingsSection(windows),
    "",
    "## What changes",
    ...clauses.filter(({ traces }) => traces.length > 0).flatMap(markdownClause),
  ];
  return `${lines.join("\n")}\n`;
}

function standingsSection({ runs, clauses }: Windows): string[] {
  return [
    "",
    "## Every clause",
    "",
    ...table(
      ["clause", "", ...runs.map(({ label }) => text(label))],
      clauses.map(({ clause, title, standings }) => [clause, text(title), ...standings]),
    ),
  ];
}

function markdownClause({ clause, title, behaviours, traces }: ClauseWindows): string[] {
  return [
    "",
    `### ${clause}: ${text(title)}`,
    "",
    ...table(
      ["seen in", "ended", "what was seen", "cases"],
      behaviours.map(({ spans, word, says, cases }) => [
        text(spans),
        word,
        text(says),
        cases.map((each) => text(each)).join("<br>"),
      ]),
    ),
    "",
    ...traces.flatMap((trace) => {
      const log = traceLog(trace);
      return [`- ${text(traceText(trace))}${log === undefined ? "" : `: \`${log}\``}`];
    }),
  ];
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return [header, header.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
}
