/**
 * Reads a case file: one case for each row of its matrix, or what is wrong with it and where.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import type { Diagnostic, Report } from "../spec/diagnostic.ts";
import { formatDiagnostic, sortDiagnostics } from "../spec/diagnostic.ts";
import { type CaseId, caseIdSchema, type ClauseId } from "../spec/ids.ts";
import type { Ledger } from "../spec/ledger.ts";
import { shape } from "../spec/shape.ts";
import { describeTree, entryOf, partAt, type Tree, type TreeMap } from "../spec/tree.ts";
import { parseYaml, reporter, type YamlFile } from "../spec/yaml_file.ts";
import { type Case, type Race, type Section, SECTIONS } from "./case.ts";
import { headShape } from "./format.ts";
import { unknownClause } from "./lint.ts";
import { readRace } from "./race.ts";
import { readMatrix, type Row, substitute } from "./matrix.ts";
import { readSteps, type StepContext } from "./steps.ts";

/** The cases of a file and what is wrong with it; a file with mistakes gives no cases. */
export interface ParsedFile {
  /** The cases, in the order of the rows. */
  readonly cases: readonly Case[];
  /** What is wrong. */
  readonly diagnostics: readonly Diagnostic[];
}

/** What a case file is held against. */
export interface ParseOptions {
  /** Its name in diagnostics. */
  readonly file: string;
  /** The id of the case without a row, as in `vfio/revoke/double-revoke`. */
  readonly path: string;
  /** The ledger that has the clauses. */
  readonly ledger: Pick<Ledger, "clauses">;
}

/** Parses the text of a case file. */
export function parseCases(text: string, options: ParseOptions): ParsedFile {
  const result = parseYaml(text, options.file);
  return result.ok ? readCases(result.yaml, options) : { cases: [], diagnostics: result.diagnostics };
}

/** Reads the cases of a file that has been parsed as YAML. */
export function readCases(yaml: YamlFile, options: ParseOptions): ParsedFile {
  const diagnostics: Diagnostic[] = [];
  const report = reporter(yaml, diagnostics);
  if (yaml.tree.kind !== "map") {
    report(yaml.tree.at, notACase(yaml.tree));
    return { cases: [], diagnostics };
  }
  const body: TreeMap = { ...yaml.tree, entries: yaml.tree.entries.filter(({ key }) => key !== "matrix") };
  const rows = readMatrix(entryOf(yaml.tree, "matrix")?.value, body, report);
  if (diagnostics.length > 0) return { cases: [], diagnostics: sortDiagnostics(diagnostics) };
  const read = rows.map((row) => readRow(substitute(body, row), row, yaml, options));
  const mistakes = mistakesOf(read, rows);
  if (mistakes.length > 0) return { cases: [], diagnostics: sortDiagnostics(mistakes) };
  return { cases: read.flatMap((one) => one.case ?? []), diagnostics: [] };
}

function notACase(tree: Tree) {
  return {
    code: "wrong-type",
    message: `Expected the keys of a case, found ${describeTree(tree)}`,
    hint: 'Begin with "title:", "why:" and "clauses:"',
  } as const;
}

interface ReadRow {
  readonly case?: Case | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/** The mistakes of every row; one that not all rows have says in which row it is. */
function mistakesOf(read: readonly ReadRow[], rows: readonly Row[]): readonly Diagnostic[] {
  const counts = new Map<string, number>();
  for (const { diagnostics } of read) {
    for (const key of new Set(diagnostics.map(formatDiagnostic))) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return read.flatMap(({ diagnostics }, index) =>
    diagnostics.map((diagnostic) => {
      if (counts.get(formatDiagnostic(diagnostic)) === rows.length) return diagnostic;
      return { ...diagnostic, message: `${diagnostic.message}, in the row ${rows[index]?.label}` };
    })
  );
}

const list = z.array(z.unknown());

const bodySchema = z.strictObject({
  ...headShape,
  matrix: z.unknown().optional(),
  given: list.optional(),
  control: list.optional(),
  when: list.optional(),
  race: z.unknown().optional(),
  allowed: z.unknown().optional(),
  then: list.optional(),
});

function readRow(body: Tree, row: Row, yaml: YamlFile, options: ParseOptions): ReadRow {
  const diagnostics: Diagnostic[] = [];
  const report = reporter(yaml, diagnostics);
  const head = shape(bodySchema, body, report);
  const id = readId(`${options.path}${row.label}`, body.at, report);
  const { sections, race } = readSections(body, yaml, report);
  if (head) checkClauses(head.clauses, body, options.ledger, report);
  if (!head || !id || diagnostics.length > 0) return { diagnostics };
  const { title, why, clauses, dangerous } = head;
  const { file, text } = yaml;
  const digest = `sha256:${createHash("sha256").update(text).update("\0").update(row.label).digest("hex")}`;
  const { "no control": noControl, "no mutant": noMutant } = head;
  const source = { file, text, digest };
  return {
    case: { id, title, why, clauses, sections, race, noControl, noMutant, dangerous, source },
    diagnostics,
  };
}

function readId(text: string, at: number, report: Report): CaseId | undefined {
  const parsed = caseIdSchema.safeParse(text);
  if (parsed.success) return parsed.data;
  report(at, {
    code: "bad-path",
    message: `"${text}" cannot be the id of a case`,
    hint: "Name files and folders with small letters, digits, - and _ only",
  });
  return undefined;
}

function readSections(
  body: Tree,
  yaml: YamlFile,
  report: Report,
): Pick<Case, "sections" | "race"> {
  checkSections(body, report);
  const context = { yaml, scope: new Map(), report };
  const stepsOf = (section: Section) => {
    const part = entryOf(body, section)?.value;
    return part?.kind === "list" ? readSteps(part.items, section, context) : [];
  };
  const [given, control, when] = [stepsOf("given"), stepsOf("control"), stepsOf("when")];
  const race = raceOf(body, context);
  const steps = race?.threads.flatMap((thread) => thread.steps) ?? [];
  return { sections: { given, control, when, race: steps, then: stepsOf("then") }, race };
}

function raceOf(body: Tree, context: StepContext): Race | undefined {
  const race = entryOf(body, "race");
  const allowed = entryOf(body, "allowed");
  if (race) return readRace(race, allowed, context);
  if (allowed) {
    context.report(allowed.keyAt, {
      code: "unknown-key",
      message: '"allowed" says how a race may end, and there is no race',
      hint: 'Add "race:" with the threads, or remove it',
    });
  }
  return undefined;
}

/** A case must begin with something that is there or works, and then do something. */
function checkSections(body: Tree, report: Report): void {
  for (const section of SECTIONS) {
    const part = entryOf(body, section)?.value;
    if (part?.kind === "list" && part.items.length === 0) {
      report(part.at, {
        code: "empty-section",
        message: `"${section}" has no steps`,
        hint: `Write a step, or remove "${section}"`,
      });
    }
  }
  if (!entryOf(body, "given") && !entryOf(body, "control")) {
    report(body.at, missingSection("given", "control"));
  }
  if (!["when", "race", "then"].some((section) => entryOf(body, section))) {
    report(body.at, missingSection("when", "then"));
  }
}

function missingSection(one: Section, other: Section) {
  return {
    code: "empty-section",
    message: `The case has neither "${one}" nor "${other}"`,
    hint: `Add "${one}:" with a list of steps`,
  } as const;
}

function checkClauses(
  clauses: readonly ClauseId[],
  body: Tree,
  ledger: Pick<Ledger, "clauses">,
  report: Report,
): void {
  clauses.forEach((clause, index) => {
    if (ledger.clauses.has(clause)) return;
    report(partAt(body, ["clauses", index])?.at ?? body.at, unknownClause(clause, ledger));
  });
}
