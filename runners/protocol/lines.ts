/**
 * Lines out of a stream of bytes, none longer than a limit.
 *
 * @module
 */
import { FramingError } from "./errors.ts";

/** The longest message that either side takes unless it says otherwise, in bytes of UTF-8. */
export const MESSAGE_BYTES = 8 * 1024 * 1024;

const NEWLINE = 10;
const EMPTY = new Uint8Array();

/** Lines that are whole, and what was wrong behind them, if anything. */
export interface Cut {
  /** The lines without their ends; empty lines are left out. */
  readonly lines: readonly string[];
  /** Why nothing can be read after them. */
  readonly fault?: FramingError | undefined;
}

/** Cuts bytes into lines. */
export class LineSplitter {
  readonly #limit: number;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });
  #rest: Uint8Array[] = [];
  #restBytes = 0;

  /** Makes one that takes lines of at most so many bytes. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes the next bytes. After a fault, nothing more may be pushed. */
  push(bytes: Uint8Array): Cut {
    const last = bytes.lastIndexOf(NEWLINE);
    const whole = last < 0 ? EMPTY : this.#withRest(bytes.subarray(0, last + 1));
    if (last + 1 < bytes.length) this.#keep(bytes.slice(last + 1));
    /* as long as all lines together are short enough, they are read at once */
    const text = whole.length > this.#limit ? undefined : this.#decoded(whole);
    const cut = text === undefined ? this.#oneByOne(whole) : { lines: linesOf(text) };
    return cut.fault || this.#restBytes <= this.#limit ? cut : { ...cut, fault: tooLong(this.#limit) };
  }

  /** Says what is wrong with the end of the stream, if anything. */
  end(): FramingError | undefined {
    if (this.#restBytes === 0) return undefined;
    return new FramingError(
      `The last ${this.#restBytes} bytes have no line end`,
      "End each message with a line end and flush it before the program ends",
    );
  }

  /** Reads lines up to the first that cannot be read. */
  #oneByOne(whole: Uint8Array): Cut {
    const lines: string[] = [];
    for (let begin = 0; begin < whole.length;) {
      const end = whole.indexOf(NEWLINE, begin);
      if (end - begin > this.#limit) return { lines, fault: tooLong(this.#limit) };
      const line = this.#decoded(whole.subarray(begin, end));
      if (line === undefined) return { lines, fault: notText() };
      lines.push(...linesOf(line));
      begin = end + 1;
    }
    return { lines };
  }

  /** What was left of the bytes before, and these. */
  #withRest(bytes: Uint8Array): Uint8Array {
    if (this.#restBytes === 0) return bytes;
    const whole = joined([...this.#rest, bytes], this.#restBytes + bytes.length);
    this.#rest = [];
    this.#restBytes = 0;
    return whole;
  }

  #keep(bytes: Uint8Array): void {
    this.#restBytes += bytes.length;
    this.#rest.push(bytes);
  }

  #decoded(bytes: Uint8Array): string | undefined {
    try {
      return this.#decoder.decode(bytes);
    } catch {
      return undefined;
    }
  }
}

function linesOf(text: string): string[] {
  return text.split("\n").map((line) => line.trimEnd()).filter((line) => line !== "");
}

function notText(): FramingError {
  return new FramingError("A line is not UTF-8", "Write messages as UTF-8 and nothing else");
}

/** A message that is longer than the limit. */
export function tooLong(limit: number): FramingError {
  return new FramingError(
    `A message is longer than ${limit} bytes`,
    "Keep messages below that length; send a long log in slices",
  );
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
