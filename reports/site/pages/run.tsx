/**
 * One run: what it ran on, what did not pass, the cases by area.
 *
 * @module
 */
import { shellLine, type Word, wordOf } from "../../formats/format.ts";
import { type CaseResult, countsOf, type RunResult } from "../../result.ts";
import { type Finding, findingsOf, type RunEntry } from "../../store/mod.ts";
import { ClauseLinks } from "../components/clause.tsx";
import { duration, Facts, Moment } from "../components/facts.tsx";
import { CanAsk, Ref } from "../components/ref.tsx";
import { stepAnchor } from "../components/anchors.ts";
import { Durations } from "../components/plots.tsx";
import { Table } from "../components/table.tsx";
import { CountBar, CountList, readable, ResultMark, WORDS } from "../components/verdict.tsx";
import {
  casePath,
  comparePath,
  livePath,
  profilePath,
  recordPath,
  runPath,
  runQueryPath,
  runsPath,
} from "../links.ts";
import { areaOf } from "../area.ts";
import { MAX_QUERY, parseQuery, QUERY_KEYS, queryFor } from "../query.ts";

export { areaOf } from "../area.ts";

/** What a run page is made of. */
export interface RunPageProps {
  /** The name of the run. */
  readonly name: string;
  readonly result: RunResult;
  /** What a reader asked for; empty for everything. */
  readonly query: string;
  /** The run before on the same target and profile. */
  readonly before?: RunEntry | undefined;
  /** The cases that behave otherwise than in the run before. */
  readonly changed: ReadonlySet<string>;
}

/** One run. */
export function RunPage(props: RunPageProps) {
  const { name, result, query } = props;
  const asked = query.trim() !== "";
  return (
    <>
      <p class="crumbs">
        <a href="/">Start</a> /{" "}
        <a href={runsPath({ target: result.target.id })}>Runs on {result.target.id}</a>
      </p>
      <RunHead result={result} href={(word) => runQueryPath(name, queryFor({ verdict: word }))} />
      <p class="under">
        <a href={recordPath(name)}>The record</a>
        {result.partial ? <CanAsk then={<a href={livePath(name)}>Follow it</a>} /> : ""}
        {props.before ? <a href={comparePath([props.before.run, name])}>Compare with the run before</a> : ""}
      </p>
      {asked ? "" : <Overview {...props} />}
      <h2 id="cases">{asked ? "Cases" : "All cases"}</h2>
      <CanAsk then={<QueryForm {...props} />} otherwise={asked ? <p class="mono soft">{query}</p> : ""} />
      <Shown {...props} />
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
        ["Configuration", target.config === undefined ? "digest not known" : <code>{target.config}</code>],
        ["Watched by", target.detectors.join(", ") || "nothing"],
        ["Profile", <Ref href={profilePath(result.profile)}>{result.profile}</Ref>],
        ["Begun", <Moment at={result.startedAt} />],
        [
          "Ended",
          result.finishedAt === undefined ? "not yet, or cut off" : <Moment at={result.finishedAt} />,
        ],
        ["Took", tookOf(result)],
        ["Extent", extentOf(result)],
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

/** How long a run took by the clock, and its cases one after the other. */
function tookOf({ startedAt, finishedAt, results }: RunResult): string {
  const cases = duration(results.reduce((sum, { durationMs }) => sum + durationMs, 0));
  if (finishedAt === undefined) return `${cases} in cases`;
  return `${duration(Date.parse(finishedAt) - Date.parse(startedAt))}, of which ${cases} in cases`;
}

function extentOf({ partial, counts }: RunResult): string {
  const reached = counts.total - counts["not-run"];
  return `${
    partial ? "partial" : "whole"
  }: ${reached} of ${counts.total} cases that were selected were reached`;
}

/** How many of the cases that are not as expected come first. */
const UNEXPECTED_SHOWN = 15;

/** What did not pass, what changed, the counts of each area, what the kernel said, what took long. */
function Overview({ name, result, before, changed }: RunPageProps) {
  const unexpected = result.results.filter(({ baseline }) => baseline !== "expected");
  const findings = findingsOf(result.results);
  return (
    <>
      {unexpected.length === 0 ? "" : (
        <>
          <h2>
            Not as expected <span class="soft count">{unexpected.length}</span>
          </h2>
          <CaseTable name={name} results={unexpected.slice(0, UNEXPECTED_SHOWN)} ids="whole" />
          {unexpected.length > UNEXPECTED_SHOWN
            ? (
              <p>
                <a href={runQueryPath(name, "expected:false")}>All {unexpected.length} of them</a>
              </p>
            )
            : ""}
        </>
      )}
      {before && changed.size > 0
        ? (
          <p class="notice">
            <a href={runQueryPath(name, "changed:true")}>
              {changed.size === 1 ? "One case behaves" : `${changed.size} cases behave`} otherwise
            </a>{" "}
            than in the run of <Moment at={before.startedAt} />.
          </p>
        )
        : ""}
      <h2>Areas</h2>
      <AreaTable name={name} results={result.results} />
      <Findings name={name} findings={findings} />
      <h2>What took longest</h2>
      <Durations run={name} results={slowest(result.results)} />
    </>
  );
}

/** How many of the slowest cases are drawn. */
const SLOWEST = 8;

function slowest(results: readonly CaseResult[]): readonly CaseResult[] {
  return results.toSorted((one, other) => other.durationMs - one.durationMs).slice(0, SLOWEST);
}

/** How many lines of the kernel log a run shows. */
const FINDINGS_SHOWN = 20;

function Findings({ name, findings }: { readonly name: string; readonly findings: readonly Finding[] }) {
  if (findings.length === 0) return null;
  return (
    <>
      <h2>
        What the kernel said <span class="soft count">{findings.length}</span>
      </h2>
      <ul class="plain log">
        {findings.slice(0, FINDINGS_SHOWN).map(({ case: id, step, level, text }) => (
          <li>
            <span class={`level ${level}`}>{level}</span> <code>{text}</code>
            <div class="soft">
              <a
                class="mono"
                href={`${casePath(name, id)}${step === undefined ? "" : `#${stepAnchor("", step)}`}`}
              >
                {id}
              </a>
            </div>
          </li>
        ))}
      </ul>
      {findings.length > FINDINGS_SHOWN
        ? <p class="soft">{findings.length - FINDINGS_SHOWN} more lines are on the pages of their cases.</p>
        : ""}
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
                <a href={runQueryPath(name, queryFor({ area }))}>{area}</a>
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
      <a class={`word ${word}`} href={runQueryPath(name, queryFor({ area, verdict: word }))}>{count}</a>
    </td>
  );
}

function Shown({ name, result, query, changed }: RunPageProps) {
  const { matches, problems } = parseQuery(query);
  const shown = result.results.filter((each) => matches({ result: each, changed: changed.has(each.case) }));
  const areas = Map.groupBy(shown, (each) => areaOf(each.case));
  return (
    <>
      {problems.map((problem) => <p class="notice bad">{problem}</p>)}
      <p class="soft">
        {shown.length === 0
          ? "No case is like that."
          : `${shown.length} of ${result.results.length} cases, in the order in which they were run.`}{" "}
        {query.trim() === "" ? "" : <a href={runPath(name)}>Show all</a>}
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

function QueryForm({ name, query }: RunPageProps) {
  return (
    <form class="filter" method="get" action={runPath(name)} role="search">
      <label class="grow">
        Show only
        <input
          type="search"
          name="q"
          value={query}
          maxlength={MAX_QUERY}
          placeholder="verdict:fail clause:VST-* changed:true"
          aria-describedby="query-help"
        />
      </label>
      <button type="submit">Show</button>
      <p class="soft help" id="query-help">
        Words, or {QUERY_KEYS.map((key, index) => (
          <>
            {index === 0 ? "" : ", "}
            <code>{key}:</code>
          </>
        ))}; <code>*</code> stands for anything, <code>-</code> turns a word round.
      </p>
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
    <Table
      class="stack"
      columns={[["Result", "verdict"], "Case", ["Clauses", "ids"], ["Time", "number time"]]}
    >
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
    </Table>
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
