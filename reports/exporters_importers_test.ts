import { assertEquals, assertStringIncludes } from "@std/assert";
import { exportersAndImporters, pairingsOf } from "./exporters_importers.ts";
import { readRecord } from "./record_reader.ts";
import { resultOf } from "./result.ts";
import { simulated, suite, textOf } from "./testing/runs.ts";

const DOUBLE = "vfio/revoke/double-revoke";
const TOLD = "invalidate/each-importer-once";

function pairings(dialect: string, target?: string) {
  const { cases } = suite();
  const result = resultOf(readRecord(textOf(simulated([DOUBLE, TOLD], dialect))), cases);
  const { id } = result.target;
  return pairingsOf([{ ...result, target: { ...result.target, id: target ?? id } }], cases);
}

Deno.test("results are sorted by who exports and who imports", () => {
  const found = pairings("matt-v1-vfio").map(({ exporter, importer, results }) => [
    exporter,
    importer,
    results.map((each) => each.case),
  ]);
  assertEquals(found, [
    ["VFIO", "module's importer", [DOUBLE]],
    ["module's test exporter", "module's importer", [TOLD]],
  ]);
});

Deno.test("a GPU driver goes by its own name, and by what it does", () => {
  const { cases } = suite();
  const ids = ["drm/export/between-drivers", "drm/race/import-against-import[driver=vkms]"];
  const result = resultOf(readRecord(textOf(simulated(ids, "mainline-7.3"))), cases);
  assertEquals(pairingsOf([result], cases).map(({ exporter, importer }) => [exporter, importer]), [
    ["vgem", "virtio-gpu with blobs"],
    ["system heap", "vkms"],
  ]);
});

Deno.test("a run whose machine could do a case counts before one whose machine could not", () => {
  const { cases } = suite();
  const able = resultOf(readRecord(textOf(simulated([TOLD]))), cases);
  const results = able.results.map((each) => ({ ...each, end: "not-supported" as const }));
  const ends = [[{ ...able, results }, able], [able, { ...able, results }]].map((runs) =>
    pairingsOf(runs, cases).flatMap((pair) => pair.results.map(({ end }) => end))
  );
  assertEquals(ends, [["completed"], ["completed"]]);
});

Deno.test("on a target with a reference exporter its devices are told from those of VFIO", () => {
  const [first] = pairings("matt-v1-vfio", "vm:7.3,reference=matt-v1-vfio");
  assertEquals(first?.exporter, "reference exporter (matt-v1-vfio)");
});

Deno.test("runs of one kernel are put together, and the first that has a case counts", () => {
  const { cases } = suite();
  const [double, both] = [[DOUBLE], [DOUBLE, TOLD]].map((ids) =>
    resultOf(readRecord(textOf(simulated(ids))), cases)
  );
  if (!double || !both) throw new Error("Cannot test without runs");
  const wrong = { ...double, results: double.results.map((each) => ({ ...each, verdict: "fail" as const })) };
  const older = { ...both, target: { ...both.target, kernel: "6.1" } };
  const found = pairingsOf([older, wrong, both], cases).map(({ kernel, exporter, results }) => [
    kernel,
    exporter,
    results.map(({ verdict }) => verdict),
  ]);
  assertEquals(found, [
    ["7.1-rc+matt-v1", "VFIO", ["fail"]],
    ["7.1-rc+matt-v1", "module's test exporter", ["pass"]],
    ["6.1", "VFIO", ["pass"]],
    ["6.1", "module's test exporter", ["pass"]],
  ]);
});

Deno.test("what is not as the clauses demand is named with its clauses", () => {
  const wrong = pairings("matt-v1-vfio").map((pair) => ({
    ...pair,
    results: pair.results.map((each) => ({
      ...each,
      verdict: "fail" as const,
      reasons: ["this | and that"],
    })),
  }));
  const page = exportersAndImporters(wrong);
  assertStringIncludes(page, "| module's test exporter | module's importer | 7.1-rc+matt-v1 | 0 | 1 | 0 |");
  assertStringIncludes(page, "| `invalidate/each-importer-once` |");
  assertStringIncludes(page, "INVAL-02");
  assertStringIncludes(page, "this \\| and that");
});
