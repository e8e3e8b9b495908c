/**
 * The history store: run records in a folder, and an index of them in SQLite that can be made anew at any time.
 *
 * @module
 */
import { readFileSync, statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import type { Case } from "../../cases/case.ts";
import type { RunFacts } from "../compare/facts.ts";
import { readRecord, type RunRecord } from "../record_reader.ts";
import { resultOf, type RunResult } from "../result.ts";
import {
  type CheckedRecord,
  checkRecord,
  MAX_RECORD_BYTES,
  nameOf,
  RefusedRecord,
  tooLarge,
  wholeLines,
} from "./check.ts";
import { type IndexedRun, indexedRun } from "./entry.ts";
import { StoreFiles } from "./files.ts";
import { Indexer } from "./indexer.ts";
import { migrate } from "./migrations.ts";
import { type CaseInRun, Reader, type RunEntry, type RunFilter, type SearchHit } from "./reader.ts";
import type { BehaviourWindow } from "./windows.ts";
import { messageOf } from "../../spec/message_of.ts";

/** What records are judged by. */
export interface Judging {
  /** The suite's cases, by id. */
  readonly cases: ReadonlyMap<string, Case>;
  /** Names the suite, its ledger and its cases: what another one has judged can be told apart. */
  readonly judgedBy: string;
}

/** An index that cannot be read. */
export class HarmedStoreError extends Error {
  /** The name of the class. */
  override readonly name = "HarmedStoreError";

  /** Makes an error of what SQLite said. */
  constructor(cause: unknown) {
    const said = cause instanceof Error ? cause.message : String(cause);
    super(`The index cannot be read (${said}); conform import --rebuild makes it anew from the records`, {
      cause,
    });
  }
}

/** What became of a record. */
export type Imported =
  /** It is in the store now, under this name. */
  | { readonly kind: "imported"; readonly run: string }
  /** It goes on where the one in the store stopped, and has taken its place. */
  | { readonly kind: "continued"; readonly run: string }
  /** The store has all of it. */
  | { readonly kind: "duplicate"; readonly run: string }
  /** It is not taken. */
  | { readonly kind: "refused"; readonly reason: string };

/** What making the index anew found. */
export interface Rebuilt {
  /** How many runs are in the index. */
  readonly runs: number;
  /** The records that could not be read any more; they were put aside. */
  readonly quarantined: readonly { readonly run: string; readonly reason: string }[];
}

/** A record that has been looked at and judged, and waits for its place. */
interface Prepared {
  readonly checked: CheckedRecord;
  readonly entry: IndexedRun;
  /** Where it was written down. */
  readonly staged: string;
}

/** What waits for its place, or what can be said of it at once. */
type PreparedFile =
  & { readonly name: string }
  & (Prepared | Exclude<Imported, { kind: "imported" | "continued" }>);

/** A record of the store and its size in bytes. */
interface ListedRecord {
  readonly run: string;
  readonly bytes: number;
}

/** What the index is to hold of a record, or why it cannot be read any more. */
type JudgedAgain = ListedRecord & ({ readonly entry: IndexedRun } | { readonly reason: string });

/** How long a file may be on its way in before it counts as left behind. */
const LEFT_BEHIND_MS = 24 * 60 * 60 * 1000;

/** Readers wait for nobody who writes; the log of what was written does not keep the space of its longest day. */
const SETTINGS = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA foreign_keys = ON;
  PRAGMA cache_size = -32768;
  PRAGMA mmap_size = 1073741824;
  PRAGMA journal_size_limit = 67108864;
`;

/** So many records are given a place in the index at once: those who write meanwhile wait that long. */
const INDEXED_AT_ONCE = 20;

/** A history store. */
export class Store implements Disposable {
  readonly #files: StoreFiles;
  readonly #db: DatabaseSync;
  readonly #judging: Judging;
  readonly #indexer: Indexer;
  readonly #reader: Reader;

  private constructor(files: StoreFiles, db: DatabaseSync, judging: Judging) {
    this.#files = files;
    this.#db = db;
    this.#judging = judging;
    this.#indexer = new Indexer(db, judging.judgedBy);
    this.#reader = new Reader(db);
  }

  /**
   * Opens the store in a folder, and makes one if there is none. Records that a killed import left without a place
   * in the index get one.
   *
   * @throws {NewerStoreError} if a later version of the suite has written it
   */
  static open(folder: string, judging: Judging): Store {
    const files = new StoreFiles(folder);
    const db = new DatabaseSync(files.index, { timeout: 30_000 });
    try {
      db.exec(SETTINGS);
      migrate(db);
      const store = new Store(files, db, judging);
      store.#mend();
      return store;
    } catch (error) {
      db.close();
      throw isHarmed(error) ? new HarmedStoreError(error) : error;
    }
  }

  /**
   * Opens the store in a folder as {@link Store.open} does, and makes its index anew if that cannot be read.
   *
   * @throws {NewerStoreError} if a later version of the suite has written it
   */
  static openHarmed(folder: string, judging: Judging): Store {
    try {
      return Store.open(folder, judging);
    } catch (error) {
      if (!(error instanceof HarmedStoreError)) throw error;
      new StoreFiles(folder).removeIndex();
      return Store.open(folder, judging);
    }
  }

  /** Takes a record from a file. `name` is what a refusal is told of. */
  importFile(path: string, name: string = path): Imported {
    const [imported] = this.#take([this.#prepare(path, name)]);
    if (!imported) throw new Error(`Nothing became of "${name}"`);
    return imported;
  }

  /**
   * Takes records from files, all in one piece of the index: what became of each, in their order. A refused one stops
   * no other. Twenty or so at a time are quick and keep others who write waiting for an instant only.
   */
  importFiles(paths: readonly string[]): readonly Imported[] {
    return this.#take(paths.map((path) => this.#prepare(path, path)));
  }

  /** A name for a file that is on its way in; see {@link Store.importFile}. */
  incoming(): string {
    return this.#files.incoming();
  }

  /**
   * Makes the index anew from the records, a few at a time: whoever reads or writes meanwhile waits for an instant only.
   * A run that comes in meanwhile stays. A kill leaves an index in which some runs are judged anew and some are not.
   */
  rebuild(): Rebuilt {
    this.#files.sweep(LEFT_BEHIND_MS);
    this.#indexer.inTransaction(() => this.#indexer.forgetRefused());
    const quarantined: { run: string; reason: string }[] = [];
    const runs = this.#indexAgain(this.#files.list(), quarantined);
    this.#indexer.inTransaction(() =>
      this.#indexer.keepOnly(new Set(this.#files.list().map(({ run }) => run)))
    );
    return { runs, quarantined };
  }

  /** The runs, the newest first. */
  runs(filter: RunFilter = {}): readonly RunEntry[] {
    return this.#reader.runs(filter);
  }

  /** The newest runs of each target and profile, `depth` of each. */
  latest(depth: number): readonly RunEntry[] {
    return this.#reader.latest(depth);
  }

  /** One run. */
  run(run: string): RunEntry | undefined {
    return this.#reader.run(run);
  }

  /** A run, judged anew from its record. */
  result(run: string): RunResult | undefined {
    const bytes = this.#files.read(run);
    if (!bytes) return undefined;
    return resultOf(readRecord(new TextDecoder().decode(bytes)), this.#judging.cases);
  }

  /** The record of a run as it is, for those who want to judge it themselves. */
  record(run: string): Uint8Array | undefined {
    return this.#files.read(run);
  }

  /** What a comparison needs of a run. */
  facts(run: string): RunFacts | undefined {
    return this.#reader.facts(run);
  }

  /** What a comparison needs of several runs, all at one moment; `undefined` if one of them is not there. */
  factsOfAll(runs: readonly string[]): readonly RunFacts[] | undefined {
    return this.#reader.factsOfAll(runs);
  }

  /**
   * Reads what the newest runs showed into memory, between other work, so that nobody who compares them waits for it.
   *
   * @param signal ends it before it is through; it must abort before the store is closed
   */
  async recall(signal?: AbortSignal): Promise<void> {
    for (const _ of this.#reader.recall()) {
      await new Promise((resolve) => setTimeout(resolve));
      if (signal?.aborted) return;
    }
  }

  /** What a case showed in the newest runs that have it, or in the newest of those before a run. */
  history(caseId: string, limit: number, before?: string): readonly CaseInRun[] {
    return this.#reader.history(caseId, limit, before);
  }

  /** Since when a case behaves as it does on each target, the newest first. */
  windows(caseId: string): readonly BehaviourWindow[] {
    return this.#reader.windows(caseId);
  }

  /** How many runs there are. */
  count(): number {
    return this.#reader.count();
  }

  /** Runs, cases and kernel log lines with some words in them. */
  search(words: string, limit: number): readonly SearchHit[] {
    return this.#reader.search(words, limit);
  }

  /** What was not taken, the newest first. */
  refused(): readonly { readonly name: string; readonly reason: string }[] {
    return this.#reader.refused();
  }

  /** How many runs were judged by another suite, ledger or cases. */
  judgedOtherwise(): number {
    return this.#reader.judgedOtherwise(this.#judging.judgedBy);
  }

  /** Another text whenever the index has changed. */
  stamp(): string {
    return this.#reader.stamp();
  }

  /** Closes the store. */
  close(): void {
    if (this.#db.isOpen) this.#db.close();
  }

  /** Closes the store. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Does all that needs no lock. */
  #prepare(path: string, name: string): PreparedFile {
    try {
      const stats = statSync(path);
      if (!stats.isFile()) throw new RefusedRecord("It is not a regular file");
      if (stats.size > MAX_RECORD_BYTES) throw tooLarge(stats.size);
      const given = readFileSync(path);
      const run = nameOf(given);
      if (this.#files.read(run)?.equals(wholeLines(given))) return { name, kind: "duplicate", run };
      const checked = checkRecord(given);
      const entry = indexedRun(checked.run, checked.bytes.length, this.#judge(checked.record));
      return { name, checked, entry, staged: this.#files.stage(checked.bytes) };
    } catch (error) {
      const reason = error instanceof RefusedRecord ? error.message : systemReason(error);
      return { name, kind: "refused", reason };
    }
  }

  #take(prepared: readonly PreparedFile[]): readonly Imported[] {
    try {
      return this.#indexer.inTransaction(() => {
        const imported = prepared.map((each) => this.#takeOne(each));
        this.#files.sync();
        return imported;
      });
    } finally {
      for (const each of prepared) if ("staged" in each) this.#files.discard(each.staged);
    }
  }

  /** The record of the same run that is there is looked at under the lock: nobody can put another one in between. */
  #takeOne(prepared: PreparedFile): Imported {
    if ("kind" in prepared) {
      const { name: _name, ...imported } = prepared;
      return imported.kind === "refused" ? this.#refuse(prepared.name, imported.reason) : imported;
    }
    const { checked, entry, staged } = prepared;
    const { run } = checked;
    try {
      const known = this.#known(run);
      const kind = known ? howItGoesOn(known, checked) : "imported";
      if (kind === "duplicate") return { kind, run };
      this.#files.place(staged, run);
      this.#indexer.add(entry);
      return { kind, run };
    } catch (error) {
      if (!(error instanceof RefusedRecord)) throw error;
      return this.#refuse(prepared.name, error.message);
    }
  }

  /** The record of a run that is there; one that was harmed is put aside and stands in no other's way. */
  #known(run: string): CheckedRecord | undefined {
    const bytes = this.#files.read(run);
    if (!bytes) return undefined;
    try {
      return checkRecord(bytes);
    } catch (error) {
      if (!(error instanceof RefusedRecord)) throw error;
      this.#files.quarantine(run);
      this.#indexer.refuse(run, error.message);
      return undefined;
    }
  }

  #refuse(name: string, reason: string): Imported {
    this.#indexer.refuse(name, reason);
    return { kind: "refused", reason };
  }

  /** A record that nothing can be made of must not stop what is done with the others. */
  #judge(record: RunRecord): RunResult {
    try {
      return resultOf(record, this.#judging.cases);
    } catch (error) {
      const reason = messageOf(error);
      throw new RefusedRecord(`It cannot be judged: ${reason}`, { cause: error });
    }
  }

  /** Gives every record a place in the index that has none, or one of another length. */
  #mend(): void {
    const indexed = this.#reader.sizes();
    this.#indexAgain(this.#files.list().filter(({ run, bytes }) => indexed.get(run) !== bytes), []);
  }

  /** Gives records their places in the index, each lot in one piece, and tells how many could be read. */
  #indexAgain(listed: readonly ListedRecord[], quarantined: { run: string; reason: string }[]): number {
    let runs = 0;
    for (let begin = 0; begin < listed.length; begin += INDEXED_AT_ONCE) {
      const some = listed.slice(begin, begin + INDEXED_AT_ONCE).map(({ run }) => this.#judgeAgain(run));
      this.#indexer.inTransaction(() => {
        for (const each of some) {
          if (this.#files.sizeOf(each.run) !== each.bytes) continue;
          if ("entry" in each) {
            this.#indexer.add(each.entry);
            runs++;
            continue;
          }
          this.#files.quarantine(each.run);
          this.#indexer.refuse(each.run, each.reason);
          quarantined.push({ run: each.run, reason: each.reason });
        }
      });
    }
    return runs;
  }

  /** Judges a record anew, which needs no lock. */
  #judgeAgain(run: string): JudgedAgain {
    const given = this.#files.read(run) ?? new Uint8Array();
    try {
      const { record, bytes } = checkRecord(given);
      return { run, bytes: given.length, entry: indexedRun(run, bytes.length, this.#judge(record)) };
    } catch (error) {
      if (!(error instanceof RefusedRecord)) throw error;
      return { run, bytes: given.length, reason: error.message };
    }
  }
}

/**
 * How a record stands to the one of the same run that is there.
 *
 * @throws {RefusedRecord} if neither goes on where the other stopped
 */
function howItGoesOn(known: CheckedRecord, given: CheckedRecord): "duplicate" | "continued" {
  if (startsWith(known.bytes, given.bytes) || startsWith(known.bytes, wholePart(given))) {
    if (known.bytes.length >= given.bytes.length || known.record.footer) return "duplicate";
  }
  if (!known.record.footer && startsWith(given.bytes, wholePart(known))) return "continued";
  throw new RefusedRecord("The store has another record of the same run, and the two tell different things");
}

function wholePart({ bytes, record }: CheckedRecord): Uint8Array {
  return bytes.subarray(0, record.wholeBytes);
}

function startsWith(bytes: Uint8Array, begin: Uint8Array): boolean {
  if (bytes.length < begin.length) return false;
  return Buffer.compare(bytes.subarray(0, begin.length), begin) === 0;
}

/** Whether SQLite says that the file is harmed or none of its own. */
function isHarmed(error: unknown): boolean {
  return error instanceof Error && /malformed|not a database/.test(error.message);
}

function systemReason(error: unknown): string {
  if (error instanceof Error && "code" in error) return `It cannot be read: ${error.message}`;
  throw error;
}
