/**
 * One run: what it ran on, what did not pass, the cases by area.
 *
 * @module
 */
import { shellLine, type Word, wordOf } from "../../formats/format.ts";
import { type CaseResult, countsOf, type RunResult } from "../../result.ts";
import { ClauseLinks } from "../components/clause.tsx";
import { duration, Facts, Moment } from "../components/facts.tsx";
import { Ref } from "../components/ref.tsx";
import { CountBar, CountList, readable, ResultMark, WORDS } from "../components/verdict.tsx";
import { casePath, profilePath, runPath } from "../links.ts";

/** What a reader asked to see. */
export interface Filter {
  readonly verdict?: string | undefined;
  readonly area?: string | undefined;
  readonly clause?: string | undefined;
}

/** The area of a case: its folder. */
export function areaOf(caseId: string): string {
  const slash = caseId.replace(/\[.*/s, "").lastIndexOf("/");
  return slash < 0 ? "cases" : caseId.slice(0, slash);
}

/** One run. */
export function RunPage(
  { name, result, filter }: { readonly name: string; readonly result: RunResult; readonly filter: Filter },
) {
  const filtered = Boolean(filter.verdict || filter.area || filter.clause);
  return (
    <>
      <p class="crumbs">
        <a href="/">Runs</a>
      </p>
      <RunHead result={result} href={(word) => filterPath(name, { verdict: word })} />
      {filtered ? "" : <Overview name={name} result={result} />}
      <h2 id="cases">{filtered ? "Cases" : "All cases"}</h2>
      <FilterForm name={name} result={result} filter={filter} />
      <Shown name={name} result={result} filter={filter} />
    </>
  );
}

/** The name of a run, what it ran on, and its counts. */
export function RunHead(
  { result, href }: { readonly result: RunResult; readonly href: (word: Word) => string },
) {
  return (
    <>
      <h1>{result.profile} on {result.target.id}</h1>
      <p class="lead">{result.target.name}</p>
      {result.partial
        ? <p class="notice">This run is partial: it did not come to its end. What is missing is “not run”.</p>
        : ""}
      <CountList counts={result.counts} href={href} />
      <CountBar counts={result.counts} />
      <RunFacts result={result} />
    </>
  );
}

/** What a run ran on, and when. */
function RunFacts({ result }: { readonly result: RunResult }) {
  const { target, suite } = result;
  return (
    <Facts
      facts={[
        ["Target", `${target.id}, version ${target.version}`],
        ["Kernel", `${target.kernel} (${target.architecture}, pages of ${target.pageSize} bytes)`],
        ["Configuration", target.config ?? ""],
        ["Watched by", target.detectors.join(", ")],
        ["Profile", <Ref href={profilePath(result.profile)}>{result.profile}</Ref>],
        ["Begun", <Moment at={result.startedAt} />],
        ["Ended", result.finishedAt === undefined ? "" : <Moment at={result.finishedAt} />],
        ["Command", <code>{shellLine(["conform", ...result.command])}</code>],
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

/** What did not pass, and the counts of each area. */
function Overview({ name, result }: { readonly name: string; readonly result: RunResult }) {
  const unexpected = result.results.filter(({ baseline }) => baseline !== "expected");
  return (
    <>
      {unexpected.length === 0 ? "" : (
        <>
          <h2>Not as expected</h2>
          <CaseTable name={name} results={unexpected} ids="whole" />
        </>
      )}
      <h2>Areas</h2>
      <AreaTable name={name} results={result.results} />
    </>
  );
}

function AreaTable({ name, results }: { readonly name: string; readonly results: readonly CaseResult[] }) {
  const areas = Map.groupBy(results, (each) => areaOf(each.case));
  return (
    <div class="scroll">
      <table class="areas">
        <thead>
          <tr>
            <th scope="col">Area</th>
            <th scope="col" class="share">
              <span class="aloud">Shares</span>
            </th>
            {WORDS.map((word) => <th scope="col" class="number">{readable(word)}</th>)}
          </tr>
        </thead>
        <tbody>
          {[...areas].map(([area, own]) => (
            <tr>
              <th scope="row">
                <a href={filterPath(name, { area })}>{area}</a>
              </th>
              <td class="share">
                <CountBar counts={countsOf(own)} />
              </td>
              {WORDS.map((word) => (
                <AreaCount name={name} area={area} word={word} count={countsOf(own)[word]} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function AreaCount(
  { name, area, word, count }: {
    readonly name: string;
    readonly area: string;
    readonly word: Word;
    readonly count: number;
  },
) {
  if (count === 0) return <td class="number soft">0</td>;
  return (
    <td class="number">
      <a class={`word ${word}`} href={filterPath(name, { area, verdict: word })}>{count}</a>
    </td>
  );
}

function filterPath(name: string, filter: Filter): string {
  const query = new URLSearchParams(Object.entries(filter).filter(([, value]) => value));
  return `${runPath(name)}?${query}#cases`;
}

function matches(result: CaseResult, { verdict, area, clause }: Filter): boolean {
  return (!verdict || wordOf(result) === verdict) && (!area || areaOf(result.case) === area) &&
    (!clause || result.clauses.includes(clause.trim().toUpperCase()));
}

function Shown(
  { name, result, filter }: { readonly name: string; readonly result: RunResult; readonly filter: Filter },
) {
  const shown = result.results.filter((each) => matches(each, filter));
  const areas = Map.groupBy(shown, (each) => areaOf(each.case));
  return (
    <>
      <p class="soft">
        {shown.length === 0
          ? "No case is like that."
          : `${shown.length} of ${result.results.length} cases, in the order in which they were run.`}
      </p>
      {[...areas].map(([area, results]) => (
        <section>
          <h3>{area}</h3>
          <CaseTable name={name} results={results} ids="short" />
        </section>
      ))}
    </>
  );
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

/** Cases, one in a row; under the heading of an area their ids can be short. */
function CaseTable(
  { name, results, ids }: {
    readonly name: string;
    readonly results: readonly CaseResult[];
    readonly ids: "whole" | "short";
  },
) {
  return (
    <div class="scroll">
      <table class="stack">
        <thead>
          <tr>
            <th scope="col" class="verdict">Result</th>
            <th scope="col">Case</th>
            <th scope="col" class="ids">Clauses</th>
            <th scope="col" class="number time">Time</th>
          </tr>
        </thead>
        <tbody>
          {results.map((result) => (
            <CaseRow
              href={casePath(name, result.case)}
              result={result}
              id={ids === "whole"
                ? result.case
                : result.case.slice(areaOf(result.case).length + 1) || result.case}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function CaseRow(
  { href, result, id }: { readonly href: string; readonly result: CaseResult; readonly id: string },
) {
  return (
    <tr>
      <td>
        <ResultMark result={result} />
        {result.stability.stable ? "" : <div class="partial">not stable</div>}
      </td>
      <td>
        <a href={href}>{result.title}</a>
        <div class="soft mono">{id}</div>
        {result.reasons.length === 0 ? "" : <div class="soft">{result.reasons[0]}</div>}
      </td>
      <td>
        <ClauseLinks clauses={result.clauses} />
      </td>
      <td class="number">{wordOf(result) === "not-run" ? "" : duration(result.durationMs)}</td>
    </tr>
  );
}
