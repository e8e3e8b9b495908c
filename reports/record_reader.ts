/**
 * Reads a run record, whole or partial, and tells where a partial one can go on.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import type { CaseEnd, Observation } from "../spec/observation.ts";
import {
  BadLine,
  type CaseLine,
  type EndLine,
  type Footer,
  type Header,
  parseLine,
  RECORD_SCHEMA,
  type RecordFault,
  type RecordLine,
  type StepLine,
} from "./record.ts";

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
  /** What is wrong. */
  readonly fault: RecordFault;
  /** What to do next. */
  readonly hint: string;

  /** Makes an error of a line and what is wrong with it. */
  constructor(line: number, { fault, reason }: Pick<BadLine, "fault" | "reason">) {
    super(`Cannot read the record: line ${line} is wrong: ${reason}`);
    this.line = line;
    this.fault = fault;
    this.hint = hintFor(fault, line);
  }
}

function hintFor(fault: RecordFault, line: number): string {
  switch (fault) {
    case "no-header":
      return "Name a file that a run has written; if this is one, nothing was recorded, so start the run again";
    case "other-version":
      return "Read it with the version of the suite that wrote it, or run again with this one";
    case "not-text":
    case "not-json":
    case "not-a-line":
    case "unknown-type":
      if (line === 1) return "Name a file that a run has written";
  }
  return "The file was changed after it was written, so take an unharmed copy or run again";
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
  const bytes = readFileSync(path);
  return readRecord(textOf(bytes.subarray(0, bytes.lastIndexOf(END_OF_LINE) + 1)));
}

const END_OF_LINE = 0x0a;

/** Whole lines as text. A byte that is no UTF-8 is refused: in its place the text would have more bytes. */
function textOf(lines: Uint8Array): string {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  try {
    return decoder.decode(lines);
  } catch {
    throw new RecordError(badLineOf(lines, decoder), { fault: "not-text", reason: "it is not UTF-8" });
  }
}

function badLineOf(lines: Uint8Array, decoder: TextDecoder): number {
  for (let number = 1, begin = 0;; number++) {
    const end = lines.indexOf(END_OF_LINE, begin) + 1;
    try {
      decoder.decode(lines.subarray(begin, end));
    } catch {
      return number;
    }
    begin = end;
  }
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
  lines.forEach((line) => reader.read(line));
  return reader.record();
}

class Reader {
  #header: Header | undefined;
  #selection: ReadonlySet<string> = new Set();
  #footer: Footer | undefined;
  readonly #attempts = new Map<string, Reading>();
  #bytes = 0;
  #wholeBytes = 0;
  #lines = 0;

  read(text: string): void {
    const line = parseLine(text);
    this.#lines++;
    this.#bytes += Buffer.byteLength(text) + 1;
    const wrong = line instanceof BadLine ? line : this.#take(line);
    if (wrong) throw new RecordError(this.#lines, wrong);
    if (line instanceof BadLine) return;
    if (line.type === "header" || line.type === "end") this.#wholeBytes = this.#bytes;
  }

  record(): RunRecord {
    if (!this.#header) throw new RecordError(1, new BadLine("no-header", "there is no header"));
    const attempts = [...this.#attempts.values()];
    return { header: this.#header, attempts, footer: this.#footer, wholeBytes: this.#wholeBytes };
  }

  /** Takes a line; gives what is wrong with it. */
  #take(line: RecordLine): BadLine | undefined {
    if (this.#footer) return new BadLine("after-footer", "there is more after the footer");
    if (line.type === "header") return this.#takeHeader(line);
    if (!this.#header) return new BadLine("no-header", "the first line must be the header");
    switch (line.type) {
      case "case":
        return this.#takeCase(line);
      case "step":
      case "end":
        return this.#takeOf(line);
      case "footer":
        return this.#takeFooter(line);
    }
  }

  #takeHeader(header: Header): BadLine | undefined {
    if (this.#header) return new BadLine("second-header", "there is a second header");
    if (header.schema !== RECORD_SCHEMA) {
      const formats = `it is of the format "${header.schema}" and this suite reads "${RECORD_SCHEMA}"`;
      return new BadLine("other-version", formats);
    }
    this.#header = header;
    this.#selection = new Set(header.selection);
    return undefined;
  }

  #takeCase({ case: caseId, attempt, digest }: CaseLine): BadLine | undefined {
    if (!this.#selection.has(caseId)) {
      return new BadLine("not-selected", `case ${caseId} is not in the selection`);
    }
    const key = `${attempt} ${caseId}`;
    if (this.#attempts.has(key)) {
      return new BadLine("begins-twice", `attempt ${attempt} at ${caseId} begins twice`);
    }
    this.#attempts.set(key, { case: caseId, attempt, digest, observations: [], durationMs: 0 });
    return undefined;
  }

  #takeOf(line: StepLine | EndLine): BadLine | undefined {
    const reading = this.#attempts.get(`${line.attempt} ${line.case}`);
    if (!reading) return new BadLine("not-begun", `attempt ${line.attempt} at "${line.case}" has not begun`);
    if (reading.end) {
      return new BadLine("over-already", `attempt ${line.attempt} at "${line.case}" is over already`);
    }
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

  #takeFooter(footer: Footer): BadLine | undefined {
    const ended = [...this.#attempts.values()].filter(({ end }) => end).length;
    if (footer.attempts !== ended) {
      const counts = `the footer tells of ${footer.attempts} attempts, but ${ended} have an end`;
      return new BadLine("wrong-count", counts);
    }
    this.#footer = footer;
    return undefined;
  }
}
