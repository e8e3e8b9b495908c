/**
 * Writes a run record: every attempt in one piece, so that a kill costs the attempt under way at most.
 *
 * @module
 */
import { closeSync, ftruncateSync, mkdirSync, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import type { CaseEnd, Observation } from "../spec/observation.ts";
import { type Header, type NotRun, RECORD_SCHEMA, type RecordLine } from "./record.ts";
import { messageOf } from "../spec/message_of.ts";

/** A record that cannot be written. */
export class RecordWriteError extends Error {
  /** The name of the class. */
  override readonly name = "RecordWriteError";
  /** The file. */
  readonly path: string;

  /** Makes an error of a file, a whole sentence and what was thrown. */
  constructor(path: string, message: string, cause: unknown) {
    super(message, { cause });
    this.path = path;
  }
}

/** How a record is opened: anew, which refuses a file that is there, or after the first `length` bytes of one. */
export type OpenMode = { readonly mode: "new" } | { readonly mode: "continue"; readonly length: number };

/** Writes a record. */
export class RecordWriter {
  /** The file. */
  readonly path: string;
  readonly #fd: number;
  /** The lines of attempts under way, by case and attempt: with several jobs they are interleaved. */
  readonly #open = new Map<string, string>();
  #attempts = 0;

  private constructor(path: string, fd: number) {
    this.path = path;
    this.#fd = fd;
  }

  /**
   * Opens a record.
   *
   * @throws {RecordWriteError} if the file or its folder cannot be written, or a new record's file is there already
   */
  static open(path: string, how: OpenMode = { mode: "new" }): RecordWriter {
    makeFolder(path);
    try {
      const fd = openSync(path, how.mode === "new" ? "ax" : "r+");
      if (how.mode === "new") return new RecordWriter(path, fd);
      ftruncateSync(fd, how.length);
      closeSync(fd);
      return new RecordWriter(path, openSync(path, "a"));
    } catch (error) {
      throw new RecordWriteError(path, `Cannot write the record "${path}": ${reasonOf(error)}`, error);
    }
  }

  /** Writes the header. */
  header(header: Omit<Header, "type" | "schema">): void {
    this.#write(lineOf({ type: "header", schema: RECORD_SCHEMA, ...header }));
  }

  /** An attempt begins; `digest` is that of the case. */
  begin(caseId: string, attempt: number, digest: string): void {
    this.#open.set(keyOf(caseId, attempt), lineOf({ type: "case", case: caseId, attempt, digest }));
  }

  /** A step is over. */
  step(caseId: string, attempt: number, observation: Observation): void {
    const key = keyOf(caseId, attempt);
    const line = lineOf({ type: "step", case: caseId, attempt, ...observation });
    this.#open.set(key, (this.#open.get(key) ?? "") + line);
  }

  /** An attempt is over; now it is in the file. */
  end(caseId: string, attempt: number, end: CaseEnd, durationMs: number): void {
    const key = keyOf(caseId, attempt);
    const line = lineOf({ type: "end", case: caseId, attempt, durationMs, ...end });
    this.#write((this.#open.get(key) ?? "") + line);
    this.#open.delete(key);
    this.#attempts++;
  }

  /** Writes the footer. `before` is how many attempts a continued record had already. */
  footer(finishedAt: Date, notRun: readonly NotRun[], before = 0): void {
    const attempts = before + this.#attempts;
    this.#write(lineOf({ type: "footer", finishedAt: finishedAt.toISOString(), attempts, notRun }));
  }

  /** Closes the file. */
  close(): void {
    closeSync(this.#fd);
  }

  #write(text: string): void {
    try {
      for (let bytes = Buffer.from(text); bytes.length > 0;) {
        bytes = bytes.subarray(writeSync(this.#fd, bytes));
      }
    } catch (error) {
      throw new RecordWriteError(
        this.path,
        `Cannot write the record "${this.path}": ${reasonOf(error)}`,
        error,
      );
    }
  }
}

function makeFolder(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
  } catch (error) {
    const reason = codeOf(error) === "EEXIST" ? reasonFor("ENOTDIR", error) : reasonOf(error);
    throw new RecordWriteError(path, `Cannot write the record "${path}": ${reason}`, error);
  }
}

function lineOf(line: RecordLine): string {
  return JSON.stringify(line) + "\n";
}

function keyOf(caseId: string, attempt: number): string {
  return `${attempt} ${caseId}`;
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

function reasonOf(error: unknown): string {
  return reasonFor(codeOf(error), error);
}

function reasonFor(code: unknown, error: unknown): string {
  switch (code) {
    case "EEXIST":
      return "the file is there already; name another one, or go on with it by --resume";
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return "there is no permission to write there; name another place with --out";
    case "ENOSPC":
      return "the disk is full; make room and go on by --resume";
    case "ENOENT":
      return "its folder cannot be made; name another place with --out";
    case "ENOTDIR":
      return "a part of its path is a file; name another place with --out";
    default:
      return messageOf(error);
  }
}
