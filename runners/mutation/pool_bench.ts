/**
 * How long it takes to run every mutant of the suite on every case, with one worker and with as many as the machine
 * has cores.
 *
 * `deno task bench` prints how many times longer one takes than the other.
 *
 * @module
 */
import { loadCases } from "../../cases/load.ts";
import { profilesOf } from "../../cases/select.ts";
import { loadLedger } from "../../spec/ledger.ts";
import { runMutants } from "./pool.ts";
import { MUTANTS } from "../simulator/mutants/mod.ts";

const ledger = loadLedger();
const { cases } = loadCases(ledger);

const all = { group: "every mutant on every case", n: 1, warmup: 0 };

Deno.bench("with a worker for each core", { ...all, baseline: true }, async () => await run(undefined));

Deno.bench("with one worker", all, async () => await run(1));

async function run(jobs: number | undefined): Promise<void> {
  await runMutants(cases, MUTANTS, {
    jobs,
    casesOf: (dialect) => cases.filter((case_) => profilesOf(case_, ledger).some((id) => id === dialect)),
  });
}
