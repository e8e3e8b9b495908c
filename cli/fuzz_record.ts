/**
 * The file in which `conform fuzz` notes what became of each program, and from which it goes on.
 *
 * @module
 */
import { closeSync, existsSync, openSync, statSync, truncateSync, writeSync } from "node:fs";
import { messageOf } from "../spec/message_of.ts";
import type { Fate } from "../runners/fuzz/fate.ts";
import { MAX_STEPS } from "../runners/fuzz/fuzz.ts";
import { lineOf, readRecord, RECORD_SCHEMA, type RecordHead } from "../runners/fuzz/record.ts";
import { textAt } from "./files.ts";
import { Failure } from "./io.ts";

/** A record while programs are played. */
export interface KeptRecord {
  /** What became of the programs that an earlier fuzzing has played. */
  readonly fates: readonly Fate[];
  /** Notes what became of another one. */
  readonly add: (fate: Fate) => void;
  readonly close: () => void;
}

/** What decides a fuzzing. */
export interface Fuzzing {
  readonly target: string;
  readonly against: string;
  readonly maxSteps?: number | undefined;
  /** The file; nothing is noted where it is left out. */
  readonly record?: string | undefined;
}

/**
 * Opens the record of a fuzzing, or begins it.
 *
 * @throws {Failure} if the file is something else, or the record of another fuzzing, or cannot be written
 */
export function openFuzzRecord({ target, against, maxSteps, record }: Fuzzing, seed: number): KeptRecord {
  if (record === undefined) return { fates: [], add() {}, close() {} };
  const head: RecordHead = { schema: RECORD_SCHEMA, target, against, seed, maxSteps: maxSteps ?? MAX_STEPS };
  const fates = existsSync(record) ? fatesIn(record, head) : [];
  const file = written(() => openSync(record, "a"));
  const note = (what: RecordHead | Fate) => written(() => void writeSync(file, lineOf(what)));
  if (statSync(record).size === 0) note(head);
  return { fates, add: note, close: () => closeSync(file) };
}

function fatesIn(path: string, head: RecordHead): readonly Fate[] {
  const text = textAt(path, "Give another file with --record");
  if (text === "") return [];
  const record = readRecord(text);
  if (typeof record === "string") {
    throw new Failure(2, `${path} is no record of a fuzzing: ${record}`, "Give another file with --record");
  }
  if (lineOf(record.head) !== lineOf(head)) {
    const { target, against, seed, maxSteps } = record.head;
    throw new Failure(
      2,
      `${path} is the record of another fuzzing`,
      `Give --target ${target} --against ${against} --seed ${seed} --max-steps ${maxSteps}, or another file`,
    );
  }
  // A line that was cut off would spoil the next one.
  truncateSync(path, new TextEncoder().encode(text.slice(0, text.lastIndexOf("\n") + 1)).length);
  return record.fates;
}

function written<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw new Failure(
      2,
      `The record cannot be written: ${messageOf(error)}`,
      "Give another file with --record",
      error,
    );
  }
}
