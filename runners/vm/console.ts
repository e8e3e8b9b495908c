/**
 * What a guest has written to its console, and what that says of how it ended.
 *
 * @module
 */
import { readFileSync, statSync } from "node:fs";

/** The lines that are quoted at the most. */
const TAIL_LINES = 12;

/** The most that is read of a console, in bytes; what a flooded one says before that is left out. */
const TAIL_BYTES = 64 << 10;

/** What the first process of the guest puts before what it says. */
const OURS = "conform: ";

/** Reads the end of a console's file, as lines; none where there is no such file. */
export function readConsole(path: string): string[] {
  try {
    const size = statSync(path).size;
    const bytes = readFileSync(path).subarray(Math.max(0, size - TAIL_BYTES));
    return linesOf(new TextDecoder().decode(bytes));
  } catch {
    return [];
  }
}

/** The lines of a console, without what moves its cursor and without time stamps. */
export function linesOf(text: string): string[] {
  return text
    // deno-lint-ignore no-control-regex
    .replaceAll(/\x1b(\[[0-9;?]*[a-zA-Z]|[a-zA-Z])/g, "")
    .split(/\r*\n/)
    .map((line) => line.replace(/^\[ *\d+\.\d+\](\[ *[TC]\d+\])? /, "").trimEnd())
    .filter((line) => line !== "");
}

/** The last lines, as one text. */
export function tailOf(lines: readonly string[], count: number = TAIL_LINES): string {
  return lines.slice(-count).join("\n");
}

/** Why a kernel panicked, in its own words; `undefined` where it did not. */
export function panicOf(lines: readonly string[]): string | undefined {
  const line = lines.findLast((each) => each.includes("Kernel panic - not syncing"));
  return line?.replace(/^.*?Kernel panic - not syncing:? ?/, "");
}

/** What went wrong before the panic, such as the bug or the oops that it follows. */
export function causeOf(lines: readonly string[]): string | undefined {
  return lines.find((line) => /^(BUG|Oops|watchdog: BUG|general protection|kernel BUG|RIP)\b/.test(line));
}

/** What the first process of the guest has said last. */
export function lastWord(lines: readonly string[]): string | undefined {
  const line = lines.findLast((each) => each.startsWith(OURS));
  return line?.slice(OURS.length);
}
