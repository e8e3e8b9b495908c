import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readRecordFile } from "../../reports/record_reader.ts";
import { conform, conformUntil, inFolder } from "../testing/conform.ts";

const TARGETS = ["--targets", "sim:mainline-7.0,sim:mainline-7.1"];
const CASES = "invalidate/*callback*";

function matrix(folder: string, ...args: string[]) {
  return conform("matrix", CASES, ...TARGETS, "--out", folder, "--no-site", ...args);
}

function linesOf(path: string): string[] {
  return readFileSync(path, "utf8").split("\n").slice(0, -1);
}

Deno.test("conform matrix says in which versions each behaviour of a clause was seen", () =>
  inFolder(async (folder) => {
    const { status, out } = await matrix(folder);
    assertEquals(status, 0);
    assertMatch(out, /^sim:mainline-7\.0 {2}pass \d+, fail \d+, /);
    assertMatch(out, /7\.0 → 7\.1; the ledger: (holds|owed) since 7\.1/);
    assertMatch(out, /git log --oneline v7\.0\.\.v7\.1 -- \S+\.c/);
    const { schema, runs, windows } = JSON.parse(readFileSync(join(folder, "matrix.json"), "utf8"));
    assertEquals([schema, runs.length, windows.runs.length], ["dmabuf-conform/matrix/1", 2, 2]);
    for (const file of ["matrix.md", "matrix.html"]) {
      assertStringIncludes(readFileSync(join(folder, file), "utf8"), "Every clause");
    }
  }));

Deno.test("conform matrix writes a page that leads to the runs side by side", () =>
  inFolder(async (folder) => {
    await conform("matrix", CASES, ...TARGETS, "--out", folder);
    const [, link = ""] = /href="([^"]+)"/.exec(readFileSync(join(folder, "compare.html"), "utf8")) ?? [];
    assertMatch(readFileSync(join(folder, link), "utf8"), /<h1>7\.0 (·|&#183;) 7\.1<\/h1>/);
  }));

Deno.test("conform matrix does not run again what is finished, and keeps the finished cases of a cut record", () =>
  inFolder(async (folder) => {
    const { out } = await matrix(folder);
    const [whole = "", cut = ""] = ["sim-mainline-7.0.jsonl", "sim-mainline-7.1.jsonl"].map((name) =>
      join(folder, name)
    );
    const [before, lines] = [readFileSync(whole, "utf8"), linesOf(cut)];
    const ends = lines.flatMap((line, index) => line.startsWith('{"type":"end"') ? [index] : []);
    const kept = lines.slice(0, (ends[0] ?? 0) + 1);
    writeFileSync(cut, `${kept.join("\n")}\n{"type":"case","ca`);
    const again = await matrix(folder);
    assertEquals(again.out, out);
    assertStringIncludes(again.err, "sim:mainline-7.0: was finished before");
    assertStringIncludes(again.err, "sim:mainline-7.1: goes on after 1 of ");
    assertEquals(readFileSync(whole, "utf8"), before);
    assertEquals(linesOf(cut).slice(0, kept.length), kept);
    assert(readRecordFile(cut).footer);
  }));

Deno.test("conform matrix puts the parts of several machines together", () =>
  inFolder(async (folder) => {
    const [parted, whole] = [join(folder, "parted"), join(folder, "whole")];
    const first = await matrix(parted, "--shard", "1/2");
    assertEquals(first.status, 1);
    assertStringIncludes(first.out, ", partial");
    assertEquals((await matrix(parted, "--shard", "2/2")).status, 0);
    await matrix(whole);
    const [one, other] = [parted, whole].map((each) =>
      JSON.parse(readFileSync(join(each, "matrix.json"), "utf8"))
    );
    assertEquals(one.windows.clauses, other.windows.clauses);
    assertEquals(one.comparison.counts, other.comparison.counts);
  }));

Deno.test("conform matrix stops when it is interrupted, and the same command goes on", () =>
  inFolder(async (folder) => {
    const args = ["matrix", CASES, ...TARGETS, "--out", folder, "--no-site"];
    const { status, err } = await conformUntil(AbortSignal.abort(), ...args);
    assertEquals(status, 1);
    assertStringIncludes(err, "The same command goes on with the rest");
    assertEquals((await matrix(folder)).status, 0);
  }));

Deno.test("conform matrix tells of a target that cannot be run, and runs the others", () =>
  inFolder(async (folder) => {
    const targets = "sim:mainline-7.0,stdio:false,sim:mainline-7.1";
    const args = ["matrix", CASES, "-p", "mainline-7.1", "--targets", targets, "--out", folder, "--no-site"];
    const { status, out, err } = await conform(...args);
    assertEquals(status, 3);
    assertStringIncludes(err, "stdio:false: could not be run: ");
    assertStringIncludes(out, "stdio:false: could not be run: ");
    assertStringIncludes(out, "sim:mainline-7.1  pass ");
  }));

Deno.test("conform matrix holds a target that speaks the protocol to the kernel that it runs", () =>
  inFolder(async (folder) => {
    const testee = new URL("../../runners/testing/sim_testee.ts", import.meta.url).pathname;
    const command = `${Deno.execPath()} run -A --quiet --no-check ${testee} --target sim:mainline-7.1`;
    const targets = `sim:mainline-7.0,stdio:${command}`;
    const { status, out } = await conform(
      "matrix",
      CASES,
      "--targets",
      targets,
      "--out",
      folder,
      "--no-site",
    );
    assertEquals(status, 0, out);
    assertEquals(readRecordFile(join(folder, "sim-mainline-7.0.jsonl")).header.profile, "mainline-7.3");
  }));

Deno.test("conform matrix runs the cases of all profiles, each once", () =>
  inFolder(async (folder) => {
    await matrix(folder, "-p", "mainline-7.0", "-p", "mainline-7.1");
    const { selection, profile } = readRecordFile(join(folder, "sim-mainline-7.1.jsonl")).header;
    assertEquals(new Set(selection).size, selection.length);
    assertEquals(profile, "mainline-7.1");
  }));

Deno.test("conform matrix refuses what cannot be meant before it runs anything", () =>
  inFolder(async (folder) => {
    const refused = async (words: string, ...args: string[]) => {
      const { status, err } = await conform("matrix", "--out", folder, ...args);
      assertEquals(status, 2);
      assertStringIncludes(err, words);
      assertEquals(existsSync(join(folder, "matrix.json")), false);
    };
    await refused("There is nothing to compare", "--targets", "sim:mainline-7.0");
    await refused("is named twice", "--targets", "sim:mainline-7.0,sim:mainline-7.0");
    await refused("A virtual machine cannot use", "--kernels", "7.2,newest");
    await refused('no profile "mainline"', ...TARGETS, "-p", "mainline");
    await refused("None of the selected cases", "rdma", ...TARGETS, "-p", "base-dmabuf");
    await refused("There is no part 3 of 2", ...TARGETS, "--shard", "3/2");
  }));

Deno.test("conform matrix refuses a folder with records of other cases", () =>
  inFolder(async (folder) => {
    await matrix(folder);
    const { status, err } = await conform("matrix", "base", ...TARGETS, "--out", folder);
    assertEquals(status, 2);
    assertStringIncludes(err, "it is of other cases, or of other versions of them");
  }));

Deno.test("conform matrix does not go on with a record that was cut under another ledger", () =>
  inFolder(async (folder) => {
    await matrix(folder);
    const path = join(folder, "sim-mainline-7.1.jsonl");
    const [header = "", ...lines] = linesOf(path);
    const other = header.replace(/"ledger":"sha256:[0-9a-f]+"/, '"ledger":"sha256:0"');
    writeFileSync(path, `${[other, ...lines].join("\n")}\n`);
    assertEquals((await matrix(folder)).status, 0);
    writeFileSync(path, `${[other, ...lines.slice(0, -1)].join("\n")}\n`);
    const { status, err } = await matrix(folder);
    assertEquals(status, 2);
    assertStringIncludes(err, "the ledger has changed since\nName another folder with --out");
  }));

Deno.test("conform matrix says how many cases a finished record is without", () =>
  inFolder(async (folder) => {
    await matrix(folder);
    const path = join(folder, "sim-mainline-7.1.jsonl");
    const lines = linesOf(path);
    const begin = lines.findLastIndex((line) => line.startsWith('{"type":"case"'));
    const { case: id } = JSON.parse(lines[begin] ?? "");
    const ended = lines.slice(0, begin).filter((line) => line.startsWith('{"type":"end"')).length;
    const notRun = [{ case: id, attempt: 1, reason: "the target had to be restarted too often" }];
    const footer = { type: "footer", finishedAt: "2026-11-21T10:00:00.000Z", attempts: ended, notRun };
    writeFileSync(path, `${[...lines.slice(0, begin), JSON.stringify(footer)].join("\n")}\n`);
    const { status, err } = await matrix(folder);
    assertEquals(status, 1);
    assertStringIncludes(err, "without 1 of its cases; remove the file to run it again");
  }));

Deno.test("conform matrix leaves dangerous cases out unless it is told otherwise", () =>
  inFolder(async (folder) => {
    const selectionOf = async (name: string, ...args: string[]) => {
      const out = join(folder, name);
      await conform(
        "matrix",
        "vfio/close/buffer*",
        ...TARGETS,
        "-p",
        "mainline-7.3",
        "--out",
        out,
        "--no-site",
        ...args,
      );
      return readRecordFile(join(out, "sim-mainline-7.1.jsonl")).header.selection;
    };
    const [plain, all] = [await selectionOf("plain"), await selectionOf("all", "--dangerous")];
    assertEquals(all.filter((id) => !plain.includes(id)), ["vfio/close/buffer-held-by-path-only"]);
  }));
