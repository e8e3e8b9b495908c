/**
 * The tables of the index, as a list of steps; a store of an older version is brought up step by step.
 *
 * @module
 */
import type { DatabaseSync } from "node:sqlite";

/** Each step makes the tables of one version out of those of the one before. Steps are never changed, only added. */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run TEXT NOT NULL UNIQUE,
    bytes INTEGER NOT NULL,
    imported_at TEXT NOT NULL,
    judged_by TEXT NOT NULL,
    target TEXT NOT NULL,
    target_name TEXT NOT NULL,
    kernel TEXT NOT NULL,
    profile TEXT NOT NULL,
    started_at TEXT NOT NULL,
    finished_at TEXT,
    counts TEXT NOT NULL,
    duration_ms REAL NOT NULL
  ) STRICT;
  CREATE INDEX runs_by_time ON runs (started_at DESC, run);
  CREATE INDEX runs_by_target ON runs (target, profile, started_at DESC, run);
  CREATE TABLE cases (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE facts (id INTEGER PRIMARY KEY AUTOINCREMENT, digest TEXT NOT NULL UNIQUE, facts TEXT NOT NULL) STRICT;
  CREATE TABLE results (
    run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    case_id INTEGER NOT NULL REFERENCES cases (id),
    facts_id INTEGER NOT NULL REFERENCES facts (id),
    started_at TEXT NOT NULL,
    duration_ms REAL NOT NULL,
    PRIMARY KEY (run_id, case_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX results_by_case ON results (case_id, started_at DESC, run_id);
  CREATE TABLE refused (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    reason TEXT NOT NULL,
    at TEXT NOT NULL,
    UNIQUE (name, reason)
  ) STRICT;
  CREATE VIRTUAL TABLE search USING fts5 (kind UNINDEXED, run UNINDEXED, name UNINDEXED, text);
  `,
];

/** A store that was written by a later version of the suite. */
export class NewerStoreError extends Error {
  /** The name of the class. */
  override readonly name = "NewerStoreError";

  /** Makes an error of the two versions. */
  constructor(found: number) {
    super(
      `Cannot open the store: its tables are of version ${found} and this suite knows up to ${MIGRATIONS.length}`,
    );
  }
}

/**
 * Brings the tables to the newest version, each step in a transaction of its own.
 *
 * @throws {NewerStoreError} if the tables are newer than this suite
 */
export function migrate(db: DatabaseSync): void {
  for (;;) {
    db.exec("BEGIN IMMEDIATE");
    try {
      const version = versionOf(db);
      if (version > MIGRATIONS.length) throw new NewerStoreError(version);
      const step = MIGRATIONS[version];
      if (step !== undefined) db.exec(`${step}; PRAGMA user_version = ${version + 1}`);
      db.exec("COMMIT");
      if (step === undefined) return;
    } catch (error) {
      db.exec("ROLLBACK");
      throw error;
    }
  }
}

function versionOf(db: DatabaseSync): number {
  return Number(db.prepare("PRAGMA user_version").get()?.["user_version"] ?? 0);
}
