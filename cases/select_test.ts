import { assertEquals, assertThrows } from "@std/assert";
import { caseIdSchema, clauseIdSchema, profileIdSchema } from "../spec/ids.ts";
import { loadLedger } from "../spec/ledger.ts";
import type { Case } from "./case.ts";
import { profilesOf, selectCases, SelectionError, type SelectOptions } from "./select.ts";

const LEDGER = loadLedger();

function caseOf(id: string, ...clauses: string[]): Case {
  return {
    id: caseIdSchema.parse(id),
    title: "A case",
    why: "It matters.",
    clauses: clauses.map((clause) => clauseIdSchema.parse(clause)),
    sections: { given: [], control: [], when: [], race: [], then: [] },
    source: { file: `${id}.yaml`, text: "", digest: "" },
  };
}

const CASES = [
  caseOf("base/seek", "BASE-01"),
  caseOf("vfio/fence[usage=READ]", "VMOV-07"),
  caseOf("vfio/fence[usage=WRITE]", "VMOV-07"),
  caseOf("vfio/revoke/double-revoke", "VREV-10"),
  caseOf("vfio/revoke/mmap", "VMM-01", "VREV-10"),
];

function idsOf(selectors: readonly string[], options?: SelectOptions): readonly string[] {
  return selectCases(CASES, selectors, options).map(({ id }) => String(id));
}

const FENCES = ["vfio/fence[usage=READ]", "vfio/fence[usage=WRITE]"];
const REVOKES = ["vfio/revoke/double-revoke", "vfio/revoke/mmap"];

Deno.test("selectCases() takes an id, a folder, a pattern and the path of a file", () => {
  assertEquals(idsOf([]), CASES.map(({ id }) => String(id)));
  assertEquals(idsOf(["vfio/revoke/mmap"]), ["vfio/revoke/mmap"]);
  assertEquals(idsOf(["vfio/revoke"]), REVOKES);
  assertEquals(idsOf(["vfio/revoke/"]), REVOKES);
  assertEquals(idsOf(["vfio/*"]), FENCES);
  assertEquals(idsOf(["**/*revoke*"]), ["vfio/revoke/double-revoke"]);
  assertEquals(idsOf(["cases/vfio/revoke/mmap.yaml"]), ["vfio/revoke/mmap"]);
});

Deno.test("selectCases() takes all rows of a case, or one of them", () => {
  assertEquals(idsOf(["vfio/fence"]), FENCES);
  assertEquals(idsOf(["vfio/fence[usage=READ]"]), ["vfio/fence[usage=READ]"]);
  assertEquals(idsOf(["vfio/*[usage=WRITE]"]), ["vfio/fence[usage=WRITE]"]);
});

Deno.test("selectCases() keeps the order of the cases and takes each of them once", () => {
  assertEquals(idsOf(["vfio/revoke/mmap", "vfio", "base/seek"]), CASES.map(({ id }) => String(id)));
});

Deno.test("selectCases() does not take half a name for a folder", () => {
  assertThrows(() => idsOf(["vfio/rev"]), SelectionError);
});

Deno.test("selectCases() narrows down to a clause and to a profile that has every clause", () => {
  const clause = clauseIdSchema.parse("VREV-10");
  assertEquals(idsOf([], { clause }), REVOKES);
  const profile = { id: profileIdSchema.parse("p"), clauses: new Set([clause]) };
  assertEquals(idsOf([], { profile }), ["vfio/revoke/double-revoke"]);
});

Deno.test("selectCases() divides the cases over shards without losing or repeating one", () => {
  const shards = [1, 2, 3].map((index) => idsOf([], { shard: { index, count: 3 } }));
  assertEquals(shards.flat().toSorted(), CASES.map(({ id }) => String(id)).toSorted());
  assertEquals(shards.map(({ length }) => length), [2, 2, 1]);
  assertEquals(idsOf([], { shard: { index: 9, count: 9 } }), []);
});

Deno.test("selectCases() refuses a shard that is not there", () => {
  for (const shard of [{ index: 0, count: 2 }, { index: 3, count: 2 }, { index: 1.5, count: 2 }]) {
    assertThrows(() => idsOf([], { shard }), SelectionError, `There is no part ${shard.index} of 2`);
  }
});

Deno.test("selectCases() names the nearest case or folder where a selector matches nothing", () => {
  const hints = ["vfio/revoke/mmpa", "vfio/revok", "double-revoek", "something"].map((selector) => {
    const error = assertThrows(() => idsOf(["base", selector]), SelectionError);
    assertEquals(error.message, `No case matches "${selector}"`);
    return error.hint;
  });
  assertEquals(hints, [
    'Did you mean "vfio/revoke/mmap"?',
    'Did you mean "vfio/revoke"?',
    'Did you mean "vfio/revoke/double-revoke"?',
    "See which cases there are with: conform list",
  ]);
});

Deno.test("selectCases() says what nothing was left for", () => {
  const clause = clauseIdSchema.parse("VST-01");
  const profile = { id: profileIdSchema.parse("empty"), clauses: new Set<never>() };
  const error = assertThrows(() => idsOf(["vfio/revoke"], { clause, profile }), SelectionError);
  assertEquals(
    error.message,
    "None of the 2 selected cases verifies the clause VST-01 and belongs to the profile empty",
  );
});

Deno.test("profilesOf() names the profiles that have every clause of a case", () => {
  const ids = profilesOf(caseOf("x", "VREV-10", "VMM-01"), LEDGER).map(String);
  assertEquals([ids.includes("matt-v1-vfio"), ids.includes("mainline-7.3")], [true, false]);
});
