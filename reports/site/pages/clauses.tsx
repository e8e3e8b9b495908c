/**
 * The ledger: every clause by family, and one clause with its sources and cases.
 *
 * @module
 */
import type { Case } from "../../../cases/case.ts";
import type { Clause } from "../../../spec/clause.ts";
import { kernelsWith } from "../../../spec/clause_kernels.ts";
import type { Contradiction } from "../../../spec/contradictions.ts";
import type { Ledger } from "../../../spec/ledger.ts";
import { MUTANTS } from "../../../runners/simulator/mutants/mod.ts";
import { labelsOf, type RunFacts, worstOf } from "../../compare/mod.ts";
import { ClauseLinks, ClauseTable, LedgerText, SourceText } from "../components/clause.tsx";
import { Facts } from "../components/facts.tsx";
import { Matrix, WordBox } from "../components/matrix.tsx";
import { readable, WordMark, WORDS } from "../components/verdict.tsx";
import { caseHistoryPath, casePath, profilePath, runPath } from "../links.ts";

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
      <p>
        <a href="/coverage">All of them against every target</a>
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
  readonly contradictions: readonly Contradiction[];
  readonly cases: readonly Case[];
  readonly runs: readonly RunFacts[];
}) {
  const { clause, ledger } = props;
  const cases = props.cases.filter(({ clauses }) => clauses.includes(clause.id));
  const profiles = [...ledger.profiles.values()].filter((profile) => profile.clauses.has(clause.id));
  const disputes = props.contradictions.filter(({ clauses }) => clauses.includes(clause.id));
  const mutants = MUTANTS.filter(({ breaks }) => breaks.some((id) => id === clause.id));
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
          ["Kernels", kernelsWith(clause.id, ledger).join(", ") || "none that was released"],
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
      <h2>Who says so, and where</h2>
      <ul>
        {clause.sources.map((source) => (
          <li>
            <SourceText source={source} sources={ledger.sources} />
          </li>
        ))}
      </ul>
      {clause.contested.length + disputes.length === 0 ? "" : (
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
            {disputes.map(({ number, subject, resolution }) => (
              <li>
                <a href={`/spec#contradiction-${number}`}>A.{number}</a> {subject}:{" "}
                <LedgerText text={resolution} ledger={ledger} />
              </li>
            ))}
          </ul>
        </>
      )}
      <h2>The cases, and what every target did</h2>
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
      {mutants.length === 0 ? "" : (
        <>
          <h2>Mistakes that break it</h2>
          <p class="soft">
            <a href="/suite">Every one of them</a>{" "}
            is a simulator with one rule wrong, which the cases must find out.
          </p>
          <ul>{mutants.map(({ title }) => <li>{title}</li>)}</ul>
        </>
      )}
    </>
  );
}

/** How many runs a clause is held against. */
const RUNS_SHOWN = 12;

/** The newest runs of each target in which one of some cases was reached. */
function having(runs: readonly RunFacts[], cases: readonly Case[]): readonly RunFacts[] {
  const reached = runs.filter((run) =>
    cases.some(({ id }) => (run.cases.get(id)?.word ?? "not-run") !== "not-run")
  );
  const byTarget = Map.groupBy(reached, ({ target }) => target);
  return [...byTarget.values()].flatMap(([newest]) => newest ?? []).slice(0, RUNS_SHOWN);
}

function CasesOfClause(
  { cases, runs }: { readonly cases: readonly Case[]; readonly runs: readonly RunFacts[] },
) {
  const latest = having(runs, cases);
  const labels = labelsOf(latest);
  return (
    <div class="scroll folds">
      <table class="compare">
        <thead>
          <tr>
            <th scope="col">Case</th>
            {latest.map(({ run, target, startedAt }, index) => (
              <th scope="col" class="run">
                <a href={runPath(run)} title={`${target}, ${startedAt}`}>{labels[index]}</a>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {cases.map((each) => (
            <tr>
              <th scope="row">
                <a href={caseHistoryPath(each.id)}>{each.title}</a>
                <div class="soft mono">{each.id}</div>
              </th>
              {latest.map((run) => <ResultCell run={run} caseId={each.id} />)}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function ResultCell({ run, caseId }: { readonly run: RunFacts; readonly caseId: string }) {
  const facts = run.cases.get(caseId);
  return (
    <td class="cell">
      {facts
        ? (
          <a href={casePath(run.run, caseId)}>
            <WordMark word={facts.word} />
          </a>
        )
        : (
          <>
            <span class="soft">–</span>
            <span class="aloud">not selected</span>
          </>
        )}
    </td>
  );
}

/** Every clause against the newest run of every target and profile. */
export function CoveragePage(
  { ledger, cases, runs }: {
    readonly ledger: Ledger;
    readonly cases: readonly Case[];
    readonly runs: readonly RunFacts[];
  },
) {
  const labels = runs.map(({ target, profile }) =>
    target === `sim:${profile}` || runs.filter((each) => each.target === target).length === 1
      ? target
      : `${target} as ${profile}`
  );
  const shown = new Map<string, Case[]>();
  for (const each of cases) {
    for (const clause of each.clauses) shown.set(clause, [...(shown.get(clause) ?? []), each]);
  }
  const without = [...ledger.clauses.keys()].filter((id) => !shown.has(id));
  const rows = [...ledger.clauses.values()].filter(({ id }) => shown.has(id)).map((clause) => ({
    family: clause.family,
    clause: clause.id,
    title: clause.title,
    words: runs.map((run) => worstOf((shown.get(clause.id) ?? []).map(({ id }) => run.cases.get(id)?.word))),
  }));
  const groups = [...Map.groupBy(rows, ({ family }) => family)].map(([id, own]) => ({
    id,
    title: ledger.families.get(id)?.title ?? "",
    rows: own,
  }));
  return (
    <>
      <p class="crumbs">
        <a href="/clauses">Clauses</a>
      </p>
      <h1>Clauses against targets</h1>
      <p class="lead">
        The worst that the cases of a clause say, in the newest run of each target and profile.
      </p>
      <Legend />
      {without.length === 0 ? "" : (
        <details>
          <summary>
            {without.length === 1 ? "One clause has" : `${without.length} clauses have`}{" "}
            no case and no row here
          </summary>
          <p class="links">
            <ClauseLinks clauses={without} />
          </p>
        </details>
      )}
      {runs.length === 0
        ? <p class="notice">There is no run yet.</p>
        : <Matrix groups={groups} labels={labels} />}
    </>
  );
}

/** What the colours and signs of a matrix stand for. */
function Legend() {
  return (
    <p class="under legend">
      {WORDS.map((word) => (
        <span>
          <WordBox word={word} /> {readable(word)}
        </span>
      ))}
    </p>
  );
}
