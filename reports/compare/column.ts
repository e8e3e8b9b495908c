/**
 * What a run showed as a column of numbers, one for each case: two runs showed the same of a case where they have the
 * same number, so that runs are put side by side without a look at what it was.
 *
 * @module
 */
import type { CaseFacts } from "./facts.ts";
import { kept } from "./kept.ts";

/** What a run showed of a case, and a number that is never that of other facts. */
export interface NumberedFacts {
  readonly facts: CaseFacts;
  readonly number: number;
}

let lastNumber = 0;

/** Gives facts a number. */
export function numbered(facts: CaseFacts): NumberedFacts {
  return { facts, number: ++lastNumber };
}

/** The cases that a run has; runs of one suite have the very same object. */
export interface Selection {
  /** The ids, in the order of the run. */
  readonly ids: readonly string[];
  /** The place of each id. */
  readonly places: ReadonlyMap<string, number>;
}

/** What a run showed of each case, by its id. */
export class Column implements ReadonlyMap<string, CaseFacts> {
  /** Its cases. */
  readonly selection: Selection;
  /** What it showed of each. */
  readonly facts: readonly CaseFacts[];
  /** The number of each of those. */
  readonly numbers: Int32Array;

  /** Takes what a run showed; no two facts are of the same case. */
  constructor(all: readonly NumberedFacts[]) {
    this.facts = all.map(({ facts }) => facts);
    this.numbers = new Int32Array(all.length);
    for (let place = 0; place < all.length; place++) this.numbers[place] = all[place]?.number ?? 0;
    this.selection = selectionOf(this.facts);
  }

  /** How many cases there are. */
  get size(): number {
    return this.facts.length;
  }

  /** What the run showed of a case; `undefined` if it has none of that id. */
  get(id: string): CaseFacts | undefined {
    const place = this.selection.places.get(id);
    return place === undefined ? undefined : this.facts[place];
  }

  /** Whether the run has a case. */
  has(id: string): boolean {
    return this.selection.places.has(id);
  }

  /** The ids of the cases. */
  keys(): MapIterator<string> {
    return this.selection.ids.values();
  }

  /** What it showed of each. */
  values(): MapIterator<CaseFacts> {
    return this.facts.values();
  }

  /** Both. */
  entries(): MapIterator<[string, CaseFacts]> {
    return this.facts.map((each): [string, CaseFacts] => [each.case, each]).values();
  }

  /** Both. */
  [Symbol.iterator](): MapIterator<[string, CaseFacts]> {
    return this.entries();
  }

  /** Calls something with each. */
  forEach(action: (facts: CaseFacts, id: string, all: ReadonlyMap<string, CaseFacts>) => void): void {
    for (const each of this.facts) action(each, each.case, this);
  }
}

/** A run's cases as a column. */
export function columnOf(cases: ReadonlyMap<string, CaseFacts>): Column {
  return cases instanceof Column ? cases : columnOfMap(cases);
}

const columnOfMap = kept((cases: ReadonlyMap<string, CaseFacts>) =>
  new Column([...cases.values()].map(numberedOnce))
);

const numberedOnce = kept(numbered);

/** The selections that were seen last. */
const selections: Selection[] = [];

/** The most of them that are known again. */
const SELECTIONS_KNOWN = 8;

function selectionOf(facts: readonly CaseFacts[]): Selection {
  const known = selections.find((each) => isOf(each, facts));
  if (known) return known;
  const ids = facts.map((each) => each.case);
  const made = { ids, places: new Map(ids.map((id, place) => [id, place])) };
  selections.unshift(made);
  selections.splice(SELECTIONS_KNOWN);
  return made;
}

function isOf({ ids }: Selection, facts: readonly CaseFacts[]): boolean {
  return ids.length === facts.length && facts.every((each, place) => each.case === ids[place]);
}
