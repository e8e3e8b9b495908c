/**
 * What became of a case over some runs, in a sentence that has the names of the runs in it.
 *
 * @module
 */
import type { Change, ComparedFacts, ComparedWord, Window } from "./comparison.ts";

/** The sentence; empty where the runs do not differ. */
export function sentenceOf(
  { windows, changes, words, difference }: ComparedFacts,
  labels: readonly string[],
): string {
  if (difference === "same") return "";
  if (windows.length < 2) return silenceSentence(words, labels);
  const [first] = changes;
  if (!first || changes.some(({ step }) => step !== first.step)) {
    return changesSentence(changes, windows, labels);
  }
  const seen = [first.before, ...changes.map(({ after }) => after)];
  const spans = windows.map((window, index) => `${seen[index]} ${spanOf(window, index, windows, labels)}`);
  return `${first.operation === undefined ? "" : `${first.operation}: `}${spans.join(", ")}`;
}

/** One change after the other, where each is about another step. */
function changesSentence(
  changes: readonly Change[],
  windows: readonly Window[],
  labels: readonly string[],
): string {
  return changes.map(({ at, operation, before, after }, index) => {
    const what = operation === undefined ? "" : `${operation}: `;
    return `${what}${before} up to ${labels[windows[index]?.to ?? -1]}, ${after} since ${labels[at]}`;
  }).join("; ");
}

function spanOf(
  { from, to }: Window,
  index: number,
  windows: readonly Window[],
  labels: readonly string[],
): string {
  const [first = "", last = ""] = [labels[from], labels[to]];
  if (index === 0) return `up to ${last}`;
  if (index === windows.length - 1 && to === labels.length - 1) return `since ${first}`;
  return from === to ? `in ${first}` : `in ${first} to ${last}`;
}

/** Which runs tell nothing, where the others are alike. */
function silenceSentence(words: readonly ComparedWord[], labels: readonly string[]): string {
  const notRun = labels.filter((_, index) => words[index] === "absent" || words[index] === "not-run");
  const notSupported = labels.filter((_, index) => words[index] === "not-supported");
  return [
    notRun.length === 0 ? [] : `not run in ${notRun.join(", ")}`,
    notSupported.length === 0 || notSupported.length + notRun.length === words.length
      ? []
      : `not supported in ${notSupported.join(", ")}`,
  ].flat().join("; ");
}
