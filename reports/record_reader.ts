/**
 * Reads a run record, whole or partial, and tells where a partial one can go on.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import type { CaseEnd, Observation } from "../spec/observation.ts";
import { BadLine, type Footer, type Header, parseLine, RECORD_SCHEMA, type RecordLine } from "./record.ts";

/** One attempt at a case, as a record has it. */
export interface RecordedAttempt {
  /** The id of the case. */
  readonly case: string;
  /** Which attempt at the case, counted from 1. */
  readonly attempt: number;
  /** Digest of the case that was run. */
  readonly digest: string;
  /** What was seen, in order. */
  readonly observations: readonly Observation[];
  /** The end; missing where the record stops before it. */
  readonly end?: CaseEnd | undefined;
  /** Wall time in milliseconds; 0 where there is no end. */
  readonly durationMs: number;
}

/** A run record. */
export interface RunRecord {
  /** The first line. */
  readonly header: Header;
  /** The attempts, in the order in which they began. */
  readonly attempts: readonly RecordedAttempt[];
  /** Missing where the record is partial. */
  readonly footer?: Footer | undefined;
  /** The bytes up to and with the last attempt that has an end; a run can go on from there. */
  readonly wholeBytes: number;
}

/** A record that cannot be used. */
export class RecordError extends Error {
  /** The name of the class. */
  override readonly name = "RecordError";
  /** The line, counted from 1. */
  readonly line: number;

  /** Makes an error of a line and what is wrong with it. */
  constructor(line: number, what: string) {
    super(`Cannot read the record: line ${line} is wrong: ${what}`);
    this.line = line;
  }
}

/** An attempt while its lines are read. */
interface Reading {
  /** The id of the case. */
  readonly case: string;
  /** Which attempt at the case, counted from 1. */
  readonly attempt: number;
  readonly digest: string;
  readonly observations: Observation[];
  end?: CaseEnd;
  durationMs: number;
}

/**
 * Reads a record from a file.
 *
 * @throws {RecordError} if a line other than a cut last one is wrong
 */
export function readRecordFile(path: string): RunRecord {
  return readRecord(readFileSync(path, "utf8"));
}

/**
 * Reads a record from its text. A last line without an end of line was cut and is dropped.
 *
 * @throws {RecordError} if another line is wrong
 */
export function readRecord(text: string): RunRecord {
  const lines = text.split("\n");
  lines.pop();
  const reader = new Reader();
  lines.forEach((line, index) => reader.read(line, index + 1));
  return reader.record();
}

class Reader {
  #header: Header | undefined;
  #footer: Footer | undefined;
  readonly #attempts = new Map<string, Reading>();
  #bytes = 0;
  #wholeBytes = 0;

  read(text: string, number: number): void {
    const line = parseLine(text);
    if (line instanceof BadLine) throw new RecordError(number, line.reason);
    this.#bytes += new TextEncoder().encode(text).length + 1;
    const wrong = this.#take(line);
    if (wrong) throw new RecordError(number, wrong);
    if (line.type === "header" || line.type === "end") this.#wholeBytes = this.#bytes;
  }

  record(): RunRecord {
    if (!this.#header) throw new RecordError(1, "there is no header; the run was killed before it began");
    const attempts = [...this.#attempts.values()];
    const ended = attempts.filter(({ end }) => end).length;
    if (this.#footer && this.#footer.attempts !== ended) {
      throw new RecordError(
        0,
        `the footer tells of ${this.#footer.attempts} attempts, but ${ended} have an end`,
      );
    }
    return { header: this.#header, attempts, footer: this.#footer, wholeBytes: this.#wholeBytes };
  }

  /** Takes a line; gives what is wrong with it. */
  #take(line: RecordLine): string | undefined {
    if (this.#footer) return "there is more after the footer";
    if (line.type === "header") return this.#takeHeader(line);
    if (!this.#header) return "the first line must be the header";
    switch (line.type) {
      case "case": {
        if (!this.#header.selection.includes(line.case)) return `case ${line.case} is not in the selection`;
        const key = `${line.attempt} ${line.case}`;
        if (this.#attempts.has(key)) return `attempt ${line.attempt} at ${line.case} begins twice`;
        const { case: caseId, attempt, digest } = line;
        this.#attempts.set(key, { case: caseId, attempt, digest, observations: [], durationMs: 0 });
        return undefined;
      }
      case "step":
      case "end":
        return this.#takeOf(line);
      case "footer":
        this.#footer = line;
        return undefined;
    }
  }

  #takeHeader(header: Header): string | undefined {
    if (this.#header) return "there is a second header";
    if (header.schema !== RECORD_SCHEMA) {
      return `it is of the format "${header.schema}" and this suite reads "${RECORD_SCHEMA}"`;
    }
    this.#header = header;
    return undefined;
  }

  #takeOf(line: RecordLine & { readonly type: "step" | "end" }): string | undefined {
    const reading = this.#attempts.get(`${line.attempt} ${line.case}`);
    if (!reading) return `attempt ${line.attempt} at "${line.case}" has not begun`;
    if (reading.end) return `attempt ${line.attempt} at "${line.case}" is over already`;
    if (line.type === "step") {
      const { type: _type, case: _case, attempt: _attempt, ...observation } = line;
      reading.observations.push(observation);
      return undefined;
    }
    const { type: _type, case: _case, attempt: _attempt, durationMs, ...end } = line;
    reading.end = end;
    reading.durationMs = durationMs;
    return undefined;
  }
}
