/**
 * What the ledger says that a run owes: the clauses of the kernel that it ran on, or of the proposal.
 *
 * @module
 */
import type { ClauseId } from "../../spec/ids.ts";
import type { Ledger } from "../../spec/ledger.ts";
import type { Profile } from "../../spec/profile.ts";
import type { RunHead } from "../compare/mod.ts";

/** The clauses that a target owes, by the ledger. */
export interface Owed {
  /** The profile that says so; missing where the ledger has none for such a target. */
  readonly profile: string | undefined;
  /** The clauses. */
  readonly clauses: ReadonlySet<ClauseId>;
}

/**
 * What a target owes. A simulator of a proposal owes the proposal; whatever runs or models a kernel owes the profile of
 * the newest release that is not newer, and the oldest one where all are.
 */
export function owedBy({ target, kernel }: Pick<RunHead, "target" | "kernel">, ledger: Ledger): Owed {
  const profile = ofDialect(target, ledger) ?? ofKernel(kernel, ledger);
  return { profile: profile?.id, clauses: profile?.clauses ?? new Set() };
}

function ofDialect(target: string, { profiles }: Ledger): Profile | undefined {
  const [, dialect] = /^sim:([^+]+)/.exec(target) ?? [];
  return [...profiles.values()].find(({ id }) => id === dialect);
}

function ofKernel(kernel: string, { profiles }: Ledger): Profile | undefined {
  const version = /^\d+\.\d+/.exec(kernel)?.[0];
  if (version === undefined) return undefined;
  const releases = [...profiles.values()]
    .flatMap((profile) => {
      const [, of] = /^mainline-(\d+\.\d+)$/.exec(profile.id) ?? [];
      return of === undefined ? [] : [{ profile, of }];
    })
    .toSorted((one, other) => compareVersions(one.of, other.of));
  const reached = releases.filter(({ of }) => compareVersions(of, version) <= 0);
  return (reached.at(-1) ?? releases[0])?.profile;
}

const collator = new Intl.Collator("en", { numeric: true });

/** Orders versions such as `6.12` and `7.0`, the older one first. */
export function compareVersions(one: string, other: string): number {
  return collator.compare(one, other);
}
