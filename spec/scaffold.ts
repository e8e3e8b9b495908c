/**
 * The begin of a new clause: an entry with its number, in which everything is still to be filled in.
 *
 * @module
 */
import type { Family } from "./clause.ts";
import type { ClauseId } from "./ids.ts";

/** The keys that the author of a clause fills in. */
const KEYS = ["title", "requirement", "keyword", "level", "status", "observable", "sources"] as const;

/** The next free id of a family. Ids are never used again, so this is the one after the highest. */
export function nextClauseId({ id, clauses }: Pick<Family, "id" | "clauses">): string {
  const numbers = clauses.map((clause: ClauseId) => Number(clause.slice(clause.lastIndexOf("-") + 1)));
  return `${id}-${String(Math.max(0, ...numbers) + 1).padStart(2, "0")}`;
}

/** The entry of a new clause, to be added to the end of its family's file. */
export function clauseScaffold(id: string): string {
  return `\n  - id: ${id}\n${KEYS.map((key) => `    ${key}:\n`).join("")}`;
}
