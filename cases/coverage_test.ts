import { assertEquals } from "@std/assert";
import { caseIdSchema, clauseIdSchema } from "../spec/ids.ts";
import { loadLedger } from "../spec/ledger.ts";
import { coverage, gapsIn } from "./coverage.ts";
import { parseCases } from "./parse.ts";
import { targetKindsOf } from "./target_kinds.ts";
import { clauseOf } from "../spec/testing/clause.ts";

const notTested = { reason: "hardware", details: "It needs a card." } as const;

const LEDGER = {
  clauses: new Map([
    clauseOf("AB-01"),
    clauseOf("AB-02", { notTested }),
    clauseOf("AB-03", { keyword: "MAY", observable: ["log"] }),
    clauseOf("AB-04", { notTested }),
    clauseOf("AB-05"),
    clauseOf("AB-06", { observable: [] }),
  ]),
  profiles: loadLedger().profiles,
};

const NO_STEPS = { given: [], control: [], when: [], race: [], then: [] };

function shows(id: string, ...clauses: string[]) {
  return {
    id: caseIdSchema.parse(id),
    clauses: clauses.map((clause) => clauseIdSchema.parse(clause)),
    sections: NO_STEPS,
  };
}

Deno.test("coverage() puts every clause into one list", () => {
  const found = coverage([shows("a", "AB-01", "AB-04"), shows("b", "AB-01", "AB-01")], LEDGER);
  assertEquals(found.clauses, 6);
  assertEquals(found.covered.map(({ id, cases }) => `${id} ${cases}`), ["AB-01 a,b", "AB-04 a"]);
  assertEquals(JSON.parse(JSON.stringify(found.notTested)), [
    { id: "AB-02", reason: "hardware", details: "It needs a card." },
  ]);
  assertEquals(found.uncovered.map(({ id, keyword, observable }) => `${id} ${keyword} ${observable}`), [
    "AB-03 MAY log",
    "AB-05 MUST userspace",
    "AB-06 MUST ",
  ]);
});

Deno.test("gapsIn() names what must hold and is not shown, what has no reason, and cases that cannot be read", () => {
  const found = coverage([shows("a", "AB-01")], LEDGER);
  const bad = parseCases("title: A\nclauses: [VMM-99]\n", {
    file: "x.yaml",
    path: "x",
    ledger: loadLedger(),
  });
  const gaps = gapsIn(found, bad.diagnostics).map(({ gap, of }) => `${gap} ${of}`);
  assertEquals(gaps.slice(0, 3), ["no-reason AB-03", "no-case AB-05", "no-reason AB-06"]);
  assertEquals(gaps.slice(3).every((gap) => gap.startsWith("bad-case x.yaml:")), true);
  assertEquals(bad.diagnostics.length, gaps.length - 3);
  assertEquals(gapsIn({ uncovered: [] }, []), []);
});

function kindsOf(steps: string): readonly string[] {
  const text = `title: A\nwhy: B.\nclauses: [VMM-01]\ngiven:\n  - dev: { vfio.open: {} }\n` +
    `  - buf: { vfio.export: { device: dev, region: 0 } }\nwhen:\n${steps}\n`;
  const { cases, diagnostics } = parseCases(text, { file: "x.yaml", path: "x", ledger: loadLedger() });
  assertEquals(diagnostics, []);
  return cases.flatMap(targetKindsOf);
}

Deno.test("targetKindsOf() follows from the operations, those that run inside of others included", () => {
  assertEquals(kindsOf("  - vfio.reset: { device: dev }"), ["sim", "native"]);
  assertEquals(kindsOf("  - imp: { importer.attach: { buffer: buf } }"), ["sim", "module"]);
  assertEquals(kindsOf("  - vfio.fail_next: { device: dev, request: reset, errno: EIO }"), ["sim", "module"]);
  assertEquals(
    kindsOf(
      "  - nic: { rdma.open: {} }\n  - mr: { rdma.register: { nic: nic, buffer: buf } }\n  - umem.state: { region: mr }",
    ),
    ["sim"],
  );
  const nested =
    "  - vfio.reset: { device: dev }\n    blocks until:\n      - imp: { importer.attach: { buffer: buf } }";
  assertEquals(kindsOf(nested), ["sim", "module"]);
});

Deno.test("coverage() looks at the clauses of a profile only", () => {
  const profile = { clauses: new Set([clauseIdSchema.parse("AB-03")]) };
  const found = coverage([shows("a", "AB-01")], LEDGER, profile);
  assertEquals([found.clauses, found.covered, found.uncovered.map(({ id }) => String(id))], [1, [], [
    "AB-03",
  ]]);
});
