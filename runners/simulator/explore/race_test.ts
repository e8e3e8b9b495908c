import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { loadCases } from "../../../cases/load.ts";
import { parseCases } from "../../../cases/parse.ts";
import { type Program, programOf } from "../../../cases/program.ts";
import { loadLedger } from "../../../spec/ledger.ts";
import type { RaceOutcome } from "../../../spec/observation.ts";
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

const TWO_BUFFERS = (() => {
  const text = `title: Two buffers of a device
why: It matters.
clauses: [VMOV-02]
given:
  - dev: { vfio.open: {} }
  - one: { vfio.export: { device: dev } }
  - two: { vfio.export: { device: dev } }
race:
  a:
    - vfio.reset: { device: dev }
  b:
    - vfio.flr: { device: dev }
allowed:
  - { a: any, b: any }
`;
  const { cases: [one] } = parseCases(text, { file: "x.yaml", path: "x", ledger: LEDGER });
  assert(one);
  return programOf(one);
})();

Deno.test("runRace() finds a buffer that stays revoked though its device is usable again", () => {
  const forgetsTheLast = inVfio(({ buffersToMove }) => ({
    buffersToMove: (device) =>
      device.dmabufsRevoked ? buffersToMove(device) : buffersToMove(device).slice(0, -1),
  }));
  const { outcome } = runRace(TWO_BUFFERS, () => newSession(broken(forgetsTheLast)));
  assertEquals(outcome.findings.map(({ what }) => what), [
    "I7: a buffer is still revoked though the last event made those of its device usable",
  ]);
  assertEquals(runRace(TWO_BUFFERS, () => newSession(MATT_V1)).outcome.findings, []);
});

Deno.test("runRace() finds a kref that is not one for each mapping", () => {
  const takesTwo = inVfio(() => ({ krefsTakenByMap: (error) => error ? 0 : 2 }));
  const { outcome } = runRace(MAP_TWICE, () => newSession(broken(takesTwo)));
  assert(
    outcome.findings.some(({ what }) =>
      what === "I4: the kref of a usable buffer is not one and its mappings"
    ),
  );
  assertEquals(runRace(MAP_TWICE, () => newSession(MATT_V1)).outcome.findings, []);
});

/** Two maps by importers that keep what they have. */
const MAP_TWICE = program(`  one:
    - importer.map: { attachment: imp }
  two:
    - importer.map: { attachment: imp }`);

for (const id of ["matt-v1-vfio", "mainline-7.3", "matt-v8", "leon-v1-core"]) {
  Deno.test(`runRace() sees with reduction what it sees without, in every small race on ${id}`, () => {
    let compared = 0;
    for (const race of RACES) {
      const all = runRace(race, () => newSession(dialect(id)), { reduce: false, most: 300 }).outcome;
      if (!all.exhaustive) continue;
      const reduced = runRace(race, () => newSession(dialect(id))).outcome;
      assertEquals(seenIn(reduced), seenIn(all), race.case);
      compared++;
    }
    assert(compared > 30);
  });
}

/** The races of the suite. */
const RACES = loadCases(LEDGER).cases.map(programOf).filter(({ race }) => race);

/** The outcomes and findings of a race, without the schedules that lead there and the reasons of those that wait. */
function seenIn({ ends, findings }: RaceOutcome): readonly string[] {
  const essence = (_key: string, value: { kind?: string } | null) =>
    value?.kind === "blocked" || value?.kind === "skipped" ? value.kind : value;
  return [
    ...ends.map(({ results, told, then }) =>
      JSON.stringify([results, Object.entries(told).sort(), then.map(({ outcome }) => outcome)], essence)
    ),
    ...findings.map(({ kind, what }) => `${kind}: ${what}`),
  ].sort();
}

Deno.test("schedules are written and read alike", () => {
  for (const schedule of [[], [0], [0, 0, 0, 1, 0, 0], [25, 25, 1]]) {
    assertEquals(parseSchedule(formatSchedule(schedule)), schedule);
  }
  for (const text of ["", "a0", "A", "a-", "3a"]) assertEquals(parseSchedule(text), undefined);
});

Deno.test("replay() tells threads that wait from those that can go on", () => {
  const { waiting, ready } = replay(REVOKE_AND_UNMAP, () => newSession(MATT_V1), [0, 0, 0, 0]);
  assertEquals([Object.keys(waiting), ready], [["one"], ["two"]]);
  const begun = replay(REVOKE_AND_UNMAP, () => newSession(MATT_V1), [0]);
  assertEquals([begun.waiting, begun.ready], [{}, ["one", "two"]]);
});

Deno.test("replay() says where a schedule cannot be played", () => {
  const { stuck } = replay(REVOKE_AND_UNMAP, () => newSession(MATT_V1), [0, 0, 0, 0, 0, 0, 0]);
  assertStringIncludes(stuck ?? "", "one waits for unmap:1 mappings");
  assertStringIncludes(
    replay(REVOKE_AND_UNMAP, () => newSession(MATT_V1), [7]).stuck ?? "",
    "no thread number 8",
  );
});
