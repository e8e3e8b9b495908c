/**
 * Finds functions and structures in a C file that keeps to the style of the kernel.
 *
 * The style says that a definition begins in the first column and that its last brace stands there as well, and a
 * check of the kernel's own sees to it. So nothing here parses C.
 *
 * @module
 */
import type { LineRange } from "./citation.ts";

/** A definition in a file. */
export interface Definition extends LineRange {
  /** The name of the function or the structure. */
  readonly name: string;
}

const BEGIN = /^[A-Za-z_]/;
const STRUCT = /^(?:struct|union|enum)\s+([A-Za-z_]\w*)\s*\{/;
/** The last name before the first opening parenthesis. */
const FUNCTION = /^[^(=;]*?([A-Za-z_]\w*)\s*\(/;

/** Every function and structure that a file defines, in order. */
export function definitionsOf(lines: readonly string[]): readonly Definition[] {
  const definitions: Definition[] = [];
  let begin: number | undefined;
  let open = false;
  lines.forEach((line, index) => {
    if (!open && BEGIN.test(line) && !isContinued(begin, lines, index)) begin = index;
    if (begin === undefined) return;
    if (!open && /^\{/.test(line) || !open && /\{\s*$/.test(line) && BEGIN.test(line)) open = true;
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
  return STRUCT.exec(head)?.[1] ?? FUNCTION.exec(head)?.[1];
}

/** The definitions of a name; a file has several where a function depends on the configuration. */
export function definitionsNamed(lines: readonly string[], name: string): readonly Definition[] {
  return definitionsOf(lines).filter((definition) => definition.name === name);
}

/** What a definition says, without comments and whatever does not change its meaning. */
export function essenceOf(lines: readonly string[], { first, last }: LineRange): string {
  const text = lines.slice(first - 1, last).join("\n");
  return text.replace(/\/\*[^]*?\*\//g, " ").replace(/\/\/.*$/gm, " ").replace(/\s+/g, " ").trim();
}
