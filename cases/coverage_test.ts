import { assertEquals } from "@std/assert";
import { caseIdSchema, type ClauseId, clauseIdSchema } from "../spec/ids.ts";
import type { Clause } from "../spec/clause.ts";
import { coverage } from "./coverage.ts";

function clauseOf(id: string, more: Partial<Clause> = {}): [ClauseId, Clause] {
  const parsed = clauseIdSchema.parse(id);
  return [parsed, {
    id: parsed,
    family: "AB",
    title: "A clause",
    requirement: "It MUST hold.",
    keyword: "MUST",
    level: "code",
    status: "mainline",
    observable: ["userspace"],
    sources: [],
    contested: [],
    at: { file: "ab.yaml", line: 1, column: 1 },
    ...more,
  }];
}

const notTested = { reason: "hardware", details: "It needs a card." } as const;

const LEDGER = {
  clauses: new Map([
    clauseOf("AB-01"),
    clauseOf("AB-02", { notTested }),
    clauseOf("AB-03", { keyword: "MAY", observable: ["log"] }),
    clauseOf("AB-04", { notTested }),
  ]),
};

function shows(id: string, ...clauses: string[]) {
  return { id: caseIdSchema.parse(id), clauses: clauses.map((clause) => clauseIdSchema.parse(clause)) };
}

Deno.test("coverage() puts every clause into one list", () => {
  const found = coverage([shows("a", "AB-01", "AB-04"), shows("b", "AB-01", "AB-01")], LEDGER);
  assertEquals(JSON.parse(JSON.stringify(found)), {
    clauses: 4,
    covered: [{ id: "AB-01", cases: ["a", "b"] }, { id: "AB-04", cases: ["a"] }],
    notTested: [{ id: "AB-02", reason: "hardware", details: "It needs a card." }],
    uncovered: [{ id: "AB-03", keyword: "MAY", observable: ["log"] }],
  });
});

Deno.test("coverage() looks at the clauses of a profile only", () => {
  const profile = { clauses: new Set([clauseIdSchema.parse("AB-03")]) };
  const found = coverage([shows("a", "AB-01")], LEDGER, profile);
  assertEquals([found.clauses, found.covered, found.uncovered.map(({ id }) => String(id))], [1, [], [
    "AB-03",
  ]]);
});
