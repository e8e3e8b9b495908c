/**
 * Holds the citations of mails against the mails themselves.
 *
 * @module
 */
import type { ClauseId } from "../ids.ts";
import { citationText, type LineRange, type MailCitation, rangesOf, rangeText } from "./citation.ts";
import { digestOf, type Digests } from "./digests.ts";

/**
 * What is wrong with a citation:
 *
 * - `missing-file`: the mail, or the file of the kernel, is not there
 * - `bad-lines`: what it gives as lines does not say lines
 * - `beyond-the-end`: the file has no such lines
 * - `drifted`: the lines no longer say what they said when they were last read
 * - `not-recorded`: nobody has recorded what the lines said
 * - `no-function`: the function that it names is not there
 * - `wrong-function`: the lines are not of the function that it names
 * - `unnamed-function`: the lines are of a function, and it names none
 */
export type CitationFault =
  | "missing-file"
  | "bad-lines"
  | "beyond-the-end"
  | "drifted"
  | "not-recorded"
  | "no-function"
  | "wrong-function"
  | "unnamed-function";

/** Something wrong with a citation. */
export interface CitationFinding {
  /** What kind of mistake it is. */
  readonly fault: CitationFault;
  /** Where the citation leads, as in `S2:271-273`. */
  readonly citation: string;
  /** What is wrong; a sentence without a final period. */
  readonly message: string;
  /** What to do about it; a sentence without a final period. */
  readonly hint: string;
  /** The clauses that rest on it. */
  readonly clauses: readonly ClauseId[];
}

/**
 * Checks the citations of mails.
 *
 * @param citations what is cited
 * @param recorded what the lines said when they were last read
 * @param read gives the lines of a file among the seeds, or `undefined` where there is no such file
 */
export function checkMails(
  citations: readonly MailCitation[],
  recorded: Pick<Digests, "mails">,
  read: (seed: string) => readonly string[] | undefined,
): readonly CitationFinding[] {
  return citations.flatMap((citation) => {
    const text = read(citation.seed);
    if (!text) return [finding(citation, "missing-file", ...noSeed(citation))];
    return [
      ...linesFindings(citation, text, recorded.mails[citation.mail] ?? {}),
      ...functionFindings(citation, text),
    ];
  });
}

function finding(
  citation: MailCitation,
  fault: CitationFault,
  message: string,
  hint: string,
): CitationFinding {
  return { fault, citation: citationText(citation), message, hint, clauses: citation.clauses };
}

function noSeed({ mail, seed }: MailCitation): [string, string] {
  return [
    `The seeds have no file ${seed}, which is ${mail}`,
    "Check --seeds, or the mail in spec/sources.yaml",
  ];
}

function linesFindings(
  citation: MailCitation,
  text: readonly string[],
  recorded: Readonly<Record<string, string>>,
): readonly CitationFinding[] {
  if (citation.lines === undefined) return [];
  const ranges = rangesOf(citation.lines);
  if (!ranges) {
    const message = `"${citation.lines}" does not say lines`;
    return [finding(citation, "bad-lines", message, "Write lines as in 110-111, 118")];
  }
  return ranges.flatMap((range) => rangeFindings(citation, range, text, recorded[rangeText(range)]));
}

function rangeFindings(
  citation: MailCitation,
  range: LineRange,
  text: readonly string[],
  recorded: string | undefined,
): readonly CitationFinding[] {
  const name = `${citation.mail}:${rangeText(range)}`;
  if (range.last > text.length) {
    const message = `${name} lies beyond the end: the mail has ${text.length} lines`;
    return [finding(citation, "beyond-the-end", message, "Correct the lines")];
  }
  if (recorded === digestOf(text, range)) return [];
  if (recorded === undefined) {
    const message = `Nobody has recorded what ${name} says`;
    return [finding(citation, "not-recorded", message, "Read the lines, then call this again with --accept")];
  }
  const message = `${name} no longer says what it said when it was last read`;
  return [finding(citation, "drifted", message, whereNow(range, text, recorded))];
}

/** Looks for the lines elsewhere in the mail, since most drift is a shift. */
function whereNow({ first, last }: LineRange, text: readonly string[], recorded: string): string {
  const length = last - first + 1;
  for (let start = 1; start + length - 1 <= text.length; start++) {
    const range = { first: start, last: start + length - 1 };
    if (digestOf(text, range) === recorded) return `The same lines now stand at ${rangeText(range)}`;
  }
  return "Read them again and correct the clause, or call this again with --accept if it still holds";
}

function functionFindings(citation: MailCitation, text: readonly string[]): readonly CitationFinding[] {
  const { function: name, mail } = citation;
  if (name === undefined || text.some((line) => line.includes(name))) return [];
  return [
    finding(
      citation,
      "no-function",
      `${mail} does not mention ${name}()`,
      "Correct the name, or leave it out",
    ),
  ];
}
