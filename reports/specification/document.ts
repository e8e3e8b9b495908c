/**
 * The specification as a document: numbered chapters made of the ledger, the cases and the rules of the dialects.
 *
 * What is written as HTML and as Markdown is this, and nothing in it depends on when or where it is made.
 *
 * @module
 */
import type { Case } from "../../cases/case.ts";
import type { Dialect } from "../../runners/simulator/mod.ts";
import type { Clause, Family } from "../../spec/clause.ts";
import type { Contradiction } from "../../spec/contradictions.ts";
import { kernelsWith } from "../../spec/clause_kernels.ts";
import type { ClauseId } from "../../spec/ids.ts";
import type { Ledger } from "../../spec/ledger.ts";
import type { Profile } from "../../spec/profile.ts";
import { type ErrorTable, errorTablesOf } from "./errors.ts";
import { type Machine, machinesOf, type NamedSequence, sequencesOf } from "./machines.ts";
import type { Shared } from "./rules.ts";

/** What the document is made of. */
export interface SpecificationSources {
  /** The clauses, profiles and sources. */
  readonly ledger: Ledger;
  /** Where the sources disagree. */
  readonly contradictions: readonly Contradiction[];
  /** The cases that show the clauses. */
  readonly cases: readonly Case[];
  /** The proposals and kernels of the model. */
  readonly dialects: readonly Dialect[];
  /** The version of the suite; the document does not name it where it is left out. */
  readonly version?: string | undefined;
}

/** A case that shows a clause. */
export interface ShownBy {
  /** Its id, without a row. */
  readonly path: string;
  /** What it shows. */
  readonly title: string;
  /** How many rows it has. */
  readonly rows: number;
}

/** A clause with everything that belongs to it. */
export interface ClauseEntry {
  /** Its place in the document, as in `12.10`. */
  readonly number: string;
  /** The clause. */
  readonly clause: Clause;
  /** The cases that show it. */
  readonly cases: readonly ShownBy[];
  /** The contradictions that concern it. */
  readonly contradictions: readonly number[];
  /** The tables of errors that have a row of it. */
  readonly tables: readonly Numbered<ErrorTable>[];
  /** The profiles that have it. */
  readonly profiles: readonly string[];
  /** The released kernels in which it holds, the oldest first. */
  readonly kernels: readonly string[];
}

/** A family with its clauses. */
export interface FamilyChapter {
  /** The number of the chapter. */
  readonly number: number;
  /** The family. */
  readonly family: Family;
  /** Its clauses, in their order. */
  readonly clauses: readonly ClauseEntry[];
}

/** Something with its place in the document. */
export type Numbered<T> = T & {
  /** Its place, as in `23.4`. */
  readonly number: string;
};

/** A profile with what it adds to those that it extends and what it takes out. */
export interface ProfileEntry {
  /** Its place in the document, as in `B.4`. */
  readonly number: string;
  /** The profile. */
  readonly profile: Profile;
  /** Clauses that none of those has. */
  readonly adds: readonly ClauseId[];
  /** Clauses of those that it does not have. */
  readonly drops: readonly ClauseId[];
}

/** The document. */
export interface Specification {
  /** The version of the suite, where it is known. */
  readonly version: string | undefined;
  /** The ledger that it is made of. */
  readonly ledger: Ledger;
  /** The chapters of clauses, in the order of reading. */
  readonly families: readonly FamilyChapter[];
  /** The number of the chapter of state machines. */
  readonly machinesNumber: number;
  /** The state machines of a VFIO buffer. */
  readonly machines: readonly Numbered<Shared<Machine>>[];
  /** What is done at events and by importers. */
  readonly sequences: readonly Numbered<NamedSequence>[];
  /** The number of the chapter of errors. */
  readonly errorsNumber: number;
  /** The errors of each operation, in the order of the checks. */
  readonly errors: readonly Numbered<ErrorTable>[];
  /** Where the sources disagree. */
  readonly contradictions: readonly Contradiction[];
  /** What each profile adds and takes out. */
  readonly profiles: readonly ProfileEntry[];
}

/** The families in the order in which they are best read; others come at the end. */
const READING_ORDER =
  "BASE INVAL MODE RNOD VEXP VATT VMOV VEVT VCLS VREV VST VMM VFT RFC LEON0 LEON1 UMEM UVX IOFD ABI".split(
    " ",
  );

/** The first chapter of clauses; before it stands how the document is read. */
const FIRST_FAMILY = 2;

/** Makes the document. */
export function specificationOf(sources: SpecificationSources): Specification {
  const { ledger, contradictions, dialects, version } = sources;
  const families = inReadingOrder([...ledger.families.values()]);
  const machinesNumber = FIRST_FAMILY + families.length;
  const errorsNumber = machinesNumber + 1;
  const errors = errorTablesOf(dialects).map((table, index) => ({
    ...table,
    number: `${errorsNumber}.${index + 1}`,
  }));
  const machines = machinesOf(dialects);
  return {
    version,
    ledger,
    families: families.map((family, index) => chapterOf(family, FIRST_FAMILY + index, errors, sources)),
    machinesNumber,
    machines: machines.map((each, index) => ({ ...each, number: `${machinesNumber}.${index + 1}` })),
    sequences: sequencesOf(dialects).map((each, index) => ({
      ...each,
      number: `${machinesNumber}.${machines.length + index + 1}`,
    })),
    errorsNumber,
    errors,
    contradictions,
    profiles: [...ledger.profiles.values()].map((profile, index) => profileEntry(profile, index, ledger)),
  };
}

function inReadingOrder(families: readonly Family[]): readonly Family[] {
  const rank = ({ id }: Family) => {
    const index = READING_ORDER.indexOf(id);
    return index < 0 ? READING_ORDER.length : index;
  };
  return families.toSorted((a, b) => rank(a) - rank(b));
}

function chapterOf(
  family: Family,
  number: number,
  errors: readonly Numbered<ErrorTable>[],
  sources: SpecificationSources,
): FamilyChapter {
  const clauses = family.clauses.flatMap((id) => sources.ledger.clauses.get(id) ?? []);
  return {
    number,
    family,
    clauses: clauses.map((clause, index) => entryOf(clause, `${number}.${index + 1}`, errors, sources)),
  };
}

function entryOf(
  clause: Clause,
  number: string,
  errors: readonly Numbered<ErrorTable>[],
  { cases, contradictions, ledger }: SpecificationSources,
): ClauseEntry {
  const { id } = clause;
  return {
    number,
    clause,
    cases: shownBy(cases.filter(({ clauses }) => clauses.includes(id))),
    contradictions: contradictions.filter(({ clauses }) => clauses.includes(id)).map((each) => each.number),
    tables: errors.filter(({ variants }) =>
      variants.some(({ value }) => value.some((row) => row.clause === id))
    ),
    profiles: [...ledger.profiles.values()].filter((profile) => profile.clauses.has(id)).map((each) =>
      each.id
    ),
    kernels: kernelsWith(id, ledger),
  };
}

function shownBy(cases: readonly Case[]): readonly ShownBy[] {
  const groups = Map.groupBy(cases, ({ id }) => id.replace(/\[.*$/, ""));
  return [...groups].map(([path, rows]) => ({ path, title: rows[0]?.title ?? "", rows: rows.length }));
}

function profileEntry(profile: Profile, index: number, { profiles }: Ledger): ProfileEntry {
  const inherited = new Set(profile.extends.flatMap((id) => [...profiles.get(id)?.clauses ?? []]));
  return {
    number: `B.${index + 1}`,
    profile,
    adds: [...profile.clauses].filter((id) => !inherited.has(id)),
    drops: [...inherited].filter((id) => !profile.clauses.has(id)),
  };
}
