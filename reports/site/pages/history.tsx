/**
 * What a case has shown over the runs.
 *
 * @module
 */
import { raw } from "hono/html";
import type { Child } from "hono/jsx";
import type { Case } from "../../../cases/case.ts";
import type { Ledger } from "../../../spec/ledger.ts";
import type { CaseFacts, RunHead } from "../../compare/mod.ts";
import { type BehaviourWindow, type CaseInRun, windowsOf } from "../../store/mod.ts";
import { ClauseList } from "../components/clause.tsx";
import { duration, Moment, momentText } from "../components/facts.tsx";
import { CaseStrip } from "../components/plots.tsx";
import { Table } from "../components/table.tsx";
import { WordMark } from "../components/verdict.tsx";
import { Fragments, markupOf, placeFor } from "../fragment.ts";
import {
  caseHistoryBeforePath,
  caseHistoryPath,
  casePath,
  encoded,
  profilePath,
  runPath,
  windowsPath,
} from "../links.ts";

/** How many runs a case is followed over on one page. */
export const RUNS_FOLLOWED = 40;

/** Some of the runs that a case was in, the newest first. */
export interface HistoryPart {
  /** The runs. */
  readonly runs: readonly CaseInRun[];
  /** Whether there are newer ones. */
  readonly newer: "yes" | "no";
  /** The run that those of the next page are older than; missing on the last page. */
  readonly next?: string | undefined;
}

/** A case over the runs. */
export function CaseHistoryPage(
  { id, case: case_, ledger, part }: {
    readonly id: string;
    readonly case: Case | undefined;
    readonly ledger: Ledger;
    readonly part: HistoryPart;
  },
) {
  return (
    <>
      {case_ ? raw(HEADS.of(case_, () => <KnownCase case={case_} ledger={ledger} />).filled([])) : (
        <>
          <CaseHead id={id} title={part.runs[0]?.facts.title ?? id}>
            <a href="/runs">Runs</a>
          </CaseHead>
          <p class="notice">This suite has no such case any more.</p>
        </>
      )}
      {part.newer === "no" ? <Since id={id} part={part} /> : ""}
      <h2>What each run showed</h2>
      {part.runs.length === 0 ? <p>No run has this case.</p> : (
        <>
          <CaseStrip history={part.runs} />
          <HistoryTable history={part.runs} />
        </>
      )}
      <Ways id={id} part={part} />
    </>
  );
}

/** What the suite says of its cases stays as it is. */
const HEADS = new Fragments<Case>();

function KnownCase({ case: case_, ledger }: { readonly case: Case; readonly ledger: Ledger }) {
  const clauses = case_.clauses.flatMap((clause) => ledger.clauses.get(clause) ?? []);
  return (
    <>
      <CaseHead id={case_.id} title={case_.title}>
        <a href="/runs">Runs</a>
      </CaseHead>
      <p class="why">{case_.why}</p>
      {clauses.length === 0 ? "" : (
        <>
          <h2>What must hold</h2>
          <ClauseList clauses={clauses} />
        </>
      )}
    </>
  );
}

function CaseHead(
  { id, title, children }: { readonly id: string; readonly title: string; readonly children?: Child },
) {
  return (
    <>
      <p class="crumbs">{children}</p>
      <h1>{title}</h1>
      <p class="under">
        <span class="mono soft">{id}</span>
      </p>
    </>
  );
}

/** The windows, where all runs are on the page; else the way to them. */
function Since({ id, part: { runs, next } }: { readonly id: string; readonly part: HistoryPart }) {
  if (runs.length === 0) return null;
  return (
    <>
      <h2>Since when it behaves as it does</h2>
      {next === undefined ? <WindowsTable windows={windowsOf(runs.toReversed())} /> : (
        <p>
          <a href={windowsPath(id)}>Since when, over all runs</a>
        </p>
      )}
    </>
  );
}

/** The ways to the newer and older runs. */
function Ways({ id, part: { newer, next } }: { readonly id: string; readonly part: HistoryPart }) {
  if (newer === "no" && next === undefined) return null;
  return (
    <nav class="neighbours" aria-label="Runs before and after these">
      {newer === "no" ? <span></span> : <a href={caseHistoryPath(id)}>The newest runs</a>}
      {next === undefined
        ? <span></span>
        : <a href={caseHistoryBeforePath(id, next)} rel="next">Older runs</a>}
    </nav>
  );
}

/** Since when a case behaves as it does, over all runs. */
export function WindowsPage(
  { id, case: case_, windows }: {
    readonly id: string;
    readonly case: Case | undefined;
    readonly windows: readonly BehaviourWindow[];
  },
) {
  return (
    <>
      <CaseHead id={id} title={case_?.title ?? windows[0]?.facts.title ?? id}>
        <a href="/runs">Runs</a> / <a href={caseHistoryPath(id)}>{id}</a>
      </CaseHead>
      <h2>Since when it behaves as it does</h2>
      {windows.length === 0 ? <p>No run has reached this case.</p> : <WindowsTable windows={windows} />}
    </>
  );
}

function WindowsTable({ windows }: { readonly windows: readonly BehaviourWindow[] }) {
  const streams = Map.groupBy(windows, ({ target, profile }) => JSON.stringify([target, profile]));
  return (
    <Table
      class="stack windows"
      columns={["Target", ["Result", "verdict"], "What is seen", "Since", "Up to", ["Runs", "number"]]}
    >
      {[...streams.values()].map((own) => (
        <tbody>{own.map((window, index) => <WindowRow window={window} isNewest={index === 0} />)}</tbody>
      ))}
    </Table>
  );
}

function WindowRow(
  { window: { target, profile, from, to, runs, facts }, isNewest }: {
    readonly window: BehaviourWindow;
    readonly isNewest: boolean;
  },
) {
  return (
    <tr>
      <td class="whole">
        <span class={isNewest ? "" : "aloud"}>
          <span class="mono">{target}</span>
          <div class="soft">
            as <a href={profilePath(profile)}>{profile}</a>
          </div>
        </span>
      </td>
      <td>
        <a href={casePath(to.run, facts.case)}>
          <WordMark word={facts.word} />
        </a>
      </td>
      <td>{seenText(facts)}</td>
      <td data-label="since">
        <RunMoment head={from} />
      </td>
      <td data-label="up to">{isNewest ? "the newest run" : <RunMoment head={to} />}</td>
      <td class="number" data-label="runs">{runs}</td>
    </tr>
  );
}

function RunMoment({ head: { run, kernel, startedAt } }: { readonly head: RunHead }) {
  return (
    <>
      <a href={runPath(run)}>
        <Moment at={startedAt} />
      </a>
      <div class="soft">kernel {kernel}</div>
    </>
  );
}

function HistoryTable({ history }: { readonly history: readonly CaseInRun[] }) {
  return (
    <Table
      class="stack"
      columns={[["Result", "verdict"], "Target", "Begun", "What was seen", ["Time", "number time"]]}
    >
      <tbody>{raw(history.map(rowText).join(""))}</tbody>
    </Table>
  );
}

/** Rows by what was seen, with places for the run. */
const ROWS = new Fragments<CaseFacts>();

function rowText({ head, facts, durationMs }: CaseInRun): string {
  return ROWS.of(facts, () => <HistoryRow facts={facts} />).filled([
    encoded(head.run),
    markupOf(head.target),
    markupOf(head.kernel),
    encoded(head.profile),
    markupOf(head.profile),
    markupOf(head.startedAt),
    momentText(head.startedAt),
    facts.word === "not-run" ? "" : markupOf(duration(durationMs)),
  ]);
}

/** A row with places for the run, its target, its kernel, its profile as part of an address and as text, when it began as programs and as people read it, and how long the case took. */
function HistoryRow({ facts }: { readonly facts: CaseFacts }) {
  const [run, target, kernel, profile, profileText, at, moment, time] = Array.from(
    { length: 8 },
    (_, place) => placeFor(place),
  );
  return (
    <tr>
      <td>
        <a href={casePath(run ?? "", facts.case)}>
          <WordMark word={facts.word} />
        </a>
      </td>
      <td class="whole">
        <span class="mono">{target}</span>
        <div class="soft">
          kernel {kernel}, <a href={profilePath(profile ?? "")}>{profileText}</a>
        </div>
      </td>
      <td class="whole">
        <time datetime={at}>{moment}</time>
      </td>
      <td>{seenText(facts)}</td>
      <td class="number">{time}</td>
    </tr>
  );
}

/** Why it did not pass, or how its last steps ended. */
function seenText({ reason, seen }: CaseFacts): string {
  if (reason !== "") return reason;
  return seen.filter(({ step }) => /^(when|race|then)\./.test(step)).slice(-3)
    .map(({ operation, seen }) => `${operation}: ${seen}`).join("; ");
}
