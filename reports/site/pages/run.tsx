/**
 * One run: what it ran on, the counts, the cases by area.
 *
 * @module
 */
import { wordOf } from "../../formats/format.ts";
import type { CaseResult, RunResult } from "../../result.ts";
import {
  ClauseLinks,
  CountBar,
  CountList,
  duration,
  Facts,
  Moment,
  readable,
  Ref,
  ResultMark,
  WORDS,
} from "../components.tsx";
import { casePath, profilePath, runPath } from "../links.ts";

/** What a reader asked to see. */
export interface Filter {
  readonly verdict?: string | undefined;
  readonly area?: string | undefined;
  readonly clause?: string | undefined;
}

/** The area of a case: its folder. */
export function areaOf(caseId: string): string {
  const slash = caseId.lastIndexOf("/");
  return slash < 0 ? "cases" : caseId.slice(0, slash);
}

/** One run. */
export function RunPage(
  { name, result, filter }: { readonly name: string; readonly result: RunResult; readonly filter: Filter },
) {
  const shown = result.results.filter((each) => matches(each, filter));
  const areas = Map.groupBy(shown, (each) => areaOf(each.case));
  return (
    <>
      <p class="crumbs">
        <a href="/">Runs</a>
      </p>
      <h1>{result.profile} on {result.target.id}</h1>
      <RunFacts result={result} />
      {result.partial
        ? (
          <p class="notice">
            This run is partial: it did not come to its end, and what is missing is not counted.
          </p>
        )
        : ""}
      <CountList counts={result.counts} />
      <CountBar counts={result.counts} />
      <FilterForm name={name} result={result} filter={filter} />
      {shown.length === 0 ? <p>No case is like that.</p> : ""}
      {[...areas].map(([area, results]) => (
        <section>
          <h2>{area}</h2>
          <CaseTable name={name} results={results} />
        </section>
      ))}
    </>
  );
}

/** What a run ran on, and when. */
export function RunFacts({ result }: { readonly result: RunResult }) {
  const { target, suite } = result;
  return (
    <Facts
      facts={[
        ["Target", `${target.name}, version ${target.version}`],
        ["Kernel", `${target.kernel} (${target.architecture}, pages of ${target.pageSize} bytes)`],
        ["Configuration", target.config ?? ""],
        ["Watched by", target.detectors.join(", ")],
        ["Profile", <Ref href={profilePath(result.profile)}>{result.profile}</Ref>],
        ["Begun", <Moment at={result.startedAt} />],
        ["Ended", result.finishedAt === undefined ? "" : <Moment at={result.finishedAt} />],
        ["Command", <code>conform {result.command.join(" ")}</code>],
        [
          "Suite",
          <>
            {suite.version}, ledger <code>{suite.ledger.slice(0, 19)}</code>, cases{" "}
            <code>{suite.cases.slice(0, 19)}</code>
          </>,
        ],
      ]}
    />
  );
}

function matches(result: CaseResult, { verdict, area, clause }: Filter): boolean {
  return (!verdict || wordOf(result) === verdict) && (!area || areaOf(result.case) === area) &&
    (!clause || result.clauses.includes(clause));
}

function FilterForm(
  { name, result, filter }: { readonly name: string; readonly result: RunResult; readonly filter: Filter },
) {
  const areas = [...new Set(result.results.map((each) => areaOf(each.case)))];
  return (
    <form class="filter" method="get" action={runPath(name)}>
      <label>
        Result
        <select name="verdict">
          <option value="">all</option>
          {WORDS.map((word) => (
            <option value={word} selected={filter.verdict === word}>{readable(word)}</option>
          ))}
        </select>
      </label>
      <label>
        Area
        <select name="area">
          <option value="">all</option>
          {areas.map((area) => <option value={area} selected={filter.area === area}>{area}</option>)}
        </select>
      </label>
      <label>
        Clause
        <input name="clause" size={10} value={filter.clause ?? ""} placeholder="VREV-10" />
      </label>
      <button type="submit">Show</button>
      {filter.verdict || filter.area || filter.clause ? <a href={runPath(name)}>Show all</a> : ""}
    </form>
  );
}

function CaseTable({ name, results }: { readonly name: string; readonly results: readonly CaseResult[] }) {
  return (
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">Result</th>
            <th scope="col">Case</th>
            <th scope="col">Clauses</th>
            <th scope="col" class="number">Time</th>
          </tr>
        </thead>
        <tbody>
          {results.map((result) => (
            <tr>
              <td>
                <ResultMark result={result} />
              </td>
              <td>
                <a href={casePath(name, result.case)}>{result.title}</a>
                <br />
                <span class="soft mono">{result.case.slice(result.case.lastIndexOf("/") + 1)}</span>
                {result.stability.stable ? "" : <span class="word contested">≠ not stable</span>}
                {result.reasons.length === 0 ? "" : <div class="soft">{result.reasons[0]}</div>}
              </td>
              <td>
                <ClauseLinks clauses={result.clauses} />
              </td>
              <td class="number">{duration(result.durationMs)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
