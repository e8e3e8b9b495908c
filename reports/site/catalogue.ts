/**
 * Run records in files. A record that cannot be read is listed with its reason and blocks nothing.
 *
 * @module
 */
import { readdirSync, type Stats, statSync } from "node:fs";
import { basename, join } from "node:path";
import type { Case } from "../../cases/case.ts";
import { readRecordFile, RecordError } from "../record_reader.ts";
import { resultOf, type RunResult } from "../result.ts";
import { messageOf } from "../../spec/message_of.ts";

/** A run that can be shown. */
export interface ListedRun {
  /** The file's name without `.jsonl`; what the pages call it. */
  readonly name: string;
  readonly result: RunResult;
}

/** A file that looks like a record and is none. */
export interface UnreadableRun {
  readonly name: string;
  /** Why it cannot be read. */
  readonly reason: string;
}

/** The largest record that is read, in bytes. */
const MAX_BYTES = 256 * 1024 * 1024;

/** What was read of a file, and how the file looked then. */
interface Remembered {
  readonly stamp: string;
  readonly read: ListedRun | UnreadableRun;
}

/** The files of runs as they are now, by the names of the runs. */
export type RecordFiles = () => ReadonlyMap<string, string>;

const EXTENSION = ".jsonl";

/** The records of a folder; a folder that cannot be read has none. */
export function filesOfFolder(folder: string): RecordFiles {
  return () => {
    try {
      const files = readdirSync(folder).filter((file) => file.endsWith(EXTENSION)).sort();
      return new Map(files.map((file) => [basename(file, EXTENSION), join(folder, file)]));
    } catch {
      return new Map();
    }
  };
}

/** Records that are named one by one; of two files of the same name the later one has a number behind it. */
export function filesNamed(paths: readonly string[]): RecordFiles {
  const files = new Map<string, string>();
  for (const path of paths) {
    const stem = basename(path, EXTENSION);
    let name = stem;
    for (let number = 2; files.has(name); number++) name = `${stem}-${number}`;
    files.set(name, path);
  }
  return () => files;
}

/** The runs of some files; files are read again only if they have changed. */
export class Catalogue {
  readonly #files: RecordFiles;
  readonly #cases: ReadonlyMap<string, Case>;
  readonly #remembered = new Map<string, Remembered>();

  /** Shows the runs of some files, judged with the cases of this suite. */
  constructor(files: RecordFiles, cases: ReadonlyMap<string, Case>) {
    this.#files = files;
    this.#cases = cases;
  }

  /** Every run, the newest first, and every file that cannot be read. */
  list(): { readonly runs: readonly ListedRun[]; readonly unreadable: readonly UnreadableRun[] } {
    const all = [...this.#files().keys()].map((name) => this.#read(name));
    const runs = all.filter((each) => "result" in each);
    const unreadable = all.filter((each) => "reason" in each);
    return { runs: runs.sort(newestFirst), unreadable };
  }

  /** One run by its name. The name is looked up in the listing; it never becomes a path by itself. */
  find(name: string): ListedRun | UnreadableRun | undefined {
    return this.#files().has(name) ? this.#read(name) : undefined;
  }

  /** The file of a run that is there. */
  pathOf(name: string): string | undefined {
    return this.#files().get(name);
  }

  /** Another text whenever a file has changed. */
  stamp(): string {
    return [...this.#files().values()].map((path) => {
      const stats = statSync(path, { throwIfNoEntry: false });
      return stats ? `${stats.ino} ${stats.size} ${stats.mtimeMs}` : "";
    }).join(",");
  }

  #read(name: string): ListedRun | UnreadableRun {
    const path = this.#files().get(name) ?? "";
    try {
      const stats = statSync(path);
      const stamp = `${stats.ino} ${stats.size} ${stats.mtimeMs}`;
      const known = this.#remembered.get(name);
      if (known?.stamp === stamp) return known.read;
      const read = this.#readAnew(name, path, stats);
      this.#remembered.set(name, { stamp, read });
      return read;
    } catch (error) {
      return { name, reason: reasonOf(error) };
    }
  }

  #readAnew(name: string, path: string, stats: Stats): ListedRun | UnreadableRun {
    const refusal = refusalOf(stats);
    if (refusal !== undefined) return { name, reason: refusal };
    try {
      return { name, result: resultOf(readRecordFile(path), this.#cases) };
    } catch (error) {
      return { name, reason: reasonOf(error) };
    }
  }
}

function newestFirst(a: ListedRun, b: ListedRun): number {
  const [begunA, begunB] = [a, b].map(({ result }) => Date.parse(result.startedAt));
  return (begunB ?? 0) - (begunA ?? 0) || a.name.localeCompare(b.name);
}

/** Why a file is not even opened: a pipe, for one, would never end. */
function refusalOf(stats: Stats): string | undefined {
  if (!stats.isFile()) return "It is not a regular file";
  if (stats.size <= MAX_BYTES) return undefined;
  return `It has ${stats.size} bytes and no record may have more than ${MAX_BYTES}`;
}

function reasonOf(error: unknown): string {
  if (error instanceof RecordError) return `${error.message}. ${error.hint}`;
  return messageOf(error);
}
