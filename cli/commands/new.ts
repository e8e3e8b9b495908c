/**
 * `conform new case` and `conform new clause`: the begin of a file or an entry, and what its author does next.
 *
 * @module
 */
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { parseCases } from "../../cases/parse.ts";
import { caseScaffold } from "../../cases/scaffold.ts";
import { formatDiagnostic } from "../../spec/diagnostic.ts";
import { caseIdSchema, type ClauseId, clauseIdSchema } from "../../spec/ids.ts";
import { LedgerError, loadLedger } from "../../spec/ledger.ts";
import { didYouMean } from "../../spec/nearest.ts";
import { relatedClauses } from "../../spec/related.ts";
import { clauseScaffold, nextClauseId } from "../../spec/scaffold.ts";
import { Failure, type Io } from "../io.ts";
import { loadSuite, type Suite } from "../suite.ts";
import { messageOf } from "../../spec/message_of.ts";

/** The folder that has `cases/` and `spec/`. */
export const OWN_ROOT: URL = new URL("../../", import.meta.url);

/** What `conform new case` is given. */
export interface NewCaseArguments {
  /** The id that the case will have. */
  readonly path: string;
  /** The clauses that it will verify. */
  readonly clauses: readonly string[];
}

/** Carries out `conform new case` and gives the exit status. */
export function newCase({ path, clauses }: NewCaseArguments, io: Io, root: URL = OWN_ROOT): number {
  const suite = loadSuite();
  const id = casePath(path);
  const known = clauses.map((clause) => knownClause(clause, suite));
  const file = `cases/${id}.yaml`;
  const text = caseScaffold(id, known);
  create(new URL(file, root), file, text);
  io.out(`${file}\n`);
  const { diagnostics } = parseCases(text, { file, path: id, ledger: suite.ledger });
  io.err([
    "To fill in:",
    ...diagnostics.map((each) => `  ${formatDiagnostic(each)}`),
    ...known.flatMap((clause) => requirementOf(clause, suite)),
    ...(known.length === 0 ? suggestions(id, suite) : []),
    ...neighbours(id, known, suite),
    `Then: conform lint, and conform run ${id}`,
    "",
  ].join("\n"));
  return 0;
}

function casePath(path: string): string {
  const id = path.replace(/^(\.\/)?(cases\/)?/, "").replace(/\.yaml$/, "");
  if (caseIdSchema.safeParse(id).success && !id.includes("[") && !id.endsWith("/") && !id.includes("//")) {
    return id;
  }
  throw new Failure(
    2,
    `"${path}" cannot be the path of a case`,
    "Name it with small letters, digits, - and _ only, as in vfio/revoke/double-revoke",
  );
}

function knownClause(name: string, { ledger }: Suite): ClauseId {
  const id = clauseIdSchema.safeParse(name);
  if (id.success && ledger.clauses.has(id.data)) return id.data;
  const hint = didYouMean(name, ledger.clauses.keys(), "Start it with: conform new clause FAMILY");
  throw new Failure(2, `There is no clause "${name}"`, hint);
}

function requirementOf(id: ClauseId, { ledger }: Suite): readonly string[] {
  const clause = ledger.clauses.get(id);
  return clause ? [`${id}: ${clause.requirement}`] : [];
}

function suggestions(path: string, { ledger }: Suite): readonly string[] {
  const found = relatedClauses(path, ledger);
  if (found.length === 0) return [];
  return [
    "Perhaps it verifies one of these:",
    ...found.map(({ id, requirement }) => `  ${id}: ${requirement}`),
  ];
}

/** Cases to learn from: of the same clauses, or else of the same folder. */
function neighbours(path: string, clauses: readonly ClauseId[], { cases }: Suite): readonly string[] {
  const same = cases.filter((each) => each.clauses.some((clause) => clauses.includes(clause)));
  const folder = path.slice(0, path.lastIndexOf("/") + 1);
  const near = same.length > 0 ? same : cases.filter(({ id }) => folder !== "" && id.startsWith(folder));
  const files = [...new Set(near.map(({ source }) => source.file))].slice(0, 5);
  return files.length === 0 ? [] : ["Cases nearby:", ...files.map((file) => `  ${file}`)];
}

/** Carries out `conform new clause` and gives the exit status. */
export function newClause(name: string, io: Io, root: URL = OWN_ROOT): number {
  const { ledger } = loadSuite();
  const [family = name] = /^[A-Z][A-Z0-9]*(?=-\d+$)/.exec(name) ?? [];
  const known = ledger.families.get(family);
  if (!known) {
    throw new Failure(
      2,
      `There is no family "${family}"`,
      didYouMean(
        family,
        ledger.families.keys(),
        "A new family is a new file in spec/clauses; copy the begin of one",
      ),
    );
  }
  const id = nextClauseId(known);
  if (name !== family && name !== id) {
    throw new Failure(
      2,
      `${name} cannot be the next clause of ${family}`,
      `Ids never change or return; take ${id}`,
    );
  }
  const file = `spec/clauses/${family.toLowerCase()}.yaml`;
  const line = append(new URL(file, root), file, clauseScaffold(id));
  io.out(`${file}:${line}\n`);
  io.err([
    "To fill in:",
    ...mistakes(root).map((each) => `  ${each}`),
    `Until then the ledger cannot be read. Then: conform lint, and conform new case PATH --clause ${id}`,
    "",
  ].join("\n"));
  return 0;
}

/** What the ledger says of itself now. */
function mistakes(root: URL): readonly string[] {
  try {
    loadLedger(new URL("spec/", root));
    return [];
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    return error.diagnostics.map(formatDiagnostic);
  }
}

function create(at: URL, file: string, text: string): void {
  writing(file, () => {
    mkdirSync(dirname(fileURLToPath(at)), { recursive: true });
    writeFileSync(at, text, { flag: "wx" });
  });
}

/** Adds to the end of a file and gives the line where the new entry begins. */
function append(at: URL, file: string, text: string): number {
  return writing(file, () => {
    const before = readFileSync(at, "utf8");
    appendFileSync(at, text);
    return before.split("\n").length + 1;
  });
}

function writing<T>(file: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") {
      throw new Failure(2, `${file} is there already`, "Take another path, or change that file", error);
    }
    const reason = messageOf(error);
    throw new Failure(
      2,
      `${file} cannot be written: ${reason}`,
      "Call this in a checkout that you may write",
      error,
    );
  }
}
