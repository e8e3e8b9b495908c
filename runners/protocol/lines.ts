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

  /**
   * Takes the next bytes.
   *
   * @returns the lines that are whole now, without their ends; empty lines are left out
   * @throws {FramingError} if a line is too long or not UTF-8; nothing can be read after that
   */
  push(bytes: Uint8Array): readonly string[] {
    const lines: string[] = [];
    let begin = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, begin)) {
      const line = this.#line(bytes.subarray(begin, end));
      if (line !== "") lines.push(line);
      begin = end + 1;
    }
    if (begin < bytes.length) this.#keep(bytes.slice(begin));
    return lines;
  }

  /** Says what is wrong with the end of the stream, if anything. */
  end(): FramingError | undefined {
    if (this.#restBytes === 0) return undefined;
    return new FramingError(
      `The last ${this.#restBytes} bytes have no line end`,
      "End each message with a line end and flush it before the program ends",
    );
  }

  #line(last: Uint8Array): string {
    if (this.#restBytes === 0) {
      this.#check(last.length);
      return this.#decode(last);
    }
    this.#keep(last);
    const whole = joined(this.#rest, this.#restBytes);
    this.#rest = [];
    this.#restBytes = 0;
    return this.#decode(whole);
  }

  #keep(bytes: Uint8Array): void {
    this.#restBytes += bytes.length;
    this.#check(this.#restBytes);
    this.#rest.push(bytes);
  }

  #check(bytes: number): void {
    if (bytes > this.#limit) throw tooLong(this.#limit);
  }

  #decode(bytes: Uint8Array): string {
    try {
      return this.#decoder.decode(bytes).trimEnd();
    } catch (error) {
      throw new FramingError("A line is not UTF-8", "Write messages as UTF-8 and nothing else", error);
    }
  }
}

/** A message that is longer than the limit. */
export function tooLong(limit: number): FramingError {
  return new FramingError(
    `A message is longer than ${limit} bytes`,
    "Keep messages below that length; send a long log in slices",
  );
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const [only = EMPTY] = parts;
  if (parts.length === 1) return only;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
