/**
 * Runs side by side: what differs first, grouped by the runs in which behaviour changed.
 *
 * @module
 */
import {
  type CaseComparison,
  type ClauseComparison,
  type ComparedWord,
  type Comparison,
  countsText,
  type Group,
} from "../../compare/mod.ts";
import { Moment } from "../components/facts.tsx";
import { CanAsk } from "../components/ref.tsx";
import { WordMark } from "../components/verdict.tsx";
import { caseHistoryPath, casePath, clausePath, compareAsPath, comparePath, runPath } from "../links.ts";

/** So many cases of a group are told of in full. */
const SHOWN = 400;

/** Runs side by side. */
export function ComparePage({ comparison }: { readonly comparison: Comparison }) {
  const { runs, groups, clauses, same } = comparison;
  const names = runs.map(({ run }) => run);
  const differing = clauses.filter(({ differs }) => differs);
  return (
    <>
      <p class="crumbs">
        <a href="/">Start</a>
      </p>
      <h1>{runs.map(({ label }) => label).join(" · ")}</h1>
      <p class="lead">{countsText(comparison)}.</p>
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
      <Runs comparison={comparison} />
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
      {groups.map((group, index) => <GroupSection group={group} index={index} comparison={comparison} />)}
      {differing.length === 0 ? "" : <Clauses clauses={differing} comparison={comparison} />}
      <p class="soft">
        {same.length === 1 ? "One case is" : `${same.length} cases are`} the same in all runs.
      </p>
    </>
  );
}

function Runs({ comparison: { runs } }: { readonly comparison: Comparison }) {
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
          {runs.map(({ label, run, target, profile, startedAt, partial }) => (
            <tr>
              <td>
                <a href={runPath(run)}>{label}</a>
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
        <tbody>
          {cases.map((each) => (
            <tr>
              <th scope="row">
                <a href={caseHistoryPath(each.case)}>{each.title}</a>
                <div class="soft mono">{each.case}</div>
                <div class="says">{each.says}</div>
              </th>
              {spansOf(each).map((span) => (
                <WordCell {...span} href={casePath(runs[span.place]?.run ?? "", each.case)} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
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
