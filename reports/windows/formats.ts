/**
 * Behaviour windows as text: for people, for review comments, for programs.
 *
 * @module
 */
import { printable } from "../formats/format.ts";
import { text } from "../formats/markdown.ts";
import { gitLog } from "./git_log.ts";
import type { Behaviour, ChangeKind, ClauseWindows, Standing, Trace, Windows } from "./windows.ts";

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

/** The clauses of which this is what changes most. */
export function changedIn({ clauses }: Windows, kind: ChangeKind): readonly ClauseWindows[] {
  const behaves = (each: ClauseWindows) => each.traces.some((trace) => trace.kind === "behaviour");
  return clauses.filter((each) =>
    kind === "behaviour" ? behaves(each) : each.traces.length > 0 && !behaves(each)
  );
}

/** How many clauses change, in words. */
export function clauseCounts(windows: Windows): string {
  const { clauses } = windows;
  const shown = clauses.filter(({ standings }) => standings.some((each) => each !== "not shown")).length;
  return `${clauses.length} clauses have cases here; ${shown} were shown somewhere; of ` +
    `${changedIn(windows, "behaviour").length} the behaviour changes, of ` +
    `${changedIn(windows, "support").length} only whether they can be shown`;
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
  const supported = changedIn(windows, "support");
  const lines = [
    ...windows.runs.map(({ label, target, owes, partial }) =>
      printable(
        `${label}: ${target}, owes ${owes ?? "nothing that the ledger has"}${partial ? ", partial" : ""}`,
      )
    ),
    "",
    clauseCounts(windows),
    ...changedIn(windows, "behaviour").flatMap(humanClause),
    ...(supported.length === 0 ? [] : ["", "Only whether they can be shown changes:"]),
    ...supported.map(({ clause, title, behaviours }) =>
      printable(`  ${clause}  ${title}: answered in ${answeredIn(behaviours, windows)}`)
    ),
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

/** The runs in which a case was answered. */
function answeredIn(behaviours: readonly Behaviour[], { runs }: Windows): string {
  const answered = behaviours.filter(({ word }) => word !== "not-supported").flatMap(({ places }) => places);
  return runs.flatMap(({ label }, place) => answered.includes(place) ? [label] : []).join(", ");
}

/** A behaviour in a line: where, how it ended, what was seen, how many cases show it. */
export function behaviourText({ spans, word, says, cases }: Behaviour): string {
  return `${spans}: ${word}, ${says} (${casesText(cases.length)})`;
}

function casesText(count: number): string {
  return count === 1 ? "1 case" : `${count} cases`;
}

function markdown(windows: Windows): string {
  const { runs } = windows;
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
    ...changedIn(windows, "behaviour").flatMap(markdownClause),
    ...supportSection(windows),
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

function supportSection(windows: Windows): string[] {
  const clauses = changedIn(windows, "support");
  if (clauses.length === 0) return [];
  return [
    "",
    "## What can be shown in some only",
    "",
    ...table(
      ["clause", "", "answered in"],
      clauses.map((
        { clause, title, behaviours },
      ) => [clause, text(title), text(answeredIn(behaviours, windows))]),
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
