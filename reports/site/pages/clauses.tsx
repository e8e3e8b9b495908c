/**
 * The ledger: every clause by family, and one clause with its sources and cases.
 *
 * @module
 */
import type { Case } from "../../../cases/case.ts";
import type { Clause } from "../../../spec/clause.ts";
import type { Ledger } from "../../../spec/ledger.ts";
import type { ListedRun } from "../catalogue.ts";
import { ClauseTable, LedgerText, SourceText } from "../components/clause.tsx";
import { Facts, Moment } from "../components/facts.tsx";
import { ResultMark } from "../components/verdict.tsx";
import { casePath, profilePath, runPath } from "../links.ts";

/** How many cases show each clause. */
export function casesByClause(cases: readonly Case[]): ReadonlyMap<string, number> {
  const shown = new Map<string, number>();
  for (const id of cases.flatMap(({ clauses }) => clauses)) shown.set(id, (shown.get(id) ?? 0) + 1);
  return shown;
}

/** Every clause, by family. */
export function ClausesPage({ ledger, cases }: { readonly ledger: Ledger; readonly cases: readonly Case[] }) {
  const shown = casesByClause(cases);
  const families = Map.groupBy(ledger.clauses.values(), ({ family }) => family);
  return (
    <>
      <h1>Clauses</h1>
      <p class="lead">
        What must hold, who says so, where, and which cases show it: {ledger.clauses.size} clauses in{" "}
        {families.size} families.
      </p>
      <ul class="index">
        {[...families].map(([family, { length }]) => (
          <li>
            <a class="mono" href={`#${family}`}>{family}</a> {ledger.families.get(family)?.title}{" "}
            <span class="soft">{length}</span>
          </li>
        ))}
      </ul>
      {[...families].map(([family, clauses]) => (
        <section id={family}>
          <h2>
            <span class="mono">{family}</span> {ledger.families.get(family)?.title}
          </h2>
          <p class="soft">
            <LedgerText text={ledger.families.get(family)?.summary ?? ""} ledger={ledger} />
          </p>
          <ClauseTable clauses={clauses} shown={shown} />
        </section>
      ))}
    </>
  );
}

/** One clause. */
export function ClausePage(props: {
  readonly clause: Clause;
  readonly ledger: Ledger;
  readonly cases: readonly Case[];
  readonly runs: readonly ListedRun[];
}) {
  const { clause, ledger } = props;
  const cases = props.cases.filter(({ clauses }) => clauses.includes(clause.id));
  const profiles = [...ledger.profiles.values()].filter((profile) => profile.clauses.has(clause.id));
  return (
    <>
      <p class="crumbs">
        <a href="/clauses">Clauses</a> / <a href={`/clauses#${clause.family}`}>{clause.family}</a>
      </p>
      <h1>
        <span class="mono">{clause.id}</span> {clause.title}
      </h1>
      <p class="requirement">{clause.requirement}</p>
      {clause.notes === undefined ? "" : (
        <p>
          <LedgerText text={clause.notes} ledger={ledger} />
        </p>
      )}
      <Facts
        facts={[
          ["Status", clause.status],
          ["Rests on", clause.level],
          ["Kernels", kernelsOf(clause)],
          ["Seen from", clause.observable.join(", ")],
          [
            "Profiles",
            <>
              {profiles.map(({ id }) => (
                <>
                  <a href={profilePath(id)}>{id}</a>
                  {" "}
                </>
              ))}
            </>,
          ],
        ]}
      />
      <h2>Sources</h2>
      <ul>
        {clause.sources.map((source) => (
          <li>
            <SourceText source={source} sources={ledger.sources} />
          </li>
        ))}
      </ul>
      {clause.contested.length === 0 ? "" : (
        <>
          <h2>Who disagrees</h2>
          <ul>
            {clause.contested.map(({ holder, alternative, source }) => (
              <li>
                <b>{holder}</b>: <LedgerText text={alternative} ledger={ledger} />
                {source === undefined ? "" : (
                  <div class="soft">
                    <SourceText source={source} sources={ledger.sources} />
                  </div>
                )}
              </li>
            ))}
          </ul>
        </>
      )}
      <h2>Cases</h2>
      {clause.notTested
        ? (
          <p class="notice">
            No case shows it ({clause.notTested.reason.replace("-", " ")}):{" "}
            <LedgerText text={clause.notTested.details} ledger={ledger} />
          </p>
        )
        : ""}
      {cases.length === 0 && !clause.notTested ? <p>No case shows it yet.</p> : ""}
      {cases.length === 0 ? "" : <CasesOfClause cases={cases} runs={props.runs} />}
    </>
  );
}

function kernelsOf({ since, until }: Clause): string {
  if (since !== undefined && until !== undefined) return `${since} to ${until}`;
  if (since !== undefined) return `since ${since}`;
  return until === undefined ? "" : `up to ${until}`;
}

/** How many runs a clause is held against. */
const RUNS_SHOWN = 4;

/** For each target, the newest run in which one of some cases was reached. */
function latestOf(runs: readonly ListedRun[], cases: readonly Case[]): readonly ListedRun[] {
  const ids = new Set<string>(cases.map(({ id }) => id));
  const having = runs.filter(({ result }) =>
    result.results.some((each) => each.end !== "not-run" && ids.has(each.case))
  );
  const byTarget = Map.groupBy(having, ({ result }) => result.target.id);
  return [...byTarget.values()].flatMap(([newest]) => newest ?? []).slice(0, RUNS_SHOWN);
}

function CasesOfClause(
  { cases, runs }: { readonly cases: readonly Case[]; readonly runs: readonly ListedRun[] },
) {
  const latest = latestOf(runs, cases);
  return (
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">Case</th>
            {latest.map(({ name, result }) => (
              <th scope="col" class="run">
                <a href={runPath(name)}>{result.target.id}</a>
                <br />
                <Moment at={result.startedAt} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {cases.map((each) => (
            <tr>
              <td class="wide">
                {each.title}
                <div class="soft mono">{each.id}</div>
              </td>
              {latest.map((run) => <ResultCell run={run} caseId={each.id} />)}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function ResultCell({ run, caseId }: { readonly run: ListedRun; readonly caseId: string }) {
  const result = run.result.results.find((each) => each.case === caseId);
  return (
    <td>
      {result
        ? (
          <a href={casePath(run.name, caseId)}>
            <ResultMark result={result} />
          </a>
        )
        : <span class="soft">not selected</span>}
    </td>
  );
}
