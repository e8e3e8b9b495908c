/**
 * Runs side by side: what differs first, grouped by the runs in which behaviour changed.
 *
 * @module
 */
import { raw } from "hono/html";
import type { Child } from "hono/jsx";
import {
  alikeIn,
  type Change,
  type ClauseComparison,
  compareCases,
  type ComparedCases,
  type ComparedFacts,
  type ComparedWord,
  countsText,
  labelsOf,
  type Row,
  type RowGroup,
  type RunFacts,
  sentenceOf,
  titleOf,
} from "../../compare/mod.ts";
import { momentText } from "../components/facts.tsx";
import { CanAsk } from "../components/ref.tsx";
import { Table } from "../components/table.tsx";
import { WordMark } from "../components/verdict.tsx";
import { Fragments, joined, markupOf, NamedFragments, placeFor, template } from "../fragment.ts";
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

/** What each page has of its own, as markup. */
interface Names {
  /** What the runs are called here. */
  readonly labels: readonly string[];
  /** The same, and after those the names of the runs as parts of addresses. */
  readonly labelsAndRuns: readonly string[];
}

/** Runs side by side. */
export function ComparePage({ runs }: { readonly runs: readonly RunFacts[] }) {
  const labels = labelsOf(runs).map(markupOf);
  const names = { labels, labelsAndRuns: [...labels, ...runs.map(({ run }) => encoded(run))] };
  const compared = compareCases(runs.map(({ cases }) => cases));
  return (
    <>
      {raw(heading(labels.join(" &#183; "), countsText(compared)))}
      <CanAsk then={raw(otherForms(runs))} />
      {raw(runsTable(joined(runs.map((run, index) => runRow(run, labels[index] ?? "")))))}
      {raw(differences(compared, names))}
    </>
  );
}

/** With places for the labels and for how many cases differ. */
const heading = template(() => (
  <>
    <p class="crumbs">
      <a href="/runs">Runs</a>
    </p>
    <h1>{placeFor(0)}</h1>
    <p class="lead">{placeFor(1)}.</p>
  </>
));

function otherForms(runs: readonly RunFacts[]): string {
  const path = comparePath(runs.map(({ run }) => run));
  const formats = (["csv", "markdown", "json"] as const).map((format) => compareAsPath(path, format));
  return forms(...[...formats, path].map(markupOf));
}

/** With places for where they are. */
const forms = template(() => (
  <p class="under">
    <span class="soft">The same as</span>
    <a href={placeFor(0)}>CSV</a>
    <a href={placeFor(1)}>Markdown</a>
    <a href={placeFor(2)}>JSON</a>
    <a rel="bookmark" href={placeFor(3)}>A link that stays</a>
  </p>
));

/** With a place for the rows. */
const runsTable = template(() => (
  <Table class="stack" columns={["Here called", "Target", "Kernel", "Profile", "Begun"]}>
    <tbody>{placeFor(0)}</tbody>
  </Table>
));

function runRow({ run, target, kernel, profile, startedAt, partial }: RunFacts, label: string): string {
  const texts = [target, kernel, profile, startedAt].map(markupOf);
  return (partial ? partialRow : wholeRow)(encoded(run), label, ...texts, momentText(startedAt));
}

const wholeRow = template(() => <RunRow />);
const partialRow = template(() => <RunRow note={<span class="partial">partial</span>} />);

/** A row with places for the run, its label, its target, its kernel, its profile, and when it began as programs and as people read it. */
function RunRow({ note = "" }: { readonly note?: Child }) {
  return (
    <tr>
      <td>
        <a href={runPath(placeFor(0))}>{placeFor(1)}</a>
      </td>
      <td class="mono">{placeFor(2)}</td>
      <td data-label="kernel">{placeFor(3)}</td>
      <td>{placeFor(4)}</td>
      <td>
        <time datetime={placeFor(5)}>{placeFor(6)}</time> {note}
      </td>
    </tr>
  );
}

/** What differs; whatever is said has places for what the runs are called, so that it is the same on every page. */
function differences({ groups, clauses, counts: { same } }: ComparedCases, names: Names): string {
  const differing = clauses.filter(({ differs }) => differs);
  const titles = groups.map((group) => titleOf(group, names.labels));
  return joined([
    groups.length === 0 ? nothing() : contents(groups, titles, differing.length),
    windows(groups, names),
    ...groups.map((group, place) =>
      section(`${place}`, titles[place] ?? "", `${group.rows.length}`, groupBody(group, names))
    ),
    differing.length === 0 ? "" : clausesTable(differing, names),
    end(same === 1 ? "One case is" : `${same} cases are`),
  ]);
}

/** What there is on the page, with the way to it. */
function contents(groups: readonly RowGroup[], titles: readonly string[], clauses: number): string {
  const lines = groups.map(({ rows }, place) =>
    line(`group-${place}`, titles[place] ?? "", `${rows.length}`)
  );
  return index(joined(lines) + (clauses === 0 ? "" : line("clauses", "Clauses that differ", `${clauses}`)));
}

const nothing = template(() => <p class="notice">The runs do not differ in any case.</p>);

/** With a place for the lines. */
const index = template(() => <ul class="index">{placeFor(0)}</ul>);

/** With places for where it leads to, for what is there and for how much. */
const line = template(() => (
  <li>
    <a href={`#${placeFor(0)}`}>{placeFor(1)}</a> <span class="soft">{placeFor(2)}</span>
  </li>
));

/** With a place for how many cases are the same. */
const end = template(() => <p class="soft">{placeFor(0)} the same in all runs.</p>);

/** A behaviour that begins in some run, and how many cases show it. */
interface Begun {
  readonly kind: string;
  readonly change: Change;
  cases: number;
}

/** What begins in each of the runs, that which most cases show first. */
function begunIn(groups: readonly RowGroup[], runs: number): readonly (readonly Begun[])[] {
  const found = Array.from({ length: runs }, () => new Map<string, Begun>());
  for (const { rows } of groups) {
    for (const { compared, kinds } of rows) {
      compared.changes.forEach((change, index) => {
        const [own, kind = ""] = [found[change.at], kinds[index]];
        const known = own?.get(kind);
        if (known) known.cases++;
        else own?.set(kind, { kind, change, cases: 1 });
      });
    }
  }
  return found.map((own) => [...own.values()].sort((one, other) => other.cases - one.cases));
}

/** Since when what is seen: grouped by the run in which it begins. */
function windows(groups: readonly RowGroup[], { labels }: Names): string {
  const begun = begunIn(groups, labels.length);
  if (begun.every(({ length }) => length === 0)) return "";
  const bodies = begun.map((own, place) => windowRows(own, labels[place] ?? "")).filter((rows) =>
    rows !== ""
  );
  return windowsTable(joined(bodies.map((rows) => `<tbody>${rows}</tbody>`)));
}

/** With a place for the rows. */
const windowsTable = template(() => (
  <section id="windows">
    <h2>Since when what is seen</h2>
    <Table class="stack windows" columns={["Since", "What", "Is seen", "Before", ["Cases", "number"]]}>
      {placeFor(0)}
    </Table>
  </section>
));

function windowRows(begun: readonly Begun[], label: string): string {
  const shown = begun.slice(0, BEHAVIOURS_SHOWN).map(({ kind, change, cases }, index) =>
    (index === 0 ? FIRST_ROWS : NEXT_ROWS)
      .of(kind, () => <WindowRow change={change} label={index === 0 ? "" : "aloud"} />)
      .filled([label, `${cases}`])
  );
  const rest = begun.length - shown.length;
  return joined(shown) + (rest === 0 ? "" : restRow(label, `${rest}`));
}

/** Rows by what begins: those in which the label is seen, and those in which it is only read aloud. */
const FIRST_ROWS = new NamedFragments();
const NEXT_ROWS = new NamedFragments();

/** A row with places for the label of the run and for how many cases there are. */
function WindowRow(
  { change: { operation = "", before, after }, label }: {
    readonly change: Change;
    readonly label: "" | "aloud";
  },
) {
  return (
    <tr>
      <th scope="row">
        <span class={label}>since {placeFor(0)}</span>
      </th>
      <td class="mono">{operation}</td>
      <td data-label="is seen">{after}</td>
      <td class="soft" data-label="before">{before}</td>
      <td class="number" data-label="cases">{placeFor(1)}</td>
    </tr>
  );
}

/** With places for the label of the run and for how many more begin there. */
const restRow = template(() => (
  <tr>
    <td class="soft" colspan={5}>and {placeFor(1)} more since {placeFor(0)}, each with its case below</td>
  </tr>
));

/** With places for the number of the group, its title, how many cases are in it, and what it shows. */
const section = template(() => (
  <section id={`group-${placeFor(0)}`}>
    <h2>
      {placeFor(1)} <span class="soft count">{placeFor(2)}</span>
    </h2>
    {placeFor(3)}
  </section>
));

function groupBody({ at, rows }: RowGroup, names: Names): string {
  return at.length === 0
    ? folded(rows, `${casesText(rows.length)}, of which nothing else is known`)
    : compareTable("What was seen", names, joined(alikeIn(rows).map((own) => rowsOf(own, names))));
}

function casesText(count: number): string {
  return count === 1 ? "One case" : `${count} cases`;
}

/** The longest label that fits into a narrow column, in characters. */
const SHORT = 8;

/** So many columns fit beside each other on a wide screen. */
const WIDE = 5;

/** A table with a column for each run; its rows are markup. */
function compareTable(what: string, { labels }: Names, rows: string): string {
  const column = labels.some(({ length }) => length > SHORT) ? longColumn : shortColumn;
  const table = labels.length > WIDE ? wideTable : narrowTable;
  return table(what, joined(labels.map((label) => column(label))), rows);
}

/** With a place for the label of a run. */
const shortColumn = template(() => <th scope="col" class="run">{placeFor(0)}</th>);
const longColumn = template(() => <th scope="col" class="run long">{placeFor(0)}</th>);

const wideTable = template(() => <RunsTable class="scroll folds" />);
const narrowTable = template(() => <RunsTable class="scroll wide-enough folds" />);

/** With places for the heading of the first column, for those of the others and for the rows. */
function RunsTable({ class: kind }: { readonly class: string }) {
  return (
    <div class={kind}>
      <table class="compare">
        <thead>
          <tr>
            <th scope="col">{placeFor(0)}</th>
            {placeFor(1)}
          </tr>
        </thead>
        {placeFor(2)}
      </table>
    </div>
  );
}

/** What was seen in each run, and below it the cases in which it was. */
function rowsOf(rows: readonly Row[], { labels, labelsAndRuns }: Names): string {
  const [first] = rows;
  if (!first) return "";
  const seen = rows.length === 1
    ? ROWS_OF_ONE.of(first, () => raw(seenRow(first.compared, "yes")))
    : ROWS_OF_MANY.of(first, () => raw(seenRow(first.compared, "no")));
  const list = rows.length <= OPEN ? listed(rows) : folded(rows, casesText(rows.length));
  return BODIES.of(`${labels.length}`, () => <SeenBody runs={labels.length} />)
    .filled([seen.filled(labelsAndRuns), list]);
}

/** Bodies of tables by the number of runs. */
const BODIES = new NamedFragments();

/** With places for the row that says what was seen and for the list of cases. */
function SeenBody({ runs }: { readonly runs: number }) {
  return (
    <tbody>
      {placeFor(0)}
      <tr>
        <td class="list" colspan={runs + 1}>{placeFor(1)}</td>
      </tr>
    </tbody>
  );
}

/** Rows by what they are about. */
const ROWS_OF_ONE = new Fragments<Row>();
const ROWS_OF_MANY = new Fragments<Row>();

/** A row with places for the labels of the runs, and after those for their names; one case can be linked to in each run. */
function seenRow(of: ComparedFacts, links: "yes" | "no"): string {
  const labels = of.words.map((_, run) => placeFor(run));
  const hrefOf = (run: number) => markupOf(casePath(placeFor(labels.length + run), of.case));
  const cells = spansOf(of).map((span) => wordCell(span, links === "yes" ? hrefOf(span.place) : undefined));
  return seen(markupOf(sentenceOf(of, labels)), cells.join(""));
}

/** With places for the sentence and for the cells of the runs. */
const seen = template(() => (
  <tr class="seen">
    <th scope="row">{placeFor(0)}</th>
    {placeFor(1)}
  </tr>
));

/** A list that is opened by who wants to see it. */
function folded(rows: readonly Row[], words: string): string {
  return `<details><summary>${words}</summary>${listed(rows)}</details>`;
}

function listed(rows: readonly Row[]): string {
  const items = rows.slice(0, SHOWN).map((row) => ITEMS.of(row, () => <Item {...row.compared} />).filled([]));
  const rest = rows.length - SHOWN;
  const more = rest > 0 ? `<li class="soft">${rest} more are in the CSV</li>` : "";
  return `<ul class="plain">${joined(items)}${more}</ul>`;
}

/** Cases in lists, in the same way. */
const ITEMS = new Fragments<Row>();

function Item({ case: id, title }: ComparedFacts) {
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
function spansOf({ words, windows }: ComparedFacts): readonly Span[] {
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

function wordCell({ word, count, begins }: Span, href?: string): string {
  const kind = begins ? "cell begins" : "cell";
  const link = href === undefined ? "none" : "there";
  return CELLS.of(
    `${word} ${count} ${kind} ${link}`,
    () => (
      <td class={kind} colspan={count > 1 ? count : undefined}>
        <WordInCell word={word} link={link} />
      </td>
    ),
  ).filled([href ?? ""]);
}

/** Cells by what they show, with a place for what they lead to. */
const CELLS = new NamedFragments();

function WordInCell({ word, link }: { readonly word: ComparedWord; readonly link: "there" | "none" }) {
  if (word === "absent") {
    return (
      <>
        <span class="soft">–</span>
        <span class="aloud">not selected</span>
      </>
    );
  }
  return link === "none" ? <WordMark word={word} /> : (
    <a href={placeFor(0)}>
      <WordMark word={word} />
    </a>
  );
}

function clausesTable(clauses: readonly ClauseComparison[], names: Names): string {
  const alike = Map.groupBy(clauses, ({ words }) => words.join());
  const rows = [...alike].map(([key, own]) => {
    const links = own.map(({ clause }) =>
      CLAUSES.of(clause, () => <ClauseLink clause={clause} />).filled([])
    );
    return CLAUSE_ROWS.of(key, () => raw(clauseRow(own[0]?.words ?? []))).filled([links.join(" ")]);
  });
  return clausesSection(
    `${clauses.length}`,
    compareTable("Clauses", names, `<tbody>${joined(rows)}</tbody>`),
  );
}

/** With places for how many there are and for the table. */
const clausesSection = template(() => (
  <section id="clauses">
    <h2>
      Clauses that differ <span class="soft count">{placeFor(0)}</span>
    </h2>
    <p class="soft">The worst that the cases of a clause say.</p>
    {placeFor(1)}
  </section>
));

const CLAUSES = new NamedFragments();

function ClauseLink({ clause }: { readonly clause: string }) {
  return <a class="mono" href={clausePath(clause)}>{clause}</a>;
}

/** Rows by their words, with a place for the links of the clauses. */
const CLAUSE_ROWS = new NamedFragments();

function clauseRow(words: readonly ComparedWord[]): string {
  const spans = together(words, (place) => place > 0 && words[place] !== words[place - 1]);
  return ofClauses(placeFor(0), spans.map((span) => wordCell(span)).join(""));
}

/** With places for the clauses and for the cells of the runs. */
const ofClauses = template(() => (
  <tr>
    <th scope="row">{placeFor(0)}</th>
    {placeFor(1)}
  </tr>
));
