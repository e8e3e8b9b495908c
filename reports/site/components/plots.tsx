/**
 * Plots: a run as a column among those before it, a case over the runs, what took long.
 *
 * @module
 */
import { raw } from "hono/html";
import type { CaseInRun, RunEntry } from "../../store/mod.ts";
import type { CaseFacts, ComparedWord } from "../../compare/mod.ts";
import type { CaseResult } from "../../result.ts";
import { Fragments, markupOf, placeFor } from "../fragment.ts";
import { casePath, encoded, runPath } from "../links.ts";
import { duration } from "./facts.tsx";
import { readable, WORDS } from "./verdict.tsx";

const COLUMN = 9;
const HEIGHT = 36;

/** Runs from the oldest to the newest, each a column of its shares and a link. */
export function RunStrip({ runs, label }: { readonly runs: readonly RunEntry[]; readonly label: string }) {
  const columns = runs.toReversed();
  return (
    <svg
      class="strip"
      role="group"
      aria-label={label}
      viewBox={`0 0 ${columns.length * COLUMN} ${HEIGHT}`}
      width={columns.length * COLUMN}
      height={HEIGHT}
    >
      {columns.map((run, index) => (
        <a href={runPath(run.run)} aria-label={`${day(run.startedAt)}: ${countsText(run)}`}>
          <title>{`${day(run.startedAt)}: ${countsText(run)}`}</title>
          <rect class="hit" x={index * COLUMN} y="0" width={COLUMN} height={HEIGHT} />
          <Column run={run} x={index * COLUMN} />
        </a>
      ))}
    </svg>
  );
}

function day(moment: string): string {
  return moment.slice(0, 16).replace("T", " ");
}

function countsText({ counts }: RunEntry): string {
  return WORDS.filter((word) => counts[word] > 0).map((word) => `${counts[word]} ${readable(word)}`).join(
    ", ",
  );
}

/** What is not a pass is drawn at least so high that it can be seen. */
const SMALLEST = 2;

function Column({ run: { counts }, x }: { readonly run: RunEntry; readonly x: number }) {
  const present = WORDS.filter((word) => counts[word] > 0).toReversed();
  const heights = present.map((word) =>
    Math.max(SMALLEST, HEIGHT * counts[word] / Math.max(1, counts.total))
  );
  const scale = HEIGHT / Math.max(1, heights.reduce((sum, height) => sum + height, 0));
  let y = 0;
  return (
    <>
      {present.map((word, index) => {
        const [begin, height] = [y, (heights[index] ?? 0) * scale];
        y += height;
        return (
          <rect class={word} x={x + 0.5} y={begin.toFixed(2)} width={COLUMN - 1} height={height.toFixed(2)} />
        );
      })}
    </>
  );
}

const CELL = 14;

/** What a case showed in each run, from the oldest to the newest. */
export function CaseStrip({ history }: { readonly history: readonly CaseInRun[] }) {
  const cells = history.toReversed();
  return (
    <svg
      class="strip"
      role="group"
      aria-label="What this case showed, from the oldest run to the newest"
      viewBox={`0 0 ${cells.length * CELL} 24`}
      width={cells.length * CELL}
      height="24"
    >
      {raw(cells.map(caseCellText).join(""))}
    </svg>
  );
}

/** Cells by what the case showed, with places for the run and for where they stand. */
const CASE_CELLS = new Fragments<CaseFacts>();

function caseCellText({ head, facts }: CaseInRun, index: number): string {
  const on = markupOf(`${facts.word.replace("-", " ")} on ${head.target}, ${day(head.startedAt)}`);
  const places = [encoded(head.run), on, String(index * CELL + 1), String(index * CELL + CELL / 2)];
  return CASE_CELLS.of(facts, () => <CaseCell facts={facts} />).filled(places);
}

function CaseCell({ facts }: { readonly facts: CaseFacts }) {
  return (
    <a href={casePath(placeFor(0), facts.case)} aria-label={placeFor(1)}>
      {raw(`<title>${placeFor(1)}</title>`)}
      <rect class={facts.word} x={placeFor(2)} y="2" width={CELL - 2} height="20" rx="2" />
      <Mark word={facts.word} x={placeFor(3)} y={16} />
    </a>
  );
}

const SIGNS: Readonly<Partial<Record<ComparedWord, string>>> = { fail: "✗", contested: "≠", unknown: "?" };

/** What is not a pass has a sign, for colour alone says nothing. */
function Mark(
  { word, x, y }: { readonly word: ComparedWord; readonly x: number | string; readonly y: number },
) {
  const sign = SIGNS[word];
  return sign === undefined ? null : <text class={`mark ${word}`} x={x} y={y}>{sign}</text>;
}

const BAR_ROW = 24;
const BAR_LEFT = 90;
const BAR_WIDTH = 620;

/** The cases that took longest, the longest first. */
export function Durations(
  { run, results }: { readonly run: string; readonly results: readonly CaseResult[] },
) {
  const longest = results[0]?.durationMs ?? 0;
  if (longest === 0) return null;
  return (
    <div class="scroll">
      <svg
        class="durations"
        role="group"
        aria-label="The cases that took longest"
        viewBox={`0 0 ${BAR_LEFT + BAR_WIDTH} ${results.length * BAR_ROW}`}
        width={BAR_LEFT + BAR_WIDTH}
        height={results.length * BAR_ROW}
      >
        {results.map((result, index) => {
          const y = index * BAR_ROW;
          const width = Math.max(2, BAR_WIDTH * result.durationMs / longest);
          return (
            <a href={casePath(run, result.case)}>
              <rect
                class="time"
                x={BAR_LEFT}
                y={y + 2}
                width={width.toFixed(1)}
                height={BAR_ROW - 6}
                rx="2"
              />
              <text class="value" x={BAR_LEFT - 8} y={y + 16}>{duration(result.durationMs)}</text>
              <text class="name" x={BAR_LEFT + 6} y={y + 16}>{result.case}</text>
            </a>
          );
        })}
      </svg>
    </div>
  );
}

const KILLS_WIDTH = 660;
const KILLS_HEIGHT = 110;

/** How many cases kill how many mutants. */
export function KillHistogram({ kills }: { readonly kills: readonly number[] }) {
  const most = Math.max(0, ...kills);
  const columns = Array.from(
    { length: most + 1 },
    (_, count) => kills.filter((each) => each === count).length,
  );
  const highest = Math.max(1, ...columns);
  const width = Math.min(28, KILLS_WIDTH / columns.length);
  return (
    <div class="scroll" tabindex={0} role="region" aria-label="How many mutants each case kills">
      <svg
        class="durations"
        role="img"
        aria-label={`Cases by the number of mutants that they kill: ${
          columns.map((cases, count) => `${cases} kill ${count}`).join(", ")
        }`}
        viewBox={`0 0 ${KILLS_WIDTH} ${KILLS_HEIGHT + 38}`}
        width={KILLS_WIDTH}
        height={KILLS_HEIGHT + 38}
      >
        {columns.map((cases, count) => {
          const height = cases === 0 ? 0 : Math.max(2, (KILLS_HEIGHT - 16) * cases / highest);
          const x = count * width;
          return (
            <>
              <rect
                class={count === 0 ? "fail" : "time"}
                x={(x + 1).toFixed(1)}
                y={(KILLS_HEIGHT - height).toFixed(1)}
                width={(width - 2).toFixed(1)}
                height={height.toFixed(1)}
                rx="1.5"
              />
              {cases === 0 || width < 20 ? "" : (
                <text
                  class="figure"
                  x={(x + width / 2).toFixed(1)}
                  y={(KILLS_HEIGHT - height - 4).toFixed(1)}
                >
                  {cases}
                </text>
              )}
              {count % (width < 20 ? 5 : 1) === 0
                ? (
                  <text class="figure soft" x={(x + width / 2).toFixed(1)} y={KILLS_HEIGHT + 14}>
                    {count}
                  </text>
                )
                : ""}
            </>
          );
        })}
        <text class="soft" x="2" y={KILLS_HEIGHT + 33}>
          mutants that a case kills, and how many cases do so
        </text>
      </svg>
    </div>
  );
}
