import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { conform, inFolder } from "../testing/conform.ts";

const reportSchema = z.object({
  schema: z.literal("dmabuf-conform/tour/1"),
  target: z.object({ id: z.string(), name: z.string(), version: z.string(), kernel: z.string() }),
  dialect: z.string(),
  failures: z.array(z.string()),
  universes: z.array(z.object({
    universe: z.string(),
    states: z.number(),
    edges: z.number(),
    taken: z.number(),
    diverged: z.number(),
    sequences: z.number(),
    steps: z.number(),
    divergences: z.array(z.object({
      operation: z.string(),
      state: z.string(),
      aspect: z.string(),
      expected: z.string(),
      seen: z.string(),
      edges: z.number(),
      step: z.number(),
      steps: z.array(z.looseObject({ action: z.string() })),
      case: z.string().nullable().optional(),
    })),
    notTaken: z.array(z.object({ state: z.string(), operation: z.string(), reason: z.string() })),
  })),
});

Deno.test("conform tour takes every edge of the target's own model and says so", async () => {
  const { status, out, err } = await conform("tour", "--target", "sim:mainline-7.3", "--universe", "cpu");
  assertEquals(status, 0);
  assertStringIncludes(err, "Touring sim:mainline-7.3 by the model mainline-7.3");
  assertStringIncludes(out, "100.0 %");
});

Deno.test("conform tour exits with 1, shows the program, and saves a case, where the target goes another way", async () => {
  const folder = mkdtempSync(join(tmpdir(), "conform-tour-"));
  try {
    const args = ["--target", "sim:matt-v2", "--dialect", "matt-v1-vfio", "--universe", "importers"];
    const human = await conform("tour", ...args);
    assertEquals(human.status, 1);
    assertStringIncludes(human.out, '> fd.close {"fd":"dev"}');
    assertStringIncludes(human.out, "expected: invalidate of imp1");
    const { status, out } = await conform("tour", ...args, "--out", folder, "--format", "json");
    assertEquals(status, 1);
    const { universes, target, dialect } = reportSchema.parse(JSON.parse(out));
    assertEquals([target.id, dialect], ["sim:matt-v2", "matt-v1-vfio"]);
    const [found] = universes.flatMap(({ divergences }) => divergences);
    const file = join(folder, "close-device-invalidate-no-invalidate.yaml");
    assertEquals(found?.case, file);
    assert(readdirSync(folder).length > 0);
    assertStringIncludes(readFileSync(file, "utf8"), "fd.close: { fd: dev }");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

Deno.test("conform tour --depth plays every sequence and watches the model", async () => {
  const { status, out } = await conform("tour", "--depth", "2", "--universe", "cpu", "--format", "json");
  const report = z.object({
    schema: z.literal("dmabuf-conform/tour-depth/1"),
    depth: z.literal(2),
    universes: z.array(
      z.object({ sequences: z.number(), histories: z.number(), violations: z.array(z.unknown()) }),
    ),
  }).parse(JSON.parse(out));
  assertEquals(status, 0);
  assert((report.universes[0]?.sequences ?? 0) > 5);
});

Deno.test("conform tour answers wrong usage with 2 and the nearest right word", async () => {
  const wrong: readonly (readonly [readonly string[], string])[] = [
    [["--target", "sim:matt-v1-vifo"], 'Did you mean "matt-v1-vfio"?'],
    [["--dialect", "matt-v1-vifo"], 'Did you mean "matt-v1-vfio"?'],
    [["--universe", "cup"], "cup"],
    [["--depth", "0"], "0"],
  ];
  for (const [args, said] of wrong) {
    const ran = await conform("tour", ...args);
    assertEquals([ran.status, ran.out], [2, ""], args.join(" "));
    assertStringIncludes(ran.err, said);
  }
});

Deno.test("conform tour exits with 3 and counts nothing where the target cannot be opened", async () => {
  const { status, out, err } = await conform("tour", "--target", "stdio:/nonexistent", "--universe", "cpu");
  assertEquals([status, out], [3, ""]);
  assertStringIncludes(err, 'The target could not be opened: the command "/nonexistent"');
});

Deno.test("conform tour --help says what it can do", async () => {
  const { status, out, err } = await conform("tour", "--help");
  assertEquals([status, err], [0, ""]);
  for (const word of ["conform tour", "--target", "--dialect", "--depth", "--out", "--format"]) {
    assertStringIncludes(out, word);
  }
});

Deno.test("conform tour --plays takes nothing a second time, and refuses the plays of another target", async () => {
  await inFolder(async (folder) => {
    const plays = join(folder, "plays.jsonl");
    const args = ["tour", "--target", "sim:mainline-7.3", "--universe", "cpu", "--plays", plays];
    const first = await conform(...args);
    const kept = readFileSync(plays, "utf8");
    assert(kept.split("\n").length > 10);
    assertEquals((await conform(...args)).out, first.out);
    assertEquals(readFileSync(plays, "utf8"), kept);
    const other = await conform("tour", "--target", "sim:matt-v2", "--universe", "cpu", "--plays", plays);
    assertEquals(other.status, 2);
    assertStringIncludes(other.err, "it is of the target sim:mainline-7.3");
  });
});
