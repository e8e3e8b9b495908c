/**
 * What every writer of a format is given.
 *
 * @module
 */
import { type CaseResult, isExpected, type RunResult } from "../result.ts";
import { raceLines } from "./race.ts";
import { baselineText, knownText } from "./standing.ts";

/** A writer: a result as text, with an end of line at the end. */
export type Writer = (result: RunResult) => string;

/** How a case ended, in one word: its verdict, or that it was not supported or not run. */
export type Word = CaseResult["verdict"] | "not-supported" | "not-run";

/** How a case ended, in one word. */
export function wordOf({ verdict, end }: Pick<CaseResult, "verdict" | "end">): Word {
  return end === "not-supported" || end === "not-run" ? end : verdict;
}

/** What a reader must know of a case that did not pass, line by line. */
export function explain(result: CaseResult): string[] {
  const steps = result.steps.filter(({ status }) => status === "unmet" || status === "alternative");
  const baseline = baselineText(result);
  return [
    ...(baseline === undefined ? [] : [baseline]),
    ...(result.known && isExpected(result) ? [knownText(result)] : []),
    ...result.reasons,
    ...steps.flatMap(({ step, operation, args, log }) => [
      `${step} is ${operation} ${JSON.stringify(args)}`,
      ...log.map(({ level, text }) => `kernel ${level}: ${text}`),
    ]),
    ...raceLines(result.raced),
  ];
}

/** The command that runs one case of a result again. */
export function commandFor(result: Pick<RunResult, "target" | "profile">, caseId: string): string {
  return shellLine(["conform", "run", caseId, "--target", result.target.id, "--profile", result.profile]);
}

/** Words as one line for a shell. A record may come from anywhere, so that no text in it may become a command. */
export function shellLine(words: readonly string[]): string {
  return words.map(shellWord).join(" ");
}

function shellWord(word: string): string {
  const visible = printable(word);
  return /^[\w@%+=:,./-]+$/.test(visible) ? visible : `'${visible.replaceAll("'", `'\\''`)}'`;
}

/** Text on one line, without characters that would do something to a terminal. */
export function printable(text: string): string {
  return text.toWellFormed().replaceAll(/\s+/g, " ").replaceAll(/\p{Cc}|\p{Cf}/gu, "\ufffd").trim();
}
