/**
 * A run record that a command line names.
 *
 * @module
 */
import { readRecordFile, RecordError, type RunRecord } from "../reports/record_reader.ts";
import { Failure } from "./io.ts";
import { messageOf } from "../spec/message_of.ts";

/**
 * Reads a record.
 *
 * @throws {Failure} with status 2 if it cannot be read
 */
export function recordAt(path: string): RunRecord {
  try {
    return readRecordFile(path);
  } catch (error) {
    if (error instanceof RecordError) throw new Failure(2, `${path}: ${error.message}`, error.hint, error);
    const reason = messageOf(error);
    throw new Failure(
      2,
      `Cannot read "${path}": ${reason}`,
      "Name a run record, a file that ends in .jsonl",
      error,
    );
  }
}
