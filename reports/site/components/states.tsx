/**
 * Where the clauses of a certificate stand, as a bar and as words.
 *
 * @module
 */
import type { ClauseState } from "../../certificate/mod.ts";
import { ShareBar } from "./share.tsx";

type StateCounts = Readonly<Record<ClauseState, number>>;

/** The states in their order, each with the colour of its bar. */
const STATES: readonly (readonly [ClauseState, string, string])[] = [
  ["shown", "pass", "shown"],
  ["contested", "contested", "contested"],
  ["waived", "fail", "waived"],
  ["not-covered", "unknown", "not covered"],
  ["not-observable", "not-supported", "not observable"],
];

/** Counts of states as a bar. */
export function StateBar({ counts }: { readonly counts: StateCounts }) {
  return <ShareBar parts={STATES.map(([state, kind, words]) => ({ count: counts[state], kind, words }))} />;
}

/** Counts of states on one line. */
export function StateLine({ counts }: { readonly counts: StateCounts }) {
  return (
    <span class="count-line">
      {STATES.filter(([state]) => counts[state] > 0).map(([state, kind, words]) => (
        <span class={`word ${kind}`}>{counts[state]} {words}</span>
      ))}
    </span>
  );
}
