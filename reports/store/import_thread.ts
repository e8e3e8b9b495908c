/**
 * A thread that takes records into a store, so that nobody who reads waits while a record is judged.
 *
 * It gives way to every other thread of the machine: an import can wait, a reader cannot.
 *
 * @module
 */
/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
import { setPriority } from "node:os";
import { loadCases } from "../../cases/load.ts";
import { loadLedger } from "../../spec/ledger.ts";
import type { ImportReply, ImportWork } from "./import_threads.ts";
import { Store } from "./store.ts";

/** Down to a third of the time of whoever wants the same core; not so far that a busy machine lets it starve. */
const PRIORITY = 5;

let store: Store | undefined;

self.onmessage = ({ data }: MessageEvent<ImportWork>) => {
  store ??= open(data);
  const imported = data.name === undefined
    ? store.importFiles(data.paths)
    : data.paths.map((path) => store?.importFile(path, data.name)).filter((each) => each !== undefined);
  const reply: ImportReply = { imported };
  self.postMessage(reply);
};

function open({ folder, judgedBy }: ImportWork): Store {
  try {
    setPriority(PRIORITY);
  } catch {
    // A system without priorities shares its time some other way.
  }
  const { cases } = loadCases(loadLedger());
  return Store.open(folder, { cases: new Map(cases.map((each) => [each.id, each])), judgedBy });
}
