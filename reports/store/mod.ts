/**
 * The history store: run records, and an index of them.
 *
 * @module
 */
export { MAX_RECORD_BYTES, RefusedRecord } from "./check.ts";
export { type Finding, findingsOf } from "./findings.ts";
export { ImportThreads, type ImportThreadsOptions, ThreadError } from "./import_threads.ts";
export { NewerStoreError } from "./migrations.ts";
export type { CaseInRun, RunEntry, RunFilter, SearchHit } from "./reader.ts";
export { HarmedStoreError, type Imported, type Judging, type Rebuilt, Store } from "./store.ts";
export { type BehaviourWindow, windowsOf } from "./windows.ts";
