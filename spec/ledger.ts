/**
 * The ledger: every clause, the profiles that are made of them, and what they cite.
 *
 * @module
 */
import { createHash, type Hash } from "node:crypto";
import type { z } from "zod";
import { type Clause, type ClauseText, type Family, familySchema, type FamilyText } from "./clause.ts";
import {
  type Diagnostic,
  type Finding,
  formatDiagnostic,
  type Position,
  sortDiagnostics,
} from "./diagnostic.ts";
import type { ClauseId, ProfileId } from "./ids.ts";
import { checkFamilies, offsetOf, type SourceFile } from "./ledger_check.ts";
import { type Profile, profileSchema } from "./profile.ts";
import { resolveProfiles } from "./profile_clauses.ts";
import { shape } from "./shape.ts";
import { type Sources, sourcesSchema } from "./sources.ts";
import { readYamlFile, reporter } from "./yaml_file.ts";
import { messageOf } from "./message_of.ts";

/** Everything that the suite knows of what must hold. */
export interface Ledger {
  /** The clauses, in the order of the files. */
  readonly clauses: ReadonlyMap<ClauseId, Clause>;
  /** The families by what their clauses' ids begin with, in the order of their files. */
  readonly families: ReadonlyMap<string, Family>;
  /** The profiles, in the order of their ids. */
  readonly profiles: ReadonlyMap<ProfileId, Profile>;
  /** What the clauses cite. */
  readonly sources: Sources;
  /** Digest of the files, as `sha256:<hex>`; two ledgers with the same digest say the same. */
  readonly digest: string;
}

/** The ledger has mistakes; `diagnostics` says which. */
export class LedgerError extends Error {
  /** Every mistake, in the order of the files. */
  readonly diagnostics: readonly Diagnostic[];

  /** Makes an error of the mistakes. */
  constructor(diagnostics: readonly Diagnostic[]) {
    super(`The ledger has mistakes:\n${diagnostics.map(formatDiagnostic).join("\n")}`);
    this.name = "LedgerError";
    this.diagnostics = diagnostics;
  }
}

const OWN_LEDGER = new URL("./", import.meta.url);

/**
 * Reads the ledger.
 *
 * @param folder the folder with `clauses/`, `profiles/` and `sources.yaml`; the suite's own where left out
 * @throws {LedgerError} if a file cannot be read or says something wrong
 */
export function loadLedger(folder: URL = OWN_LEDGER): Ledger {
  const reading: Reading = { folder, diagnostics: [], hash: createHash("sha256") };
  const sources = readAs("sources.yaml", sourcesSchema, reading);
  const families = readFolder("clauses", familySchema, reading);
  const whole = reading.diagnostics.length === 0;
  const profileFiles = readFolder("profiles", profileSchema, reading);
  // Clauses of a file that cannot be read would be missed everywhere else, which hides what there is to mend.
  if (!whole) throw new LedgerError(sortDiagnostics(reading.diagnostics));
  const clauses = collectClauses(families);
  if (sources) checkFamilies(families, clauses, sources.value);
  const profiles = resolveProfiles(profileFiles, clauses);
  if (reading.diagnostics.length > 0 || !sources) throw new LedgerError(sortDiagnostics(reading.diagnostics));
  return {
    clauses,
    families: new Map(families.map(({ value }) => [value.family, familyOf(value)])),
    profiles,
    sources: sources.value,
    digest: `sha256:${reading.hash.digest("hex")}`,
  };
}

interface Reading {
  readonly folder: URL;
  readonly diagnostics: Diagnostic[];
  readonly hash: Hash;
}

function readFolder<T>(name: string, schema: z.ZodType<T>, reading: Reading): readonly SourceFile<T>[] {
  const folder = new URL(`${name}/`, reading.folder);
  try {
    const names = [...Deno.readDirSync(folder)].map((entry) => entry.name).filter((one) =>
      one.endsWith(".yaml")
    );
    return names.sort().flatMap((one) => readAs(`${name}/${one}`, schema, reading) ?? []);
  } catch (error) {
    const reason = messageOf(error);
    reading.diagnostics.push({
      file: labelOf(name, reading.folder),
      line: 1,
      column: 1,
      code: "unreadable",
      message: `The folder cannot be read: ${reason}`,
      hint: "Check that it exists and that you may read it",
    });
    return [];
  }
}

function readAs<T>(name: string, schema: z.ZodType<T>, reading: Reading): SourceFile<T> | undefined {
  const result = readYamlFile(new URL(name, reading.folder), labelOf(name, reading.folder));
  if (!result.ok) {
    reading.diagnostics.push(...result.diagnostics);
    return undefined;
  }
  const { yaml } = result;
  reading.hash.update(`${name}\0${yaml.text}\0`);
  const report = reporter(yaml, reading.diagnostics);
  const value = shape(schema, yaml.tree, report);
  return value === undefined ? undefined : { value, yaml, report };
}

function labelOf(name: string, folder: URL): string {
  return folder.href === OWN_LEDGER.href
    ? `spec/${name}`
    : decodeURIComponent(new URL(name, folder).pathname);
}

function collectClauses(files: readonly SourceFile<FamilyText>[]): ReadonlyMap<ClauseId, Clause> {
  const clauses = new Map<ClauseId, Clause>();
  for (const { value, yaml, report } of files) {
    value.clauses.forEach((text, index) => {
      const at = offsetOf(yaml, ["clauses", index, "id"]);
      const twin = clauses.get(text.id);
      if (twin) report(at, duplicateId(text.id, twin.at));
      else clauses.set(text.id, clauseOf(text, value.family, yaml.positionOf(at)));
    });
  }
  return clauses;
}

function duplicateId(id: string, { file, line }: Position): Finding {
  return {
    code: "duplicate-id",
    message: `${id} is already the id of another one, at ${file}:${line}`,
    hint: "Give it the next number that is free",
  };
}

function clauseOf(text: ClauseText, family: string, at: Position): Clause {
  const { "not-tested": notTested, contested = [], ...rest } = text;
  return { ...rest, family, contested, notTested, at };
}

function familyOf({ family, title, summary, clauses }: FamilyText): Family {
  return { id: family, title, summary, clauses: clauses.map(({ id }) => id) };
}
