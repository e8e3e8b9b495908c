/**
 * Reads the index of a store.
 *
 * @module
 */
import type { DatabaseSync, SQLOutputValue, StatementSync } from "node:sqlite";
import { z } from "zod";
import { Column, numbered, type NumberedFacts } from "../compare/column.ts";
import type { CaseFacts, RunFacts, RunHead } from "../compare/facts.ts";
import type { Word } from "../formats/format.ts";
import type { Counts } from "../result.ts";
import { type BehaviourWindow, type Shown, spansOf, windowOf } from "./windows.ts";

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
  seen: z.array(z.object({
    step: z.string(),
    operation: z.string(),
    seen: z.string(),
    extent: z.literal("sample").optional(),
  })),
});

/** Hundreds of numbers, looked at in one go. */
const idsSchema = z.custom<readonly number[]>((ids) => Array.isArray(ids) && ids.every(Number.isSafeInteger));

const hitsSchema = z.array(
  z.object({ kind: z.enum(["run", "log"]), run: z.string(), name: z.string(), text: z.string() }),
);
const refusedSchema = z.array(z.object({ name: z.string(), reason: z.string() }));

const RUN_COLUMNS = "run, target, target_name, kernel, profile, started_at, finished_at, counts, duration_ms";

/** The most facts that are kept in memory once they are read. */
const REMEMBERED = 50_000;

/** The most results of runs that are kept in memory; each is a few bytes, as the facts themselves are kept once. */
const RESULTS_REMEMBERED = 4_000_000;

/** The most results that are read before anybody asks; what is asked for has room beside them. */
const RESULTS_RECALLED = 3_000_000;

/** So many runs are read in one go: whoever asks meanwhile waits that long. */
const RECALLED_AT_ONCE = 20;

/** The most windows that are told of, the newest ones. */
const MOST_WINDOWS = 500;

/** What is known of a run. */
interface KnownRun {
  /** Its number, which is never used again for another one. */
  readonly id: number;
  /** The state of the index in which it had that number. */
  readonly stamp: string;
  /** What it showed. */
  readonly facts: RunFacts;
}

/** Reads the index. */
export class Reader {
  readonly #db: DatabaseSync;
  readonly #statements: Statements;
  readonly #lists = new Map<string, StatementSync>();
  /** The number of facts is never used again for others, so what was read once stays right. */
  readonly #remembered = new Map<number, NumberedFacts>();

  /** What runs showed, by their names; those that were looked for last stand last. */
  readonly #runs = new Map<string, KnownRun>();
  #results = 0;

  /** Reads a database whose tables are there. */
  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#statements = prepare(db);
  }

  /** The runs, the newest first. */
  runs({ target, profile, before, limit = 100, offset = 0 }: RunFilter): readonly RunEntry[] {
    const wanted = [target, profile, before].filter((each) => each !== undefined);
    return this.#list({ target, profile, before }).all(...wanted, limit, offset).map(entryOf);
  }

  /** How many runs there are. */
  count(): number {
    return Number(this.#statements.count.get()?.["count"]);
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
    return this.#atOneMoment(() => this.#factsOfRun(run, this.stamp()));
  }

  /** What a comparison needs of several runs, all at one moment; `undefined` if one of them is not there. */
  factsOfAll(runs: readonly string[]): readonly RunFacts[] | undefined {
    const all = this.#atOneMoment(() => {
      const stamp = this.stamp();
      return runs.map((run) => this.#factsOfRun(run, stamp));
    });
    const there = all.filter((each) => each !== undefined);
    return there.length === runs.length ? there : undefined;
  }

  /** Reads what the newest runs showed into memory; gives way after some of them, again and again. */
  *recall(): Generator<void> {
    const names = this.#statements.newest.all().map((row) => String(row["run"]));
    for (let from = 0; from < names.length && this.#results < RESULTS_RECALLED; from += RECALLED_AT_ONCE) {
      this.factsOfAll(names.slice(from, from + RECALLED_AT_ONCE));
      yield;
    }
  }

  /** What a case showed in the newest runs that have it, or in those before a run. */
  history(caseId: string, limit: number, before?: string): readonly CaseInRun[] {
    return this.#atOneMoment(() => {
      const from = before === undefined ? undefined : this.#statements.run.get(before);
      if (before !== undefined && !from) return [];
      const started = from ? Date.parse(String(from["started_at"])) : Number.MAX_SAFE_INTEGER;
      const rows = this.#statements.history.all(caseId, started, Number(from?.["id"] ?? 0), limit);
      return rows.map((row) => ({
        head: headOfRow(row),
        facts: this.#factsOf(Number(row["facts_id"])).facts,
        durationMs: Number(row["duration_us"]) / 1000,
      }));
    });
  }

  /**
   * Since when a case behaves as it does on each target: runs in which it behaved alike, the newest first. Runs that
   * did not reach the case end no window.
   */
  windows(caseId: string): readonly BehaviourWindow[] {
    return this.#atOneMoment(() =>
      spansOf(this.#shown(caseId)).slice(0, MOST_WINDOWS).flatMap(({ from, to, runs }) => {
        const [first, last] = [this.#statements.byId.get(from.run), this.#statements.byId.get(to.run)];
        return first && last ? [windowOf(headOfRow(first), headOfRow(last), runs, to.facts)] : [];
      })
    );
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
    return String(this.#statements.generation.get()?.["generation"]);
  }

  /** Several reads of one state of the index, whatever is written meanwhile. */
  #atOneMoment<T>(read: () => T): T {
    if (this.#db.isTransaction) return read();
    this.#statements.begin.run();
    try {
      return read();
    } finally {
      this.#statements.end.run();
    }
  }

  /** Each kind of list has a query of its own, so that each can use an index. */
  #list(filter: Pick<RunFilter, "target" | "profile" | "before">): StatementSync {
    const conditions = [
      filter.target === undefined ? [] : ["target = ?"],
      filter.profile === undefined ? [] : ["profile = ?"],
      filter.before === undefined ? [] : ["started_at < ?"],
    ].flat();
    const where = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
    const known = this.#lists.get(where) ?? this.#db.prepare(
      `SELECT ${RUN_COLUMNS} FROM runs ${where} ORDER BY started_at DESC, run LIMIT ? OFFSET ?`,
    );
    this.#lists.set(where, known);
    return known;
  }

  *#shown(caseId: string): Generator<Shown & { readonly run: number }> {
    for (const row of this.#statements.shown.iterate(caseId)) {
      const { facts } = this.#factsOf(Number(row["facts_id"]));
      yield { stream: Number(row["stream_id"]), run: Number(row["run_id"]), facts };
    }
  }

  /** A run is looked for once after each change of the index: whatever changes in it, it gets another number. */
  #factsOfRun(run: string, stamp: string): RunFacts | undefined {
    const known = this.#runs.get(run);
    if (known?.stamp === stamp) return known.facts;
    const isTheSame = known !== undefined && this.#statements.idOf.get(run)?.["id"] === known.id;
    const now = isTheSame ? { ...known, stamp } : this.#knownNow(run, stamp);
    this.#forget(run);
    if (now) this.#keep(run, now);
    return now?.facts;
  }

  #knownNow(run: string, stamp: string): KnownRun | undefined {
    const row = this.#statements.runFacts.get(run);
    return row && { id: Number(row["id"]), stamp, facts: this.#readFacts(row) };
  }

  #readFacts(row: Row): RunFacts {
    const facts = idsSchema.parse(JSON.parse(String(row["facts"]))).map((each) => this.#factsOf(each));
    return { ...headOfRow(row), cases: new Column(facts) };
  }

  #keep(run: string, known: KnownRun): void {
    this.#runs.set(run, known);
    this.#results += known.facts.cases.size;
    for (const [oldest] of this.#runs) {
      if (this.#results <= RESULTS_REMEMBERED) return;
      this.#forget(oldest);
    }
  }

  #forget(run: string): void {
    this.#results -= this.#runs.get(run)?.facts.cases.size ?? 0;
    this.#runs.delete(run);
  }

  #factsOf(id: number): NumberedFacts {
    const known = this.#remembered.get(id);
    if (known) return known;
    const facts = numbered(factsSchema.parse(JSON.parse(String(this.#statements.facts.get(id)?.["facts"]))));
    if (this.#remembered.size >= REMEMBERED) this.#remembered.clear();
    this.#remembered.set(id, facts);
    return facts;
  }
}

/** A row of the index: its columns have their types by the tables, which are strict. */
type Row = Readonly<Record<string, SQLOutputValue>>;

function entryOf(row: Row): RunEntry {
  const finishedAt = row["finished_at"];
  return {
    ...headOfRow(row),
    targetName: String(row["target_name"]),
    finishedAt: typeof finishedAt === "string" ? finishedAt : undefined,
    counts: countsSchema.parse(JSON.parse(String(row["counts"]))),
    durationMs: Number(row["duration_ms"]),
  };
}

function headOfRow(row: Row): RunHead {
  const text = (name: string) => String(row[name]);
  return {
    run: text("run"),
    target: text("target"),
    kernel: text("kernel"),
    profile: text("profile"),
    startedAt: text("started_at"),
    partial: row["finished_at"] === null,
  };
}

type Statements = ReturnType<typeof prepare>;

function prepare(db: DatabaseSync) {
  const statement = (sql: string): StatementSync => db.prepare(sql);
  const head = "runs.id, runs.run, runs.target, runs.kernel, runs.profile, runs.started_at, runs.finished_at";
  return {
    begin: statement("BEGIN"),
    end: statement("COMMIT"),
    count: statement("SELECT count(*) AS count FROM runs"),
    latest: statement(`
      SELECT ${RUN_COLUMNS.replaceAll(/\b(?=\w)/g, "runs.")} FROM streams JOIN runs ON runs.id IN (
        SELECT id FROM runs AS own WHERE own.stream_id = streams.id ORDER BY started_at DESC, run LIMIT ?
      ) ORDER BY runs.started_at DESC, runs.run`),
    run: statement(`SELECT id, ${RUN_COLUMNS} FROM runs WHERE run = ?`),
    byId: statement(`SELECT ${head} FROM runs WHERE id = ?`),
    newest: statement("SELECT run FROM runs ORDER BY started_at DESC, run"),
    idOf: statement("SELECT id FROM runs WHERE run = ?"),
    runFacts: statement(`SELECT ${head}, facts FROM runs JOIN run_facts ON run_id = id WHERE run = ?`),
    history: statement(`
      SELECT ${head}, facts_id, duration_us
      FROM shown JOIN runs ON runs.id = run_id
      WHERE case_id = (SELECT id FROM cases WHERE name = ?) AND (started_ms, run_id) < (?, ?)
      ORDER BY started_ms DESC, run_id DESC LIMIT ?`),
    shown: statement(`
      SELECT stream_id, run_id, facts_id FROM shown
      WHERE case_id = (SELECT id FROM cases WHERE name = ?) ORDER BY started_ms, run_id`),
    facts: statement("SELECT facts FROM facts WHERE id = ?"),
    search: statement(`
      SELECT kind, run, name, snippet(search, 3, '', '', '…', 24) AS text FROM search WHERE search MATCH ?
      ORDER BY rank LIMIT ?`),
    refused: statement("SELECT name, reason FROM refused ORDER BY id DESC LIMIT 200"),
    judgedOtherwise: statement("SELECT count(*) AS count FROM runs WHERE judged_by <> ?"),
    sizes: statement("SELECT run, bytes FROM runs"),
    generation: statement("SELECT generation FROM state"),
  };
}
