/**
 * Reads the index of a store.
 *
 * @module
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { z } from "zod";
import type { CaseFacts, RunFacts, RunHead } from "../compare/facts.ts";
import type { Word } from "../formats/format.ts";
import type { Counts } from "../result.ts";

/** A run, as lists show it. */
export interface RunEntry extends RunHead {
  /** What the target is, in a few words. */
  readonly targetName: string;
  /** When it ended; missing where it is partial. */
  readonly finishedAt?: string | undefined;
  /** How many cases ended how. */
  readonly counts: Counts;
  /** Wall time of its cases in milliseconds. */
  readonly durationMs: number;
}

/** Which runs are asked for. */
export interface RunFilter {
  /** Of this target. */
  readonly target?: string | undefined;
  /** Of this profile. */
  readonly profile?: string | undefined;
  /** Begun before this moment: ISO 8601, UTC. */
  readonly before?: string | undefined;
  /** At most so many; 100 if nothing is said. */
  readonly limit?: number | undefined;
  /** How many of the newest are left out. */
  readonly offset?: number | undefined;
}

/** What a case showed in a run. */
export interface CaseInRun {
  /** The run. */
  readonly head: RunHead;
  /** What the case showed. */
  readonly facts: CaseFacts;
  /** Wall time in milliseconds. */
  readonly durationMs: number;
}

/** Where some words were found. */
export interface SearchHit {
  /** In what is said of a run, or in the kernel log of a case. */
  readonly kind: "run" | "log";
  /** The run. */
  readonly run: string;
  /** The case; empty where it is about the run. */
  readonly case: string;
  /** The text around the words. */
  readonly text: string;
}

const countsSchema: z.ZodType<Counts> = z.object({
  pass: z.number(),
  fail: z.number(),
  contested: z.number(),
  unknown: z.number(),
  "not-supported": z.number(),
  "not-run": z.number(),
  total: z.number(),
});

const WORDS = [
  "pass",
  "fail",
  "contested",
  "unknown",
  "not-supported",
  "not-run",
] as const satisfies readonly Word[];

const factsSchema: z.ZodType<CaseFacts> = z.object({
  case: z.string(),
  title: z.string(),
  clauses: z.array(z.string()),
  word: z.enum(WORDS),
  reason: z.string(),
  seen: z.array(z.object({ step: z.string(), operation: z.string(), seen: z.string() })),
});

const rowSchema = z.object({
  run: z.string(),
  target: z.string(),
  target_name: z.string(),
  kernel: z.string(),
  profile: z.string(),
  started_at: z.string(),
  finished_at: z.string().nullable(),
  counts: z.string(),
  duration_ms: z.number(),
});

const resultRowsSchema = z.array(z.object({ facts_id: z.number() }));
const hitsSchema = z.array(
  z.object({ kind: z.enum(["run", "log"]), run: z.string(), name: z.string(), text: z.string() }),
);
const refusedSchema = z.array(z.object({ name: z.string(), reason: z.string() }));

const RUN_COLUMNS = "run, target, target_name, kernel, profile, started_at, finished_at, counts, duration_ms";

/** The most facts that are kept in memory once they are read. */
const REMEMBERED = 50_000;

/** Reads the index. */
export class Reader {
  readonly #statements: Statements;
  /** The number of facts is never used again for others, so what was read once stays right. */
  readonly #remembered = new Map<number, CaseFacts>();

  /** Reads a database whose tables are there. */
  constructor(db: DatabaseSync) {
    this.#statements = prepare(db);
  }

  /** The runs, the newest first. */
  runs({ target, profile, before, limit = 100, offset = 0 }: RunFilter): readonly RunEntry[] {
    const rows = this.#statements.runs.all(
      target ?? null,
      target ?? null,
      profile ?? null,
      profile ?? null,
      before ?? null,
      before ?? null,
      limit,
      offset,
    );
    return rows.map(entryOf);
  }

  /** The newest runs of each target and profile. */
  latest(depth: number): readonly RunEntry[] {
    return this.#statements.latest.all(depth).map(entryOf);
  }

  /** One run. */
  run(run: string): RunEntry | undefined {
    const row = this.#statements.run.get(run);
    return row && entryOf(row);
  }

  /** What a comparison needs of a run. */
  facts(run: string): RunFacts | undefined {
    const entry = this.run(run);
    if (!entry) return undefined;
    const rows = resultRowsSchema.parse(this.#statements.results.all(run));
    const facts = rows.map(({ facts_id }) => this.#factsOf(facts_id));
    return { ...headOfEntry(entry), cases: new Map(facts.map((each) => [each.case, each])) };
  }

  /** What a case showed in the newest runs that have it. */
  history(caseId: string, limit: number): readonly CaseInRun[] {
    return this.#statements.history.all(caseId, limit).map((row) => {
      const text = (name: string) => String(row[name]);
      const head = {
        run: text("run"),
        target: text("target"),
        kernel: text("kernel"),
        profile: text("profile"),
        startedAt: text("started_at"),
        partial: row["finished_at"] === null,
      };
      return { head, facts: this.#factsOf(Number(row["facts_id"])), durationMs: Number(row["case_ms"]) };
    });
  }

  /** Where some words were found; what is no letter or digit only parts them. */
  search(words: string, limit: number): readonly SearchHit[] {
    const quoted = words.match(/[\p{L}\p{N}]+/gu)?.slice(0, 12).map((word) => `"${word}"`) ?? [];
    if (quoted.length === 0) return [];
    const rows = hitsSchema.parse(this.#statements.search.all(quoted.join(" "), limit));
    return rows.map(({ kind, run, name, text }) => ({ kind, run, case: name, text }));
  }

  /** What was not taken, the newest first. */
  refused(): readonly { readonly name: string; readonly reason: string }[] {
    return refusedSchema.parse(this.#statements.refused.all());
  }

  /** How many runs were judged by another suite. */
  judgedOtherwise(judgedBy: string): number {
    return Number(this.#statements.judgedOtherwise.get(judgedBy)?.["count"] ?? 0);
  }

  /** The size of the record of each run, in bytes. */
  sizes(): ReadonlyMap<string, number> {
    return new Map(this.#statements.sizes.all().map((row) => [String(row["run"]), Number(row["bytes"])]));
  }

  /** Another text whenever the index has changed. */
  stamp(): string {
    const row = this.#statements.stamp.get();
    return `${row?.["newest"]} ${row?.["count"]} ${this.#statements.version.get()?.["data_version"]}`;
  }

  #factsOf(id: number): CaseFacts {
    const known = this.#remembered.get(id);
    if (known) return known;
    const facts = factsSchema.parse(JSON.parse(String(this.#statements.facts.get(id)?.["facts"])));
    if (this.#remembered.size >= REMEMBERED) this.#remembered.clear();
    this.#remembered.set(id, facts);
    return facts;
  }
}

function entryOf(row: unknown): RunEntry {
  const { run, target, target_name, kernel, profile, started_at, finished_at, counts, duration_ms } =
    rowSchema
      .parse(row);
  return {
    run,
    target,
    targetName: target_name,
    kernel,
    profile,
    startedAt: started_at,
    finishedAt: finished_at ?? undefined,
    partial: finished_at === null,
    counts: countsSchema.parse(JSON.parse(counts)),
    durationMs: duration_ms,
  };
}

function headOfEntry({ run, target, kernel, profile, startedAt, partial }: RunEntry): RunHead {
  return { run, target, kernel, profile, startedAt, partial };
}

type Statements = ReturnType<typeof prepare>;

function prepare(db: DatabaseSync) {
  const statement = (sql: string): StatementSync => db.prepare(sql);
  return {
    runs: statement(`
      SELECT ${RUN_COLUMNS} FROM runs WHERE (? IS NULL OR target = ?) AND (? IS NULL OR profile = ?)
        AND (? IS NULL OR started_at < ?)
      ORDER BY started_at DESC, run LIMIT ? OFFSET ?`),
    latest: statement(`
      SELECT ${RUN_COLUMNS} FROM (
        SELECT *, row_number() OVER (PARTITION BY target, profile ORDER BY started_at DESC, run) AS place FROM runs
      ) WHERE place <= ? ORDER BY started_at DESC, run`),
    run: statement(`SELECT ${RUN_COLUMNS} FROM runs WHERE run = ?`),
    results: statement("SELECT facts_id FROM results WHERE run_id = (SELECT id FROM runs WHERE run = ?)"),
    history: statement(`
      SELECT ${
      RUN_COLUMNS.replace("duration_ms", "runs.duration_ms").replace("started_at", "runs.started_at")
    }, facts_id, results.duration_ms AS case_ms
      FROM results JOIN runs ON runs.id = run_id
      WHERE case_id = (SELECT id FROM cases WHERE name = ?) ORDER BY results.started_at DESC, run_id LIMIT ?`),
    facts: statement("SELECT facts FROM facts WHERE id = ?"),
    search: statement(`
      SELECT kind, run, name, snippet(search, 3, '', '', '…', 24) AS text FROM search WHERE search MATCH ?
      ORDER BY rank LIMIT ?`),
    refused: statement("SELECT name, reason FROM refused ORDER BY id DESC LIMIT 200"),
    judgedOtherwise: statement("SELECT count(*) AS count FROM runs WHERE judged_by <> ?"),
    sizes: statement("SELECT run, bytes FROM runs"),
    stamp: statement("SELECT max(id) AS newest, count(*) AS count FROM runs"),
    version: statement("PRAGMA data_version"),
  };
}
