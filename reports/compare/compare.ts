/**
 * Compares runs case by case. A case is found by its id alone; counts are never compared.
 *
 * Where a case behaves alike in neighbouring runs, they make a window, as in "ENODEV since 7.1". Cases whose windows
 * begin in the same runs are grouped, so that a reader sees what one kernel or dialect changed.
 *
 * @module
 */
import { clausesOf } from "./clauses.ts";
import { columnOf } from "./column.ts";
import { type CaseComparison, type Comparison, COMPARISON_SCHEMA, type Difference } from "./comparison.ts";
import type { RunFacts, RunHead } from "./facts.ts";
import { labelsOf } from "./labels.ts";
import { type Row, sideBySide } from "./rows.ts";
import { sentenceOf } from "./says.ts";

/** Compares runs in the order in which they are given. */
export function compareRuns(runs: readonly RunFacts[]): Comparison {
  return namedComparison(compareCases(runs.map(({ cases }) => cases)), runs, labelsOf(runs));
}

/** What the cases of some runs showed, side by side, whatever the runs are called. */
export interface ComparedCases {
  /** Every case, in the order of the ids. The row of a case is the same object for the same facts, as long as that is kept. */
  readonly rows: readonly Row[];
  /** How many of them differ in which way. */
  readonly counts: Comparison["counts"];
  /** The cases that differ, the ones that changed earliest first. */
  readonly groups: readonly RowGroup[];
  /** Every clause that one of them verifies. */
  readonly clauses: Comparison["clauses"];
}

/** Cases that changed in the same runs. */
export interface RowGroup {
  /** The runs in which behaviour changed, by their places; empty where some runs tell nothing and the others are alike. */
  readonly at: readonly number[];
  /** The cases. */
  readonly rows: readonly Row[];
}

/** Compares the cases of runs. */
export function compareCases(runs: readonly RunFacts["cases"][]): ComparedCases {
  const rows = sideBySide(runs.map(columnOf));
  return { rows, counts: countsOf(rows), groups: groupsOf(rows), clauses: clausesOf(rows) };
}

function countsOf(rows: readonly Row[]): Record<Difference, number> {
  const counts = { verdict: 0, support: 0, behaviour: 0, coverage: 0, same: 0 };
  for (const { compared } of rows) counts[compared.difference]++;
  return counts;
}

function groupsOf(rows: readonly Row[]): RowGroup[] {
  const differing = rows.filter(({ compared }) => compared.difference !== "same");
  return [...Map.groupBy(differing, ({ changed }) => changed).values()]
    .map((own) => ({ at: changedAt(own[0]), rows: own.sort(byWeight) }))
    .sort(byPlaces);
}

function changedAt(row: Row | undefined): readonly number[] {
  return row?.compared.windows.slice(1).map(({ from }) => from) ?? [];
}

/** Cases of which the same was seen in the same runs, those that come first in front. */
export function alikeIn(rows: readonly Row[]): readonly (readonly Row[])[] {
  return [...Map.groupBy(rows, ({ seen }) => seen).values()];
}

/** A comparison of runs that have these names. */
function namedComparison(
  { rows, counts, groups, clauses }: ComparedCases,
  heads: readonly RunHead[],
  labels: readonly string[],
): Comparison {
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
    groups: groups.map((group) => ({
      at: group.at,
      title: titleOf(group, labels),
      cases: group.rows.map((row) => saidOf(row, labels)),
    })),
    same: rows.filter(({ compared }) => compared.difference === "same").map((row) => saidOf(row, labels)),
    clauses,
  };
}

function saidOf({ compared }: Row, labels: readonly string[]): CaseComparison {
  return { ...compared, says: sentenceOf(compared, labels) };
}

/** The heading of a group, with the names of the runs. */
export function titleOf({ at, rows: [first] }: RowGroup, labels: readonly string[]): string {
  if (at.length > 0) return `Changed in ${at.map((place) => labels[place]).join(" and again in ")}`;
  return first ? `N${sentenceOf(first.compared, labels).slice(1)}` : "";
}

/** The order in which differences are listed. */
const WEIGHTS: Readonly<Record<Difference, number>> = {
  verdict: 0,
  support: 1,
  behaviour: 2,
  coverage: 3,
  same: 4,
};

/** Cases come in the order of their ids, and those of one difference stay in it. */
function byWeight({ compared: one }: Row, { compared: other }: Row): number {
  return WEIGHTS[one.difference] - WEIGHTS[other.difference];
}

function byPlaces({ at: one }: RowGroup, { at: other }: RowGroup): number {
  if (one.length === 0 || other.length === 0) return other.length - one.length;
  const first = one.findIndex((place, index) => place !== other[index]);
  return first < 0 ? one.length - other.length : (one[first] ?? 0) - (other[first] ?? Infinity);
}
