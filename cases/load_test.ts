import { assertEquals } from "@std/assert";
import { formatDiagnostic } from "../spec/diagnostic.ts";
import { loadLedger } from "../spec/ledger.ts";
import { loadCases } from "./load.ts";

const LEDGER = loadLedger();

const TEXT = "title: A case\nwhy: It matters.\nclauses: [VMM-01]\n" +
  "given: [{ dev: { vfio.open: {} } }]\nwhen: [{ vfio.reset: { device: dev } }]\n";

Deno.test("loadCases() reads the cases of the suite without a mistake", () => {
  const { cases, diagnostics } = loadCases(LEDGER);
  assertEquals(diagnostics.map(formatDiagnostic), []);
  assertEquals(
    cases.filter(({ id }) => id === "vfio/revoke/double-revoke").map(({ source }) => source.file),
    [
      "cases/vfio/revoke/double-revoke.yaml",
    ],
  );
});

Deno.test("loadCases() reads a folder to its depths, and reports one file without losing the others", () => {
  const folder = Deno.makeTempDirSync();
  try {
    Deno.mkdirSync(`${folder}/b/c`, { recursive: true });
    Deno.writeTextFileSync(`${folder}/b/c/deep.yaml`, TEXT);
    Deno.writeTextFileSync(`${folder}/b/bad.yaml`, TEXT.replace("reset", "rest"));
    Deno.writeTextFileSync(`${folder}/b/empty.yaml`, "");
    Deno.writeTextFileSync(`${folder}/b/README.md`, "not a case");
    Deno.writeTextFileSync(`${folder}/a.yaml`, TEXT);
    const { cases, diagnostics } = loadCases(LEDGER, `${folder}/`);
    assertEquals(cases.map(({ id }) => String(id)), ["a", "b/c/deep"]);
    assertEquals(diagnostics.map(formatDiagnostic), [
      `${folder}/b/bad.yaml:5:10: "vfio.rest" is not an operation. Did you mean "vfio.reset"?`,
      `${folder}/b/empty.yaml:1:1: The file is empty. Write it, or remove it`,
    ]);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("loadCases() says that a folder cannot be read", () => {
  const { cases, diagnostics } = loadCases(LEDGER, "/nowhere");
  assertEquals(cases, []);
  assertEquals(diagnostics.map(({ file, code }) => [file, code]), [["/nowhere", "unreadable"]]);
});
