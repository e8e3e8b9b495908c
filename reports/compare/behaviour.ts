/**
 * Whether a case behaves alike in two runs.
 *
 * @module
 */
import type { CaseFacts } from "./facts.ts";
import { kept } from "./kept.ts";

/** Two runs behave alike in a case if this is the same; those of a history are asked for again and again. */
export const behaviourOf: (facts: CaseFacts) => string = kept(behaviourText);

/**
 * Where a case cannot be answered, it does not count what was seen until then, nor what is missing; nor does it count
 * which of the allowed outcomes of a race came up in some runs of it.
 */
function behaviourText({ word, seen, reason }: CaseFacts): string {
  if (word === "not-supported") return word;
  const silent = seen.length === 0 || word === "fail" || word === "unknown";
  return JSON.stringify([
    word,
    silent ? withoutFigures(reason) : "",
    seen.filter(({ extent }) => extent !== "sample" || word === "fail").map((each) => [each.step, each.seen]),
  ]);
}

/** Figures in a reason, such as how many schedules there were, differ without meaning anything. */
function withoutFigures(reason: string): string {
  return reason.replaceAll(/\(schedule [^)]*\)|\d+/g, "");
}
