/**
 * Verdicts and how many there are of each: a colour is never the only sign.
 *
 * @module
 */
import { type Word, wordOf } from "../../formats/format.ts";
import type { CaseResult, Counts } from "../../result.ts";
import { Ref } from "./ref.tsx";

const SIGNS: Readonly<Record<Word, string>> = {
  pass: "✓",
  fail: "✗",
  contested: "≠",
  unknown: "?",
  "not-supported": "–",
  "not-run": "·",
};

/** The words in the order in which they are counted. */
export const WORDS: readonly Word[] = ["pass", "fail", "contested", "unknown", "not-supported", "not-run"];

/** A word as people read it. */
export function readable(word: Word): string {
  return word.replace("-", " ");
}

/** A word with its sign. */
export function WordMark({ word }: { readonly word: Word }) {
  return (
    <span class={`word ${word}`}>
      <span aria-hidden="true">{SIGNS[word]}</span> {readable(word)}
    </span>
  );
}

/** How a case ended, as a mark. */
export function ResultMark({ result }: { readonly result: Pick<CaseResult, "verdict" | "end"> }) {
  return <WordMark word={wordOf(result)} />;
}

/** The words that occur, with how often. */
function present(counts: Counts): Word[] {
  return WORDS.filter((word) => counts[word] > 0);
}

/** The smallest part of a bar, as a share of it: one failure among hundreds must be seen. */
const SMALLEST_PART = 0.012;

/** Counts as a bar. Its label says the same in words. */
export function CountBar({ counts }: { readonly counts: Counts }) {
  const words = present(counts);
  const widths = words.map((word) => Math.max(counts[word] / counts.total, SMALLEST_PART));
  const whole = widths.reduce((sum, width) => sum + width, 0);
  let x = 0;
  return (
    <svg
      class="bar"
      role="img"
      aria-label={words.map((word) => `${counts[word]} ${readable(word)}`).join(", ") || "nothing"}
      viewBox="0 0 1000 1"
      preserveAspectRatio="none"
    >
      {words.map((word, index) => {
        const width = 1000 * (widths[index] ?? 0) / whole;
        const begin = x;
        x += width;
        return <rect class={word} x={begin.toFixed(2)} y="0" width={width.toFixed(2)} height="1" />;
      })}
    </svg>
  );
}

/** Counts on one line; words that do not occur are left out. */
export function CountLine({ counts }: { readonly counts: Counts }) {
  return (
    <span class="count-line">
      {present(counts).map((word) => (
        <span class={`word ${word}`}>
          {counts[word]} {readable(word)}
        </span>
      ))}
    </span>
  );
}

/** Counts in large figures, each a link to its cases. */
export function CountList(
  { counts, href }: { readonly counts: Counts; readonly href: (word: Word) => string },
) {
  return (
    <ul class="counts">
      {WORDS.map((word) => (
        <li class={counts[word] === 0 ? "zero" : ""}>
          <b>{counts[word]}</b>
          {counts[word] === 0 ? <WordMark word={word} /> : (
            <Ref href={href(word)}>
              <WordMark word={word} />
            </Ref>
          )}
        </li>
      ))}
      <li>
        <b>{counts.total}</b> in all
      </li>
    </ul>
  );
}
