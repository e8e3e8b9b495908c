/**
 * What the rules of a dialect say, as data: the ordered checks and the sequences of steps that the model runs.
 *
 * Everything here is read off the rules themselves, so the document cannot say anything else than the model does.
 *
 * @module
 */
import type { Dialect } from "../../runners/simulator/mod.ts";

/** One check of a request. */
export interface CheckRow {
  /** The clause that it follows. */
  readonly clause: string;
  /** The error that it answers with. */
  readonly errno: string;
  /** What it refuses, in words. */
  readonly refuses: string;
  /** What the kernel warns of when it refuses. */
  readonly warns?: string | undefined;
}

/** One step of a sequence. */
export interface StepRow {
  /** What it does, in words. */
  readonly name: string;
  /** The clause that it follows. */
  readonly clause: string;
  /** Whether it also runs after an error. */
  readonly always: boolean;
}

/** The checks and the sequences of a dialect, by their place in the rules, as in `vfio.attach`. */
export interface RuleLists {
  /** The checks, those that are empty left out. */
  readonly checks: ReadonlyMap<string, readonly CheckRow[]>;
  /** The sequences, those that are empty left out. */
  readonly sequences: ReadonlyMap<string, readonly StepRow[]>;
}

/** A dialect, as the document names it. */
export interface DialectName {
  /** Its name. */
  readonly id: string;
  /** What it is, in a few words. */
  readonly title: string;
}

/** Reads every list off the rules of a dialect. */
export function listsOf({ rules }: Dialect): RuleLists {
  const checks = new Map<string, readonly CheckRow[]>();
  const sequences = new Map<string, readonly StepRow[]>();
  visit(rules, "", (place, list) => {
    const rows = list.flatMap((each) => checkOf(each) ?? []);
    const steps = list.flatMap((each) => stepOf(each) ?? []);
    if (rows.length > 0) checks.set(place, rows);
    if (steps.length > 0) sequences.set(place, steps);
  });
  return { checks, sequences };
}

function visit(
  value: unknown,
  place: string,
  found: (place: string, list: readonly unknown[]) => void,
): void {
  if (Array.isArray(value)) return found(place, value);
  if (typeof value !== "object" || value === null) return;
  for (const [key, part] of Object.entries(value)) visit(part, place === "" ? key : `${place}.${key}`, found);
}

function checkOf(value: unknown): CheckRow | undefined {
  const { clause, errno, refuses, warns } = fieldsOf(value);
  if (clause === undefined || errno === undefined || refuses === undefined) return undefined;
  return { clause, errno, refuses, warns };
}

function stepOf(value: unknown): StepRow | undefined {
  const { clause, name } = fieldsOf(value);
  if (clause === undefined || name === undefined) return undefined;
  const always = typeof value === "object" && value !== null && "always" in value && value.always === true;
  return { name, clause, always };
}

function fieldsOf(value: unknown): Readonly<Record<string, string | undefined>> {
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(Object.entries(value).filter(([, field]) => typeof field === "string"));
}

/** Things that several dialects have in common, with the dialects that have them. */
export interface Shared<T> {
  /** The dialects, in their order. */
  readonly dialects: readonly DialectName[];
  /** Whether these are all the dialects there are. */
  readonly everywhere: boolean;
  /** What they have in common. */
  readonly value: T;
}

/** Puts dialects together that have the same; those for which there is nothing are left out. */
export function sharedBy<T>(
  dialects: readonly Dialect[],
  valueOf: (dialect: Dialect) => T | undefined,
): readonly Shared<T>[] {
  const groups = new Map<string, { readonly dialects: DialectName[]; readonly value: T }>();
  for (const dialect of dialects) {
    const value = valueOf(dialect);
    if (value === undefined) continue;
    const key = JSON.stringify(value);
    const group = groups.get(key) ?? { dialects: [], value };
    group.dialects.push({ id: dialect.id, title: dialect.title });
    groups.set(key, group);
  }
  return [...groups.values()].map((group) => ({
    ...group,
    everywhere: group.dialects.length === dialects.length,
  }));
}
