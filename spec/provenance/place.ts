/**
 * The place in a kernel's source that a citation is about: a definition, some lines outside of any, or a file.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { commentsOf, definitionsNamed, definitionsOf, essenceOf, isComment } from "./c_source.ts";
import type { LineRange } from "./citation.ts";
import { digestOf } from "./digests.ts";

/** What of a place counts: what it does, or what its comments say. */
export type Aspect = "code" | "documentation";

/** A place in a source tree. */
export interface Place {
  /** The path in the tree; `*` stands for any folder. */
  readonly file: string;
  /** The definition; left out where the place is in none. */
  readonly name?: string | undefined;
  /** What of it counts. */
  readonly aspect: Aspect;
  /** The lines, where they are in no definition: how many there are, and their digest. */
  readonly text?: { readonly count: number; readonly digest: string } | undefined;
}

/** The lines of the files that a path stands for, by path. */
export type Files = ReadonlyMap<string, readonly string[]>;

/** Where some lines of a file lie: in the definition that has all of them, or in none. */
export function placeOfLines(file: string, lines: readonly string[], range: LineRange): Place {
  const aspect = !isC(file) || isComment(lines, range) ? "documentation" : "code";
  const found = definitionsOf(lines).find(({ above, last }) => above <= range.first && range.last <= last);
  if (found) return { file, name: found.name, aspect };
  return { file, aspect, text: { count: range.last - range.first + 1, digest: digestOf(lines, range) } };
}

/** The names of the definitions in which some of these lines lie. */
export function namesAt(lines: readonly string[], range: LineRange): readonly string[] {
  return definitionsOf(lines).filter(({ above, last }) => above <= range.last && range.first <= last)
    .map(({ name }) => name);
}

/** A text by which a place is told from others. */
export function placeKey({ file, name, aspect, text }: Place): string {
  return JSON.stringify([file, name, aspect, text?.digest]);
}

/**
 * The digest of what a place says in some files, whatever its layout; `undefined` where it is not there. Lines
 * outside of any definition are looked for in the whole file.
 */
export function placeDigest(place: Place, files: Files): string | undefined {
  if (place.text) return textDigest(place.text, files);
  const { file, name, aspect } = place;
  const parts = [...files].flatMap(([path, lines]) => {
    const all = { first: 1, last: lines.length, above: 1 };
    const found = name === undefined ? [all] : definitionsNamed(lines, name);
    // A path that stands for many files says which of them there are.
    return found.map((each) => (file.includes("*") ? `${path} ` : "") + saidBy(lines, each, aspect));
  });
  return parts.length === 0 ? undefined : shortDigest(parts.join("\n"));
}

function textDigest({ count, digest }: { count: number; digest: string }, files: Files): string | undefined {
  if (files.size === 0) return undefined;
  return [...files.values()].some((lines) => rangeOfText(lines, count, digest) !== undefined)
    ? digest
    : "other";
}

/** Where lines with a digest stand in a file. */
export function rangeOfText(lines: readonly string[], count: number, digest: string): LineRange | undefined {
  for (let first = 1; first + count - 1 <= lines.length; first++) {
    const range = { first, last: first + count - 1 };
    if (digestOf(lines, range) === digest) return range;
  }
  return undefined;
}

function saidBy(
  lines: readonly string[],
  range: LineRange & { readonly above: number },
  aspect: Aspect,
): string {
  if (aspect === "code") return essenceOf(lines, range);
  return commentsOf(lines, { first: range.above, last: range.last });
}

function shortDigest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

function isC(file: string): boolean {
  return /\.[ch]$/.test(file);
}
