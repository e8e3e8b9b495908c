/**
 * The ledger: every clause by family, and one clause with its sources and cases.
 *
 * @module
 */
import type { Case } from "../../../cases/case.ts";
import type { Clause } from "../../../spec/clause.ts";
import type { Ledger } from "../../../spec/ledger.ts";
import type { ListedRun } from "../catalogue.ts";
import { ClauseLinks, Facts, Moment, ResultMark, SourceText } from "../components.tsx";
import { casePath, clausePath, profilePath, runPath } from "../links.ts";

/** Every clause, by family. */
export function ClausesPage({ ledger, cases }: { readonly ledger: Ledger; readonly cases: readonly Case[] }) {
  const shown = new Map<string, number>();
  for (const id of cases.flatMap(({ clauses }) => clauses)) shown.set(id, (shown.get(id) ?? 0) + 1);
  const families = Map.groupBy(ledger.clauses.values(), ({ family }) => family);
  return (
    <>
      <h1>Clauses</h1>
      <p class="lead">
        What must hold, clause by clause: who says so, where, and which cases show it. {ledger.clauses.size}
        {" "}
        clauses.
      </p>
      <p>
        {[...families.keys()].map((family) => (
          <>
            <a href={`#${family}`}>{family}</a>
            {" "}
          </>
        ))}
      </p>
      {[...families].map(([family, clauses]) => (
        <section id={family}>
          <h2>{family}: {ledger.families.get(family)?.title}</h2>
          <p class="soft">{ledger.families.get(family)?.summary}</p>
          <div class="scroll">
            <table>
              <thead>
                <tr>
                  <th scope="col">Clause</th>
                  <th scope="col">Requirement</th>
                  <th scope="col">Status</th>
                  <th scope="col" class="number">Cases</th>
                </tr>
              </thead>
              <tbody>
                {clauses.map((clause) => <ClauseRow clause={clause} cases={shown.get(clause.id) ?? 0} />)}
              </tbody>
            </table>
          </div>
        </section>
      ))}
    </>
  );
}

function ClauseRow({ clause, cases }: { readonly clause: Clause; readonly cases: number }) {
  return (
    <tr>
      <td>
        <a class="mono" href={clausePath(clause.id)}>{clause.id}</a>
      </td>
      <td>{clause.requirement}</td>
      <td>{clause.status}</td>
      <td class="number">
        {cases === 0 ? <span class="soft">{clause.notTested ? "not tested" : "none yet"}</span> : cases}
      </td>
    </tr>
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
      {clause.notes === undefined ? "" : <p>{clause.notes}</p>}
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
                <b>{holder}</b>: {alternative}
                {source === undefined ? "" : (
                  <span class="soft">
                    (<SourceText source={source} sources={ledger.sources} />)
                  </span>
                )}
              </li>
            ))}
          </ul>
        </>
      )}
      <h2>Cases</h2>
      {clause.notTested
        ? <p class="notice">No case shows it ({clause.notTested.reason}): {clause.notTested.details}</p>
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
const RUNS_SHOWN = 6;

function CasesOfClause(
  { cases, runs }: { readonly cases: readonly Case[]; readonly runs: readonly ListedRun[] },
) {
  const latest = runs.slice(0, RUNS_SHOWN);
  return (
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">Case</th>
            <th scope="col">Clauses</th>
            {latest.map(({ name, result }) => (
              <th scope="col">
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
                <br />
                <span class="soft mono">{each.id}</span>
              </td>
              <td>
                <ClauseLinks clauses={each.clauses} />
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
