/**
 * `conform repro`: a case as a program in C, for those who report a bug.
 *
 * @module
 */
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Case } from "../../cases/case.ts";
import { type ReproClause, reproducerOf, type ReproLanguage } from "../../reports/repro/mod.ts";
import { sourceWords } from "../../reports/specification/text.ts";
import { parseNative } from "../../runners/native/name.ts";
import { referenceFeature, REFERENCES } from "../../runners/native/reference.ts";
import type { Setting } from "../../reports/repro/mod.ts";
import { didYouMean } from "../../spec/nearest.ts";
import { writeWhole } from "../files.ts";
import { Failure, type Io } from "../io.ts";
import { loadSuite, type Suite, tellDiagnostics } from "../suite.ts";

/** What `conform repro` is given. */
export interface ReproArguments {
  readonly name: string;
  readonly language: ReproLanguage;
  readonly target: string;
  readonly out?: string | undefined;
}

const HEADER = fileURLToPath(new URL("../../runners/native/module/uapi/conform.h", import.meta.url));

/** Carries out `conform repro` and gives the exit status. */
export function repro({ name, language, target, out }: ReproArguments, io: Io): number {
  const suite = loadSuite();
  tellDiagnostics(suite, io);
  const case_ = caseNamed(suite, name);
  const made = reproducerOf(case_, {
    language,
    setting: settingOf(target),
    clauses: clausesOf(case_, suite),
    target,
  });
  if (made.kind === "refused") {
    throw new Failure(2, `${case_.id} cannot be written as a program for ${target}: ${made.reason}`);
  }
  if (out === undefined) {
    io.out(made.text);
    return 0;
  }
  const isFolder = existsSync(out) && statSync(out).isDirectory();
  const file = isFolder ? join(out, made.file) : out;
  writeWhole(file, made.text);
  if (isFolder && made.needsModuleHeader) writeWhole(join(out, "conform.h"), readFileSync(HEADER, "utf8"));
  io.out(`${file}\n`);
  return 0;
}

function caseNamed({ byId }: Suite, name: string): Case {
  const found = byId.get(name);
  if (found) return found;
  const hint = didYouMean(name, [...byId.keys()], "conform list shows the cases");
  throw new Failure(2, `There is no case "${name}"`, hint);
}

/** What the name of a native target says of the devices. */
function settingOf(target: string): Setting {
  const isNative = target === "native" || target.startsWith("native:");
  const parsed = isNative
    ? parseNative(target)
    : `A program runs on a kernel, and ${target} is not the native target`;
  if (typeof parsed === "string") {
    throw new Failure(
      2,
      parsed,
      "Name it as in native, native:0000:01:00.0 or native:reference=matt-v1-vfio",
    );
  }
  const reference = REFERENCES.get(parsed.reference ?? "");
  return {
    reference,
    revokeFeature: parsed.revokeFeature ?? referenceFeature(reference),
    devices: parsed.devices,
  };
}

function clausesOf({ clauses }: Case, { ledger }: Suite): readonly ReproClause[] {
  return clauses.flatMap((id) => {
    const clause = ledger.clauses.get(id);
    if (!clause) return [];
    const sources = clause.sources.map((source) => {
      const { title, href, clause, place } = sourceWords(source, ledger.sources);
      return [clause === undefined ? title : `${title} ${clause}`, place, href ?? ""].filter((part) =>
        part !== ""
      )
        .join(", ");
    });
    return [{ id, requirement: clause.requirement, sources }];
  });
}
