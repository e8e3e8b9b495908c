/**
 * What a reader asks of the cases of a run, as in `verdict:fail clause:VST-* changed:true`.
 *
 * Words are parted by spaces and all must hold; a word without a key is looked for in the id and the title; `-` in
 * front turns a word round; `*` stands for anything; a value with spaces stands in quotes.
 *
 * @module
 */
import { didYouMean } from "../../spec/nearest.ts";
import { wordOf } from "../formats/format.ts";
import { type CaseResult, isExpected } from "../result.ts";
import { areaOf } from "./area.ts";

/** What a case is asked about. */
export interface Asked {
  /** The case. */
  readonly result: CaseResult;
  /** Whether it behaves otherwise than in the run before. */
  readonly changed: boolean;
}

/** A query that was read. */
export interface Query {
  /** Whether a case is asked for. */
  readonly matches: (asked: Asked) => boolean;
  /** What is wrong with it, in whole sentences; what is wrong asks for nothing. */
  readonly problems: readonly string[];
}

/** Whether a text is what is asked for. */
type Pattern = { readonly test: (text: string) => boolean };

type Test = (value: Pattern, asked: Asked) => boolean;

const KEYS: Readonly<Record<string, Test>> = {
  verdict: (value, { result }) => value.test(wordOf(result)),
  end: (value, { result }) => value.test(result.end),
  clause: (value, { result }) => result.clauses.some((clause) => value.test(clause)),
  case: (value, { result }) => value.test(result.case),
  area: (value, { result }) => value.test(areaOf(result.case)),
  operation: (value, { result }) => result.steps.some(({ operation }) => value.test(operation)),
  error: (value, { result }) =>
    result.steps.some(({ outcome }) => outcome?.kind === "failed" && value.test(outcome.errno)),
  log: (value, { result }) =>
    [...result.steps.flatMap(({ log }) => log), ...result.post?.log ?? []].some(({ text }) =>
      value.test(text)
    ),
  changed: (value, { changed }) => value.test(String(changed)),
  expected: (value, { result }) => value.test(String(isExpected(result))),
  stable: (value, { result }) => value.test(String(result.stability.stable)),
};

/** The keys that a query can have. */
export const QUERY_KEYS: readonly string[] = Object.keys(KEYS);

/** The longest query that is read, in characters. */
export const MAX_QUERY = 500;

/** Reads a query. */
export function parseQuery(text: string): Query {
  const problems: string[] = [];
  if (text.length > MAX_QUERY) {
    problems.push(`A query may have ${MAX_QUERY} characters, and the rest is left out`);
  }
  const words = text.slice(0, MAX_QUERY).match(/-?(?:[a-z]+:)?(?:"[^"]*"|\S+)/g) ?? [];
  const tests = words.map((word) => testOf(word, problems));
  return { matches: (asked) => tests.every((test) => test(asked)), problems };
}

function testOf(word: string, problems: string[]): (asked: Asked) => boolean {
  const [, minus, key, value = ""] = /^(-?)(?:([a-z]+):)?(.*)$/s.exec(word) ?? [];
  const wanted = value.replaceAll('"', "");
  const test = testFor(key, wanted, problems);
  return minus ? (asked) => !test(asked) : test;
}

function testFor(key: string | undefined, value: string, problems: string[]): (asked: Asked) => boolean {
  if (key === undefined) {
    const pattern = patternOf(`*${value}*`);
    return ({ result }) => pattern.test(result.case) || pattern.test(result.title);
  }
  const test = Object.hasOwn(KEYS, key) ? KEYS[key] : undefined;
  const pattern = patternOf(key === "log" ? `*${value}*` : value);
  if (test) return (asked) => test(pattern, asked);
  const hint = didYouMean(key, QUERY_KEYS, `Take one of ${QUERY_KEYS.join(", ")}`);
  problems.push(`There is no key "${key}". ${hint}`);
  return () => true;
}

/** A pattern of a value in which `*` stands for anything. Capital letters do not matter. */
function patternOf(value: string): Pattern {
  const [first = "", ...rest] = value.toLowerCase().split("*");
  const last = rest.pop();
  return {
    test(given) {
      const text = given.toLowerCase();
      if (last === undefined) return text === first;
      if (!text.startsWith(first)) return false;
      let at = first.length;
      for (const part of rest) {
        const found = text.indexOf(part, at);
        if (found < 0) return false;
        at = found + part.length;
      }
      return text.length - last.length >= at && text.endsWith(last);
    },
  };
}

/** What a link of a page can ask for. */
export interface Parts {
  readonly verdict?: string | undefined;
  readonly area?: string | undefined;
  readonly clause?: string | undefined;
}

/** The query that asks for cases of an area, with a verdict, of a clause. */
export function queryFor({ verdict, area, clause }: Parts): string {
  return [["area", area], ["verdict", verdict], ["clause", clause]]
    .flatMap(([key, value]) => value ? [`${key}:${quoted(value)}`] : []).join(" ");
}

function quoted(value: string): string {
  const plain = value.trim().replaceAll('"', "");
  return plain === "" || /\s/.test(plain) ? `"${plain}"` : plain;
}
