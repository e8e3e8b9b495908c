/**
 * Runs side by side: what differs first, grouped by the runs in which behaviour changed.
 *
 * @module
 */
import { raw } from "hono/html";
import {
  alikeIn,
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

/** So many cases that behaved alike are listed. */
const SHOWN = 400;

/** So many of them stand open; a longer list is opened by who wants it. */
const OPEN = 3;

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
    <Table class="stack" columns={["Here called", "Target", "Kernel", "Profile", "Begun"]}>
      <tbody>
        {runs.map(({ run, target, kernel, profile, startedAt, partial }, index) => (
          <tr>
            <td>
              <a href={runPath(run)}>{labels[index]}</a>
            </td>
            <td class="mono">{target}</td>
            <td data-label="kernel">{kernel}</td>
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
        ? raw(folded(cases, `${casesText(cases.length)}, of which nothing else is known`))
        : (
          <CompareTable
            what="What was seen"
            names={names}
            rows={alikeIn(cases).map((own) => rowsOf(own, names))}
          />
        )}
    </section>
  );
}

function casesText(count: number): string {
  return count === 1 ? "One case" : `${count} cases`;
}

/** The longest label that fits into a narrow column, in characters. */
const SHORT = 8;

/** So many columns fit beside each other on a wide screen. */
const WIDE = 5;

/** A table with a column for each run; its rows are markup. */
function CompareTable(
  { what, names, rows }: { readonly what: string; readonly names: Names; readonly rows: readonly string[] },
) {
  const kind = names.labels.some(({ length }) => length > SHORT) ? "run long" : "run";
  const columns = names.labels.map((label) => `<th scope="col" class="${kind}">${label}</th>`);
  return (
    <div class={names.labels.length > WIDE ? "scroll folds" : "scroll wide-enough folds"}>
      <table class="compare">
        <thead>
          <tr>
            <th scope="col">{what}</th>
            {raw(columns.join(""))}
          </tr>
        </thead>
        {raw(rows.join(""))}
      </table>
    </div>
  );
}

/** What was seen in each run, and below it the cases in which it was. */
function rowsOf(cases: readonly CaseComparison[], { labels, runs }: Names): string {
  const [first] = cases;
  if (!first) return "";
  const isOne = cases.length === 1;
  const row = isOne ? ROWS_OF_ONE.of(first.words, () => <SeenRow of={first} links="yes" />) : ROWS_OF_MANY.of(
    first.words,
    () => <SeenRow of={first} links="no" />,
  );
  const list = cases.length <= OPEN ? listed(cases) : folded(cases, casesText(cases.length));
  const width = labels.length + 1;
  return `<tbody>${
    row.filled([...labels, ...runs])
  }<tr><td class="list" colspan="${width}">${list}</td></tr></tbody>`;
}

/** Rows by the words in them: the same facts have the same words, whatever else is compared. */
const ROWS_OF_ONE = new Fragments<CaseComparison["words"]>();
const ROWS_OF_MANY = new Fragments<CaseComparison["words"]>();

/** A row with places for the labels of the runs, and after those for their names; one case can be linked to in each run. */
function SeenRow({ of, links }: { readonly of: CaseComparison; readonly links: "yes" | "no" }) {
  const hrefOf = (place: number) => casePath(placeFor(of.words.length + place), of.case);
  return (
    <tr class="seen">
      <th scope="row">{of.says}</th>
      {spansOf(of).map((span) => (
        <WordCell {...span} href={links === "yes" ? hrefOf(span.place) : undefined} />
      ))}
    </tr>
  );
}

/** A list that is opened by who wants to see it. */
function folded(cases: readonly CaseComparison[], words: string): string {
  return `<details><summary>${words}</summary>${listed(cases)}</details>`;
}

function listed(cases: readonly CaseComparison[]): string {
  const items = cases.slice(0, SHOWN).map((each) =>
    ITEMS.of(each.words, () => <Item {...each} />).filled([])
  );
  const rest = cases.length - SHOWN;
  const more = rest > 0 ? `<li class="soft">${rest} more are in the CSV</li>` : "";
  return `<ul class="plain">${items.join("")}${more}</ul>`;
}

/** Cases in lists, in the same way. */
const ITEMS = new Fragments<CaseComparison["words"]>();

function Item({ case: id, title }: CaseComparison) {
  return (
    <li>
      <a href={caseHistoryPath(id)}>{title}</a> <span class="soft mono">{id}</span>
    </li>
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

function WordCell({ word, count, begins, href }: Span & { readonly href?: string | undefined }) {
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
  const alike = [...Map.groupBy(clauses, ({ words }) => words.join()).entries()];
  const rows = alike.map(([key, own]) => {
    const links = own.map(({ clause }) =>
      CLAUSE_LINKS.of(clause, () => <ClauseLink clause={clause} />).filled([])
    );
    return CLAUSE_ROWS.of(key, () => <ClauseRow words={own[0]?.words ?? []} />).filled([links.join(" ")]);
  });
  return (
    <section id="clauses">
      <h2>
        Clauses that differ <span class="soft count">{clauses.length}</span>
      </h2>
      <p class="soft">The worst that the cases of a clause say.</p>
      <CompareTable what="Clauses" names={names} rows={[`<tbody>${rows.join("")}</tbody>`]} />
    </section>
  );
}

const CLAUSE_LINKS = new NamedFragments();
const CLAUSE_ROWS = new NamedFragments();

function ClauseLink({ clause }: { readonly clause: string }) {
  return <a class="mono" href={clausePath(clause)}>{clause}</a>;
}

/** A row with a place for the links of its clauses. */
function ClauseRow({ words }: { readonly words: readonly ComparedWord[] }) {
  return (
    <tr>
      <th scope="row">{placeFor(0)}</th>
      {together(words, (place) => place > 0 && words[place] !== words[place - 1]).map((span) => (
        <WordCell {...span} />
      ))}
    </tr>
  );
}
