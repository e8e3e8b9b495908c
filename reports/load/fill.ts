/**
 * Fills a store for a measurement.
 *
 * @module
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** Copies the runs of an index until it has `count` of them, each a minute after the one before. */
export function copyRuns(index: string, count: number): void {
  using db = new DatabaseSync(index, { timeout: 30_000 });
  const there = Number(db.prepare("SELECT count(*) AS there FROM runs").get()?.["there"]);
  const run = db.prepare(`
    INSERT INTO runs (run, bytes, imported_at, judged_by, target, target_name, kernel, profile, started_at,
      finished_at, counts, duration_ms)
    SELECT printf('%016x', ?1), bytes, imported_at, judged_by, target, target_name, kernel, profile,
      strftime('%Y-%m-%dT%H:%M:%fZ', 60 * ?1, 'unixepoch'), finished_at, counts, duration_ms
    FROM runs WHERE id = 1 + ?1 % ?2`);
  const results = db.prepare(`
    INSERT INTO results (run_id, case_id, facts_id, started_at, duration_ms)
    SELECT ?3, case_id, facts_id, strftime('%Y-%m-%dT%H:%M:%fZ', 60 * ?1, 'unixepoch'), duration_ms
    FROM results WHERE run_id = 1 + ?1 % ?2`);
  db.exec("BEGIN IMMEDIATE");
  for (let number = there; number < count; number++) {
    const { lastInsertRowid } = run.run(number, there);
    results.run(number, there, lastInsertRowid);
  }
  db.exec("COMMIT; ANALYZE; PRAGMA wal_checkpoint(TRUNCATE)");
}

/** Writes records of runs that differ in when they began, and gives their folder. */
export function recordsToImport(folder: string, record: string, count: number): string {
  const given = join(folder, "given");
  mkdirSync(given);
  const text = readFileSync(record, "utf8");
  for (let number = 0; number < count; number++) {
    const startedAt = new Date(Date.UTC(2027, 0, 1, 0, number)).toISOString();
    writeFileSync(
      join(given, `${number}.jsonl`),
      text.replace(/"startedAt":"[^"]*"/, `"startedAt":"${startedAt}"`),
    );
  }
  return given;
}
