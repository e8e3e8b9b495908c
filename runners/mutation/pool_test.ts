import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import type { Case } from "../../cases/case.ts";
import { loadCases } from "../../cases/load.ts";
import { loadLedger } from "../../spec/ledger.ts";
import { runMutants } from "./pool.ts";
import type { WorkerReply, WorkerStart } from "./worker.ts";
import { idleCases, type MutationScore, unexplained } from "./score.ts";
import { type Mutant, MUTANTS } from "../simulator/mutants/mod.ts";
import { broken, deadly, endless, harmless, wild } from "../testing/mutants.ts";

const module = new URL("../testing/mutants.ts", import.meta.url).href;

const { cases: all } = loadCases(loadLedger());

/** Notices what the second revoke of a buffer answers. */
const double = caseNamed("vfio/revoke/double-revoke");

/** Notices whether a revoke works at all. */
const usable = caseNamed("vfio/revoke/usable-buffer");

const cases = [usable, double];

function caseNamed(id: string): Case {
  const found = all.find((each) => each.id === id);
  if (!found) throw new Error(`There is no case ${id}`);
  return found;
}

function mutantsNamed(...ids: readonly string[]): readonly Mutant[] {
  return MUTANTS.filter(({ id }) => ids.includes(id));
}

function fates({ mutants }: MutationScore): readonly string[] {
  return mutants.map(({ id, fate }) => `${id}: ${fate}`);
}

Deno.test("runMutants() says the same however many workers there are", async () => {
  const some = MUTANTS.slice(0, 12);
  const base = all.filter(({ id }) => id.startsWith("base/"));
  const one = await runMutants(base, some, { jobs: 1 });
  assertEquals(await runMutants(base, some, { jobs: 3 }), one);
  assertEquals(one.mutants.map(({ id }) => id), some.map(({ id }) => id));
});

Deno.test("runMutants() counts fates, kills and what only one case kills", async () => {
  const [forgetful] = mutantsNamed("double-revoke-succeeds");
  const score = await runMutants(cases, [...mutantsNamed("double-revoke-succeeds"), harmless], {
    jobs: 1,
    module,
  });
  assertEquals(score.counts, { killed: 1, control: 0, postcondition: 0, harness: 0, survived: 1 });
  assertEquals(score.score, 0.5);
  assertEquals(score.cases, [
    { case: usable.id, kills: 0, alone: [] },
    { case: double.id, kills: 1, alone: [forgetful?.id ?? ""] },
  ]);
  assertEquals(idleCases(score), [usable.id]);
  assertEquals(unexplained(score).map(({ id }) => id), ["harmless"]);
});

Deno.test("runMutants() goes on after mutants that never end, throw, or take their worker down", async () => {
  const mutants = [endless, broken, wild, deadly, ...mutantsNamed("double-revoke-succeeds")];
  const score = await runMutants(cases, mutants, { jobs: 1, module, limitMs: 1000 });
  assertEquals(fates(score), [
    "endless: harness",
    "broken: harness",
    "wild: harness",
    "deadly: harness",
    "double-revoke-succeeds: killed",
  ]);
  const [hung, , runaway, dead] = score.mutants.map(({ kills }) => kills.at(-1));
  assertEquals(hung, {
    case: double.id,
    to: "hang",
    by: "harness",
    reason: "a case did not end within 1 s",
  });
  assertStringIncludes(runaway?.reason ?? "", "The model warns without end");
  assertEquals(dead?.reason, "the worker died: Uncaught Error: the worker is broken");
  assertEquals(unexplained(score).map(({ id }) => id), ["endless", "broken", "wild", "deadly"]);
});

Deno.test("runMutants() runs the cases of the mutant's dialect and tells how far it is", async () => {
  const told: string[] = [];
  const score = await runMutants(cases, mutantsNamed("double-revoke-succeeds"), {
    jobs: 1,
    casesOf: (dialect) => dialect === "matt-v1-vfio" ? [usable] : [],
    progress: (done, { id }) => told.push(`${done} ${id}`),
  });
  assertEquals([fates(score), told], [["double-revoke-succeeds: survived"], ["1 double-revoke-succeeds"]]);
});

Deno.test("runMutants() stops when it is told to", async () => {
  const controller = new AbortController();
  const running = runMutants(cases, [endless, harmless], { jobs: 1, module, signal: controller.signal });
  controller.abort(new Error("enough"));
  await assertRejects(() => running, Error, "enough");
});

Deno.test("runMutants() says so where no worker can start", async () => {
  await assertRejects(
    () => runMutants(cases, [harmless], { jobs: 2, module: new URL("./none.ts", import.meta.url).href }),
    Error,
    "The workers that run mutants cannot start",
  );
});

/** A module that takes for ever to load. */
const NEVER = "data:text/javascript,await new Promise(() => {}); export const MUTANTS = [];";

Deno.test("runMutants() does not wait for a worker that does not start", async () => {
  await assertRejects(
    () => runMutants(cases, [harmless], { module: NEVER, startMs: 50 }),
    Error,
    "cannot start: not within 0.05 s",
  );
});

Deno.test("runMutants() hears of the wish to stop while a worker starts", async () => {
  const controller = new AbortController();
  const running = runMutants(cases, [harmless], { module: NEVER, signal: controller.signal });
  controller.abort(new Error("enough"));
  await assertRejects(() => running, Error, "enough");
});

Deno.test("a worker shows that it is alive while it runs the cases on a dialect that is new to it", async () => {
  const beat = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
  const { port1, port2 } = new MessageChannel();
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  const start: WorkerStart = { port: port2, mutants: module, cases, casesOf: new Map(), beat };
  worker.postMessage(start, [port2]);
  const { promise: done, resolve } = Promise.withResolvers<void>();
  port1.onmessage = ({ data }: MessageEvent<WorkerReply>) => {
    if (data.kind === "ready") port1.postMessage(harmless.id);
    else if (data.kind === "done") resolve();
  };
  await done;
  worker.terminate();
  port1.close();
  /* the mutant changes nothing, so that no case is begun on it */
  assertEquals(Atomics.load(beat, 0), cases.length);
});
