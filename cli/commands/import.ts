/**
 * `conform import`: takes run records into the history store.
 *
 * @module
 */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { printable } from "../../reports/formats/format.ts";
import { type Imported, Store } from "../../reports/store/mod.ts";
import { Failure, type Io } from "../io.ts";
import { identityOf, loadSuite, type Suite, VERSION } from "../suite.ts";

/** Where the history is, unless somebody says otherwise. */
export const DEFAULT_STORE = "runs/history";

/** What `conform import` is given. */
export interface ImportArguments {
  readonly records: readonly string[];
  readonly store: string;
  readonly rebuild: boolean;
}

/** Carries out `conform import` and gives the exit status: 1 if a record was refused. */
export function importRecords({ records, store: folder, rebuild }: ImportArguments, io: Io): number {
  if (records.length === 0 && !rebuild) {
    throw new Failure(2, "There is nothing to import", "Name run records, or a folder with some");
  }
  using store = openStore(folder, loadSuite());
  if (rebuild) tellRebuilt(store, io);
  let refused = 0;
  for (const path of records.flatMap(recordsIn)) {
    if (io.signal.aborted) return 1;
    const imported = store.importFile(path);
    if (imported.kind === "refused") refused++;
    io.out(`${lineOf(path, imported)}\n`);
  }
  const other = store.judgedOtherwise();
  if (other > 0) {
    io.err(
      `${other} runs in the history were judged by another suite. conform import --rebuild judges them again\n`,
    );
  }
  return refused > 0 ? 1 : 0;
}

/**
 * Opens the history.
 *
 * @throws {Failure} with status 2 if the folder cannot be used
 */
export function openStore(folder: string, { ledger, cases, byId }: Suite): Store {
  const { cases: digest } = identityOf(ledger, cases);
  try {
    return Store.open(folder, { cases: byId, judgedBy: `${VERSION} ${ledger.digest} ${digest}` });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Failure(2, `Cannot open the history in "${folder}": ${reason}`, "Take another --store", error);
  }
}

function tellRebuilt(store: Store, io: Io): void {
  const { runs, quarantined } = store.rebuild();
  io.out(`The index is made anew from ${runs} records\n`);
  for (const { run, reason } of quarantined) io.out(`quarantined ${run}: ${printable(reason)}\n`);
}

/** The records that a path stands for: a folder stands for those in it. */
function recordsIn(path: string): string[] {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return [path];
  const names = readdirSync(path).filter((name) => name.endsWith(".jsonl")).sort();
  return names.map((name) => join(path, name));
}

function lineOf(path: string, imported: Imported): string {
  const what = imported.kind === "refused" ? printable(imported.reason) : imported.run;
  return `${imported.kind} ${printable(path)}: ${what}`;
}
