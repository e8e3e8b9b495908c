/**
 * Runs side by side: what differs first, grouped by the runs in which behaviour changed.
 *
 * @module
 */
import { raw } from "hono/html";
import {
  type CaseComparison,
  type ClauseComparison,
  compareCases,
  type ComparedWord,
  type Comparison,
  countsText,
  type Group,
  labelsOf,
  namedComparison,
  type RunFacts,
  type RunHead,
} from "../../compare/mod.ts";
import { Moment } from "../components/facts.tsx";
import { CanAsk } from "../components/ref.tsx";
import { Table } from "../components/table.tsx";
import { WordMark } from "../components/verdict.tsx";
import { Fragments, markupOf, NamedFragments, placeFor } from "../fragment.ts";
import {
  caseHistoryPath,
  casePath,
  clausePath,
  compareAsPath,
  comparePath,
  encoded,
  runPath,
} from "../links.ts";

/** So many cases of a group are told of in full. */
const SHOWN = 400;

/** So many behaviours that begin in one run are told of. */
const BEHAVIOURS_SHOWN = 12;

/** What runs are called here, and their names as parts of addresses, both as markup: what each page has of its own. */
interface Names {
  readonly labels: readonly string[];
  readonly runs: readonly string[];
}

/** Runs side by side. */
export function ComparePage({ runs }: { readonly runs: readonly RunFacts[] }) {
  const labels = labelsOf(runs);
  const names = { labels: labels.map(markupOf), runs: runs.map(({ run }) => encoded(run)) };
  const ids = runs.map(({ run }) => run);
  const compared = compareCases(runs.map(({ cases }) => cases));
  return (
    <>
      <p class="crumbs">
        <a href="/runs">Runs</a>
      </p>
      <h1>{raw(names.labels.join(" &#183; "))}</h1>
      <p class="lead">{countsText(compared)}.</p>
      <CanAsk
        then={
          <p class="under">
            <span class="soft">The same as</span>
            <a href={compareAsPath(ids, "csv")}>CSV</a>
            <a href={compareAsPath(ids, "markdown")}>Markdown</a>
            <a href={compareAsPath(ids, "json")}>JSON</a>
            <a rel="bookmark" href={comparePath(ids)}>A link that stays</a>
          </p>
        }
      />
      <Runs runs={runs} labels={labels} />
      <Differences comparison={namedComparison(compared, runs, placesFor(runs.length))} names={names} />
    </>
  );
}

/** For each number of runs, what stands for the labels. The same each time, so that what was said with them is kept. */
const PLACES: (readonly string[])[] = [];

function placesFor(runs: number): readonly string[] {
  return PLACES[runs] ??= Array.from({ length: runs }, (_, place) => placeFor(place));
}

function Runs({ runs, labels }: { readonly runs: readonly RunHead[]; readonly labels: readonly string[] }) {
  return (
    <Table class="stack" columns={["Here called", "Target", "Profile", "Begun"]}>
      <tbody>
        {runs.map(({ run, target, profile, startedAt, partial }, index) => (
          <tr>
            <td>
              <a href={runPath(run)}>{labels[index]}</a>
            </td>
            <td class="mono">{target}</td>
            <td>{profile}</td>
            <td>
              <Moment at={startedAt} /> {partial ? <span class="partial">partial</span> : ""}
            </td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

/** What differs; whatever is said has places for what the runs are called, so that it is the same on every page. */
function Differences({ comparison, names }: { readonly comparison: Comparison; readonly names: Names }) {
  const { groups, clauses, same } = comparison;
  const differing = clauses.filter(({ differs }) => differs);
  return (
    <>
      {groups.length === 0 ? <p class="notice">The runs do not differ in any case.</p> : (
        <ul class="index">
          {groups.map(({ title, cases }, index) => (
            <li>
              <a href={`#group-${index}`}>{withLabels(title, names)}</a>{" "}
              <span class="soft">{cases.length}</span>
            </li>
          ))}
          {differing.length === 0 ? "" : (
            <li>
              <a href="#clauses">Clauses that differ</a> <span class="soft">{differing.length}</span>
            </li>
          )}
        </ul>
      )}
      <Windows comparison={comparison} names={names} />
      {groups.map((group, index) => <GroupSection group={group} index={index} names={names} />)}
      {differing.length === 0 ? "" : <Clauses clauses={differing} names={names} />}
      <p class="soft">
        {same.length === 1 ? "One case is" : `${same.length} cases are`} the same in all runs.
      </p>
    </>
  );
}

/** Short texts with places for labels, as markup. */
const TEXTS = new NamedFragments();

function withLabels(text: string, { labels }: Names) {
  return raw(TEXTS.of(text, () => <>{text}</>).filled(labels));
}

/** A behaviour that begins in some run, and how many cases show it. */
interface Begun {
  readonly operation: string;
  readonly before: string;
  readonly after: string;
  cases: number;
}

/** What begins in each of the runs, that which most cases show first. */
function begunIn({ runs, groups }: Comparison): readonly (readonly Begun[])[] {
  const found = runs.map(() => new Map<string, Begun>());
  for (const { cases } of groups) {
    for (const each of cases) {
      for (const { at, operation = "", before, after } of each.changes) {
        const key = `${operation}\0${before}\0${after}`;
        const known = found[at]?.get(key);
        if (known) known.cases++;
        else found[at]?.set(key, { operation, before, after, cases: 1 });
      }
    }
  }
  return found.map((own) => [...own.values()].toSorted((one, other) => other.cases - one.cases));
}

/** Since when what is seen: grouped by the run in which it begins. */
function Windows({ comparison, names }: { readonly comparison: Comparison; readonly names: Names }) {
  const begun = begunIn(comparison);
  if (begun.every(({ length }) => length === 0)) return null;
  return (
    <section id="windows">
      <h2>Since when what is seen</h2>
      <Table class="stack windows" columns={["Since", "What", "Is seen", "Before", ["Cases", "number"]]}>
        {begun.map((own, place) =>
          own.length === 0 ? "" : <tbody>{raw(windowRows(own, names.labels[place] ?? ""))}</tbody>
        )}
      </Table>
    </section>
  );
}

/** Rows by what begins, with a place for the label of the run. */
const WINDOW_ROWS = new NamedFragments();

function windowRows(begun: readonly Begun[], label: string): string {
  const shown = begun.slice(0, BEHAVIOURS_SHOWN).map((each, index) => windowRow(each, index === 0, label));
  const rest = begun.length - shown.length;
  if (rest === 0) return shown.join("");
  return shown.join("") + WINDOW_ROWS.of(`${rest}`, () => (
    <tr>
      <td class="soft" colspan={5}>and {rest} more since {placeFor(0)}, each with its case below</td>
    </tr>
  )).filled([label]);
}

function windowRow({ operation, before, after, cases }: Begun, isFirst: boolean, label: string): string {
  const key = `${isFirst} ${cases} ${operation}\0${before}\0${after}`;
  return WINDOW_ROWS.of(key, () => (
    <tr>
      <th scope="row">
        <span class={isFirst ? "" : "aloud"}>since {placeFor(0)}</span>
      </th>
      <td class="mono">{operation}</td>
      <td data-label="is seen">{after}</td>
      <td class="soft" data-label="before">{before}</td>
      <td class="number" data-label="cases">{cases}</td>
    </tr>
  )).filled([label]);
}

function GroupSection(
  { group: { at, title, cases }, index, names }: {
    readonly group: Group;
    readonly index: number;
    readonly names: Names;
  },
) {
  return (
    <section id={`group-${index}`}>
      <h2>
        {withLabels(title, names)} <span class="soft count">{cases.length}</span>
      </h2>
      {at.length === 0
        ? (
          <details>
            <summary>
              {cases.length === 1 ? "One case" : `${cases.length} cases`}, of which nothing else is known
            </summary>
            <ul class="plain mono">
              {cases.map(({ case: id }) => (
                <li>
                  <a href={caseHistoryPath(id)}>{id}</a>
                </li>
              ))}
            </ul>
          </details>
        )
        : <CompareTable what="Case" names={names} rows={caseRows(cases.slice(0, SHOWN), names)} />}
      {at.length > 0 && cases.length > SHOWN
        ? <p class="soft">{cases.length - SHOWN} more are in the CSV.</p>
        : ""}
    </section>
  );
}

/** A table with a column for each run; its rows are markup. */
function CompareTable(
  { what, names, rows }: { readonly what: string; readonly names: Names; readonly rows: string },
) {
  const columns = names.labels.map((label) => `<th scope="col" class="run">${label}</th>`);
  return (
    <div class="scroll">
      <table class="compare">
        <thead>
          <tr>
            <th scope="col">{what}</th>
            {raw(columns.join(""))}
          </tr>
        </thead>
        <tbody>{raw(rows)}</tbody>
      </table>
    </div>
  );
}

/** Rows by the words in them: the same facts have the same words, whatever else is compared. */
const CASE_ROWS = new Fragments<CaseComparison["words"]>();

function caseRows(cases: readonly CaseComparison[], { labels, runs }: Names): string {
  const values = [...labels, ...runs];
  return cases.map((each) => CASE_ROWS.of(each.words, () => <CaseRow {...each} />).filled(values)).join("");
}

/** A row with places for the labels of the runs, and after those for their names. */
function CaseRow(each: CaseComparison) {
  const nameOf = (place: number) => placeFor(each.words.length + place);
  return (
    <tr>
      <th scope="row">
        <a href={caseHistoryPath(each.case)}>{each.title}</a>
        <div class="soft mono">{each.case}</div>
        <div class="says">{each.says}</div>
      </th>
      {spansOf(each).map((span) => <WordCell {...span} href={casePath(nameOf(span.place), each.case)} />)}
    </tr>
  );
}

/** Neighbouring runs that are shown as one cell. */
interface Span {
  readonly word: ComparedWord;
  /** The first of the runs, by its place. */
  readonly place: number;
  readonly count: number;
  /** Whether behaviour changed in the first of them. */
  readonly begins: boolean;
}

/** Runs in which a case behaves alike stand together, so that a row shows its windows. */
function spansOf({ words, windows }: Pick<CaseComparison, "words" | "windows">): readonly Span[] {
  const starts = new Set(windows.slice(1).map(({ from }) => from));
  return together(words, (place) => starts.has(place));
}

function together(words: readonly ComparedWord[], begins: (place: number) => boolean): readonly Span[] {
  const spans: Span[] = [];
  words.forEach((word, place) => {
    const last = spans.at(-1);
    if (last?.word === word && !begins(place)) spans[spans.length - 1] = { ...last, count: last.count + 1 };
    else spans.push({ word, place, count: 1, begins: begins(place) });
  });
  return spans;
}

function WordCell({ word, count, begins, href }: Span & { readonly href?: string }) {
  const kind = begins ? "cell begins" : "cell";
  const width = count > 1 ? count : undefined;
  if (word === "absent") {
    return (
      <td class={kind} colspan={width}>
        <span class="soft">–</span>
        <span class="aloud">not selected</span>
      </td>
    );
  }
  return (
    <td class={kind} colspan={width}>
      {href === undefined ? <WordMark word={word} /> : (
        <a href={href}>
          <WordMark word={word} />
        </a>
      )}
    </td>
  );
}

function Clauses(
  { clauses, names }: { readonly clauses: readonly ClauseComparison[]; readonly names: Names },
) {
  return (
    <section id="clauses">
      <h2>
        Clauses that differ <span class="soft count">{clauses.length}</span>
      </h2>
      <p class="soft">The worst that the cases of a clause say.</p>
      <CompareTable what="Clause" names={names} rows={clauses.map(clauseRow).join("")} />
    </section>
  );
}

const CLAUSE_ROWS = new NamedFragments();

function clauseRow({ clause, words }: ClauseComparison): string {
  return CLAUSE_ROWS.of(`${words.join()} ${clause}`, () => (
    <tr>
      <th scope="row">
        <a class="mono" href={clausePath(clause)}>{clause}</a>
      </th>
      {together(words, (place) => place > 0 && words[place] !== words[place - 1]).map((span) => (
        <WordCell {...span} />
      ))}
    </tr>
  )).filled([]);
}
