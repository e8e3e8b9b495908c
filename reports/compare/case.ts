/**
 * One case over some runs: what differs, where it begins to, and what was seen before and after.
 *
 * @module
 */
import { behaviourOf } from "./behaviour.ts";
import type { Change, ComparedFacts, ComparedWord, Difference, Window } from "./comparison.ts";
import type { CaseFacts, Seen } from "./facts.ts";

/** Compares what some runs showed of one case; `undefined` stands for a run that did not select it. */
export function compareFacts(id: string, facts: readonly (CaseFacts | undefined)[]): ComparedFacts {
  const words = facts.map((each): ComparedWord => each?.word ?? "absent");
  const known = facts.find((each) => each !== undefined && each.clauses.length > 0) ??
    facts.find((each) => each !== undefined);
  const telling = tellingOf(facts);
  const windows = windowsOf(telling);
  return {
    case: id,
    title: known?.title ?? id,
    clauses: known?.clauses ?? [],
    difference: differenceOf(words, windows),
    words,
    windows,
    changes: changesOf(windows, telling),
  };
}

/**
 * What tells how the case behaves. A run that did not reach it tells nothing, nor does one that could not answer it
 * between two that could: what it would have shown is not known.
 */
function tellingOf(facts: readonly (CaseFacts | undefined)[]): readonly (CaseFacts | undefined)[] {
  const answers = facts.map((each) =>
    each !== undefined && each.word !== "not-run" && each.word !== "not-supported"
  );
  const [first, last] = [answers.indexOf(true), answers.lastIndexOf(true)];
  return facts.map((each, place) => {
    if (each?.word === "not-run") return undefined;
    return each?.word === "not-supported" && first < place && place < last ? undefined : each;
  });
}

function windowsOf(facts: readonly (CaseFacts | undefined)[]): Window[] {
  const windows: (Window & { readonly key: string })[] = [];
  facts.forEach((each, place) => {
    if (!each) return;
    const key = behaviourOf(each);
    const last = windows.at(-1);
    if (last?.key === key) windows[windows.length - 1] = { ...last, to: place };
    else windows.push({ key, from: place, to: place, word: each.word });
  });
  return windows.map(({ key: _key, ...window }) => window);
}

function changesOf(windows: readonly Window[], facts: readonly (CaseFacts | undefined)[]): Change[] {
  return windows.slice(1).flatMap(({ from }, index) => {
    const [before, after] = [facts[windows[index]?.from ?? -1], facts[from]];
    return before && after ? [{ at: from, ...changeOf(before, after) }] : [];
  });
}

function changeOf(before: CaseFacts, after: CaseFacts): Omit<Change, "at"> {
  const steps = [...new Set([...before.seen, ...after.seen].map(({ step }) => step))];
  const step = steps.find((id) => seenAt(before, id)?.seen !== seenAt(after, id)?.seen);
  if (step === undefined) return { before: endOf(before), after: endOf(after) };
  const [one, other] = [seenAt(before, step), seenAt(after, step)];
  const operation = one?.operation ?? other?.operation;
  return { step, operation, before: one?.seen ?? "not reached", after: other?.seen ?? "not reached" };
}

function seenAt({ seen }: CaseFacts, step: string): Seen | undefined {
  return seen.find((each) => each.step === step);
}

function endOf({ word, reason }: CaseFacts): string {
  return reason === "" ? word : `${word} (${reason})`;
}

function differenceOf(words: readonly ComparedWord[], windows: readonly Window[]): Difference {
  const reached = new Set(windows.map(({ word }) => word));
  const judged = [...reached].filter((word) => word !== "not-supported");
  if (judged.length > 1) return "verdict";
  if (reached.size > 1) return "support";
  if (windows.length > 1) return "behaviour";
  if (judged.length > 0 && words.includes("not-supported")) return "support";
  return new Set(words).size > 1 ? "coverage" : "same";
}
