/**
 * Measures the history under load: how long the pages for comparing and for one case take while many read and an import
 * runs, as ratios to the bare queries behind them.
 *
 * `deno run -A reports/load/load.ts [RUNS [READERS [REQUESTS]]]`
 *
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { loadCases } from "../../cases/load.ts";
import { programOf } from "../../cases/program.ts";
import { type Dialect, DIALECTS, simulator } from "../../runners/simulator/mod.ts";
import { loadLedger } from "../../spec/ledger.ts";
import { RecordWriter } from "../record_writer.ts";
import { createSite } from "../site/mod.ts";
import { caseHistoryPath, comparePath } from "../site/links.ts";
import { Store } from "../store/mod.ts";
import { copyRuns, recordsToImport } from "./fill.ts";

const [runs = 1000, readers = 50, requests = 2000] = Deno.args.map(Number);

/** How many cases a run has. */
const CASES = 300;

/** How many runs stand side by side. */
const COMPARED = 8;

/** How many records are imported while many read. */
const IMPORTED = 400;

const ledger = loadLedger();
const cases = new Map(
  loadCases(ledger).cases.filter(({ race }) => !race).slice(0, CASES).map((each) => [each.id, each]),
);
const folder = mkdtempSync(join(tmpdir(), "load-"));
try {
  using store = Store.open(join(folder, "store"), { cases, judgedBy: "load" });
  const records = [...DIALECTS.values()].slice(0, COMPARED).map(recordOn);
  const filling = performance.now();
  for (const path of records) store.importFile(path);
  copyRuns(join(folder, "store/index.sqlite"), runs);
  say(`${runs} runs of ${cases.size} cases are in the index after ${seconds(filling)}`);
  await measure(store, records[0] ?? "");
} finally {
  rmSync(folder, { recursive: true });
}

/** Runs the cases on a dialect and gives the record. */
function recordOn(dialect: Dialect): string {
  const path = join(folder, `${dialect.id}.jsonl`);
  const target = simulator(dialect);
  const writer = RecordWriter.open(path);
  const description = target.describe();
  const digests = { version: "0", ledger: ledger.digest, cases: "" };
  writer.header({
    suite: digests,
    target: description,
    profile: "load",
    selection: [...cases.keys(), "load/unknown"],
    repeat: 1,
    command: ["run"],
    startedAt: new Date(0).toISOString(),
  });
  for (const each of cases.values()) {
    writer.begin(each.id, 1, each.source.digest);
    const end = target.run(programOf(each), (observation) => writer.step(each.id, 1, observation));
    writer.end(each.id, 1, end, 1);
  }
  writer.footer(new Date(0), []);
  writer.close();
  return path;
}

async function measure(store: Store, record: string): Promise<void> {
  const site = createSite({ history: store, ledger, cases, maxAgeMs: 1000 });
  const some = store.runs({ limit: COMPARED }).map(({ run }) => run);
  const ids = [...cases.keys()];
  const stopImport = importMeanwhile(record);
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    (request) => site.fetch(request),
  );
  const address = `http://127.0.0.1:${server.addr.port}`;
  using db = new DatabaseSync(join(folder, "store/index.sqlite"), { readOnly: true });
  const bareCompare = bare(
    db,
    "SELECT facts_id FROM results WHERE run_id IN (SELECT id FROM runs ORDER BY id DESC LIMIT ?)",
    COMPARED,
  );
  const bareHistory = bare(
    db,
    "SELECT facts_id FROM results WHERE case_id = ? ORDER BY started_at DESC LIMIT 60",
    1,
  );
  await report("compare", bareCompare, () => address + comparePath(some));
  await report(
    "case history",
    bareHistory,
    (index) => address + caseHistoryPath(ids[index % ids.length] ?? ""),
  );
  await stopImport();
  await server.shutdown();
}

/** Milliseconds of a query, the median of many. */
function bare(db: DatabaseSync, sql: string, value: number): number {
  const statement = db.prepare(sql);
  const times = Array.from({ length: 200 }, () => {
    const begin = performance.now();
    statement.all(value);
    return performance.now() - begin;
  });
  return quantile(times, 0.5);
}

async function report(name: string, bareMs: number, addressOf: (index: number) => string): Promise<void> {
  const alone = await ask(200, 1, addressOf);
  const many = await ask(requests, readers, addressOf);
  const [median, p95] = [quantile(many, 0.5), quantile(many, 0.95)];
  say(
    `${name}: bare query 1; alone ${
      ratio(quantile(alone, 0.5), bareMs)
    }; ${readers} readers and an import: ` +
      `median ${ratio(median, bareMs)}, p95 ${ratio(p95, bareMs)}; p95 is ${
        p95 <= 50 ? "within" : "over"
      } 50 ms`,
  );
}

/** Has another thread ask, so that its work does not count as the server's, and gives the milliseconds of each answer. */
async function ask(count: number, side: number, addressOf: (index: number) => string): Promise<number[]> {
  const worker = new Worker(new URL("./readers.ts", import.meta.url), { type: "module" });
  try {
    return await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<number[]>) => resolve(data);
      worker.onerror = (event) => reject(new Error(event.message));
      worker.postMessage({ addresses: Array.from({ length: count }, (_, index) => addressOf(index)), side });
    });
  } finally {
    worker.terminate();
  }
}

/** Imports records in another process, as `conform import` does; gives a way to stop it. */
function importMeanwhile(record: string): () => Promise<void> {
  const given = recordsToImport(folder, record, IMPORTED);
  const main = new URL("../../cli/main.ts", import.meta.url).pathname;
  const args = ["run", "-A", "--quiet", main, "import", given, "--store", join(folder, "store")];
  const child = new Deno.Command(Deno.execPath(), { args, stdout: "null", stderr: "null" }).spawn();
  let ended = false;
  child.status.then(() => ended = true);
  return async () => {
    if (ended) say("The import had ended before the readers had");
    else child.kill("SIGTERM");
    await child.status;
  };
}

function quantile(times: readonly number[], share: number): number {
  return times.toSorted((one, other) => one - other)[Math.floor(share * (times.length - 1))] ?? 0;
}

function ratio(ms: number, bareMs: number): string {
  return `${(ms / bareMs).toFixed(1)}×`;
}

function seconds(begin: number): string {
  return `${((performance.now() - begin) / 1000).toFixed(0)} s`;
}

function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}
