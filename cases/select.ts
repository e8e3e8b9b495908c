/**
 * Which cases to run: by id, folder or pattern, by clause, by profile, and in shards.
 *
 * @module
 */
import { matchesGlob } from "node:path";
import type { ClauseId, ProfileId } from "../spec/ids.ts";
import type { Ledger } from "../spec/ledger.ts";
import { nearest } from "../spec/nearest.ts";
import type { Profile } from "../spec/profile.ts";
import type { Case } from "./case.ts";

/** One part of a selection that is divided over several runs. */
export interface Shard {
  /** Which part, from 1. */
  readonly index: number;
  /** How many parts there are. */
  readonly count: number;
}

/** What narrows a selection down. */
export interface SelectOptions {
  /** Only cases that verify this clause. */
  readonly clause?: ClauseId | undefined;
  /** Only cases all of whose clauses are in this profile. */
  readonly profile?: Pick<Profile, "id" | "clauses"> | undefined;
  /** Only this part of what is left. A part may be empty. */
  readonly shard?: Shard | undefined;
}

/** A selection that cannot be meant, because nothing comes of it. */
export class SelectionError extends Error {
  /** What to do about it; a sentence without a final period. */
  readonly hint: string;

  /** Makes an error of what is wrong and what to do. */
  constructor(message: string, hint: string) {
    super(message);
    this.name = "SelectionError";
    this.hint = hint;
  }
}

/**
 * Selects cases, in the order in which they are given.
 *
 * A selector is the id of a case, with or without its row; the beginning of a path up to a `/`; or a pattern with
 * `*`, `**` and `?`. Brackets stand for themselves, since the ids of rows have them. The path of the file will do too.
 *
 * @param cases the cases to choose from
 * @param selectors what is wanted; everything where there are none
 * @param options what narrows the selection down
 * @throws {SelectionError} if a selector, or all together, selects nothing
 */
export function selectCases(
  cases: readonly Case[],
  selectors: readonly string[],
  options: SelectOptions = {},
): readonly Case[] {
  const named = selectors.length === 0 ? cases : selectNamed(cases, selectors);
  const wanted = named.filter((case_) => isWanted(case_, options));
  if (wanted.length === 0) throw nothingLeft(named, options);
  return options.shard ? partOf(wanted, options.shard) : wanted;
}

function selectNamed(cases: readonly Case[], selectors: readonly string[]): readonly Case[] {
  const found = new Set<Case>();
  for (const selector of selectors) {
    const matching = cases.filter(({ id }) => matchesSelector(id, selector));
    if (matching.length === 0) throw nothingMatches(selector, cases);
    for (const case_ of matching) found.add(case_);
  }
  return cases.filter((case_) => found.has(case_));
}

/** A selector without what completion in a shell adds to an id. */
function cleaned(selector: string): string {
  return selector.replace(/^(\.\/)?(cases\/)?/, "").replace(/\.yaml$/, "").replace(/\/+$/, "");
}

/** Whether a selector speaks of a case. */
export function matchesSelector(id: string, selector: string): boolean {
  return matches(id, cleaned(selector));
}

function matches(id: string, selector: string): boolean {
  if (id === selector || id.startsWith(`${selector}/`) || id.startsWith(`${selector}[`)) return true;
  return /[*?]/.test(selector) && matchesGlob(id, selector.replaceAll("[", "[[]"));
}

function isWanted({ clauses }: Case, { clause, profile }: SelectOptions): boolean {
  return (clause === undefined || clauses.includes(clause)) &&
    (profile === undefined || clauses.every((one) => profile.clauses.has(one)));
}

function partOf(cases: readonly Case[], { index, count }: Shard): readonly Case[] {
  const whole = Number.isInteger(index) && Number.isInteger(count);
  if (!whole || index < 1 || index > count) {
    throw new SelectionError(
      `There is no part ${index} of ${count}`,
      "Write the part and the number of parts as 1/4, 2/4, 3/4, 4/4",
    );
  }
  return cases.filter((_, position) => position % count === index - 1);
}

function nothingMatches(selector: string, cases: readonly Case[]): SelectionError {
  const guess = nearestId(cleaned(selector), cases);
  const hint = guess === undefined
    ? "See which cases there are with: conform list"
    : `Did you mean "${guess}"?`;
  return new SelectionError(`No case matches "${selector}"`, hint);
}

/** The case or folder that a selector comes nearest to, by its whole path or by its last part. */
function nearestId(selector: string, cases: readonly Case[]): string | undefined {
  const paths = new Set(cases.flatMap(({ id }) => prefixesOf(id.replace(/\[.*$/, ""))));
  const whole = nearest(selector, paths);
  if (whole !== undefined) return whole;
  const byName = new Map([...paths].map((path) => [lastOf(path), path]));
  const name = nearest(lastOf(selector), byName.keys());
  return name === undefined ? undefined : byName.get(name);
}

function prefixesOf(path: string): readonly string[] {
  const parts = path.split("/");
  return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
}

function lastOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function nothingLeft(named: readonly Case[], { clause, profile }: SelectOptions): SelectionError {
  if (named.length === 0) {
    return new SelectionError("There are no cases", "Look at the mistakes in the case files");
  }
  const conditions = [
    ...(clause === undefined ? [] : [`verifies the clause ${clause}`]),
    ...(profile === undefined ? [] : [`belongs to the profile ${profile.id}`]),
  ];
  return new SelectionError(
    `None of the ${named.length} selected cases ${conditions.join(" and ")}`,
    "See what the cases verify with: conform list",
  );
}

/** The profiles that have every clause that a case verifies. */
export function profilesOf(
  { clauses }: Pick<Case, "clauses">,
  ledger: Pick<Ledger, "profiles">,
): readonly ProfileId[] {
  return [...ledger.profiles.values()]
    .filter((profile) => clauses.every((clause) => profile.clauses.has(clause)))
    .map(({ id }) => id);
}
