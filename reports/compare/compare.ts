/**
 * Compares runs case by case. A case is found by its id alone; counts are never compared.
 *
 * Where a case behaves alike in neighbouring runs, they make a window, as in "ENODEV since 7.1". Cases whose windows
 * begin in the same runs are grouped, so that a reader sees what one kernel or dialect changed.
 *
 * @module
 */
import type { Word } from "../formats/format.ts";
import type { CaseFacts, RunFacts, RunHead, Seen } from "./facts.ts";
import { labelsOf } from "./labels.ts";

/** The version of the shape. */
export const COMPARISON_SCHEMA = "dmabuf-conform/comparison/1";

/** How a case ended in a run, or that the run did not select it. */
export type ComparedWord = Word | "absent";

/**
 * What differs:
 *
 * - `verdict`: what the case says of the targets
 * - `support`: whether the targets have what the case needs; where only some runs in between have it not, that is all
 *   that is known of them, and no change
 * - `behaviour`: what was seen, although it is judged alike
 * - `coverage`: only whether the case was run
 * - `same`: nothing
 */
export type Difference = "verdict" | "support" | "behaviour" | "coverage" | "same";

/** Neighbouring runs in which a case behaves alike. */
export interface Window {
  /** The first of the runs, by its place. */
  readonly from: number;
  /** The last of them. */
  readonly to: number;
  /** How the case ended. */
  readonly word: Word;
}

/** What is otherwise in a window than in the one before it. */
export interface Change {
  /** The first run of the window, by its place. */
  readonly at: number;
  /** The first step that was not seen alike; missing where only the judgement differs. */
  readonly step?: string | undefined;
  /** What the step does. */
  readonly operation?: string | undefined;
  /** What was seen of the step before, or how the case ended and why. */
  readonly before: string;
  /** What is seen of it now. */
  readonly after: string;
}

/** One case over the runs. */
export interface CaseComparison {
  /** The id of the case. */
  readonly case: string;
  /** What it shows, in a line. */
  readonly title: string;
  /** The clauses it verifies. */
  readonly clauses: readonly string[];
  /** What differs. */
  readonly difference: Difference;
  /** How it ended in each run. */
  readonly words: readonly ComparedWord[];
  /** Where it behaves alike; runs that tell nothing are in none: they did not reach the case, or could not answer it between others that could. */
  readonly windows: readonly Window[];
  /** What is otherwise in each window after the first. */
  readonly changes: readonly Change[];
  /** All of it in a sentence. */
  readonly says: string;
}

/** Cases that changed in the same runs. */
export interface Group {
  /** The runs in which behaviour changed, by their places; empty where some runs tell nothing and the others are alike. */
  readonly at: readonly number[];
  /** A heading, as in `Changed in 7.1`, `Not run in 6.12` or `Not supported in 6.18`. */
  readonly title: string;
  /** The cases. */
  readonly cases: readonly CaseComparison[];
}

/** One clause over the runs: the worst that its cases say. */
export interface ClauseComparison {
  /** The id of the clause. */
  readonly clause: string;
  /** The worst word of its cases in each run. */
  readonly words: readonly ComparedWord[];
  /** Whether the runs differ. */
  readonly differs: boolean;
  /** Its cases that differ. */
  readonly cases: readonly string[];
}

/** Runs side by side. */
export interface Comparison {
  /** The shape and its version. */
  readonly schema: typeof COMPARISON_SCHEMA;
  /** The runs, each with a name as short as can be. */
  readonly runs: readonly (RunHead & { readonly label: string })[];
  /** How many cases differ in which way. */
  readonly counts: Readonly<Record<Difference, number>>;
  /** The cases that differ, the ones that changed earliest first. */
  readonly groups: readonly Group[];
  /** The cases that do not. */
  readonly same: readonly CaseComparison[];
  /** Every clause that one of the cases verifies; those that differ come first. */
  readonly clauses: readonly ClauseComparison[];
}

/** The order in which differences are listed. */
const BY_WEIGHT: readonly Difference[] = ["verdict", "support", "behaviour", "coverage", "same"];

/** The worst weighs most; what was not reached is never hidden by what passed. */
const WEIGHTS: Readonly<Record<ComparedWord, number>> = {
  fail: 6,
  unknown: 5,
  contested: 4,
  "not-run": 3,
  pass: 2,
  "not-supported": 1,
  absent: 0,
};

/** Compares runs in the order in which they are given. */
export function compareRuns(runs: readonly RunFacts[]): Comparison {
  return namedComparison(compareCases(runs.map(({ cases }) => cases)), runs, labelsOf(runs));
}

/** What the cases of some runs showed, side by side, whatever the runs are called. */
export interface ComparedCases {
  /** Every case, in the order of the ids. */
  readonly all: readonly ComparedFacts[];
  /** How many of them differ in which way. */
  readonly counts: Comparison["counts"];
  /** Every clause that one of them verifies. */
  readonly clauses: readonly ClauseComparison[];
}

/** What was compared last, by the numbers of the cases of the runs: many runs show the very same. */
const comparedCases = new Map<string, ComparedCases>();

/** The most of it that is kept. */
const COMPARISONS_KEPT = 16;

/**
 * Compares the cases of runs. For the same maps it gives the same object, as long as that is kept, so that what is made
 * of it can be kept, too.
 */
export function compareCases(runs: readonly RunFacts["cases"][]): ComparedCases {
  const key = runs.map(numberOf).join();
  const known = comparedCases.get(key);
  if (known) return known;
  const rows = sideBySide(runs).map(rowOf);
  const all = rows.map(({ compared }) => compared);
  const made = { all, counts: countsOf(all), clauses: clausesOf(rows) };
  if (comparedCases.size >= COMPARISONS_KEPT) comparedCases.clear();
  comparedCases.set(key, made);
  return made;
}

/** What each run has of one case. */
type Facts = readonly (CaseFacts | undefined)[];

/** What each run has of every case, in the order of the ids. */
function sideBySide(runs: readonly RunFacts["cases"][]): readonly Facts[] {
  return (alreadySideBySide(runs) ?? paired(runs)).toSorted((one, other) => idOf(one) < idOf(other) ? -1 : 1);
}

/** Most runs that are compared have the same cases in the same order; `undefined` if these have not. */
function alreadySideBySide(runs: readonly RunFacts["cases"][]): readonly Facts[] | undefined {
  const columns = runs.map((cases) => [...cases.values()]);
  const [first = []] = columns;
  if (columns.some(({ length }) => length !== first.length)) return undefined;
  const rows = first.map((_, place) => columns.map((column) => column[place]));
  return rows.every((facts) => facts.every((each) => each?.case === facts[0]?.case)) ? rows : undefined;
}

function paired(runs: readonly RunFacts["cases"][]): readonly Facts[] {
  const ids = new Set(runs.flatMap((cases) => [...cases.keys()]));
  return [...ids].map((id) => runs.map((cases) => cases.get(id)));
}

function idOf(facts: Facts): string {
  return facts.find((each) => each !== undefined)?.case ?? "";
}

/** A comparison of runs that have these names. */
export function namedComparison(
  { all, counts, clauses }: ComparedCases,
  heads: readonly RunHead[],
  labels: readonly string[],
): Comparison {
  const said = all.map((each) => saidOf(each, labels));
  return {
    schema: COMPARISON_SCHEMA,
    runs: heads.map(({ run, target, kernel, profile, startedAt, partial }, index) => ({
      run,
      target,
      kernel,
      profile,
      startedAt,
      partial,
      label: labels[index] ?? run,
    })),
    counts,
    groups: groupsOf(said.filter(({ difference }) => difference !== "same"), labels),
    same: said.filter(({ difference }) => difference === "same"),
    clauses,
  };
}

/** What was said with some names, for as long as those are there. */
const saidWith = new WeakMap<readonly string[], WeakMap<ComparedFacts, CaseComparison>>();

function saidOf(facts: ComparedFacts, labels: readonly string[]): CaseComparison {
  const said = saidWith.get(labels) ?? new WeakMap<ComparedFacts, CaseComparison>();
  saidWith.set(labels, said);
  const made = said.get(facts) ?? { ...facts, says: sentenceOf(facts, labels) };
  said.set(facts, made);
  return made;
}

function countsOf(all: readonly ComparedFacts[]): Record<Difference, number> {
  const counts = { verdict: 0, support: 0, behaviour: 0, coverage: 0, same: 0 };
  for (const { difference } of all) counts[difference]++;
  return counts;
}

/** A case over the runs, but for the sentence, which has the names of the runs in it. */
export type ComparedFacts = Omit<CaseComparison, "says">;

/** One case of some runs: what each has of it, what is made of that, and how much its words weigh. */
interface Row {
  readonly facts: Facts;
  readonly compared: ComparedFacts;
  readonly weights: readonly number[];
}

/** What was made of the same facts before, by a number that hardly any others have: runs show the same again and again. */
const rowsMade = new Map<number, Row>();

/** The most of it that is kept. */
const KEPT = 20_000;

/** Facts, and the cases of a run, are told apart by a number, which is theirs as long as they are. */
const numbers = new WeakMap<object, number>();
let lastNumber = 0;

function numberOf(facts: object | undefined): number {
  if (!facts) return 0;
  const known = numbers.get(facts);
  if (known !== undefined) return known;
  numbers.set(facts, ++lastNumber);
  return lastNumber;
}

function rowOf(facts: Facts): Row {
  const key = facts.reduce((sum, each) => Math.imul(sum, 31) + numberOf(each) | 0, facts.length);
  const known = rowsMade.get(key);
  if (known && areSame(known.facts, facts)) return known;
  const compared = compareFacts(idOf(facts), facts);
  const made = { facts, compared, weights: compared.words.map((word) => WEIGHTS[word]) };
  if (rowsMade.size >= KEPT) rowsMade.clear();
  rowsMade.set(key, made);
  return made;
}

function areSame(one: Facts, other: Facts): boolean {
  return one.length === other.length && one.every((each, place) => each === other[place]);
}

function compareFacts(id: string, facts: readonly (CaseFacts | undefined)[]): ComparedFacts {
  const words = facts.map((each): ComparedWord => each?.word ?? "absent");
  const known = facts.find((each) => each !== undefined && each.clauses.length > 0) ??
    facts.find((each) => each !== undefined);
  const telling = tellingOf(facts);
  const windows = windowsOf(telling);
  return {
    case: id,
    title: known?.title ?? id,
    clauses: known?.clauses ?? [],
    difference: differenceOf(words, windows),
    words,
    windows,
    changes: changesOf(windows, telling),
  };
}

/**
 * What tells how the case behaves. A run that did not reach it tells nothing, nor does one that could not answer it
 * between two that could: what it would have shown is not known.
 */
function tellingOf(facts: readonly (CaseFacts | undefined)[]): readonly (CaseFacts | undefined)[] {
  const answers = facts.map((each) =>
    each !== undefined && each.word !== "not-run" && each.word !== "not-supported"
  );
  const [first, last] = [answers.indexOf(true), answers.lastIndexOf(true)];
  return facts.map((each, place) => {
    if (each?.word === "not-run") return undefined;
    return each?.word === "not-supported" && first < place && place < last ? undefined : each;
  });
}

function windowsOf(facts: readonly (CaseFacts | undefined)[]): Window[] {
  const windows: (Window & { readonly key: string })[] = [];
  facts.forEach((each, place) => {
    if (!each) return;
    const key = behaviourOf(each);
    const last = windows.at(-1);
    if (last?.key === key) windows[windows.length - 1] = { ...last, to: place };
    else windows.push({ key, from: place, to: place, word: each.word });
  });
  return windows.map(({ key: _key, ...window }) => window);
}

/** What was made of facts is kept as long as they are: those of a history are asked for again and again. */
const behaviours = new WeakMap<CaseFacts, string>();

/** Two runs behave alike in a case if this is the same. */
export function behaviourOf(facts: CaseFacts): string {
  const known = behaviours.get(facts);
  if (known !== undefined) return known;
  const made = behaviourText(facts);
  behaviours.set(facts, made);
  return made;
}

/**
 * Where a case cannot be answered, it does not count what was seen until then, nor what is missing; nor does it count
 * which of the allowed outcomes of a race came up in some runs of it.
 */
function behaviourText({ word, seen, reason }: CaseFacts): string {
  if (word === "not-supported") return word;
  const silent = seen.length === 0 || word === "fail" || word === "unknown";
  return JSON.stringify([
    word,
    silent ? withoutFigures(reason) : "",
    seen.filter(({ extent }) => extent !== "sample" || word === "fail").map((each) => [each.step, each.seen]),
  ]);
}

/** Figures in a reason, such as how many schedules there were, differ without meaning anything. */
function withoutFigures(reason: string): string {
  return reason.replaceAll(/\(schedule [^)]*\)|\d+/g, "");
}

function changesOf(windows: readonly Window[], facts: readonly (CaseFacts | undefined)[]): Change[] {
  return windows.slice(1).flatMap(({ from }, index) => {
    const [before, after] = [facts[windows[index]?.from ?? -1], facts[from]];
    return before && after ? [{ at: from, ...changeOf(before, after) }] : [];
  });
}

function changeOf(before: CaseFacts, after: CaseFacts): Omit<Change, "at"> {
  const steps = [...new Set([...before.seen, ...after.seen].map(({ step }) => step))];
  const step = steps.find((id) => seenAt(before, id)?.seen !== seenAt(after, id)?.seen);
  if (step === undefined) return { before: endOf(before), after: endOf(after) };
  const [one, other] = [seenAt(before, step), seenAt(after, step)];
  const operation = one?.operation ?? other?.operation;
  return { step, operation, before: one?.seen ?? "not reached", after: other?.seen ?? "not reached" };
}

function seenAt({ seen }: CaseFacts, step: string): Seen | undefined {
  return seen.find((each) => each.step === step);
}

function endOf({ word, reason }: CaseFacts): string {
  return reason === "" ? word : `${word} (${reason})`;
}

function differenceOf(words: readonly ComparedWord[], windows: readonly Window[]): Difference {
  const reached = new Set(windows.map(({ word }) => word));
  const judged = [...reached].filter((word) => word !== "not-supported");
  if (judged.length > 1) return "verdict";
  if (reached.size > 1) return "support";
  if (windows.length > 1) return "behaviour";
  if (judged.length > 0 && words.includes("not-supported")) return "support";
  return new Set(words).size > 1 ? "coverage" : "same";
}

function sentenceOf(
  { windows, changes, words, difference }: Omit<CaseComparison, "says">,
  labels: readonly string[],
): string {
  if (difference === "same") return "";
  if (windows.length < 2) return silenceSentence(words, labels);
  const [first] = changes;
  if (!first || changes.some(({ step }) => step !== first.step)) {
    return changesSentence(changes, windows, labels);
  }
  const seen = [first.before, ...changes.map(({ after }) => after)];
  const spans = windows.map((window, index) => `${seen[index]} ${spanOf(window, index, windows, labels)}`);
  return `${first.operation === undefined ? "" : `${first.operation}: `}${spans.join(", ")}`;
}

/** One change after the other, where each is about another step. */
function changesSentence(
  changes: readonly Change[],
  windows: readonly Window[],
  labels: readonly string[],
): string {
  return changes.map(({ at, operation, before, after }, index) => {
    const what = operation === undefined ? "" : `${operation}: `;
    return `${what}${before} up to ${labels[windows[index]?.to ?? -1]}, ${after} since ${labels[at]}`;
  }).join("; ");
}

function spanOf(
  { from, to }: Window,
  index: number,
  windows: readonly Window[],
  labels: readonly string[],
): string {
  const [first = "", last = ""] = [labels[from], labels[to]];
  if (index === 0) return `up to ${last}`;
  if (index === windows.length - 1 && to === labels.length - 1) return `since ${first}`;
  return from === to ? `in ${first}` : `in ${first} to ${last}`;
}

/** Which runs tell nothing, where the others are alike. */
function silenceSentence(words: readonly ComparedWord[], labels: readonly string[]): string {
  const notRun = labels.filter((_, index) => words[index] === "absent" || words[index] === "not-run");
  const notSupported = labels.filter((_, index) => words[index] === "not-supported");
  return [
    notRun.length === 0 ? [] : `not run in ${notRun.join(", ")}`,
    notSupported.length === 0 || notSupported.length + notRun.length === words.length
      ? []
      : `not supported in ${notSupported.join(", ")}`,
  ].flat().join("; ");
}

function groupsOf(cases: readonly CaseComparison[], labels: readonly string[]): Group[] {
  const groups = Map.groupBy(
    cases,
    ({ windows, says }) => windows.slice(1).map(({ from }) => from).join(" ") || says,
  );
  return [...groups.values()]
    .map((own): Group => {
      const at = own[0]?.windows.slice(1).map(({ from }) => from) ?? [];
      return { at, title: titleOf(at, labels, own[0]?.says ?? ""), cases: own.toSorted(byWeight) };
    })
    .toSorted(byPlaces);
}

/** Cases of which the same was seen in the same runs, those that come first in front. */
export function alikeIn(cases: readonly CaseComparison[]): readonly (readonly CaseComparison[])[] {
  return [...Map.groupBy(cases, ({ words, says }) => `${words.join()} ${says}`).values()];
}

function titleOf(at: readonly number[], labels: readonly string[], says: string): string {
  if (at.length === 0) return `N${says.slice(1)}`;
  return `Changed in ${at.map((place) => labels[place]).join(" and again in ")}`;
}

function byWeight(one: CaseComparison, other: CaseComparison): number {
  return BY_WEIGHT.indexOf(one.difference) - BY_WEIGHT.indexOf(other.difference) ||
    (one.case < other.case ? -1 : 1);
}

function byPlaces({ at: one }: Group, { at: other }: Group): number {
  if (one.length === 0 || other.length === 0) return other.length - one.length;
  const first = one.findIndex((place, index) => place !== other[index]);
  return first < 0 ? one.length - other.length : (one[first] ?? 0) - (other[first] ?? Infinity);
}

function clausesOf(rows: readonly Row[]): ClauseComparison[] {
  const byClause = new Map<string, Row[]>();
  for (const row of rows) {
    for (const clause of row.compared.clauses) {
      const own = byClause.get(clause);
      if (own) own.push(row);
      else byClause.set(clause, [row]);
    }
  }
  return [...byClause].map(([clause, own]) => clauseComparison(clause, own)).toSorted((one, other) =>
    Number(other.differs) - Number(one.differs) || (one.clause < other.clause ? -1 : 1)
  );
}

function clauseComparison(clause: string, rows: readonly Row[]): ClauseComparison {
  const words = rows[0]?.weights.map((_, place) => worstAt(place, rows)) ?? [];
  const differing = rows.filter(({ compared: { difference } }) =>
    difference !== "same" && difference !== "coverage"
  );
  return {
    clause,
    words,
    differs: differing.length > 0 || words.some((word) => word !== words[0]),
    cases: differing.map(({ compared }) => compared.case),
  };
}

function worstAt(place: number, rows: readonly Row[]): ComparedWord {
  let worst: Row | undefined;
  for (const row of rows) if ((row.weights[place] ?? 0) > (worst?.weights[place] ?? 0)) worst = row;
  return worst?.compared.words[place] ?? "absent";
}

/** The worst of some words. */
export function worstOf(words: readonly (ComparedWord | undefined)[]): ComparedWord {
  let worst: ComparedWord = "absent";
  for (const word of words) if (word && WEIGHTS[word] > WEIGHTS[worst]) worst = word;
  return worst;
}
