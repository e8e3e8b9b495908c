import { assertEquals } from "@std/assert";
import { caseIdSchema, clauseIdSchema } from "../../spec/ids.ts";
import type { Evidence } from "./kills.ts";
import { unwatchedClauses } from "./clauses.ts";
import { clauseOf } from "../../spec/testing/clause.ts";

const CASES = [
  { id: caseIdSchema.parse("a/first"), clauses: [clauseIdSchema.parse("AB-01")] },
  { id: caseIdSchema.parse("a/second"), clauses: [clauseIdSchema.parse("AB-02")] },
];

function mutant(id: string, clause: string, case_: string, by: Evidence = "step") {
  return { id, breaks: [clause], kills: [{ case: case_, to: "fail", by, reason: "" }] };
}

function unwatched(clause: ReturnType<typeof clauseOf>, ...mutants: readonly ReturnType<typeof mutant>[]) {
  return unwatchedClauses({ clauses: new Map([clause]) }, CASES, mutants);
}

Deno.test("a clause is watched if a case that verifies it kills a mutant that breaks it", () => {
  assertEquals(unwatched(clauseOf("AB-01"), mutant("m", "AB-01", "a/first")), []);
});

Deno.test("a clause is not watched if nothing breaks it, or only other cases or checks notice", () => {
  const nobody = { id: clauseIdSchema.parse("AB-01"), cases: 1, mutants: [] };
  assertEquals(unwatched(clauseOf("AB-01"), mutant("m", "AB-02", "a/first")), [nobody]);
  const missed = { ...nobody, mutants: ["m"] };
  assertEquals(unwatched(clauseOf("AB-01"), mutant("m", "AB-01", "a/second")), [missed]);
  assertEquals(unwatched(clauseOf("AB-01"), mutant("m", "AB-01", "a/first", "postcondition")), [missed]);
});

Deno.test("a clause that need not hold, cannot be seen or has no case needs no mutant", () => {
  assertEquals(unwatched(clauseOf("AB-01", { keyword: "MAY" })), []);
  assertEquals(unwatched(clauseOf("AB-01", { observable: [] })), []);
  assertEquals(unwatched(clauseOf("AB-03")), []);
});
