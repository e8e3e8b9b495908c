/**
 * Finds the case files and reads them.
 *
 * @module
 */
import { type Diagnostic, sortDiagnostics } from "../spec/diagnostic.ts";
import type { Ledger } from "../spec/ledger.ts";
import { readYamlFile } from "../spec/yaml_file.ts";
import type { Case } from "./case.ts";
import { type ParsedFile, readCases } from "./parse.ts";
import { messageOf } from "../spec/message_of.ts";

/** The cases of a folder, in the order of their ids, and what is wrong with the files. */
export interface LoadedCases {
  /** The cases. */
  readonly cases: readonly Case[];
  /** What is wrong, in the order of the files. */
  readonly diagnostics: readonly Diagnostic[];
}

/** The folder of the suite's own cases. */
const OWN_CASES = new URL("./", import.meta.url);

/**
 * Reads every `.yaml` file of a folder and of the folders in it.
 *
 * @param ledger the ledger that has the clauses
 * @param folder the folder; the suite's own cases where left out
 */
export function loadCases(ledger: Pick<Ledger, "clauses">, folder?: string): LoadedCases {
  const root = folder === undefined ? OWN_CASES : folder;
  const label = folder === undefined ? "cases" : folder.replace(/\/+$/, "");
  const listed = listFiles(root, label);
  if (!Array.isArray(listed)) return { cases: [], diagnostics: [listed] };
  const files = listed.map((path) => loadFile(root, label, path, ledger));
  return {
    cases: files.flatMap(({ cases }) => cases),
    diagnostics: sortDiagnostics(files.flatMap(({ diagnostics }) => diagnostics)),
  };
}

function loadFile(
  root: string | URL,
  label: string,
  path: string,
  ledger: Pick<Ledger, "clauses">,
): ParsedFile {
  const file = `${label}/${path}`;
  const result = readYamlFile(join(root, path), file);
  if (!result.ok) return { cases: [], diagnostics: result.diagnostics };
  return readCases(result.yaml, { file, path: path.replace(/\.yaml$/, ""), ledger });
}

function join(root: string | URL, path: string): string | URL {
  return typeof root === "string" ? `${root}/${path}` : new URL(path, root);
}

/** The paths of the case files below a folder, sorted, or why they cannot be listed. */
function listFiles(root: string | URL, label: string): string[] | Diagnostic {
  try {
    return [...walk(root, "")].sort();
  } catch (error) {
    const reason = messageOf(error);
    return {
      file: label,
      line: 1,
      column: 1,
      code: "unreadable",
      message: `The folder cannot be read: ${reason}`,
      hint: "Check that it exists and that you may read it",
    };
  }
}

function* walk(root: string | URL, prefix: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(join(root, prefix))) {
    if (isDirectory) yield* walk(root, `${prefix}${name}/`);
    else if (name.endsWith(".yaml")) yield `${prefix}${name}`;
  }
}
