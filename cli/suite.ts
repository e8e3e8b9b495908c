/**
 * The suite as commands use it: the ledger, the cases that can be read, and what is wrong with the others.
 *
 * @module
 */
import { createHash } from "node:crypto";
import config from "../deno.json" with { type: "json" };
import type { Case } from "../cases/case.ts";
import { loadCases } from "../cases/load.ts";
import type { SuiteIdentity } from "../reports/record.ts";
import { type Diagnostic, formatDiagnostic } from "../spec/diagnostic.ts";
import { profileIdSchema } from "../spec/ids.ts";
import { type Ledger, LedgerError, loadLedger } from "../spec/ledger.ts";
import { didYouMean } from "../spec/nearest.ts";
import type { Profile } from "../spec/profile.ts";
import { Failure, type Io } from "./io.ts";

/** The version of the suite. */
export const VERSION: string = config.version;

/** The profile that a run without another one is held against. */
export const DEFAULT_PROFILE = "matt-v1-vfio";

/** The suite, loaded. */
export interface Suite {
  readonly ledger: Ledger;
  /** The cases that can be read, in the order of their ids. */
  readonly cases: readonly Case[];
  /** The same, by id. */
  readonly byId: ReadonlyMap<string, Case>;
  /** What is wrong with the files of the others. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Loads the suite.
 *
 * @throws {Failure} with status 4 if the ledger has mistakes; mistakes in cases only leave those cases out
 */
export function loadSuite(): Suite {
  const ledger = ledgerOrFailure();
  const { cases, diagnostics } = loadCases(ledger);
  return { ledger, cases, byId: new Map(cases.map((each) => [each.id, each])), diagnostics };
}

function ledgerOrFailure(): Ledger {
  try {
    return loadLedger();
  } catch (error) {
    if (error instanceof LedgerError) throw new Failure(4, error.message, "Mend the files it names", error);
    throw error;
  }
}

/** Tells of cases that cannot be read; the others are run all the same. */
export function tellDiagnostics({ diagnostics }: Suite, io: Io): void {
  if (diagnostics.length === 0) return;
  io.err(`${diagnostics.map(formatDiagnostic).join("\n")}\n`);
  io.err("The cases in these files are left out. conform lint shows all mistakes\n");
}

/**
 * A profile by its id.
 *
 * @throws {Failure} with status 2 if there is none of that id
 */
export function profileNamed(ledger: Ledger, name: string): Profile {
  const id = profileIdSchema.safeParse(name);
  const profile = id.success ? ledger.profiles.get(id.data) : undefined;
  if (profile) return profile;
  const all = `Take one of ${[...ledger.profiles.keys()].join(", ")}`;
  throw new Failure(2, `There is no profile "${name}"`, didYouMean(name, ledger.profiles.keys(), all));
}

/** What a record says of the suite that made it. */
export function identityOf(ledger: Ledger, cases: readonly Case[]): SuiteIdentity {
  const hash = createHash("sha256");
  for (const { id, source } of cases) hash.update(`${id} ${source.digest}\n`);
  return { version: VERSION, ledger: ledger.digest, cases: `sha256:${hash.digest("hex")}` };
}
