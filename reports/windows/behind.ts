/**
 * What stands behind a clause: itself, and the clauses that say otherwise, or that it rests on. Where a clause quotes a mail
 * alone, it is those that name the files of the kernel.
 *
 * @module
 */
import type { Clause, Source } from "../../spec/clause.ts";
import type { Ledger } from "../../spec/ledger.ts";

/** A clause, and those that its sources and its alternatives name. */
export function clausesBehind(clause: Clause, ledger: Ledger): readonly Clause[] {
  const cited = [...clause.sources, ...clause.contested.flatMap(({ source }) => source ? [source] : [])];
  const others = cited.flatMap((source) => "clause" in source ? ledger.clauses.get(source.clause) ?? [] : []);
  return [clause, ...new Set(others)];
}

/** The files of the kernel that some sources cite, each once. */
export function filesOf(sources: readonly Source[]): string[] {
  const files = sources.flatMap((source) =>
    "file" in source && source.file !== undefined ? [source.file] : []
  );
  return [...new Set(files)].sort();
}
