/**
 * What a run costs beyond the model itself: each benchmark does every case of the default profile once.
 *
 * `deno task bench` prints how many times longer than the bare model each of them takes.
 *
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Case } from "../../cases/case.ts";
import { judge } from "../../cases/judge/judge.ts";
import { loadCases } from "../../cases/load.ts";
import { programOf } from "../../cases/program.ts";
import { selectCases } from "../../cases/select.ts";
import { RecordWriter } from "../../reports/record_writer.ts";
import { runCases, type RunOptions, type Sink } from "../../runners/engine.ts";
import { DEFAULT_DIALECT, simulator } from "../../runners/simulator/mod.ts";
import { loadLedger } from "../../spec/ledger.ts";
import { DEFAULT_PROFILE, profileNamed } from "../suite.ts";

const ledger = loadLedger();
const cases = selectCases(loadCases(ledger).cases, [], { profile: profileNamed(ledger, DEFAULT_PROFILE) });
const programs = cases.map(programOf);
const target = simulator(DEFAULT_DIALECT);
const context = { pageSize: target.describe().pageSize };
const nobody: Sink = { begin() {}, step() {}, end() {} };
const judging: RunOptions = {
  next({ case: case_, observations, end }) {
    judge(case_, { observations, end }, context);
    return "go on";
  },
};

Deno.bench("the bare model", { group: "a run", baseline: true }, () => {
  for (const program of programs) target.run(program, () => {});
});

Deno.bench("engine", { group: "a run" }, async () => {
  await runCases(cases, () => target, {}, nobody);
});

Deno.bench("engine and judge", { group: "a run" }, async () => {
  await runCases(cases, () => target, judging, nobody);
});

Deno.bench("engine, judge and record", { group: "a run" }, async (bench) => {
  const folder = mkdtempSync(join(tmpdir(), "conform-bench-"));
  const writer = RecordWriter.open(join(folder, "run.jsonl"));
  bench.start();
  await runCases(cases, () => target, judging, sinkOf(writer));
  bench.end();
  writer.close();
  rmSync(folder, { recursive: true });
});

Deno.bench("read the ledger and the cases", () => {
  loadCases(loadLedger());
});

function sinkOf(writer: RecordWriter): Sink {
  return {
    begin: ({ id, source }: Case, attempt) => writer.begin(id, attempt, source.digest),
    step: ({ id }, attempt, observation) => writer.step(id, attempt, observation),
    end: ({ id }, attempt, end, durationMs) => writer.end(id, attempt, end, durationMs),
  };
}
