/**
 * Writes the index of a store.
 *
 * @module
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { z } from "zod";
import type { IndexedCase, IndexedRun } from "./entry.ts";
import { SEARCH_ROWS } from "./migrations.ts";

const runsSchema = z.array(z.object({ run: z.string() }));

/** Writes the index. */
export class Indexer {
  readonly #db: DatabaseSync;
  readonly #judgedBy: string;
  readonly #statements: Statements;
  #known = { epoch: -1, cases: new Map<string, number>(), facts: new Map<string, number>() };

  /** Writes into a database whose tables are there. */
  constructor(db: DatabaseSync, judgedBy: string) {
    this.#db = db;
    this.#judgedBy = judgedBy;
    this.#statements = prepare(db);
  }

  /** Does something whole or not at all; meanwhile nobody else writes. */
  inTransaction<T>(action: () => T): T {
    if (this.#db.isTransaction) return action();
    this.#db.exec("BEGIN IMMEDIATE");
    try {
      this.#recall();
      const value = action();
      this.#statements.step.run();
      this.#db.exec("COMMIT");
      return value;
    } catch (error) {
      this.#db.exec("ROLLBACK");
      this.#known.epoch = -1;
      throw error;
    }
  }

  /** Forgets what was not taken. */
  forgetRefused(): void {
    this.#db.exec("DELETE FROM refused");
  }

  /** Removes every other run than these, and what no run has any more. */
  keepOnly(runs: ReadonlySet<string>): void {
    for (const { run } of runsSchema.parse(this.#statements.runs.all())) {
      if (!runs.has(run)) this.#remove(run);
    }
    this.#db.exec(`
      DELETE FROM facts WHERE id NOT IN (SELECT facts_id FROM shown);
      DELETE FROM cases WHERE id NOT IN (SELECT case_id FROM shown);
      DELETE FROM streams WHERE id NOT IN (SELECT stream_id FROM runs);
      UPDATE state SET epoch = epoch + 1;
    `);
    this.#recall();
  }

  /** Adds a run, in the place of what is known of it. */
  add(entry: IndexedRun): void {
    this.#remove(entry.run);
    const { addRun, addShown, addRunFacts } = this.#statements;
    const stream = this.#streamOf(entry);
    const id = Number(addRun.run(...this.#columns(entry), stream).lastInsertRowid);
    const facts = entry.cases.map((each) => {
      const caseId = this.#caseId(each.case);
      const factsId = this.#factsId(each, caseId);
      addShown.run(caseId, entry.startedMs, id, stream, factsId, each.durationUs);
      return factsId;
    });
    addRunFacts.run(id, JSON.stringify(facts));
    entry.texts.forEach(({ kind, case: name, text }, index) =>
      this.#statements.addSearch.run(id * SEARCH_ROWS + index, kind, entry.run, name, text)
    );
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

  #columns({ run, bytes, result, startedMs, cases }: IndexedRun) {
    const { target, profile, finishedAt, counts } = result;
    return [
      run,
      bytes,
      new Date().toISOString(),
      this.#judgedBy,
      target.id,
      target.name,
      target.kernel,
      profile,
      new Date(startedMs).toISOString(),
      finishedAt ?? null,
      JSON.stringify(counts),
      cases.reduce((sum, { durationUs }) => sum + durationUs, 0) / 1000,
    ] as const;
  }

  #remove(run: string): void {
    const { runId, removeShown, removeSearch, removeRun } = this.#statements;
    const found = runId.get(run);
    if (!found) return;
    const id = Number(found["id"]);
    removeShown.run(id, Date.parse(String(found["started_at"])), id);
    removeSearch.run(id * SEARCH_ROWS, (id + 1) * SEARCH_ROWS);
    removeRun.run(id);
  }

  /** What is known of the tables holds until somebody empties them. */
  #recall(): void {
    const epoch = Number(this.#statements.epoch.get()?.["epoch"]);
    if (epoch !== this.#known.epoch) this.#known = { epoch, cases: new Map(), facts: new Map() };
  }

  #streamOf({ result: { target, profile } }: IndexedRun): number {
    this.#statements.addStream.run(target.id, profile);
    return Number(this.#statements.streamId.get(target.id, profile)?.["id"]);
  }

  #caseId(name: string): number {
    return numberOf(this.#known.cases, name, () => {
      this.#statements.addCase.run(name);
      return this.#statements.caseId.get(name);
    });
  }

  #factsId({ digest, facts }: IndexedCase, caseId: number): number {
    return numberOf(this.#known.facts, digest, () => {
      this.#statements.addFacts.run(digest, facts, caseId);
      return this.#statements.factsId.get(digest);
    });
  }
}

/** The most numbers that are kept in memory. */
const REMEMBERED = 200_000;

function numberOf(known: Map<string, number>, name: string, find: () => unknown): number {
  const there = known.get(name);
  if (there !== undefined) return there;
  const row = find();
  const id = typeof row === "object" && row !== null && "id" in row ? Number(row.id) : NaN;
  if (known.size >= REMEMBERED) known.clear();
  known.set(name, id);
  return id;
}

type Statements = ReturnType<typeof prepare>;

function prepare(db: DatabaseSync) {
  const statement = (sql: string): StatementSync => db.prepare(sql);
  return {
    step: statement("UPDATE state SET generation = generation + 1"),
    epoch: statement("SELECT epoch FROM state"),
    runs: statement("SELECT run FROM runs"),
    runId: statement("SELECT id, started_at FROM runs WHERE run = ?"),
    removeShown: statement(`
      DELETE FROM shown WHERE case_id IN (
        SELECT case_id FROM facts WHERE id IN (
          SELECT value FROM json_each((SELECT facts FROM run_facts WHERE run_id = ?))
        )
      ) AND started_ms = ? AND run_id = ?`),
    removeSearch: statement("DELETE FROM search WHERE rowid >= ? AND rowid < ?"),
    removeRun: statement("DELETE FROM runs WHERE id = ?"),
    addRun: statement(`
      INSERT INTO runs (run, bytes, imported_at, judged_by, target, target_name, kernel, profile, started_at,
        finished_at, counts, duration_ms, stream_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`),
    addRunFacts: statement("INSERT INTO run_facts (run_id, facts) VALUES (?, ?)"),
    addStream: statement("INSERT INTO streams (target, profile) VALUES (?, ?) ON CONFLICT DO NOTHING"),
    streamId: statement("SELECT id FROM streams WHERE target = ? AND profile = ?"),
    addCase: statement("INSERT INTO cases (name) VALUES (?) ON CONFLICT DO NOTHING"),
    caseId: statement("SELECT id FROM cases WHERE name = ?"),
    addFacts: statement("INSERT INTO facts (digest, facts, case_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"),
    factsId: statement("SELECT id FROM facts WHERE digest = ?"),
    addShown: statement(`
      INSERT INTO shown (case_id, started_ms, run_id, stream_id, facts_id, duration_us)
      VALUES (?, ?, ?, ?, ?, ?)`),
    addSearch: statement("INSERT INTO search (rowid, kind, run, name, text) VALUES (?, ?, ?, ?, ?)"),
    forget: statement("DELETE FROM refused WHERE id <= (SELECT max(id) FROM refused) - 500"),
    refuse: statement("INSERT INTO refused (name, reason, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"),
  };
}
