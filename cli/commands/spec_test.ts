import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { loadLedger } from "../../spec/ledger.ts";
import { conform, inFolder } from "../testing/conform.ts";

Deno.test("conform spec document prints HTML, or writes Markdown to a file", async () => {
  await inFolder(async (folder) => {
    const html = await conform("spec", "document");
    assertEquals(html.status, 0);
    assert(html.out.startsWith("<!DOCTYPE html>"));
    const file = join(folder, "spec.md");
    const markdown = await conform("spec", "document", "--format", "markdown", "--out", file);
    assertEquals([markdown.status, markdown.out, markdown.err], [0, "", `Wrote ${file}\n`]);
    assertStringIncludes(readFileSync(file, "utf8"), "VREV-10");
    const nowhere = await conform("spec", "document", "--out", join(folder, "none", "spec.html"));
    assertEquals(nowhere.status, 2);
    assertStringIncludes(nowhere.err, "Name a file in a folder that is there");
  });
});

Deno.test("conform spec check-sources names each citation whose mail is not there, with its clauses and cases", async () => {
  await inFolder(async (folder) => {
    const ran = await conform("spec", "check-sources", "--seeds", folder);
    assertEquals(ran.status, 1);
    const seeds = Object.values(loadLedger().sources.mails).flatMap(({ seed }) => seed ?? []);
    for (const seed of seeds) assertStringIncludes(ran.out, `The seeds have no file ${seed}`);
    assertStringIncludes(ran.out, "clauses: VREV-10");
    assertStringIncludes(ran.out, "vfio/revoke/double-revoke");
  });
});

Deno.test("conform spec check-sources tells what has changed between two kernels, as JSON, too", async () => {
  await inFolder(async (folder) => {
    writeFileSync(join(folder, "Makefile"), "VERSION = 7\nPATCHLEVEL = 3\n");
    const ran = await conform(
      "spec",
      "check-sources",
      "--kernel",
      folder,
      "--kernel-old",
      folder,
      "--format",
      "json",
    );
    const place = z.looseObject({ clauses: z.array(z.string()), cases: z.array(z.string()) });
    const { findings, compared } = z.object({
      findings: z.array(place.extend({ fault: z.literal("missing-file") })),
      compared: z.array(place.extend({ change: z.literal("in neither") })),
    }).parse(JSON.parse(ran.out));
    assertEquals(ran.status, 1);
    assert(findings.length > 10 && compared.length > 10);
  });
});

Deno.test("conform spec check-sources answers wrong usage with 2 and what to do", async () => {
  await inFolder(async (folder) => {
    const wrong: readonly (readonly [readonly string[], string])[] = [
      [[], "Give --seeds DIR, --kernel TREE, or both"],
      [["--seeds", join(folder, "none")], "Name the folder that has the mails"],
      [["--kernel", folder], "is not a kernel source tree"],
      [["--seeds", folder, "--kernel-old", folder], "Give the newer tree with --kernel"],
      [["--accept"], "Give --seeds DIR, --kernel TREE, or both"],
    ];
    for (const [args, said] of wrong) {
      const ran = await conform("spec", "check-sources", ...args);
      assertEquals([ran.status, ran.out], [2, ""], args.join(" "));
      assertStringIncludes(ran.err, said);
    }
  });
});

Deno.test("conform coverage has no gap, and says of each clause under which profiles and on what it is shown", async () => {
  const { status, out } = await conform("coverage", "--format", "json");
  const { gaps, covered } = z.object({
    gaps: z.array(z.unknown()),
    covered: z.array(z.object({
      id: z.string(),
      cases: z.array(z.string()),
      profiles: z.array(z.string()),
      targets: z.array(z.string()),
      shown: z.array(
        z.object({ case: z.string(), profiles: z.array(z.string()), targets: z.array(z.string()).min(1) }),
      ).min(1),
    })),
  }).parse(JSON.parse(out));
  assertEquals([status, gaps], [0, []]);
  const clause = covered.find(({ id }) => id === "VREV-10");
  assert(clause?.profiles.includes("matt-v1-vfio") && clause.targets.includes("sim"));
});

Deno.test("conform show prints of a clause who says so, what breaks it, and on what its cases run", async () => {
  const { out } = await conform("show", "VST-13");
  for (
    const said of [
      "<20260416131815.2729131-9-mattev@meta.com>",
      "otherwise:  Matt Evans, v2 and later, and mainline 7.3: ",
      "disputed:   A.27 ",
      "mutant:     ",
      "(sim, module)",
      "written in: spec/clauses/vst.yaml:",
    ]
  ) assertStringIncludes(out, said);
  assertStringIncludes((await conform("show", "vfio/revoke/double-revoke")).out, "targets:    sim, module");
});

Deno.test("conform show tells in which kernels a clause holds and what each target did, by records or a history", async () => {
  await inFolder(async (folder) => {
    const none = await conform("show", "VREV-10", "--store", join(folder, "none"));
    assertEquals(none.status, 2);
    assertStringIncludes(none.err, "There is no history");
    const records: string[] = [];
    for (const target of ["sim:matt-v1-vfio", "sim:matt-rfc-ioctl"]) {
      const record = join(folder, `${records.length}.jsonl`);
      await conform("run", "vfio/revoke/double-revoke", "rfc/two*", "--target", target, "--out", record);
      records.push(record);
    }
    const shown = await conform("show", "VREV-10", ...records);
    assertStringIncludes(shown.out, "kernels:    none that was released");
    assertStringIncludes(shown.out, "sim:matt-v1-vfio (kernel 7.1-rc+matt-v1, ");
    assertStringIncludes(shown.out, "): 1 pass");
    assert(
      !shown.out.includes("sim:matt-rfc-ioctl (kernel"),
      "a run that did not reach the cases says nothing",
    );
    const store = join(folder, "store");
    await conform("import", ...records, "--store", store);
    assertEquals((await conform("show", "VREV-10", "--store", store)).out, shown.out);
  });
  assertStringIncludes((await conform("show", "VATT-03")).out, "kernels:    7.1, 7.2, 7.3");
});

Deno.test("every command below spec and new explains itself", async () => {
  for (
    const args of [["spec"], ["spec", "document"], ["spec", "check-sources"], ["new"], ["new", "case"], [
      "new",
      "clause",
    ]]
  ) {
    const help = await conform(...args, "--help");
    assertEquals([help.status, help.err], [0, ""], args.join(" "));
    assertStringIncludes(help.out, `conform ${args.join(" ")}`);
  }
});
