/**
 * Finds functions, structures, tables and macros in a C file that keeps to the style of the kernel.
 *
 * The style says that a definition begins in the first column and that its last brace stands there as well, and a
 * check of the kernel's own sees to it. So nothing here parses C.
 *
 * @module
 */
import type { LineRange } from "./citation.ts";

/** A definition in a file. */
export interface Definition extends LineRange {
  /** The name of the function, the structure, the table or the macro. */
  readonly name: string;
  /** The line on which the comment directly above it begins; the definition's own first line where there is none. */
  readonly above: number;
}

const BEGIN = /^[A-Za-z_]/;
const STRUCT = /^(?:struct|union|enum)\s+([A-Za-z_]\w*)\s*\{/;
/** A table with its values, such as the operations of an exporter. */
const TABLE = /^[^(;]*?([A-Za-z_]\w*)\s*(?:\[[^\]]*\])?\s*=\s*\{/;
/** The last name before the first opening parenthesis. */
const FUNCTION = /^[^(=;]*?([A-Za-z_]\w*)\s*\(/;
/** A macro that makes a function, with what it is given. */
const MADE = /^[^(=;]*?\b([A-Z][A-Z0-9_]*)\s*\(([^()]*)\)/;
const MACRO = /^#\s*define\s+([A-Za-z_]\w*)/;

/** Everything that a file defines, in order. */
export function definitionsOf(lines: readonly string[]): readonly Definition[] {
  const found = [...bracedOf(lines), ...macrosOf(lines)].sort((a, b) => a.first - b.first);
  return found.map((each) => ({ ...each, above: commentAbove(lines, each.first) }));
}

type Found = Omit<Definition, "above">;

/** Functions, structures and tables. */
function bracedOf(lines: readonly string[]): readonly Found[] {
  const definitions: Found[] = [];
  let begin: number | undefined;
  let open = false;
  lines.forEach((line, index) => {
    if (!open && BEGIN.test(line) && !isContinued(begin, lines, index)) begin = index;
    if (begin === undefined) return;
    if (!open && /^\{/.test(line) || !open && /\{\s*$/.test(line) && !/^#/.test(line)) open = true;
    else if (!open && endsWithoutBody(line)) begin = undefined;
    if (!open || !/^\}/.test(line) || begin === undefined) return;
    const name = nameOf(lines.slice(begin, index).join("\n"));
    if (name !== undefined) definitions.push({ name, first: begin + 1, last: index + 1 });
    begin = undefined;
    open = false;
  });
  return definitions;
}

/** Whether a line goes on with what the line before has begun: a return type on a line of its own. */
function isContinued(begin: number | undefined, lines: readonly string[], index: number): boolean {
  return begin !== undefined && begin === index - 1 && !/[;{}()]/.test(lines[begin] ?? "");
}

function endsWithoutBody(line: string): boolean {
  return /;\s*(\/\*.*\*\/\s*)?$/.test(line) || line.trim() === "" || /^#/.test(line);
}

function nameOf(head: string): string | undefined {
  const [, macro, given] = MADE.exec(head) ?? [];
  if (macro !== undefined && given !== undefined) return madeName(macro, given);
  return (STRUCT.exec(head) ?? TABLE.exec(head) ?? FUNCTION.exec(head))?.[1];
}

/** The name of what a macro makes: `suite.test` for a test, otherwise the first of what the macro is given. */
function madeName(macro: string, given: string): string | undefined {
  const names = given.split(",").map((each) => each.trim()).filter((each) => each !== "");
  return macro.startsWith("TEST") ? names.join(".") : names[0];
}

function macrosOf(lines: readonly string[]): readonly Found[] {
  return lines.flatMap((line, index) => {
    const name = MACRO.exec(line)?.[1];
    if (name === undefined) return [];
    const length = lines.slice(index).findIndex((each) => !each.endsWith("\\"));
    return [{ name, first: index + 1, last: length === -1 ? lines.length : index + length + 1 }];
  });
}

/** Where the comment begins that ends on the line above; the line itself where there is none. */
function commentAbove(lines: readonly string[], first: number): number {
  if (!/\*\/\s*$/.test(lines[first - 2] ?? "")) return first;
  for (let line = first - 1; line >= 1; line--) {
    if (/^\s*\/\*/.test(lines[line - 1] ?? "")) return line;
  }
  return first;
}

/** The definitions of a name; a file has several where a function depends on the configuration. */
export function definitionsNamed(lines: readonly string[], name: string): readonly Definition[] {
  return definitionsOf(lines).filter((definition) => definition.name === name);
}

/** Text in quotes, which may look like a comment, or a comment. */
const QUOTED_OR_COMMENT = /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|\/\*[^]*?\*\/|\/\/.*$/gm;

/** What some lines of C say, without comments and whatever does not change its meaning. */
export function essenceOf(lines: readonly string[], { first, last }: LineRange): string {
  const text = lines.slice(first - 1, last).join("\n");
  return plain(text.replace(QUOTED_OR_COMMENT, (part) => part.startsWith("/") ? " " : part));
}

/** What the comments in some lines of C say, without their frames. */
export function commentsOf(lines: readonly string[], { first, last }: LineRange): string {
  const found = lines.slice(first - 1, last).join("\n").match(QUOTED_OR_COMMENT) ?? [];
  const comments = found.filter((part) => part.startsWith("/"));
  return plain(comments.join("\n").replace(/^\s*(?:\/\*+|\*\/|\*|\/\/)|\*\/$/gm, " "));
}

function plain(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

/** Tells whether nothing but comments stands in some lines of a file. */
export function isComment(lines: readonly string[], range: LineRange): boolean {
  const kept = lines.join("\n").replace(
    QUOTED_OR_COMMENT,
    (part) => part.startsWith("/") ? part.replace(/[^\n]/g, "") : part,
  );
  return kept.split("\n").slice(range.first - 1, range.last).every((line) => line.trim() === "");
}
