/**
 * A comparison as text: for people, for spreadsheets, for review comments, for programs.
 *
 * @module
 */
import { csvRow } from "../formats/csv.ts";
import { printable } from "../formats/format.ts";
import { text } from "../formats/markdown.ts";
import type { CaseComparison, ComparedWord, Comparison, Difference, Group } from "./comparison.ts";

/** The formats that a comparison can be written in. */
export const COMPARISON_FORMATS = ["human", "json", "csv", "markdown"] as const;

/** A format that a comparison can be written in. */
export type ComparisonFormat = typeof COMPARISON_FORMATS[number];

/** Writes a comparison, with an end of line at the end. */
export function writeComparison(comparison: Comparison, format: ComparisonFormat): string {
  switch (format) {
    case "human":
      return human(comparison);
    case "json":
      return `${JSON.stringify(comparison, undefined, 2)}\n`;
    case "csv":
      return csv(comparison);
    case "markdown":
      return markdown(comparison);
  }
}

const COUNT_TEXTS: readonly (readonly [Difference, string])[] = [
  ["verdict", "with another verdict"],
  ["support", "supported in some only"],
  ["behaviour", "judged alike but seen otherwise"],
  ["coverage", "not run everywhere"],
  ["same", "the same"],
];

/** How many cases differ in which way, in words. */
export function countsText({ counts }: Pick<Comparison, "counts">): string {
  const present = COUNT_TEXTS.filter(([difference]) => counts[difference] > 0);
  return present.map(([difference, words]) => `${counts[difference]} ${words}`).join(", ") || "no cases";
}

function human(comparison: Comparison): string {
  const lines = [
    ...comparison.runs.map(({ label, target, profile, startedAt, partial }) =>
      `${printable(label)}: ${printable(profile)} on ${printable(target)}, ${startedAt}${
        partial ? ", partial" : ""
      }`
    ),
    "",
    `Cases: ${countsText(comparison)}`,
    ...comparison.groups.flatMap(humanGroup),
  ];
  return `${lines.join("\n")}\n`;
}

/** A group; cases of which nothing is known but that they were not run are only counted. */
function humanGroup({ at, title, cases }: Group): string[] {
  if (at.length === 0) return ["", `${printable(title)}: ${cases.length} cases`];
  return [
    "",
    printable(title),
    ...cases.flatMap((each) => [
      `  ${printable(each.case)}  ${wordsText(each.words)}`,
      `    ${printable(each.says)}`,
    ]),
  ];
}

/** Words over the runs; a word that is repeated is told once. */
function wordsText(words: readonly ComparedWord[]): string {
  return words.filter((word, index) => word !== words[index - 1]).join(" → ");
}

function csv({ runs, groups, same }: Comparison): string {
  const header = [
    "case",
    "difference",
    ...runs.map(({ label }) => label),
    "step",
    "says",
    "clauses",
    "title",
  ];
  const rows = [...groups.flatMap(({ cases }) => cases), ...same].map((each) => [
    each.case,
    each.difference,
    ...each.words,
    each.changes[0]?.step ?? "",
    each.says,
    each.clauses.join(" "),
    each.title,
  ]);
  return [header, ...rows].map(csvRow).join("");
}

function markdown(comparison: Comparison): string {
  const { runs, groups, clauses } = comparison;
  const lines = [
    `# ${runs.map(({ label }) => text(label)).join(" · ")}`,
    "",
    `Cases: ${countsText(comparison)}.`,
    ...groups.flatMap(({ at, title, cases }) => [
      "",
      `## ${text(title)}`,
      "",
      ...(at.length === 0 ? [`${cases.length} cases.`] : table(
        ["what was seen", ...runs.map(({ label }) => text(label)), "cases"],
        alike(cases).map(seenRow),
      )),
    ]),
    ...clauseSection(
      runs.map(({ label }) => text(label)),
      clauses.filter(({ differs }) => differs).map(({ clause, words }) => [text(clause), ...words]),
    ),
  ];
  return `${lines.join("\n")}\n`;
}

/** Cases of which the same was seen in the same runs. */
function alike(cases: readonly CaseComparison[]): readonly (readonly CaseComparison[])[] {
  return [...Map.groupBy(cases, ({ words, says }) => `${words.join()} ${says}`).values()];
}

/** What was seen in each run, and the cases that show it. */
function seenRow(cases: readonly CaseComparison[]): string[] {
  const [first] = cases;
  return [text(first?.says ?? ""), ...first?.words ?? [], cases.map(({ case: id }) => text(id)).join("<br>")];
}

function clauseSection(labels: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [];
  return ["", "## Clauses", "", ...table(["clause", ...labels], rows)];
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return [header, header.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
}
