/**
 * What a bisection follows: one observation, by a digest of it. A target that shows anything else is neither good nor
 * bad, whatever its verdict.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { type CaseFacts, caseFacts } from "../../reports/compare/mod.ts";
import type { CaseResult } from "../../reports/result.ts";

/** What a target showed of the case. */
export interface Shown {
  /** How the case ended, in one word. */
  readonly word: CaseFacts["word"];
  /** Why it did not pass. */
  readonly reason: string;
  /** What was seen of each step that was reached, by the id of the step. */
  readonly seen: ReadonlyMap<string, { readonly operation: string; readonly seen: string }>;
  /** The first step that was not as expected, where there is one. */
  readonly failing: string | undefined;
  /** Whether all attempts ended alike. */
  readonly stable: boolean;
}

/** What a bisection is locked to. */
export interface Lock {
  /** The step that is looked at; missing where it is the end of the case. */
  readonly step: string | undefined;
  /** What the step does. */
  readonly operation: string | undefined;
  /** What the good target shows there, and its digest. */
  readonly good: Sight;
  /** What the bad one shows there. */
  readonly bad: Sight;
}

/** An observation in a few words, and its digest. */
export interface Sight {
  /** In words. */
  readonly says: string;
  /** The begin of its SHA-256. */
  readonly digest: string;
}

/** What a target is for a bisection. */
export type Side = "good" | "bad" | "neither";

/** Takes from a result what a bisection looks at. */
export function shownIn(result: CaseResult): Shown {
  const { word, reason, seen } = caseFacts(result);
  return {
    word,
    reason,
    seen: new Map(seen.map(({ step, operation, seen }) => [step, { operation, seen }])),
    failing: result.steps.find(({ status }) => status === "unmet" || status === "alternative")?.step,
    stable: result.stability.stable,
  };
}

/**
 * Locks to the observation in which a good and a bad target differ: the step that fails on the bad one, or the first
 * step that both answer differently, or the end of the case.
 *
 * @returns the lock, or why there is none
 */
export function lockOf(good: Shown, bad: Shown): Lock | string {
  for (const [name, each] of [["good", good], ["bad", bad]] as const) {
    if (each.word === "not-supported") return `the ${name} target cannot answer the case: ${each.reason}`;
    if (each.word === "not-run") return `the case was not reached on the ${name} target: ${each.reason}`;
    if (!each.stable) return `the attempts on the ${name} target do not end alike`;
  }
  const step = [bad.failing, ...bad.seen.keys(), ...good.seen.keys()].find((id) =>
    id !== undefined && sightOf(good, id).digest !== sightOf(bad, id).digest
  );
  const lock = {
    step,
    operation: step === undefined ? undefined : (bad.seen.get(step) ?? good.seen.get(step))?.operation,
    good: sightOf(good, step),
    bad: sightOf(bad, step),
  };
  return lock.good.digest === lock.bad.digest ? "both targets show the same" : lock;
}

/** What a target is: good or bad if it shows just what the good or the bad one showed. */
export function sideOf(shown: Shown, { step, good, bad }: Lock): Side {
  if (!shown.stable || shown.word === "not-supported" || shown.word === "not-run") return "neither";
  const { digest } = sightOf(shown, step);
  if (digest === bad.digest) return "bad";
  return digest === good.digest ? "good" : "neither";
}

/** What was seen of a step, or of the end of the case. */
export function sightOf({ word, reason, seen }: Shown, step: string | undefined): Sight {
  const at = step === undefined ? undefined : seen.get(step);
  const says = step === undefined
    ? word + (reason === "" ? "" : ` (${reason})`)
    : at?.seen ?? `not reached, ${word}${reason === "" ? "" : ` (${reason})`}`;
  const same = JSON.stringify([step, at?.operation, withoutFigures(says)]);
  return { says, digest: createHash("sha256").update(same).digest("hex").slice(0, 12) };
}

/** Figures in a reason differ from run to run without meaning anything. */
function withoutFigures(text: string): string {
  return text.replaceAll(/\d+/g, "…");
}
