/**
 * How fast the model is: a thousand plain operations, and the schedules of races.
 *
 * A benchmark of a thousand operations that takes less than a millisecond means more than a million operations a
 * second. The explorations say in their names how many distinct states they go through.
 *
 * @module
 */
import { loadCases } from "../../cases/load.ts";
import { parseCases } from "../../cases/parse.ts";
import { programOf, type ProgramStep } from "../../cases/program.ts";
import { loadLedger } from "../../spec/ledger.ts";
import { DEFAULT_DIALECT } from "./dialects/mod.ts";
import { runRace } from "./explore/race.ts";
import { newSession } from "./simulator.ts";

const ledger = loadLedger();

const GIVEN = `title: A benchmark
why: It is measured.
clauses: [VMM-01]
given:
  - dev: { vfio.open: {} }
  - buf: { vfio.export: { device: dev } }
  - imp: { importer.attach: { buffer: buf } }
  - vma: { buffer.mmap: { buffer: buf } }
when:
`;

/** Plain operations: those that wait for nothing. */
const PLAIN: Readonly<Record<string, string>> = {
  "seek": "  - buffer.seek: { buffer: buf, whence: end }",
  "poll": "  - buffer.poll: { buffer: buf }",
  "load": "  - memory.load: { vma: vma }",
  "map and unmap": "  - m: { importer.map: { attachment: imp } }\n  - importer.unmap: { mapping: m }",
};

for (const [name, text] of Object.entries(PLAIN)) {
  const { cases: [one] } = parseCases(GIVEN + text, { file: name, path: "bench", ledger });
  if (!one) throw new Error(`Cannot read the benchmark "${name}"`);
  const { steps } = programOf(one);
  const session = newSession(DEFAULT_DIALECT);
  for (const step of steps.slice(0, 4)) session.perform(step);
  const operations = thousand(steps.slice(4));
  Deno.bench(`1,000 operations: ${name}`, { group: "plain operations" }, () => {
    for (const step of operations) session.perform(step);
  });
}

function thousand(steps: readonly ProgramStep[]): readonly ProgramStep[] {
  return Array.from({ length: 1000 / steps.length }, () => steps).flat();
}

for (const case_ of loadCases(ledger).cases.filter(({ race }) => race)) {
  const program = programOf(case_);
  const { explored } = runRace(program, () => newSession(DEFAULT_DIALECT));
  if (explored.states < 150) continue;
  Deno.bench(`${explored.states} states: ${case_.id}`, { group: "exploration" }, () => {
    runRace(program, () => newSession(DEFAULT_DIALECT));
  });
}
