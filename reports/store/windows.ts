/**
 * Since when a case behaves as it does: runs of one target and profile, one after the other, in which it behaved alike.
 *
 * @module
 */
import { behaviourOf } from "../compare/behaviour.ts";
import type { CaseFacts, RunHead } from "../compare/facts.ts";
import type { CaseInRun } from "./reader.ts";

/** Runs of one target and profile, one after the other, in which a case behaved alike. */
export interface BehaviourWindow {
  /** The target. */
  readonly target: string;
  /** The profile. */
  readonly profile: string;
  /** The first of the runs. */
  readonly from: RunHead;
  /** The last of them. */
  readonly to: RunHead;
  /** How many runs there are. */
  readonly runs: number;
  /** What the case showed in the last of them. */
  readonly facts: CaseFacts;
}

/** What a case showed in a run, whatever else is known of it. */
export interface Shown {
  /** Tells targets and profiles apart. */
  readonly stream: string | number;
  /** What the case showed. */
  readonly facts: CaseFacts;
}

/** Runs in which a case behaved alike. */
export interface Span<T extends Shown> {
  readonly from: T;
  readonly to: T;
  readonly runs: number;
}

/** Spans, the newest first; `shown` is from the oldest run to the newest. Runs that did not reach the case end none. */
export function spansOf<T extends Shown>(shown: Iterable<T>): readonly Span<T>[] {
  const spans: Span<T>[] = [];
  const open = new Map<T["stream"], number>();
  for (const each of shown) {
    if (each.facts.word === "not-run") continue;
    const place = open.get(each.stream);
    const last = place === undefined ? undefined : spans[place];
    if (place !== undefined && last && alike(last.to.facts, each.facts)) {
      spans[place] = { from: last.from, to: each, runs: last.runs + 1 };
      continue;
    }
    open.set(each.stream, spans.push({ from: each, to: each, runs: 1 }) - 1);
  }
  return spans.toReversed();
}

/** The windows of a case, the newest first; `history` is from the oldest run to the newest. */
export function windowsOf(history: readonly CaseInRun[]): readonly BehaviourWindow[] {
  const shown = history.map((each) => ({
    ...each,
    stream: JSON.stringify([each.head.target, each.head.profile]),
  }));
  return spansOf(shown).map(({ from, to, runs }) => windowOf(from.head, to.head, runs, to.facts));
}

/** A window of its first and last run. */
export function windowOf(from: RunHead, to: RunHead, runs: number, facts: CaseFacts): BehaviourWindow {
  return { target: to.target, profile: to.profile, from, to, runs, facts };
}

function alike(one: CaseFacts, other: CaseFacts): boolean {
  return one === other || behaviourOf(one) === behaviourOf(other);
}
