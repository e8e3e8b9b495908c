/**
 * In which released kernels a clause holds: the profiles of the releases tell it, since they list their clauses.
 *
 * @module
 */
import type { ClauseId } from "./ids.ts";
import type { Ledger } from "./ledger.ts";

/** What the profile of a release is called, as in `mainline-7.3`. */
const RELEASE = /^mainline-(\d+(?:\.\d+)+)$/;

/**
 * The releases whose profiles have a clause, the oldest first, as in `["7.1", "7.2"]`; empty where none has it.
 *
 * @param clause the clause
 * @param ledger the ledger with the profiles
 */
export function kernelsWith(clause: ClauseId, { profiles }: Pick<Ledger, "profiles">): readonly string[] {
  return [...profiles.values()].filter((profile) => profile.clauses.has(clause))
    .flatMap(({ id }) => RELEASE.exec(id)?.[1] ?? []).sort(byVersion);
}

function byVersion(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}
