import { assert, assertEquals, assertThrows } from "@std/assert";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { LedgerError, loadLedger } from "../spec/ledger.ts";
import { loadSituations } from "../spec/situations.ts";
import { loadCases } from "./load.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const { cases } = loadCases(loadLedger());

/** The case files that an id stands for: itself, or the rows of its matrix. */
function casesNamed(id: string) {
  return cases.filter((each) => each.id === id || each.id.startsWith(`${id}[`));
}

Deno.test("no situation is lost: each of the 272 has cases and tests that exist, or says why none does", () => {
  const situations = loadSituations();
  assertEquals(situations.length, 272);
  const missing = situations.flatMap(({ number, cases: named = [], tests = [] }) => [
    ...named.filter((id) => casesNamed(id).length === 0).map((id) => `${number}: no case ${id}`),
    ...tests.filter((path) => !existsSync(join(ROOT, path))).map((path) => `${number}: no test ${path}`),
  ]);
  assertEquals(missing, []);
});

Deno.test("every situation that can harm a machine is shown by cases that nobody runs unasked, and no other is", () => {
  const dangerous = loadSituations().filter((each) => each.dangerous).flatMap((each) => each.cases ?? []);
  assert(dangerous.length > 0);
  const marked = cases.filter((each) => each.dangerous !== undefined).map(({ id }) => id);
  assertEquals(marked, dangerous.flatMap((id) => casesNamed(id).map((each) => each.id)));
});

function readText(text: string) {
  const folder = mkdtempSync(join(tmpdir(), "situations-"));
  try {
    const file = join(folder, "situations.yaml");
    writeFileSync(file, `situations:\n${text}`);
    return loadSituations(pathToFileURL(file));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

Deno.test("loadSituations() refuses a gap in the numbers, and a situation with neither cases nor a reason", () => {
  const fine = "  - { number: 1, about: one, cases: [a/b] }\n";
  assertEquals(readText(fine).length, 1);
  assertThrows(
    () => readText(`${fine}  - { number: 3, about: three, remark: Nobody knows. }\n`),
    LedgerError,
    "3 stands where 2",
  );
  assertThrows(() => readText("  - { number: 1, about: one }\n"), LedgerError, "does not say why");
});
