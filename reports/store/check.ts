/**
 * Looks at a record before it enters a store: whether it can be read, whether it is consistent, whether it is of a
 * size that can be shown.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { readRecord, RecordError, type RunRecord } from "../record_reader.ts";

/** A record that a store does not take. */
export class RefusedRecord extends Error {
  /** The name of the class. */
  override readonly name = "RefusedRecord";
}

/** The largest record that is taken, in bytes. */
export const MAX_RECORD_BYTES = 256 * 1024 * 1024;

/** The most cases that a record may select. */
const MAX_CASES = 20_000;

/** The longest line that is read, in bytes: what JSON makes of a line can be many times as large. */
const MAX_LINE_BYTES = 8 * 1024 * 1024;

/** The longest text that a header may hold, in characters: names are shown on every page. */
const MAX_NAME = 2048;

/** A record that can be taken. */
export interface CheckedRecord {
  /** The name of the run: the begin of the digest of its header, so it stays when the run goes on. */
  readonly run: string;
  /** The record. */
  readonly record: RunRecord;
  /** Its bytes up to the last whole line. */
  readonly bytes: Uint8Array;
}

const END_OF_LINE = 0x0a;

/**
 * Checks a record.
 *
 * @throws {RefusedRecord} with the reason, if it is not taken
 */
export function checkRecord(given: Uint8Array): CheckedRecord {
  if (given.length > MAX_RECORD_BYTES) throw tooLarge(given.length);
  const bytes = wholeLines(given);
  checkLines(bytes);
  const record = read(bytes);
  checkHeader(record);
  checkDigests(record);
  return { run: nameOf(bytes), record, bytes };
}

/** The refusal of a record that is too large. */
export function tooLarge(bytes: number): RefusedRecord {
  return new RefusedRecord(`It has ${bytes} bytes and no record may have more than ${MAX_RECORD_BYTES}`);
}

function checkLines(bytes: Uint8Array): void {
  for (let number = 1, begin = 0; begin < bytes.length; number++) {
    const end = bytes.indexOf(END_OF_LINE, begin);
    if (end - begin > MAX_LINE_BYTES) {
      throw new RefusedRecord(
        `Line ${number} has ${end - begin} bytes and none may have more than ${MAX_LINE_BYTES}`,
      );
    }
    begin = end + 1;
  }
}

function read(bytes: Uint8Array): RunRecord {
  try {
    return readRecord(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (error) {
    if (error instanceof RecordError) {
      throw new RefusedRecord(`${error.message}. ${error.hint}`, { cause: error });
    }
    if (error instanceof TypeError) throw new RefusedRecord("It is not UTF-8", { cause: error });
    throw error;
  }
}

/** The bytes of a record up to the last whole line. */
export function wholeLines(given: Uint8Array): Uint8Array {
  return given.subarray(0, given.lastIndexOf(END_OF_LINE) + 1);
}

/** The name of a run: the begin of the digest of its header. */
export function nameOf(bytes: Uint8Array): string {
  const header = bytes.subarray(0, bytes.indexOf(END_OF_LINE));
  return createHash("sha256").update(header).digest("hex").slice(0, 16);
}

function checkHeader({ header }: RunRecord): void {
  const { target, selection, profile, command } = header;
  if (selection.length > MAX_CASES) {
    throw new RefusedRecord(
      `It selects ${selection.length} cases and no record may select more than ${MAX_CASES}`,
    );
  }
  if (new Set(selection).size < selection.length) throw new RefusedRecord("It selects a case twice");
  const names = [target.id, target.name, target.version, target.kernel, profile, ...selection, ...command];
  const longest = Math.max(...names.map(({ length }) => length));
  if (longest > MAX_NAME) {
    throw new RefusedRecord(
      `A name in its header has ${longest} characters and none may have more than ${MAX_NAME}`,
    );
  }
}

/** The header tells the digest of all cases, and each attempt that of its own: they must fit together. */
function checkDigests({ header, attempts }: RunRecord): void {
  const digests = new Map<string, string>();
  for (const { case: id, digest } of attempts) {
    if ((digests.get(id) ?? digest) !== digest) {
      throw new RefusedRecord(`Two attempts at "${id}" tell of different cases of that name`);
    }
    digests.set(id, digest);
  }
  if (digests.size < header.selection.length || header.selection.length === 0) return;
  const hash = createHash("sha256");
  for (const id of header.selection) hash.update(`${id} ${digests.get(id)}\n`);
  if (header.suite.cases === `sha256:${hash.digest("hex")}`) return;
  throw new RefusedRecord("The digest of the cases in its header is not that of the cases which were run");
}
