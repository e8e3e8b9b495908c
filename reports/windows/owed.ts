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

function ofKernel(kernel: string, ledger: Ledger): Profile | undefined {
  const version = /^\d+\.\d+/.exec(kernel)?.[0];
  if (version === undefined) return undefined;
  const releases = releasesOf(ledger);
  const reached = releases.filter((release) => compareVersions(release.version, version) <= 0);
  return (reached.at(-1) ?? releases[0])?.profile;
}

/** A release of the kernel that the ledger has a profile of. */
interface Release {
  readonly version: string;
  readonly profile: Profile;
}

/** The releases of the kernel that the ledger knows, the oldest first. */
function releasesOf({ profiles }: Ledger): readonly Release[] {
  return [...profiles.values()]
    .flatMap((profile) => {
      const [, version] = /^mainline-(\d+\.\d+)$/.exec(profile.id) ?? [];
      return version === undefined ? [] : [{ version, profile }];
    })
    .toSorted((one, other) => compareVersions(one.version, other.version));
}

/**
 * The releases that owe a clause, in words such as `owed since 7.1`; nothing where all releases that the ledger knows
 * owe it, or none.
 */
export function owedSince(clause: ClauseId, ledger: Ledger): string | undefined {
  const releases = releasesOf(ledger);
  const owing = releases.filter(({ profile }) => profile.clauses.has(clause));
  const [first, last] = [owing[0], owing.at(-1)];
  if (!first || !last || owing.length === releases.length) return undefined;
  const [since, until] = [first !== releases[0], last !== releases.at(-1)];
  if (since && until) return `owed from ${first.version} to ${last.version}`;
  return since ? `owed since ${first.version}` : `owed up to ${last.version}`;
}

const collator = new Intl.Collator("en", { numeric: true });

/** Orders versions such as `6.12` and `7.0`, the older one first. */
export function compareVersions(one: string, other: string): number {
  return collator.compare(one, other);
}
