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
  type ComparedCases,
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
import { WordMark } from "../components/verdict.tsx";
import { Fragments, markupOf, placeFor } from "../fragment.ts";
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

/** What differs, whatever the runs are called: the longest part of the page, made once for the same cases. */
const DIFFERENCES = new Fragments<ComparedCases>();

/** Runs side by side. */
export function ComparePage({ runs }: { readonly runs: readonly RunFacts[] }) {
  const labels = labelsOf(runs);
  const marked = labels.map(markupOf);
  const names = runs.map(({ run }) => run);
  const compared = compareCases(runs.map(({ cases }) => cases));
  const differences = DIFFERENCES.of(compared, () => <Differences comparison={unnamed(compared, runs)} />);
  return (
    <>
      <p class="crumbs">
        <a href="/runs">Runs</a>
      </p>
      <h1>{raw(marked.join(" &#183; "))}</h1>
      <p class="lead">{countsText(compared)}.</p>
      <CanAsk
        then={
          <p class="under">
            <span class="soft">The same as</span>
            <a href={compareAsPath(names, "csv")}>CSV</a>
            <a href={compareAsPath(names, "markdown")}>Markdown</a>
            <a href={compareAsPath(names, "json")}>JSON</a>
            <a rel="bookmark" href={comparePath(names)}>A link that stays</a>
          </p>
        }
      />
      <Runs runs={runs} labels={labels} />
      {raw(differences.filled([...names.map(encoded), ...marked]))}
    </>
  );
}

/** A comparison with places for the names of the runs, and after those for what they are called here. */
function unnamed(compared: ComparedCases, runs: readonly RunFacts[]): Comparison {
  const heads = runs.map((head, index) => ({ ...head, run: placeFor(index) }));
  return namedComparison(compared, heads, runs.map((_, index) => placeFor(runs.length + index)));
}

function Runs({ runs, labels }: { readonly runs: readonly RunHead[]; readonly labels: readonly string[] }) {
  return (
    <div class="scroll">
      <table class="stack">
        <thead>
          <tr>
            <th scope="col">Here called</th>
            <th scope="col">Target</th>
            <th scope="col">Profile</th>
            <th scope="col">Begun</th>
          </tr>
        </thead>
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
      </table>
    </div>
  );
}

function Differences({ comparison }: { readonly comparison: Comparison }) {
  const { groups, clauses, same } = comparison;
  const differing = clauses.filter(({ differs }) => differs);
  return (
    <>
      {groups.length === 0 ? <p class="notice">The runs do not differ in any case.</p> : (
        <ul class="index">
          {groups.map(({ title, cases }, index) => (
            <li>
              <a href={`#group-${index}`}>{title}</a> <span class="soft">{cases.length}</span>
            </li>
          ))}
          {differing.length === 0 ? "" : (
            <li>
              <a href="#clauses">Clauses that differ</a> <span class="soft">{differing.length}</span>
            </li>
          )}
        </ul>
      )}
      <Windows comparison={comparison} />
      {groups.map((group, index) => <GroupSection group={group} index={index} comparison={comparison} />)}
      {differing.length === 0 ? "" : <Clauses clauses={differing} comparison={comparison} />}
      <p class="soft">
        {same.length === 1 ? "One case is" : `${same.length} cases are`} the same in all runs.
      </p>
    </>
  );
}

/** A behaviour that begins in some run, with the cases that show it. */
interface Begun {
  readonly operation: string;
  readonly before: string;
  readonly after: string;
  readonly cases: CaseComparison[];
}

/** What begins in a run, that which most cases show first. */
function begunIn(place: number, { groups }: Comparison): readonly Begun[] {
  const found = new Map<string, Begun>();
  for (const each of groups.flatMap(({ cases }) => cases)) {
    for (const { at, operation = "", before, after } of each.changes) {
      if (at !== place) continue;
      const key = JSON.stringify([operation, before, after]);
      const known = found.get(key);
      if (known) known.cases.push(each);
      else found.set(key, { operation, before, after, cases: [each] });
    }
  }
  return [...found.values()].toSorted((one, other) => other.cases.length - one.cases.length);
}

/** Since when what is seen: grouped by the run in which it begins. */
function Windows({ comparison }: { readonly comparison: Comparison }) {
  const begun = comparison.runs.map((_, place) => begunIn(place, comparison));
  if (begun.every(({ length }) => length === 0)) return <></>;
  return (
    <section id="windows">
      <h2>Since when what is seen</h2>
      <div class="scroll">
        <table class="stack windows">
          <thead>
            <tr>
              <th scope="col">Since</th>
              <th scope="col">What</th>
              <th scope="col">Is seen</th>
              <th scope="col">Before</th>
              <th scope="col" class="number">Cases</th>
            </tr>
          </thead>
          {begun.map((own, place) => (
            <WindowsOfRun
              label={comparison.runs[place]?.label ?? ""}
              begun={own}
            />
          ))}
        </table>
      </div>
    </section>
  );
}

function WindowsOfRun({ label, begun }: { readonly label: string; readonly begun: readonly Begun[] }) {
  if (begun.length === 0) return <></>;
  const rest = begun.length - BEHAVIOURS_SHOWN;
  return (
    <tbody>
      {begun.slice(0, BEHAVIOURS_SHOWN).map(({ operation, before, after, cases }, index) => (
        <tr>
          <th scope="row">
            <span class={index === 0 ? "" : "aloud"}>since {label}</span>
          </th>
          <td class="mono">{operation}</td>
          <td data-label="is seen">{after}</td>
          <td class="soft" data-label="before">{before}</td>
          <td class="number" data-label="cases">{cases.length}</td>
        </tr>
      ))}
      {rest <= 0 ? "" : (
        <tr>
          <td class="soft" colspan={5}>and {rest} more since {label}, each with its case below</td>
        </tr>
      )}
    </tbody>
  );
}

function GroupSection(
  { group: { at, title, cases }, index, comparison }: {
    readonly group: Group;
    readonly index: number;
    readonly comparison: Comparison;
  },
) {
  return (
    <section id={`group-${index}`}>
      <h2>
        {title} <span class="soft count">{cases.length}</span>
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
        : <CaseTable cases={cases.slice(0, SHOWN)} comparison={comparison} />}
      {at.length > 0 && cases.length > SHOWN
        ? <p class="soft">{cases.length - SHOWN} more are in the CSV.</p>
        : ""}
    </section>
  );
}

function CaseTable(
  { cases, comparison: { runs } }: {
    readonly cases: readonly CaseComparison[];
    readonly comparison: Comparison;
  },
) {
  return (
    <div class="scroll">
      <table class="compare">
        <thead>
          <tr>
            <th scope="col">Case</th>
            {runs.map(({ label }) => <th scope="col" class="run">{label}</th>)}
          </tr>
        </thead>
        <tbody>{raw(cases.map(rowText).join(""))}</tbody>
      </table>
    </div>
  );
}

/** Rows by the words in them: the same facts have the same words, whatever else is compared. */
const ROWS = new WeakMap<CaseComparison["words"], string>();

/** A row with places for the names of the runs. */
function rowText(each: CaseComparison): string {
  const known = ROWS.get(each.words);
  if (known !== undefined) return known;
  const made = String(<CaseRow {...each} />);
  ROWS.set(each.words, made);
  return made;
}

function CaseRow(each: CaseComparison) {
  return (
    <tr>
      <th scope="row">
        <a href={caseHistoryPath(each.case)}>{each.title}</a>
        <div class="soft mono">{each.case}</div>
        <div class="says">{each.says}</div>
      </th>
      {spansOf(each).map((span) => <WordCell {...span} href={casePath(placeFor(span.place), each.case)} />)}
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
  if (word === "absent") {
    return (
      <td class={kind} colspan={count}>
        <span class="soft">–</span>
        <span class="aloud">not selected</span>
      </td>
    );
  }
  return (
    <td class={`${kind} of-${word}`} colspan={count}>
      {href === undefined ? <WordMark word={word} /> : (
        <a href={href}>
          <WordMark word={word} />
        </a>
      )}
    </td>
  );
}

function Clauses(
  { clauses, comparison: { runs } }: {
    readonly clauses: readonly ClauseComparison[];
    readonly comparison: Comparison;
  },
) {
  return (
    <section id="clauses">
      <h2>
        Clauses that differ <span class="soft count">{clauses.length}</span>
      </h2>
      <p class="soft">The worst that the cases of a clause say.</p>
      <div class="scroll">
        <table class="compare">
          <thead>
            <tr>
              <th scope="col">Clause</th>
              {runs.map(({ label }) => <th scope="col" class="run">{label}</th>)}
            </tr>
          </thead>
          <tbody>
            {clauses.map(({ clause, words }) => (
              <tr>
                <th scope="row">
                  <a class="mono" href={clausePath(clause)}>{clause}</a>
                </th>
                {together(words, (place) => place > 0 && words[place] !== words[place - 1]).map((span) => (
                  <WordCell {...span} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
