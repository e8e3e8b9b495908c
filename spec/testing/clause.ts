/**
 * Clauses of tests, which no ledger has.
 *
 * @module
 */
import type { Clause } from "../clause.ts";
import { type ClauseId, clauseIdSchema } from "../ids.ts";

/** A clause that everybody can see and that no test has to look at more closely, with its id for a map. */
export function clauseOf(id: string, more: Partial<Clause> = {}): [ClauseId, Clause] {
  const parsed = clauseIdSchema.parse(id);
  return [parsed, {
    id: parsed,
    family: "AB",
    title: "A clause",
    requirement: "It MUST hold.",
    keyword: "MUST",
    level: "code",
    status: "mainline",
    observable: ["userspace"],
    sources: [],
    contested: [],
    at: { file: "ab.yaml", line: 1, column: 1 },
    ...more,
  }];
}
