/**
 * A race: each outcome, how often it was seen, and a schedule that leads to it.
 *
 * @module
 */
import type { Case } from "../../../cases/case.ts";
import { describeOutcome } from "../../../cases/describe.ts";
import type { Outcome, RaceEnd, RaceOutcome } from "../../../spec/observation.ts";

/** What was seen of a race. */
export function RaceTable(
  { raced, case: case_ }: { readonly raced: RaceOutcome; readonly case: Case | undefined },
) {
  const threads = threadsOf(raced, case_);
  const ends = raced.ends.toSorted((one, other) => other.count - one.count);
  const total = ends.reduce((sum, { count }) => sum + count, 0);
  return (
    <>
      <p class="soft">
        {raced.runs} {raced.exhaustive
          ? "schedules, which are all but those that only differ in the order of steps that commute"
          : "runs"}
        {raced.states === undefined ? "" : `; ${raced.states} states`}.
      </p>
      <div class="scroll">
        <table class="stack">
          <thead>
            <tr>
              <th scope="col" class="number time">Count</th>
              {threads.map(({ name }) => <th scope="col">{name}</th>)}
              <th scope="col">Told</th>
              <th scope="col">A schedule</th>
            </tr>
          </thead>
          <tbody>{ends.map((end) => <EndRow end={end} threads={threads} total={total} />)}</tbody>
        </table>
      </div>
      {raced.findings.length === 0 ? "" : (
        <ul class="notice bad">
          {raced.findings.map(({ kind, what, schedule }) => (
            <li>
              <b>{kind.replaceAll("-", " ")}</b>: {what} <code>{schedule}</code>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

/** A thread: its name and the ids of its steps. */
interface Thread {
  readonly name: string;
  readonly steps: readonly string[];
}

/** The threads of the case, or each step for itself where there is no case any more. */
function threadsOf({ ends }: RaceOutcome, case_: Case | undefined): readonly Thread[] {
  if (case_?.race) {
    return case_.race.threads.map(({ name, steps }) => ({ name, steps: steps.map(({ id }) => id) }));
  }
  const steps = [...new Set(ends.flatMap(({ results }) => Object.keys(results)))];
  return steps.map((step) => ({ name: step, steps: [step] }));
}

function EndRow(
  { end, threads, total }: {
    readonly end: RaceEnd;
    readonly threads: readonly Thread[];
    readonly total: number;
  },
) {
  return (
    <tr>
      <td class="number" data-label="count">
        {end.count}{" "}
        <svg class="share" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
          <rect
            class="time"
            x="0"
            y="0"
            width={(100 * end.count / Math.max(1, total)).toFixed(2)}
            height="6"
          />
        </svg>
      </td>
      {threads.map(({ name, steps }) => (
        <td data-label={name}>{steps.map((step) => outcomeWords(end.results[step])).join(", ")}</td>
      ))}
      <td data-label="told">
        {Object.entries(end.told).map(([name, count]) => `${name} ${count}×`).join(", ") || "nobody"}
      </td>
      <td data-label="a schedule">
        <code>{end.schedule ?? ""}</code>
      </td>
    </tr>
  );
}

function outcomeWords(outcome: Outcome | undefined): string {
  if (!outcome) return "nothing";
  return outcome.kind === "skipped" || outcome.kind === "blocked" ? outcome.kind : describeOutcome(outcome);
}
