/**
 * Puts runs side by side, a row for each case. Runs show the same again and again, so what was made of a row is kept by
 * the numbers in it, and most rows of a comparison are only found again.
 *
 * @module
 */
import { compareFacts } from "./case.ts";
import { weightOf } from "./clauses.ts";
import type { Column, Selection } from "./column.ts";
import type { ComparedFacts } from "./comparison.ts";
import { sentenceOf } from "./says.ts";

/** One case over some runs, whatever the runs are called. */
export interface Row {
  /** What each run showed, as a number; 0 where it has no such case. */
  readonly numbers: readonly number[];
  /** What is made of that. */
  readonly compared: ComparedFacts;
  /** The same for cases that changed in the same runs; where nothing changed, for those of which the same is known. */
  readonly changed: string;
  /** The same for cases of which the same was seen in the same runs. */
  readonly seen: string;
  /** For each change what is the same for all changes of its kind. */
  readonly kinds: readonly string[];
  /** How much the word of each run weighs. */
  readonly weights: readonly number[];
}

/** Every case that one of the runs has, in the order of the ids. */
export function sideBySide(columns: readonly Column[]): readonly Row[] {
  const order = orderOf(columns.map(({ selection }) => selection));
  const [runs, rows] = [columns.length, order.ids.length];
  const [numbers, keys] = [new Int32Array(runs * rows), new Int32Array(rows)];
  columns.forEach((column, run) => {
    const places = order.places[run] ?? new Int32Array();
    for (let row = 0; row < rows; row++) {
      const number = column.numbers[places[row] ?? 0] ?? 0;
      numbers[row * runs + run] = number;
      keys[row] = Math.imul(keys[row] ?? 0, 16777619) ^ number;
    }
  });
  return order.ids.map((id, row) => {
    const [key, begin] = [keys[row] ?? 0, row * runs];
    const known = made.get(key);
    if (known && isOf(known, numbers, begin, runs)) return known;
    const facts = columns.map(({ facts }, run) => facts[order.places[run]?.[row] ?? -1]);
    return keep(key, rowOf([...numbers.subarray(begin, begin + runs)], compareFacts(id, facts)));
  });
}

function rowOf(numbers: readonly number[], compared: ComparedFacts): Row {
  const { words, windows, changes } = compared;
  const says = sentenceOf(compared, words.map((_, run) => `\0${run}`));
  return {
    numbers,
    compared,
    changed: windows.slice(1).map(({ from }) => from).join(" ") || says,
    seen: `${words.join()} ${says}`,
    kinds: changes.map(({ operation = "", before, after }) => `${operation}\0${before}\0${after}`),
    weights: words.map(weightOf),
  };
}

/** The rows that were made, by a number that hardly any others have. */
const made = new Map<number, Row>();

/** The most of them that are kept. */
const KEPT = 20_000;

function isOf({ numbers: known }: Row, numbers: Int32Array, begin: number, runs: number): boolean {
  if (known.length !== runs) return false;
  for (let run = 0; run < runs; run++) if (known[run] !== numbers[begin + run]) return false;
  return true;
}

function keep(key: number, row: Row): Row {
  if (made.size >= KEPT) made.clear();
  made.set(key, row);
  return row;
}

/** All cases of some runs in the order of their ids, and their places in each run; where it has none, one behind its end. */
interface Order {
  readonly selections: readonly Selection[];
  readonly ids: readonly string[];
  readonly places: readonly Int32Array[];
}

/** The orders that were made last. */
const orders: Order[] = [];

/** The most of them that are kept. */
const ORDERS_KEPT = 32;

function orderOf(selections: readonly Selection[]): Order {
  const known = orders.find((each) =>
    each.selections.length === selections.length &&
    each.selections.every((selection, run) => selection === selections[run])
  );
  if (known) return known;
  const ids = [...new Set(selections.flatMap((each) => each.ids))].sort();
  const places = selections.map((own) => Int32Array.from(ids, (id) => own.places.get(id) ?? own.ids.length));
  const order = { selections, ids, places };
  orders.unshift(order);
  orders.splice(ORDERS_KEPT);
  return order;
}
