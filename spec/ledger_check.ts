/**
 * What must be right between the files of the ledger, beyond the shape of each.
 *
 * @module
 */
import type { Clause, ClauseText, FamilyText, Source } from "./clause.ts";
import type { Report } from "./diagnostic.ts";
import type { ClauseId } from "./ids.ts";
import { didYouMean } from "./nearest.ts";
import type { Sources } from "./sources.ts";
import { partAt } from "./tree.ts";
import type { YamlFile } from "./yaml_file.ts";

/** A file of the ledger whose shape is right. */
export interface SourceFile<T> {
  readonly value: T;
  readonly yaml: YamlFile;
  /** Reports a mistake in it. */
  readonly report: Report;
}

type Path = readonly PropertyKey[];

/** Where the part that a path leads to begins; the start of the file where it leads nowhere. */
export function offsetOf(yaml: YamlFile, path: Path): number {
  return partAt(yaml.tree, path)?.at ?? yaml.tree.at;
}

/** Checks families, sources, kernels and references of every clause. */
export function checkFamilies(
  files: readonly SourceFile<FamilyText>[],
  clauses: ReadonlyMap<ClauseId, Clause>,
  sources: Sources,
): void {
  const families = new Map<string, string>();
  for (const file of files) {
    const { family, clauses: texts } = file.value;
    const twin = families.get(family);
    if (twin !== undefined) {
      file.report(offsetOf(file.yaml, ["family"]), {
        code: "duplicate-id",
        message: `The family ${family} has a file already: ${twin}`,
        hint: "Put its clauses there, or choose another name",
      });
    }
    families.set(family, file.yaml.file);
    texts.forEach((text, index) => checkClause(text, ["clauses", index], file, clauses, sources));
  }
}

function checkClause(
  text: ClauseText,
  path: Path,
  file: SourceFile<FamilyText>,
  clauses: ReadonlyMap<ClauseId, Clause>,
  sources: Sources,
): void {
  checkFamily(text, path, file);
  for (const key of ["since", "until"] as const) {
    const version = text[key];
    if (version !== undefined) checkKernel(version, [...path, key], file, sources);
  }
  text.sources.forEach((source, index) =>
    checkSource(source, [...path, "sources", index], file, clauses, sources)
  );
  text.contested?.forEach(({ source }, index) => {
    if (source) checkSource(source, [...path, "contested", index, "source"], file, clauses, sources);
  });
  checkStatus(text, path, file);
}

function checkFamily({ id }: ClauseText, path: Path, { value, yaml, report }: SourceFile<FamilyText>): void {
  if (id.startsWith(`${value.family}-`)) return;
  report(offsetOf(yaml, [...path, "id"]), {
    code: "wrong-family",
    message: `${id} stands in the file of the family ${value.family}`,
    hint: `Let its id begin with ${value.family}-, or move it to the file of its family`,
  });
}

function checkStatus(text: ClauseText, path: Path, { yaml, report }: SourceFile<FamilyText>): void {
  if (text.status !== "contested" || text.contested !== undefined) return;
  report(offsetOf(yaml, [...path, "status"]), {
    code: "inconsistent",
    message: `${text.id} is contested and does not say what others hold`,
    hint: 'Add "contested" with a holder and the alternative, or change the status',
  });
}

function checkSource(
  source: Source,
  path: Path,
  file: SourceFile<unknown>,
  clauses: ReadonlyMap<ClauseId, Clause>,
  { mails, kernels }: Sources,
): void {
  if ("kernel" in source) return checkKernel(source.kernel, [...path, "kernel"], file, { mails, kernels });
  if ("clause" in source) return checkReference(source.clause, [...path, "clause"], file, clauses);
  if (!("mail" in source) || Object.hasOwn(mails, source.mail)) return;
  file.report(offsetOf(file.yaml, [...path, "mail"]), {
    code: "unknown-source",
    message: `The mails of spec/sources.yaml have no "${source.mail}"`,
    hint: didYouMean(source.mail, Object.keys(mails), "Add it there"),
  });
}

function checkKernel(version: string, path: Path, file: SourceFile<unknown>, { kernels }: Sources): void {
  if (Object.hasOwn(kernels, version)) return;
  file.report(offsetOf(file.yaml, path), {
    code: "unknown-kernel",
    message: `The kernels of spec/sources.yaml have no "${version}"`,
    hint: `Use one of: ${Object.keys(kernels).join(", ")}; or add it there`,
  });
}

function checkReference(
  id: ClauseId,
  path: Path,
  { yaml, report }: SourceFile<unknown>,
  clauses: ReadonlyMap<ClauseId, Clause>,
): void {
  if (clauses.has(id)) return;
  report(offsetOf(yaml, path), {
    code: "unknown-clause",
    message: `The ledger has no clause ${id}`,
    hint: didYouMean(id, clauses.keys(), "Look for it in spec/clauses"),
  });
}
