/**
 * Writes the index of a store.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { caseFacts } from "../compare/facts.ts";
import type { CaseResult, RunResult } from "../result.ts";
import { findingsOf } from "./findings.ts";

/** Writes the index. */
export class Indexer {
  readonly #db: DatabaseSync;
  readonly #judgedBy: string;
  readonly #statements: Statements;
  #depth = 0;

  /** Writes into a database whose tables are there. */
  constructor(db: DatabaseSync, judgedBy: string) {
    this.#db = db;
    this.#judgedBy = judgedBy;
    this.#statements = prepare(db);
  }

  /** Does something whole or not at all. */
  inTransaction<T>(action: () => T): T {
    if (this.#depth > 0) return action();
    this.#db.exec("BEGIN IMMEDIATE");
    this.#depth++;
    try {
      const value = action();
      this.#db.exec("COMMIT");
      return value;
    } catch (error) {
      this.#db.exec("ROLLBACK");
      throw error;
    } finally {
      this.#depth--;
    }
  }

  /** Empties the index. */
  clear(): void {
    this.#db.exec(
      "DELETE FROM search; DELETE FROM results; DELETE FROM runs; DELETE FROM facts; DELETE FROM cases",
    );
    this.#db.exec("DELETE FROM refused");
  }

  /** Adds a run, in the place of what is known of it. */
  add(run: string, bytes: number, result: RunResult): void {
    const { target, results } = result;
    const startedAt = new Date(result.startedAt).toISOString();
    this.#statements.removeSearch.run(run);
    this.#statements.removeRun.run(run);
    const { lastInsertRowid } = this.#statements.addRun.run(
      run,
      bytes,
      new Date().toISOString(),
      this.#judgedBy,
      target.id,
      target.name,
      target.kernel,
      result.profile,
      startedAt,
      result.finishedAt ?? null,
      JSON.stringify(result.counts),
      results.reduce((sum, { durationMs }) => sum + durationMs, 0),
    );
    for (const each of results) this.#addResult(Number(lastInsertRowid), startedAt, each);
    this.#addSearch(run, result);
  }

  /** Keeps in mind what was not taken, and why: the same thing once, and the last 500 things. */
  refuse(name: string, reason: string): void {
    this.#statements.refuse.run(
      name.slice(0, 512).toWellFormed(),
      reason.slice(0, 2048).toWellFormed(),
      new Date().toISOString(),
    );
    this.#statements.forget.run();
  }

  #addResult(runId: number, startedAt: string, result: CaseResult): void {
    const facts = JSON.stringify(caseFacts(result));
    const digest = createHash("sha256").update(facts).digest("base64url");
    const { addCase, addFacts, addResult } = this.#statements;
    addCase.run(result.case);
    addFacts.run(digest, facts);
    addResult.run(runId, result.case, digest, startedAt, result.durationMs);
  }

  #addSearch(run: string, result: RunResult): void {
    const { target, profile, command, results } = result;
    const { addSearch } = this.#statements;
    const said = [target.id, target.name, target.kernel, profile, ...command, ...target.detectors];
    addSearch.run("run", run, "", said.join(" "));
    for (const { case: id, text } of findingsOf(results)) addSearch.run("log", run, id, text);
  }
}

type Statements = ReturnType<typeof prepare>;

function prepare(db: DatabaseSync) {
  const statement = (sql: string): StatementSync => db.prepare(sql);
  return {
    removeSearch: statement("DELETE FROM search WHERE run = ?"),
    removeRun: statement("DELETE FROM runs WHERE run = ?"),
    addRun: statement(`
      INSERT INTO runs (run, bytes, imported_at, judged_by, target, target_name, kernel, profile, started_at,
        finished_at, counts, duration_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`),
    addCase: statement("INSERT INTO cases (name) VALUES (?) ON CONFLICT DO NOTHING"),
    addFacts: statement("INSERT INTO facts (digest, facts) VALUES (?, ?) ON CONFLICT DO NOTHING"),
    addResult: statement(`
      INSERT INTO results (run_id, case_id, facts_id, started_at, duration_ms)
      VALUES (?, (SELECT id FROM cases WHERE name = ?), (SELECT id FROM facts WHERE digest = ?), ?, ?)`),
    addSearch: statement("INSERT INTO search (kind, run, name, text) VALUES (?, ?, ?, ?)"),
    forget: statement("DELETE FROM refused WHERE id <= (SELECT max(id) FROM refused) - 500"),
    refuse: statement("INSERT INTO refused (name, reason, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"),
  };
}
