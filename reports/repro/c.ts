/**
 * Text as C has it: strings, comments, sizes and lines of a bearable length. What a case says is free text, so nothing
 * of it may end a comment, a string or a line of the preprocessor.
 *
 * @module
 */
import type { Size } from "../../spec/size.ts";
import { sizeInBytes } from "../../spec/size.ts";

/** Columns of a line, as the kernel's own style has it. */
const WIDTH = 100;

/** A tab is as wide as this. */
const TAB = 8;

const ESCAPES: Readonly<Record<string, string>> = {
  "\n": "\\n",
  "\t": "\\t",
  '"': '\\"',
  "\\": "\\\\",
};

/** A string literal of C. Bytes that are not printable ASCII are written as three octal digits. */
export function cString(text: string): string {
  const bytes = [...new TextEncoder().encode(text)];
  const escaped = bytes.map((byte) => {
    const character = String.fromCharCode(byte);
    const printable = byte >= 0x20 && byte < 0x7f;
    return ESCAPES[character] ?? (printable ? character : `\\${byte.toString(8).padStart(3, "0")}`);
  });
  return `"${escaped.join("").replaceAll("??", "?\\?")}"`;
}

/** Text that can stand in a comment: on one line, and with nothing in it that begins or ends one. */
export function commentText(text: string): string {
  const oneLine = text.replace(/[\p{Cc} ]+/gu, " ").trim();
  return oneLine.replaceAll("*/", "* /").replaceAll("/*", "/ *").replace(/\?(?=\?)/g, "? ");
}

/** Breaks a text into lines of at most so many columns; a longer word stays whole. */
export function wrap(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = "";
    }
    line = line === "" ? word : `${line} ${word}`;
  }
  return line === "" ? lines : [...lines, line];
}

/** A comment of its own, on one line where it fits. */
export function comment(text: string, indent = ""): readonly string[] {
  const lines = wrap(commentText(text), 76);
  if (lines.length <= 1) return [`${indent}/* ${lines[0] ?? ""} */`];
  return [`${indent}/*`, ...lines.map((line) => `${indent} * ${line}`), `${indent} */`];
}

function columnsOf(line: string): number {
  return [...line].reduce((at, each) => each === "\t" ? at + TAB - at % TAB : at + 1, 0);
}

/** A structure that is written where it is used: what is before it, its fields, and what is behind. */
const LITERAL = /^(.*?\(struct \w+\)\{) (.*?) (\}.*)$/;

/**
 * Breaks a statement until its lines fit: a structure gets a line for each field, anything else is broken behind commas
 * and operators. Nothing within a string is touched.
 */
export function fold(statement: string, indent: string): readonly string[] {
  if (columnsOf(`${indent}${statement}`) <= WIDTH) return [`${indent}${statement}`];
  const [, before, fields, behind] = LITERAL.exec(statement) ?? [];
  if (before === undefined || fields === undefined || behind === undefined) {
    return foldWords(statement, indent);
  }
  return [
    ...foldWords(before, indent),
    ...fields.split(/, (?=\.)/).map((field) => `${indent}\t${field},`),
    ...fold(behind, indent),
  ];
}

function foldWords(statement: string, indent: string): readonly string[] {
  const lines: string[] = [];
  let rest = `${indent}${statement}`;
  while (columnsOf(rest) > WIDTH) {
    const at = lastBreak(rest);
    if (at === undefined) break;
    lines.push(rest.slice(0, at).trimEnd());
    rest = `${indent}\t\t${rest.slice(at).trimStart()}`;
  }
  return [...lines, rest];
}

/** The last place before the width where a line can be broken, of those that are least deep within brackets. */
function lastBreak(line: string): number | undefined {
  let depth = 0;
  let inString = false;
  let best: { readonly at: number; readonly depth: number } | undefined;
  const start = line.length - line.trimStart().length;
  for (let at = start; at < line.length && columnsOf(line.slice(0, at)) <= WIDTH; at++) {
    const character = line[at];
    if (character === "\\" && inString) at++;
    else if (character === '"') inString = !inString;
    if (inString) continue;
    if (character === "(" || character === "{") depth++;
    if (character === ")" || character === "}") depth--;
    const after = at + 1;
    const breaks = (character === "," || /^(&&|\|\||[|?]) $/.test(line.slice(at - 1, at + 1)) ||
      /(&&|\|\|) $/.test(line.slice(at - 2, at + 1))) && after > start + 1;
    if (breaks && (!best || depth <= best.depth)) best = { at: after, depth };
  }
  return best?.at;
}

const PAGES = /(\d+)\s*pages?/g;

/** Pages that a size counts, with their signs. */
function pagesOf(size: Size): bigint {
  return sizeInBytes(size, 2) - sizeInBytes(size, 1);
}

/** A number of bytes as one would write it: by its power of two where it has a round one. */
function bytesText(bytes: bigint): string {
  const value = BigInt.asUintN(64, bytes);
  if (value < 1n << 16n) return `${value}`;
  for (const [shift, suffix] of [[63n, "ULL"], [30n, "ULL"], [20n, "UL"], [10n, "UL"]] as const) {
    const many = value >> shift;
    if (many << shift === value) return `(${many}${suffix} << ${shift})`;
  }
  return `0x${value.toString(16)}ULL`;
}

/** A size as an expression; `PAGE` is the bytes of a page. */
export function sizeText(size: Size): string {
  if (!PAGES.test(size)) return bytesText(sizeInBytes(size, 1));
  PAGES.lastIndex = 0;
  const pages = pagesOf(size);
  const rest = sizeInBytes(size, 1) - pages;
  const many = pages < 0n ? -pages : pages;
  const product = many === 1n ? "PAGE" : `${many} * PAGE`;
  const isZero = BigInt.asUintN(64, rest) === 0n;
  if (pages === 0n) return bytesText(rest);
  if (pages > 0n) {
    return isZero ? product : `${product} ${rest < 0n ? "-" : "+"} ${bytesText(rest < 0n ? -rest : rest)}`;
  }
  return `${isZero ? "0" : bytesText(rest)} - ${product}`;
}

/** Flags as open(2) names them. */
export function openFlags(names: readonly string[]): string {
  return flags(...names.map((name) => `O_${name.toUpperCase()}`));
}

/** Whether flags stand in an expression: names joined by `|`, or 0. */
export function flags(...names: readonly (string | false | undefined)[]): string {
  return names.filter((name) => name !== false && name !== undefined && name !== "").join(" | ") || "0";
}
