import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { parseCases } from "../../../cases/parse.ts";
import { type Program, programOf } from "../../../cases/program.ts";
import { loadLedger } from "../../../spec/ledger.ts";
import { DIALECTS } from "../dialects/mod.ts";
import { unlockReservation, waitForUnmaps } from "../kernel/vfio_pci_revoke.ts";
import { inRevoke, inVfio, movedBehind, mutantOf } from "../mutants/mutant.ts";
import type { Dialect } from "../rules.ts";
import { newSession } from "../simulator.ts";
import { runRace } from "./race.ts";
import { replay } from "./replay.ts";
import { formatSchedule, parseSchedule } from "./schedule.ts";

const LEDGER = loadLedger();

function dialect(id: string): Dialect {
  const found = DIALECTS.get(id);
  assert(found);
  return found;
}

const MATT_V1 = dialect("matt-v1-vfio");

function program(race: string, policy = "keep"): Program {
  const text = `title: A race
why: It matters.
clauses: [VREV-13]
given:
  - dev: { vfio.open: {} }
  - buf: { vfio.export: { device: dev } }
  - imp: { importer.attach: { buffer: buf, kind: dynamic, on_invalidate: ${policy} } }
  - map: { importer.map: { attachment: imp } }
race:
${race}
allowed:
  - { one: any, two: any }
`;
  const { cases: [one], diagnostics } = parseCases(text, { file: "x.yaml", path: "x", ledger: LEDGER });
  assertEquals(diagnostics, []);
  assert(one);
  return programOf(one);
}

const REVOKE_AND_UNMAP = program(`  one:
    - vfio.revoke: { device: dev, buffer: buf }
  two:
    - importer.unmap: { mapping: map }`);

const REVOKE_AND_RESET = program(
  `  one:
    - vfio.revoke: { device: dev, buffer: buf }
  two:
    - vfio.reset: { device: dev }`,
  "unmap",
);

function broken(bug: Parameters<typeof mutantOf>[2]): Dialect {
  return mutantOf(MATT_V1.id, { id: "x", title: "x", breaks: [] }, bug).apply(MATT_V1);
}

Deno.test("runRace() finds every outcome, and each schedule can be played again", () => {
  const { outcome } = runRace(REVOKE_AND_UNMAP, () => newSession(MATT_V1));
  assertEquals([outcome.exhaustive, outcome.findings], [true, []]);
  for (const { schedule = "", results } of outcome.ends) {
    const parsed = parseSchedule(schedule);
    assert(parsed);
    const { steps, stuck, waiting } = replay(REVOKE_AND_UNMAP, () => newSession(MATT_V1), parsed);
    assertEquals([stuck, waiting], [undefined, {}]);
    assertEquals(Object.assign({}, ...steps.map(({ returned }) => returned)), results);
  }
});

Deno.test("runRace() finds a wait for an unmap that holds the lock which the unmap needs", () => {
  const bug = inRevoke((steps) => movedBehind(steps, unlockReservation, waitForUnmaps));
  const { outcome } = runRace(REVOKE_AND_UNMAP, () => newSession(broken(bug)));
  const deadlock = outcome.findings.find(({ kind }) => kind === "deadlock");
  assert(deadlock);
  assertStringIncludes(deadlock.what, "lock:resv");
  const schedule = parseSchedule(deadlock.schedule);
  assert(schedule);
  const { waiting } = replay(REVOKE_AND_UNMAP, () => newSession(broken(bug)), schedule);
  assertEquals(Object.keys(waiting).sort(), ["one", "two"]);
});

Deno.test("runRace() finds a state that breaks an invariant, though no step of the race shows it", () => {
  const bug = inVfio(({ transitions }) => ({
    transitions: { ...transitions, PERM: transitions.TEMP },
  }));
  const { outcome } = runRace(REVOKE_AND_RESET, () => newSession(broken(bug)));
  assertEquals(outcome.findings.map(({ what }) => what), [
    "I3: a buffer that was revoked for good is so no more",
  ]);
  assertEquals(runRace(REVOKE_AND_RESET, () => newSession(MATT_V1)).outcome.findings, []);
});

Deno.test("schedules are written and read alike", () => {
  for (const schedule of [[], [0], [0, 0, 0, 1, 0, 0], [25, 25, 1]]) {
    assertEquals(parseSchedule(formatSchedule(schedule)), schedule);
  }
  for (const text of ["", "a0", "A", "a-", "3a"]) assertEquals(parseSchedule(text), undefined);
});

Deno.test("replay() says where a schedule cannot be played", () => {
  const { stuck } = replay(REVOKE_AND_UNMAP, () => newSession(MATT_V1), [0, 0, 0, 0, 0, 0, 0]);
  assertStringIncludes(stuck ?? "", "one waits for unmap:1 mappings");
  assertStringIncludes(
    replay(REVOKE_AND_UNMAP, () => newSession(MATT_V1), [7]).stuck ?? "",
    "no thread number 8",
  );
});
