import { assertEquals, assertThrows } from "@std/assert";
import { pathToFileURL } from "node:url";
import { loadContradictions } from "./contradictions.ts";
import { formatDiagnostic } from "./diagnostic.ts";
import { LedgerError, loadLedger } from "./ledger.ts";

const LEDGER = loadLedger();

function entry(number: number, clauses = "[VREV-10]"): string {
  return `
  - number: ${number}
    subject: A thing
    sides: [{ holder: A, holds: "Yes." }, { holder: B, holds: "No." }]
    treatment: [normative]
    resolution: Yes.
    clauses: ${clauses}`;
}

function mistakesOf(text: string): readonly string[] {
  const file = Deno.makeTempFileSync({ suffix: ".yaml" });
  try {
    Deno.writeTextFileSync(file, `contradictions:${text}\n`);
    return assertThrows(() => loadContradictions(LEDGER, pathToFileURL(file)), LedgerError)
      .diagnostics.map(formatDiagnostic);
  } finally {
    Deno.removeSync(file);
  }
}

Deno.test("loadContradictions() reads those of the suite; every contested clause is in one of them", () => {
  const all = loadContradictions(LEDGER);
  assertEquals(all.map(({ number }) => number), Array.from({ length: all.length }, (_, index) => index + 1));
  const named = new Set(all.flatMap(({ clauses }) => clauses));
  const contested = [...LEDGER.clauses.values()].filter(({ status }) => status === "contested");
  assertEquals(contested.filter(({ id }) => !named.has(id)).map(({ id }) => id), []);
});

Deno.test("loadContradictions() refuses an unknown clause and a number out of order", () => {
  assertEquals(mistakesOf(entry(1, "[VREV-1O, VREV-99]")).length, 1);
  assertEquals(mistakesOf(entry(1, "[VREV-99]")), [
    'spec/contradictions.yaml:7:15: The ledger has no clause VREV-99. Did you mean "VREV-09"?',
  ]);
  assertEquals(mistakesOf(entry(2) + entry(2)), [
    "spec/contradictions.yaml:8:13: The number 2 does not come after the one before. " +
    "Give it the next number that is free, and keep the list in order",
  ]);
});
