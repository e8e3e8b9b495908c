import { assert, assertArrayIncludes, assertEquals } from "@std/assert";
import { loadCases } from "../../../cases/load.ts";
import { programOf } from "../../../cases/program.ts";
import { loadLedger } from "../../../spec/ledger.ts";
import { DIALECTS } from "../dialects/mod.ts";
import { MUTANTS } from "../mutants/mod.ts";
import type { Dialect } from "../rules.ts";
import { newSession } from "../simulator.ts";
import { brokenInvariants } from "./invariants.ts";
import { runRace } from "./race.ts";

const PROGRAMS = loadCases(loadLedger()).cases.map(programOf);

/** What is broken after some operation of some case without a race. */
function brokenIn(dialect: Dialect): readonly string[] {
  const found = new Set<string>();
  for (const { steps, race } of PROGRAMS) {
    const session = newSession(dialect);
    const broken = brokenInvariants(session);
    for (const step of race ? [] : steps) {
      session.perform(step);
      for (const what of broken()) found.add(what);
    }
  }
  return [...found];
}

/** The same after some step of some race. */
function brokenInRaces(dialect: Dialect): readonly string[] {
  const races = PROGRAMS.filter(({ race }) => race);
  const raced = races.map((program) => runRace(program, () => newSession(dialect), { most: 50 }).outcome);
  return raced.flatMap(({ findings }) => findings.map(({ what }) => what));
}

for (const dialect of DIALECTS.values()) {
  Deno.test(`the invariants hold after every operation of every case on ${dialect.id}`, () => {
    assertEquals(brokenIn(dialect), []);
  });
}

/** Mutants with the invariant that they break. */
const BROKEN = {
  "map-of-revoked-buffer": "I1: a revoked buffer was mapped",
  "leon-map-reaches-the-exporter": "I1: a revoked buffer was mapped",
  "unmap-puts-twice": "I2: a mapping is left after the revoke has returned",
  "fault-on-revoked-buffer": "I2: a page table entry is left after the revoke has returned",
  "permanent-undone-by-enable": "I3: a buffer that was revoked for good is so no more",
  "map-takes-no-kref": "I4: the kref of a usable buffer is not one and its mappings",
  "memory-off-does-not-revoke": "I7: a buffer is usable while the memory of its device is disabled",
  "unrevoke-forgotten": "I7: a buffer is still revoked though the last event made those of its device usable",
};

for (const [id, what] of Object.entries(BROKEN)) {
  Deno.test(`${id} breaks ${what}`, () => {
    assertArrayIncludes(brokenIn(mutant(id)), [what]);
  });
}

Deno.test("callbacks-twice breaks I5, which is about single steps", () => {
  assertArrayIncludes(brokenInRaces(mutant("callbacks-twice")), [
    "I5: a revoke did not call each importer once",
  ]);
});

function mutant(id: string): Dialect {
  const found = MUTANTS.find((each) => each.id === id);
  const dialect = found && DIALECTS.get(found.dialect);
  assert(dialect);
  return found.apply(dialect);
}
