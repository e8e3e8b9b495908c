/**
 * Verdicts and how many there are of each: a colour is never the only sign.
 *
 * @module
 */
import { type Word, wordOf } from "../../formats/format.ts";
import type { CaseResult, Counts } from "../../result.ts";
import { Ref } from "./ref.tsx";
import { ShareBar } from "./share.tsx";

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

/** Counts as a bar. Its label says the same in words. */
export function CountBar({ counts }: { readonly counts: Counts }) {
  return (
    <ShareBar
      parts={WORDS.map((word) => ({ count: counts[word], kind: word, words: readable(word) }))}
    />
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
