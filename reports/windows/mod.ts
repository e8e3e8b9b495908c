/**
 * Behaviour windows: for each clause which behaviour was seen in which run, and what the ledger knows of the changes.
 *
 * @module
 */
export {
  behaviourText,
  changedIn,
  clauseCounts,
  standingsText,
  traceLog,
  traceText,
  WINDOWS_FORMATS,
  type WindowsFormat,
  writeWindows,
} from "./formats.ts";
export { gitLog } from "./git_log.ts";
export { compareVersions, type Owed, owedBy, owedSince } from "./owed.ts";
export { windowsPage } from "./page.tsx";
export {
  type Behaviour,
  type ChangeKind,
  type ClauseWindows,
  type KnownCommit,
  type Standing,
  type Trace,
  type Windows,
  WINDOWS_SCHEMA,
  windowsOf,
  type WindowsRun,
} from "./windows.ts";
