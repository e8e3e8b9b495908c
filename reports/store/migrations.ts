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
  // A case's history is a range of "shown", in the order of time, with all that it needs in a few bytes; what a run
  // showed is one row of "run_facts". Rows of "search" are numbered by the run, so that they are found again.
  `
  CREATE TABLE state (one INTEGER PRIMARY KEY CHECK (one = 1), generation INTEGER NOT NULL, epoch INTEGER NOT NULL)
    STRICT;
  INSERT INTO state VALUES (1, 0, 0);
  CREATE TABLE streams (
    id INTEGER PRIMARY KEY,
    target TEXT NOT NULL,
    profile TEXT NOT NULL,
    UNIQUE (target, profile)
  ) STRICT;
  INSERT INTO streams (target, profile) SELECT DISTINCT target, profile FROM runs;
  ALTER TABLE runs ADD COLUMN stream_id INTEGER REFERENCES streams (id);
  UPDATE runs SET stream_id = s.id FROM streams AS s WHERE s.target = runs.target AND s.profile = runs.profile;
  DROP INDEX runs_by_target;
  CREATE INDEX runs_by_stream ON runs (stream_id, started_at DESC, run);
  CREATE INDEX runs_by_profile ON runs (profile, started_at DESC, run);
  ALTER TABLE facts ADD COLUMN case_id INTEGER REFERENCES cases (id);
  UPDATE facts SET case_id = r.case_id FROM (SELECT DISTINCT facts_id, case_id FROM results) AS r
    WHERE r.facts_id = facts.id;
  CREATE TABLE shown (
    case_id INTEGER NOT NULL,
    started_ms INTEGER NOT NULL,
    run_id INTEGER NOT NULL,
    stream_id INTEGER NOT NULL,
    facts_id INTEGER NOT NULL,
    duration_us INTEGER NOT NULL,
    PRIMARY KEY (case_id, started_ms, run_id)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO shown
    SELECT case_id, CAST(round(unixepoch(results.started_at, 'subsec') * 1000) AS INTEGER), run_id, stream_id,
      facts_id, CAST(round(results.duration_ms * 1000) AS INTEGER)
    FROM results JOIN runs ON runs.id = run_id ORDER BY 1, 2, 3;
  CREATE TABLE run_facts (
    run_id INTEGER PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
    facts TEXT NOT NULL
  ) STRICT;
  INSERT INTO run_facts SELECT run_id, json_group_array(facts_id) FROM results GROUP BY run_id;
  DROP TABLE results;
  CREATE VIRTUAL TABLE found USING fts5 (kind UNINDEXED, run UNINDEXED, name UNINDEXED, text);
  INSERT INTO found (rowid, kind, run, name, text)
    SELECT runs.id * 1048576 + row_number() OVER (PARTITION BY runs.id ORDER BY search.rowid), kind, search.run,
      name, text
    FROM search JOIN runs ON runs.run = search.run;
  DROP TABLE search;
  ALTER TABLE found RENAME TO search;
  `,
];

/** Rows of `search` that belong to one run have numbers from its own times this. */
export const SEARCH_ROWS = 1_048_576;

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
