/**
 * Holds the citations of kernel files against a source tree.
 *
 * @module
 */
import { definitionsNamed } from "./c_source.ts";
import { citationText, type KernelCitation, type LineRange, rangesOf, rangeText } from "./citation.ts";
import { digestOf, type Digests, type RecordedKernel, type RecordedPlace } from "./digests.ts";
import type { CitationFinding } from "./mails.ts";
import { type Files, namesAt, type Place, placeDigest, placeOfLines, rangeOfText } from "./place.ts";

/** A kernel source tree. */
export interface KernelTree {
  /** Its version, as in `7.3.4`, from its Makefile. */
  readonly version: string;
  /**
   * The lines of each file that a path stands for, by path; empty where there is none.
   *
   * @param path a path in the tree, with `*` for any folder
   */
  readonly read: (path: string) => Files;
  /** The paths of the source files in the folder of a path, sorted. */
  readonly beside: (path: string) => readonly string[];
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
export function isOf({ version }: Pick<KernelTree, "version">, kernel: string): boolean {
  return version === kernel || version.startsWith(`${kernel}.`);
}

/**
 * Checks the citations of kernels against a tree. Lines count only in a tree of the cited release: there they must
 * lie in the function that is named, and say what they said when they were last read.
 */
export function checkKernel(
  citations: readonly KernelCitation[],
  tree: KernelTree,
  recorded: Digests["kernels"],
): readonly CitationFinding[] {
  const findings = new Map<string, CitationFinding>();
  for (const found of citations.flatMap((citation) => findingsOf(citation, tree, recorded))) {
    const clauses = new Set([...findings.get(found.message)?.clauses ?? [], ...found.clauses]);
    findings.set(found.message, { ...found, clauses: [...clauses] });
  }
  return [...findings.values()];
}

function findingsOf(
  citation: KernelCitation,
  tree: KernelTree,
  recorded: Digests["kernels"],
): readonly CitationFinding[] {
  const { kernel, file } = citation;
  const files = tree.read(file);
  if (files.size === 0) {
    const message = `Linux ${tree.version} has no file ${file}`;
    return [finding(citation, "missing-file", message, writtenFor(kernel))];
  }
  const lines = linesFindings(citation, files, tree, recorded[kernel]?.files[file] ?? []);
  return [...functionFindings(citation, files, tree), ...lines];
}

function finding(
  citation: KernelCitation,
  fault: CitationFinding["fault"],
  message: string,
  hint: string,
): CitationFinding {
  const place = `Linux ${citation.kernel}, ${citationText(citation)}`;
  return { fault, citation: place, message, hint, clauses: citation.clauses };
}

function writtenFor(kernel: string): string {
  return `The citation was written for Linux ${kernel}; look for where it has gone`;
}

function functionFindings(
  citation: KernelCitation,
  files: Files,
  tree: KernelTree,
): readonly CitationFinding[] {
  const { function: name, kernel, file } = citation;
  if (name === undefined || [...files.values()].some((lines) => definitionsNamed(lines, name).length > 0)) {
    return [];
  }
  const message = `${file} of Linux ${tree.version} defines no ${name}()`;
  return [finding(citation, "no-function", message, writtenFor(kernel))];
}

function linesFindings(
  citation: KernelCitation,
  files: Files,
  tree: KernelTree,
  recorded: readonly RecordedPlace[],
): readonly CitationFinding[] {
  if (citation.lines === undefined) return [];
  const ranges = rangesOf(citation.lines);
  if (!ranges) {
    const message = `"${citation.lines}" does not say lines`;
    return [finding(citation, "bad-lines", message, "Write lines as in 110-111, 118")];
  }
  const [text] = files.values();
  if (!text || !isOf(tree, citation.kernel)) return [];
  return ranges.flatMap((range) =>
    beyondFindings(citation, range, text) ?? [
      ...withinFindings(citation, range, text),
      ...driftFindings(citation, range, text, recorded),
    ]
  );
}

function beyondFindings(
  citation: KernelCitation,
  { last }: LineRange,
  text: readonly string[],
): readonly CitationFinding[] | undefined {
  if (last <= text.length) return undefined;
  const message = `Line ${last} lies beyond the end: ${citation.file} has ${text.length} lines`;
  return [finding(citation, "beyond-the-end", message, "Correct the lines")];
}

function withinFindings(
  citation: KernelCitation,
  range: LineRange,
  text: readonly string[],
): readonly CitationFinding[] {
  const { file, function: name } = citation;
  const place = `${file}:${rangeText(range)}`;
  const names = namesAt(text, range);
  const [other] = names;
  if (name === undefined) {
    if (other === undefined || !isFunction(text, other)) return [];
    return [finding(citation, "unnamed-function", `${place} lies in ${other}()`, "Name the function")];
  }
  if (names.length === 1 && other === name) return [];
  const message = other === undefined
    ? `${place} does not lie in ${name}()`
    : `${place} does not lie in ${name}() alone, but in ${names.map((each) => `${each}()`).join(" and ")}`;
  return [finding(citation, "wrong-function", message, "Correct the lines, or cite each function by itself")];
}

/** Whether a definition is a function, which a citation must name; it begins with neither a structure nor a macro. */
function isFunction(text: readonly string[], name: string): boolean {
  const definition = definitionsNamed(text, name)[0];
  if (!definition) return false;
  const head = text.slice(definition.first - 1, definition.last).join("\n").split("{")[0] ?? "";
  return head.includes("(") && !head.startsWith("#") && !head.includes("=");
}

function driftFindings(
  citation: KernelCitation,
  range: LineRange,
  text: readonly string[],
  recorded: readonly RecordedPlace[],
): readonly CitationFinding[] {
  const place = `${citation.file}:${rangeText(range)}`;
  const before = recorded.find(({ lines }) => lines === rangeText(range))?.text;
  if (before === digestOf(text, range)) return [];
  if (before === undefined) {
    const hint = "Read the lines, then call this again with --accept";
    return [finding(citation, "not-recorded", `Nobody has recorded what ${place} says`, hint)];
  }
  const now = rangeOfText(text, range.last - range.first + 1, before);
  const hint = now
    ? `The same lines now stand at ${rangeText(now)}`
    : "Read them again and correct the clause, or call this again with --accept if it still holds";
  const message = `${place} no longer says what it said when it was last read`;
  return [finding(citation, "drifted", message, hint)];
}

/**
 * Records what the citations of the release of a tree lead to in it. What a file does not have is left out; of a file
 * that the tree lacks stays what was recorded.
 *
 * @returns what was recorded of other releases, with this one's put in
 */
export function kernelDigestsOf(
  citations: readonly KernelCitation[],
  tree: KernelTree,
  recorded: Digests["kernels"],
): Digests["kernels"] {
  const kernels: Record<string, RecordedKernel> = { ...recorded };
  for (const kernel of new Set(citations.map((citation) => citation.kernel))) {
    if (!isOf(tree, kernel)) continue;
    const files: Record<string, RecordedPlace[]> = {};
    for (const citation of citations.filter((each) => each.kernel === kernel)) {
      const text = tree.read(citation.file);
      const before = text.size === 0 ? recorded[kernel]?.files[citation.file] : undefined;
      const places = files[citation.file] ??= [...before ?? []];
      for (const place of recordsOf(citation, text)) {
        if (!places.some((each) => JSON.stringify(each) === JSON.stringify(place))) places.push(place);
      }
    }
    kernels[kernel] = { version: tree.version, files };
  }
  return kernels;
}

function recordsOf(citation: KernelCitation, files: Files): readonly RecordedPlace[] {
  const { file, lines, function: name } = citation;
  const [text] = files.values();
  if (!text) return [];
  if (lines === undefined) {
    const place: Place = { file, name, aspect: "code" };
    return [{ of: name, as: place.aspect, whole: placeDigest(place, files) }];
  }
  return (rangesOf(lines) ?? []).filter(({ last }) => last <= text.length).map((range) => {
    const place = placeOfLines(file, text, range);
    return {
      lines: rangeText(range),
      text: digestOf(text, range),
      of: place.name,
      as: place.aspect,
      whole: place.text ? undefined : placeDigest(place, files),
    };
  });
}
