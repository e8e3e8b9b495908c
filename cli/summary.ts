/**
 * The result of a run for people: the counts, then everything that did not pass, in full.
 *
 * @module
 */
import { styleText } from "node:util";
import { describeEvent } from "../cases/describe.ts";
import { commandFor, type Word, wordOf } from "../reports/formats/format.ts";
import { type CaseResult, isExpected, type RunResult, type StepResult } from "../reports/result.ts";
import { clauseIdSchema } from "../spec/ids.ts";
import type { Ledger } from "../spec/ledger.ts";

type Style = Parameters<typeof styleText>[0];

const STYLES: Readonly<Record<Word, Style>> = {
  pass: "green",
  fail: "red",
  contested: "yellow",
  unknown: "magenta",
  "not-supported": "gray",
  "not-run": "gray",
};

const WORDS: readonly Word[] = ["pass", "fail", "contested", "unknown", "not-supported", "not-run"];

/** Writes the summary of a run. */
export function summaryOf(result: RunResult, ledger: Ledger, colours: boolean): string {
  const paint = (style: Style, text: string) =>
    colours ? styleText(style, text, { validateStream: false }) : text;
  const known = result.results.filter((each) => each.known && isExpected(each));
  const told = result.results.filter((each) =>
    !known.includes(each) && (["fail", "unknown", "contested"].includes(wordOf(each)) || !isExpected(each))
  );
  const lines = [
    ...told.flatMap((each) => [...caseLines(each, result, ledger, paint), ""]),
    ...known.map(knownLine),
    ...(result.against?.stale ?? []).map(({ case: id, at }) =>
      `${paint("red", "stale entry")} ${at}: the suite has no case ${id}`
    ),
    `${result.profile} on ${result.target.id} (kernel ${result.target.kernel})`,
    countLine(result, paint),
    ...(result.partial ? [paint("yellow", "The run is partial: it did not come to its end")] : []),
  ];
  return lines.join("\n") + "\n";
}

type Paint = (style: Style, text: string) => string;

function countLine({ counts }: RunResult, paint: Paint): string {
  const parts = WORDS.filter((word) => counts[word] > 0)
    .map((word) => paint(STYLES[word], `${counts[word]} ${word.replace("-", " ")}`));
  return `${parts.join(", ")} of ${counts.total} cases`;
}

function caseLines(each: CaseResult, result: RunResult, ledger: Ledger, paint: Paint): string[] {
  const word = wordOf(each);
  return [
    `${paint(STYLES[word], word)} ${paint("bold", each.case)}`,
    `  ${each.title}`,
    ...each.clauses.map((id) => `  ${id}: ${requirementOf(id, ledger)}`),
    ...each.reasons.map((reason) => `  ${reason}`),
    ...baselineLines(each),
    ...each.steps.filter(({ status }) => status === "unmet" || status === "alternative").flatMap(stepLines),
    `  again: ${commandFor(result, each.case)}`,
  ];
}

/** A failure that is known, in a line. */
function knownLine({ case: id, known, verdict }: CaseResult): string {
  const waiver = known?.waiver ? `, waived: ${known.waiver.url}` : "";
  return `known ${verdict} ${id} (${known?.at}${waiver})`;
}

/** What the baseline says of a case that is not as it says. */
function baselineLines({ baseline, known }: CaseResult): string[] {
  if (!known) return [];
  switch (baseline) {
    case "unexpected-pass":
      return [`  unexpected: ${known.at} says that it fails: ${known.message}`];
    case "other-failure":
      return [`  unexpected: ${known.at} says that it fails otherwise: ${known.message}`];
    case "stale-entry":
      return [`  unexpected: ${known.at} says that it fails, but it is not supported here`];
    default:
      return [];
  }
}

function requirementOf(id: string, ledger: Ledger): string {
  const parsed = clauseIdSchema.safeParse(id);
  return (parsed.success ? ledger.clauses.get(parsed.data)?.requirement : undefined) ?? "not in the ledger";
}

function stepLines(step: StepResult): string[] {
  return [
    `    ${step.step}  ${step.operation} ${JSON.stringify(step.args)}`,
    `      expected: ${step.expected}`,
    `      seen:     ${step.observed}`,
    ...step.events.map((event) => `      event:    ${describeEvent(event)}`),
    ...step.log.map(({ level, text }) => `      kernel:   ${level}: ${text}`),
  ];
}
