/**
 * `conform import`: takes run records into the history store.
 *
 * @module
 */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { printable } from "../../reports/formats/format.ts";
import { type Imported, ImportThreads, Store } from "../../reports/store/mod.ts";
import { Failure, type Io } from "../io.ts";
import { identityOf, loadSuite, type Suite, VERSION } from "../suite.ts";
import { messageOf } from "../../spec/message_of.ts";

/** Where the history is, unless somebody says otherwise. */
export const DEFAULT_STORE = "runs/history";

/** What `conform import` is given. */
export interface ImportArguments {
  readonly records: readonly string[];
  readonly store: string;
  readonly rebuild: boolean;
}

/** Carries out `conform import` and gives the exit status: 1 if a record was refused. */
export async function importRecords(
  { records, store: folder, rebuild }: ImportArguments,
  io: Io,
): Promise<number> {
  if (records.length === 0 && !rebuild) {
    throw new Failure(2, "There is nothing to import", "Name run records, or a folder with some");
  }
  const suite = loadSuite();
  using store = openStore(folder, suite, rebuild ? "mend" : "refuse");
  if (rebuild) tellRebuilt(store, io);
  const paths = records.flatMap((path) => recordsIn(path, io));
  using threads = paths.length < WORTH_THREADS ? undefined : new ImportThreads({
    folder,
    judgedBy: judgedBy(suite),
    threads: Math.min(MOST_THREADS, navigator.hardwareConcurrency),
  });
  const refused = await importAll(paths, threads ?? store, io);
  if (io.signal.aborted) return 1;
  const other = store.judgedOtherwise();
  if (other > 0) {
    io.err(
      `${other} runs in the history were judged by another suite. conform import --rebuild judges them again\n`,
    );
  }
  return refused > 0 ? 1 : 0;
}

/** Threads take a second to start. */
const WORTH_THREADS = 100;

const MOST_THREADS = 4;

/** So many records are written in one piece. */
const AT_ONCE = 16;

/** Takes all records in and tells what became of each, in their order; gives how many were refused. */
async function importAll(
  paths: readonly string[],
  into: Pick<Store, "importFiles"> | ImportThreads,
  io: Io,
): Promise<number> {
  let refused = 0;
  const underWay: Promise<() => void>[] = [];
  const take = async (some: readonly string[]) => {
    const imported = await into.importFiles(some);
    return () => {
      imported.forEach((each, index) => io.out(`${lineOf(some[index] ?? "", each)}\n`));
      refused += imported.filter(({ kind }) => kind === "refused").length;
    };
  };
  const most = into instanceof ImportThreads ? 2 * MOST_THREADS : 1;
  for (let begin = 0; begin < paths.length && !io.signal.aborted; begin += AT_ONCE) {
    underWay.push(take(paths.slice(begin, begin + AT_ONCE)));
    if (underWay.length >= most) (await underWay.shift())?.();
  }
  for (const each of underWay) (await each)();
  return refused;
}

/**
 * Opens the history, or begins one. An index that cannot be read is refused, or made anew.
 *
 * @throws {Failure} with status 2 if the folder cannot be used
 */
export function openStore(folder: string, suite: Suite, harmed: "refuse" | "mend" = "refuse"): Store {
  const judging = { cases: suite.byId, judgedBy: judgedBy(suite) };
  try {
    return harmed === "refuse" ? Store.open(folder, judging) : Store.openHarmed(folder, judging);
  } catch (error) {
    const reason = messageOf(error);
    throw new Failure(2, `Cannot open the history in "${folder}": ${reason}`, hintFor(reason), error);
  }
}

/** What to do where a history cannot be opened, by what its index says. */
export function hintFor(reason: string): string {
  return /database is locked/.test(reason)
    ? "Another command writes to it; give the command again when that has ended"
    : "Look at the folder, or take another --store";
}

/**
 * Opens a history that is there.
 *
 * @throws {Failure} with status 2 if there is none, or the folder cannot be used
 */
export function openHistory(folder: string, suite: Suite): Store {
  if (existsSync(folder)) return openStore(folder, suite);
  throw new Failure(2, `There is no history in "${folder}"`, "conform import makes one of run records");
}

/** Names what judges: what another suite has judged can be told apart. */
export function judgedBy({ ledger, cases }: Suite): string {
  return `${VERSION} ${ledger.digest} ${identityOf(ledger, cases).cases}`;
}

function tellRebuilt(store: Store, io: Io): void {
  const { runs, quarantined } = store.rebuild();
  io.out(`The index is made anew from ${runs} records\n`);
  for (const { run, reason } of quarantined) io.out(`quarantined ${run}: ${printable(reason)}\n`);
}

/** The records that a path stands for: a folder stands for those in it. */
function recordsIn(path: string, io: Io): string[] {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return [path];
  const names = readdirSync(path).filter((name) => name.endsWith(".jsonl")).sort();
  if (names.length === 0) io.err(`There is no record in "${path}"; their names end in .jsonl\n`);
  return names.map((name) => join(path, name));
}

function lineOf(path: string, imported: Imported): string {
  const what = imported.kind === "refused" ? printable(imported.reason) : imported.run;
  return `${imported.kind} ${printable(path)}: ${what}`;
}
