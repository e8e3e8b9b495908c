/**
 * What a guest has written to its console, and what that says of how it ended.
 *
 * @module
 */
import { stripVTControlCharacters } from "node:util";

/** The lines that are quoted at the most. */
const TAIL_LINES = 12;

/** The most that is kept of a console, in characters; what a flooded one says before that is forgotten. */
const KEPT = 256 << 10;

/** How far before a panic its cause may be, in lines; an oops has a long report. */
const CAUSE_LINES = 100;

/** How often a line must come so that a console counts as flooded with it. */
const FLOOD_LINES = 50;

/** What the kernel says where a console is too slow for it. */
const DROPPED = /printk messages dropped/;

/** What the first process of the guest puts before what it says. */
const OURS = "conform: ";

/** The console of a guest: keeps the last of what the guest writes to it, and writes to the guest. */
export class Console {
  /** Resolves when nothing more comes. */
  readonly ended: Promise<void>;
  readonly #connection: Deno.UnixConn;
  readonly #waiting = new Map<string, PromiseWithResolvers<void>>();
  #kept = "";
  #written = 0;

  /** Begins to read. */
  constructor(connection: Deno.UnixConn) {
    this.#connection = connection;
    this.ended = this.#read();
  }

  /** How many characters the guest has written. */
  get written(): number {
    return this.#written;
  }

  /**
   * What it has written, as lines, as far as that is kept.
   *
   * @param from how many characters of it to leave out; see {@link Console.written}
   */
  lines(from: number = 0): string[] {
    const forgotten = this.#written - this.#kept.length;
    return linesOf(this.#kept.slice(Math.max(0, from - forgotten)));
  }

  /** Resolves when the guest has written a line that has this in it, or when nothing more comes. */
  async said(what: string): Promise<void> {
    if (this.#kept.includes(what)) return;
    const waiting = this.#waiting.get(what) ?? Promise.withResolvers<void>();
    this.#waiting.set(what, waiting);
    await Promise.race([waiting.promise, this.ended]);
  }

  /** Writes to the guest as if somebody typed; nothing where it has ended. */
  async type(text: string): Promise<void> {
    try {
      await this.#connection.write(new TextEncoder().encode(text));
    } catch {
      // It has ended, which others tell.
    }
  }

  /** Lets go of it. */
  async close(): Promise<void> {
    try {
      this.#connection.close();
    } catch {
      // The reader has closed it.
    }
    await this.ended;
  }

  /** Tells those who wait for what the text brings, perhaps with the end of what was there before. */
  #tell({ length }: string): void {
    for (const [what, { resolve }] of this.#waiting) {
      if (!this.#kept.slice(-length - what.length).includes(what)) continue;
      this.#waiting.delete(what);
      resolve();
    }
  }

  async #read(): Promise<void> {
    try {
      for await (const text of this.#connection.readable.pipeThrough(new TextDecoderStream())) {
        this.#written += text.length;
        this.#kept += text;
        if (this.#kept.length > 2 * KEPT) this.#kept = this.#kept.slice(-KEPT);
        this.#tell(text);
      }
    } catch {
      // It was closed, or has ended with its machine.
    }
  }
}

/** The lines of a console, without what moves its cursor and without time stamps. */
export function linesOf(text: string): string[] {
  return stripVTControlCharacters(text)
    .split(/\r*\n/)
    .map((line) => line.replace(/^\[ *\d+\.\d+\](\[ *[TC]\d+\])? /, "").trimEnd())
    .filter((line) => line !== "");
}

/** The last lines, as one text. */
export function tailOf(lines: readonly string[], count: number = TAIL_LINES): string {
  return lines.slice(-count).join("\n");
}

/** A console of which most is one and the same line. */
export interface Flood {
  /** What it is flooded with, in words. */
  readonly what: string;
  /** The other lines. */
  readonly rest: readonly string[];
}

/** Whether a console is flooded: most of its lines are the same, but for the numbers in them. */
export function floodOf(lines: readonly string[]): Flood | undefined {
  const said = Map.groupBy(lines.filter((line) => !DROPPED.test(line)), withoutNumbers);
  const [most = []] = [...said.values()].toSorted((one, other) => other.length - one.length);
  const [first] = most;
  if (first === undefined || most.length < FLOOD_LINES || most.length * 2 < lines.length) return undefined;
  return {
    what: `its console is flooded with lines like "${first}", ${most.length} of the last ${lines.length}`,
    rest: lines.filter((line) => !DROPPED.test(line) && withoutNumbers(line) !== withoutNumbers(first)),
  };
}

function withoutNumbers(line: string): string {
  return line.replace(/\d+/g, "#");
}

/** Why a kernel panicked, in its own words; `undefined` where it did not. */
export function panicOf(lines: readonly string[]): string | undefined {
  const line = lines.findLast((each) => each.includes("Kernel panic - not syncing"));
  return line?.replace(/^.*?Kernel panic - not syncing:? ?/, "");
}

/** What went wrong right before the panic, such as the bug or the oops that it follows. */
export function causeOf(lines: readonly string[]): string | undefined {
  const panic = lines.findLastIndex((each) => each.includes("Kernel panic - not syncing"));
  return lines.slice(Math.max(0, panic - CAUSE_LINES), Math.max(0, panic))
    .findLast((line) => /^(BUG|watchdog: BUG|general protection|kernel BUG)\b/.test(line));
}

/** What the first process of the guest has said last. */
export function lastWord(lines: readonly string[]): string | undefined {
  const line = lines.findLast((each) => each.startsWith(OURS));
  return line?.slice(OURS.length);
}
