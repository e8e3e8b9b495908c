/**
 * Measures the history under load: how long the pages for comparing and for one case take while many read and an import
 * runs, as ratios to the bare queries behind them.
 *
 * `deno run -A reports/load/load.ts [RUNS [READERS [REQUESTS [FOLDER]]]]`
 *
 * With a FOLDER the store is kept there, and the next measurement takes it as it is. A server that has just begun has not
 * compiled its pages yet, and finds every row for the first time: its first thousand pages take twice as long as later
 * ones, and decide where there are few more.
 *
 * Each page is asked for in three ways: by readers who ask again at once for pages that some others have asked for
 * before; by such readers for a page that nobody has ever asked for, each time; by readers who look at a page for a
 * second before they ask for the next one, which nobody has asked for either.
 *
 * @module
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cpuUsage } from "node:process";
import { DatabaseSync } from "node:sqlite";
import { loadCases } from "../../cases/load.ts";
import { loadLedger } from "../../spec/ledger.ts";
import { createSite } from "../site/mod.ts";
import { caseHistoryPath, comparePath } from "../site/links.ts";
import { ImportThreads, Store } from "../store/mod.ts";
import { chosen } from "./cases.ts";
import { fill, templatesOf } from "./fill.ts";

const [asked = 10_000, readers = 50, requests = 20_000] = Deno.args.slice(0, 3).map(Number);
const [, , , kept] = Deno.args;

/** How many cases a run has. */
const CASES = 300;

/** How many runs stand side by side. */
const COMPARED = 8;

/** The same as `conform serve` has it. */
const MAX_AGE_MS = 1000;

/** The longest time in which a page must come, for 95 of 100 requests. */
const LIMIT_MS = 50;

const ledger = loadLedger();
const cases = new Map(chosen(loadCases(ledger).cases, CASES).map((each) => [each.id, each]));
const folder = kept ?? mkdtempSync(join(tmpdir(), "load-"));
mkdirSync(folder, { recursive: true });
try {
  using store = Store.open(join(folder, "store"), { cases, judgedBy: "load" });
  tellLoad();
  if (store.count() < asked) await fillStore(store.count());
  await measure(store, store.count());
  tellLoad();
} finally {
  if (kept === undefined) rmSync(folder, { recursive: true });
}

/** Fills the store as `conform import` does. */
async function fillStore(from: number): Promise<void> {
  const count = Math.min(4, navigator.hardwareConcurrency);
  using threads = new ImportThreads({ folder: join(folder, "store"), judgedBy: "load", threads: count });
  const templates = templatesOf([...cases.values()], ledger.digest);
  const ms = await fill(threads, templates, { folder: join(folder, "given"), from, to: asked });
  const runs = asked - from;
  say(
    `${runs} runs of ${cases.size} cases, ${((templates[0]?.length ?? 0) / 1000).toFixed(0)} kB each, ` +
      `imported in ${(ms / 1000).toFixed(0)} s: ${(1000 * runs / ms).toFixed(0)} runs and ` +
      `${(1000 * runs * cases.size / ms).toFixed(0)} results a second in ${count} threads`,
  );
}

async function measure(store: Store, runs: number): Promise<void> {
  const site = createSite({ history: store, ledger, cases, maxAgeMs: MAX_AGE_MS });
  /* as `conform serve` does when it begins */
  await store.recall();
  const names = store.runs({ limit: runs }).map(({ run }) => run);
  const ids = [...cases.keys()];
  const bareMs = bareQueries(names, ids);
  const options = { port: 0, hostname: "127.0.0.1", onListen() {} };
  const server = Deno.serve(options, (request) => site.fetch(request));
  const importing = importMeanwhile(runs);
  while (store.count() === runs) await new Promise((resolve) => setTimeout(resolve, 100));
  const before = { count: store.count(), at: performance.now() };
  const at = `http://127.0.0.1:${server.addr.port}`;
  const shared = sets(names, 8);
  const apart = sets(names, 8 + 2 * requests);
  const cold = (index: number) => comparePath(apart[8 + index] ?? []);
  const unasked = (index: number) => `${caseHistoryPath(ids[index % ids.length] ?? "")}?${index}`;
  await report(
    "compare, pages that others asked for",
    bareMs.compare,
    0,
    (index) => at + comparePath(shared[index % shared.length] ?? []),
  );
  await report("compare, pages nobody asked for", bareMs.compare, 0, (index) => at + cold(index));
  await report(
    "compare, the same with a second for each page",
    bareMs.compare,
    1000,
    (index) => at + cold(requests + index),
  );
  await report(
    "case history, all cases in turn",
    bareMs.history,
    0,
    (index) => at + caseHistoryPath(ids[index % ids.length] ?? ""),
  );
  await report("case history, pages nobody asked for", bareMs.history, 0, (index) => at + unasked(index));
  await report(
    "case history, the same with a second for each page",
    bareMs.history,
    1000,
    (index) => at + unasked(requests + index),
  );
  const rate = 1000 * (store.count() - before.count) / (performance.now() - before.at);
  say(`meanwhile ${rate.toFixed(1)} runs a second were imported`);
  importing.kill("SIGKILL");
  await importing.status;
  await server.shutdown();
}

/** Sets of runs to compare, no two alike, spread over the whole history. */
function sets(names: readonly string[], count: number): readonly (readonly string[])[] {
  return Array.from({ length: count }, (_, set) =>
    Array.from(
      { length: COMPARED },
      (_, place) =>
        names[(set * 7919 + place * Math.floor(names.length / COMPARED) + place) % names.length] ?? "",
    ));
}

/** Milliseconds of the queries behind the pages, rows fetched and nothing made of them. */
function bareQueries(names: readonly string[], ids: readonly string[]) {
  using db = new DatabaseSync(join(folder, "store/index.sqlite"), { readOnly: true });
  const compare = db.prepare(`
    SELECT runs.*, run_facts.facts FROM runs JOIN run_facts ON run_facts.run_id = runs.id WHERE run = ?`);
  const history = db.prepare(`
    SELECT runs.*, facts_id, duration_us FROM shown JOIN runs ON runs.id = run_id
    WHERE case_id = (SELECT id FROM cases WHERE name = ?) ORDER BY started_ms DESC, run_id DESC LIMIT 40`);
  const some = sets(names, 500);
  const bare = {
    compare: median(some.map((set) => timed(() => set.forEach((run) => compare.get(run))))),
    history: median(some.map((_, index) => timed(() => history.all(ids[index % ids.length] ?? "")))),
  };
  say(`the bare queries take ${bare.compare.toFixed(3)} ms and ${bare.history.toFixed(3)} ms`);
  return bare;
}

function timed(action: () => void): number {
  const begin = performance.now();
  action();
  return performance.now() - begin;
}

async function report(
  name: string,
  bareMs: number,
  pauseMs: number,
  pathOf: (index: number) => string,
): Promise<void> {
  const count = pauseMs > 0 ? 10 * readers : requests;
  const worked = cpuMs();
  const times = await ask(Array.from({ length: count }, (_, index) => pathOf(index)), pauseMs);
  const cpu = (cpuMs() - worked) / count;
  const [half, most] = [quantile(times, 0.5), quantile(times, 0.95)];
  const ratio = (ms: number) => `${(ms / bareMs).toFixed(0)}×`;
  say(
    `${name}: median ${half.toFixed(1)} ms, ${ratio(half)} the bare query; p95 ${most.toFixed(1)} ms, ` +
      `${ratio(most)}: ${most <= LIMIT_MS ? "within" : "over"} ${LIMIT_MS} ms; ` +
      `server and readers work ${cpu.toFixed(2)} ms for a page`,
  );
}

/** What this process has worked, in milliseconds of a core: it depends less on what else is going on. */
function cpuMs(): number {
  const { user, system } = cpuUsage();
  return (user + system) / 1000;
}

/** Has another thread ask, so that its work does not count as the server's. */
async function ask(addresses: readonly string[], pauseMs: number): Promise<number[]> {
  const worker = new Worker(new URL("./readers.ts", import.meta.url), { type: "module" });
  try {
    return await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<number[]>) => resolve(data);
      worker.onerror = (event) => reject(new Error(event.message));
      worker.postMessage({ addresses, side: readers, pauseMs });
    });
  } finally {
    worker.terminate();
  }
}

/** Imports more runs in another process. */
function importMeanwhile(runs: number): Deno.ChildProcess {
  const program = new URL("./importer.ts", import.meta.url).pathname;
  const values = [join(folder, "store"), join(folder, "more"), String(CASES), String(runs)];
  const args = ["run", "-A", "--quiet", program, ...values];
  return new Deno.Command(Deno.execPath(), { args, stdout: "null", stderr: "inherit" }).spawn();
}

function median(times: readonly number[]): number {
  return quantile(times, 0.5);
}

function quantile(times: readonly number[], share: number): number {
  return times.toSorted((one, other) => one - other)[Math.floor(share * (times.length - 1))] ?? 0;
}

function tellLoad(): void {
  const [minute = 0] = Deno.loadavg();
  say(`${navigator.hardwareConcurrency} cores; ${minute.toFixed(1)} programs wanted one in the last minute`);
}

function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}
