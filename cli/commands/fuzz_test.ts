import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { parseCases } from "../../cases/parse.ts";
import { loadLedger } from "../../spec/ledger.ts";
import { conform, conformUntil, inFolder } from "../testing/conform.ts";

const DIFFERENT = ["fuzz", "--target", "sim:matt-v1-vfio", "--against", "sim:mainline-7.3", "--seed", "1"];

const reportSchema = z.object({
  schema: z.literal("dmabuf-conform/fuzz/1"),
  seed: z.number(),
  runs: z.number(),
  ended: z.enum(["runs", "time", "interrupted", "target"]),
  targetErrors: z.array(z.object({ reason: z.string() })),
  findings: z.array(z.object({
    operation: z.string(),
    kind: z.object({ expected: z.string(), seen: z.string() }),
    step: z.number(),
    steps: z.array(z.looseObject({ action: z.string() })),
    again: z.string(),
    case: z.string().nullable(),
    reason: z.string().nullable(),
  })),
});

Deno.test("conform fuzz exits with 1, prints each finding once and saves it as a case that can be read", async () => {
  await inFolder(async (folder) => {
    const { status, out } = await conform(...DIFFERENT, "--runs", "20", "--out", folder);
    assertEquals(status, 1);
    const files = readdirSync(folder);
    assert(files.length > 0);
    const ledger = loadLedger();
    for (const file of files) {
      assertStringIncludes(out, join(folder, file));
      const { diagnostics, cases } = parseCases(readFileSync(join(folder, file), "utf8"), {
        file,
        path: "finding",
        ledger,
      });
      assertEquals([diagnostics, cases.length], [[], 1]);
    }
    const heads = out.split("\n").filter((line) => /^\d+\. /.test(line)).map((line) =>
      line.replace(/^\d+/, "")
    );
    assertEquals(new Set(heads).size, heads.length);
    assertMatch(
      out,
      /\n\d+ steps compared; the same to the end: \d+ programs, .*\n20 programs, \d+ findings?, seed 1\n$/,
    );
  });
});

Deno.test("conform fuzz --format json prints a report, whose command finds the same again", async () => {
  await inFolder(async (folder) => {
    const args = [...DIFFERENT, "--runs", "20", "--format", "json", "--out", folder];
    const report = reportSchema.parse(JSON.parse((await conform(...args)).out));
    const [first] = report.findings;
    assert(first);
    const again = [...first.again.split(" ").slice(1), "--format", "json", "--out", folder];
    const replayed = await conform(...again);
    assertEquals(replayed.status, 1);
    const [found] = reportSchema.parse(JSON.parse(replayed.out)).findings;
    assertEquals([found?.operation, found?.kind, found?.steps], [first.operation, first.kind, first.steps]);
  });
});

Deno.test("conform fuzz exits with 0 and saves nothing where a target is the model", async () => {
  await inFolder(async (folder) => {
    const args = [
      "fuzz",
      "--target",
      "sim:matt-v2",
      "--against",
      "sim:matt-v2",
      "--seed",
      "1",
      "--runs",
      "20",
    ];
    const { status, out } = await conform(...args, "--out", folder);
    assertEquals(status, 0);
    assertMatch(out, /(^|\n)20 programs, 0 findings, seed 1\n$/);
    assertEquals(readdirSync(folder), []);
  });
});

Deno.test("conform fuzz ends when it is interrupted and says so", async () => {
  const { out } = await conformUntil(AbortSignal.abort(), ...DIFFERENT, "--time", "3600");
  assertEquals(out, "0 programs, 0 findings, seed 1, interrupted\n");
});

Deno.test("conform fuzz refuses what it cannot play on, play against, or play again", async () => {
  const target = await conform("fuzz", "--target", "sim:nobody");
  assertEquals(target.status, 2);
  assertStringIncludes(target.err, 'The simulator has no dialect "nobody"');
  const model = await conform("fuzz", "--against", "native");
  assertEquals(model.status, 2);
  const path = await conform("fuzz", "--path", "1:2");
  assertEquals(path.status, 2);
  assertStringIncludes(path.err, "A path leads nowhere without its seed");
});

Deno.test("conform fuzz --record goes on where it ended, tells nothing twice, and counts all of it", async () => {
  await inFolder(async (folder) => {
    const record = join(folder, "fuzz.jsonl");
    const args = [...DIFFERENT, "--record", record, "--out", join(folder, "cases")];
    const first = await conform(...args, "--runs", "20");
    const lines = readFileSync(record, "utf8").split("\n");
    assertEquals(lines.length, 22);
    // As after a run that was killed while it wrote.
    writeFileSync(record, lines.join("\n") + (lines[20] ?? "").slice(0, 40));
    const second = await conform(...args, "--runs", "30");
    assertStringIncludes(second.err, "from 20");
    assertMatch(second.out, /\n10 programs, \d+ findings?, seed 1\n$/);
    assertEquals(readFileSync(record, "utf8").split("\n").slice(0, 21), lines.slice(0, 21));
    const heads = (out: string) =>
      out.split("\n").filter((line) => /^\d+\. /.test(line)).map((line) => line.slice(3));
    assertEquals(heads(first.out).filter((head) => heads(second.out).includes(head)), []);
    const other = await conform(...args, "--max-steps", "3");
    assertEquals(other.status, 2);
    assertStringIncludes(other.err, "is the record of another fuzzing");
  });
});
