/**
 * Holds the citations of kernel files against a source tree, and two source trees against each other.
 *
 * @module
 */
import type { ClauseId } from "../ids.ts";
import { type Definition, definitionsNamed, definitionsOf, essenceOf } from "./c_source.ts";
import { citationText, type KernelCitation, rangesOf } from "./citation.ts";
import type { CitationFinding } from "./mails.ts";

/** A kernel source tree. */
export interface KernelTree {
  /** Its version, as in `7.3.4`, from its Makefile. */
  readonly version: string;
  /**
   * The lines of each file that a path stands for, by path; empty where there is none.
   *
   * @param path a path in the tree, with `*` for any folder
   */
  readonly read: (path: string) => ReadonlyMap<string, readonly string[]>;
}

/** The version that a kernel's top Makefile gives, or `undefined` if it is none. */
export function versionOf(makefile: readonly string[]): string | undefined {
  const parts = ["VERSION", "PATCHLEVEL", "SUBLEVEL"].map((name) => {
    const line = makefile.find((each) => new RegExp(`^${name}\\s*=`).test(each));
    return line?.slice(line.indexOf("=") + 1).trim();
  });
  const [version, patchlevel, sublevel] = parts;
  if (!version || !patchlevel) return undefined;
  return sublevel ? `${version}.${patchlevel}.${sublevel}` : `${version}.${patchlevel}`;
}

/** Tells whether a tree is of the release that a citation names. */
export function isOf(tree: KernelTree, kernel: string): boolean {
  return tree.version === kernel || tree.version.startsWith(`${kernel}.`);
}

/** Checks the citations of kernels against a tree. Line numbers count only in a tree of the cited release. */
export function checkKernel(
  citations: readonly KernelCitation[],
  tree: KernelTree,
): readonly CitationFinding[] {
  const findings = new Map<string, CitationFinding>();
  for (const found of citations.flatMap((citation) => findingsOf(citation, tree))) {
    const clauses = new Set([...findings.get(found.message)?.clauses ?? [], ...found.clauses]);
    findings.set(found.message, { ...found, clauses: [...clauses] });
  }
  return [...findings.values()];
}

function findingsOf(citation: KernelCitation, tree: KernelTree): readonly CitationFinding[] {
  const { kernel, file, clauses } = citation;
  const files = tree.read(file);
  if (files.size > 0) {
    return [...functionFindings(citation, files, tree), ...lineFindings(citation, files, tree)];
  }
  const message = `Linux ${tree.version} has no file ${file}`;
  return [{
    fault: "missing-file",
    citation: `Linux ${kernel}, ${file}`,
    message,
    hint: writtenFor(kernel),
    clauses,
  }];
}

function writtenFor(kernel: string): string {
  return `The citation was written for Linux ${kernel}; look for where it has gone`;
}

type Files = ReadonlyMap<string, readonly string[]>;

function functionFindings(
  { function: name, kernel, file, clauses }: KernelCitation,
  files: Files,
  tree: KernelTree,
): readonly CitationFinding[] {
  if (name === undefined || [...files.values()].some((lines) => definitionsNamed(lines, name).length > 0)) {
    return [];
  }
  const message = `${file} of Linux ${tree.version} defines no ${name}()`;
  const citation = `Linux ${kernel}, ${file}, ${name}()`;
  return [{ fault: "no-function", citation, message, hint: writtenFor(kernel), clauses }];
}

function lineFindings(cited: KernelCitation, files: Files, tree: KernelTree): readonly CitationFinding[] {
  if (cited.lines === undefined) return [];
  const about = { citation: `Linux ${cited.kernel}, ${citationText(cited)}`, clauses: cited.clauses };
  const ranges = rangesOf(cited.lines);
  if (!ranges) {
    const message = `"${cited.lines}" does not say lines`;
    return [{ ...about, fault: "bad-lines", message, hint: "Write lines as in 110-111, 118" }];
  }
  const longest = Math.max(...[...files.values()].map(({ length }) => length));
  const last = Math.max(...ranges.map((range) => range.last));
  if (!isOf(tree, cited.kernel) || last <= longest) return [];
  const message = `Line ${last} lies beyond the end: ${cited.file} has ${longest} lines`;
  return [{ ...about, fault: "beyond-the-end", message, hint: "Correct the lines" }];
}

/** What has become of a cited function from one tree to another; of the file, where no function is cited. */
export type Change = "same" | "changed" | "new" | "gone" | "in neither";

/** A cited function, or a cited file, in two trees. */
export interface ComparedPlace {
  /** The path in the tree. */
  readonly file: string;
  /** The function; left out where the file as a whole is compared. */
  readonly function?: string | undefined;
  /** What has become of it. */
  readonly change: Change;
  /** The clauses that rest on it. */
  readonly clauses: readonly ClauseId[];
}

/**
 * Compares what is cited in two trees. Comments and white space do not count. A citation of lines stands for the
 * function that has these lines in a tree of the cited release.
 */
export function compareKernels(
  citations: readonly KernelCitation[],
  older: KernelTree,
  newer: KernelTree,
): readonly ComparedPlace[] {
  const places = new Map<string, ComparedPlace>();
  for (const citation of citations) {
    for (const name of namesOf(citation, [newer, older])) {
      const key = `${citation.file} ${name ?? ""}`;
      const clauses = new Set([...places.get(key)?.clauses ?? [], ...citation.clauses]);
      const change = changeOf(essenceIn(older, citation.file, name), essenceIn(newer, citation.file, name));
      places.set(key, { file: citation.file, function: name, change, clauses: [...clauses] });
    }
  }
  return [...places.values()];
}

function changeOf(before: string | undefined, after: string | undefined): Change {
  if (before === undefined) return after === undefined ? "in neither" : "new";
  if (after === undefined) return "gone";
  return before === after ? "same" : "changed";
}

/** The functions that a citation is about; `undefined` stands for the whole file. */
function namesOf(citation: KernelCitation, trees: readonly KernelTree[]): readonly (string | undefined)[] {
  if (citation.function !== undefined) return [citation.function];
  const tree = trees.find((each) => isOf(each, citation.kernel));
  const ranges = rangesOf(citation.lines ?? "") ?? [];
  if (!tree || ranges.length === 0) return [undefined];
  const names = [...tree.read(citation.file).values()].flatMap((lines) =>
    definitionsOf(lines).filter((definition) => ranges.some((range) => overlap(range, definition)))
      .map(({ name }) => name)
  );
  return names.length === 0 ? [undefined] : [...new Set(names)];
}

function overlap(a: Pick<Definition, "first" | "last">, b: Pick<Definition, "first" | "last">): boolean {
  return a.first <= b.last && b.first <= a.last;
}

function essenceIn(tree: KernelTree, file: string, name: string | undefined): string | undefined {
  const parts = [...tree.read(file)].flatMap(([path, lines]) =>
    name === undefined
      ? [`${path} ${essenceOf(lines, { first: 1, last: lines.length })}`]
      : definitionsNamed(lines, name).map((definition) => essenceOf(lines, definition))
  );
  return parts.length === 0 ? undefined : parts.join("\n");
}
