/**
 * The sentences of clauses, for a page.
 *
 * @module
 */
import { clauseIdSchema } from "../../spec/ids.ts";
import type { Ledger } from "../../spec/ledger.ts";

/** Gives the sentence of a clause, or says that there is none. */
export type Requirement = (clause: string) => string;

/** The sentences of a ledger's clauses. */
export function requirementsOf({ clauses }: Pick<Ledger, "clauses">): Requirement {
  return (clause) => {
    const id = clauseIdSchema.safeParse(clause);
    return (id.success ? clauses.get(id.data)?.requirement : undefined) ?? "This suite has no such clause.";
  };
}
