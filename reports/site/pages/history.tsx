/**
 * What a case has shown over the runs.
 *
 * @module
 */
import type { Case } from "../../../cases/case.ts";
import type { Ledger } from "../../../spec/ledger.ts";
import type { CaseInRun } from "../../store/mod.ts";
import { ClauseList } from "../components/clause.tsx";
import { duration, Moment } from "../components/facts.tsx";
import { CaseStrip } from "../components/plots.tsx";
import { WordMark } from "../components/verdict.tsx";
import { casePath, profilePath } from "../links.ts";

/** How many runs a case is followed over. */
export const RUNS_FOLLOWED = 40;

/** A case over the runs. */
export function CaseHistoryPage(
  { id, case: case_, ledger, history }: {
    readonly id: string;
    readonly case: Case | undefined;
    readonly ledger: Ledger;
    readonly history: readonly CaseInRun[];
  },
) {
  const clauses = (case_?.clauses ?? []).flatMap((clause) => ledger.clauses.get(clause) ?? []);
  return (
    <>
      <p class="crumbs">
        <a href="/">Start</a>
      </p>
      <h1>{case_?.title ?? history[0]?.facts.title ?? id}</h1>
      <p class="under">
        <span class="mono soft">{id}</span>
      </p>
      {case_ ? <p class="why">{case_.why}</p> : <p class="notice">This suite has no such case any more.</p>}
      {clauses.length === 0 ? "" : (
        <>
          <h2>What must hold</h2>
          <ClauseList clauses={clauses} />
        </>
      )}
      <h2>What each run showed</h2>
      {history.length === 0 ? <p>No run has this case.</p> : (
        <>
          <CaseStrip history={history} />
          <HistoryTable history={history} />
        </>
      )}
    </>
  );
}

function HistoryTable({ history }: { readonly history: readonly CaseInRun[] }) {
  return (
    <div class="scroll">
      <table class="stack">
        <thead>
          <tr>
            <th scope="col" class="verdict">Result</th>
            <th scope="col">Target</th>
            <th scope="col">Begun</th>
            <th scope="col">What was seen</th>
            <th scope="col" class="number time">Time</th>
          </tr>
        </thead>
        <tbody>
          {history.map((each) => (
            <tr>
              <td>
                <a href={casePath(each.head.run, each.facts.case)}>
                  <WordMark word={each.facts.word} />
                </a>
              </td>
              <td class="whole">
                <span class="mono">{each.head.target}</span>
                <div class="soft">
                  kernel {each.head.kernel}, <a href={profilePath(each.head.profile)}>{each.head.profile}</a>
                </div>
              </td>
              <td class="whole">
                <Moment at={each.head.startedAt} />
              </td>
              <td>{seenText(each)}</td>
              <td class="number">{each.facts.word === "not-run" ? "" : duration(each.durationMs)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Why it did not pass, or how its last steps ended. */
function seenText({ facts: { reason, seen } }: CaseInRun): string {
  if (reason !== "") return reason;
  return seen.filter(({ step }) => /^(when|race|then)\./.test(step)).slice(-3)
    .map(({ operation, seen }) => `${operation}: ${seen}`).join("; ");
}
