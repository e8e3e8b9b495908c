import { assertEquals, assertStringIncludes } from "@std/assert";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { conform, inFolder } from "../testing/conform.ts";

const FAILING = "vfio/move/fence-holds-revoke";
const ON = ["--target", "sim:mainline-7.0", "--profile", "matt-v1-vfio"];

Deno.test("conform baseline update makes a file with which the same run is as expected", async () => {
  await inFolder(async (folder) => {
    const [out, known] = [join(folder, "run.jsonl"), join(folder, "known.yaml")];
    assertEquals((await conform("run", FAILING, ...ON, "--out", out)).status, 1);
    const update = await conform("baseline", "update", known, out);
    assertEquals(update.status, 0);
    assertStringIncludes(update.out, `added ${FAILING}[usage=READ]: `);
    const again = await conform("run", FAILING, ...ON, "--out", join(folder, "2.jsonl"), "--baseline", known);
    assertEquals(again.status, 0);
    assertStringIncludes(again.out, `known fail ${FAILING}[usage=READ] (${known}:`);
    const nothing = await conform("baseline", "update", known, out);
    assertEquals([nothing.status, nothing.out, nothing.err], [0, "", "There is nothing to change\n"]);
  });
});

Deno.test("conform judge --baseline shows waivers, unexpected passes and stale entries", async () => {
  await inFolder(async (folder) => {
    const [record, known] = [join(folder, "run.jsonl"), join(folder, "known.yaml")];
    await conform("run", FAILING, ...ON, "--out", record);
    const waiver = "waiver: { url: 'https://example.org/42' }";
    const entries = `  - { case: ${FAILING}, message: when, ${waiver} }\n`;
    writeFileSync(known, `known:\n${entries}  - { case: vfio/gone, message: x }\n`);
    const { status, out: text } = await conform("judge", record, "--baseline", known);
    assertEquals(status, 1);
    assertStringIncludes(text, "waived: https://example.org/42");
    assertStringIncludes(text, `stale entry ${known}:3: the suite has no case vfio/gone`);
    writeFileSync(known, `known:\n${entries}`);
    assertEquals((await conform("judge", record, "--baseline", known)).status, 0);
  });
});

Deno.test("conform run --baseline fails for a case that passes although it is known to fail", async () => {
  await inFolder(async (folder) => {
    const known = join(folder, "known.yaml");
    writeFileSync(known, "known:\n  - { case: vfio/revoke/double-revoke, message: when }\n");
    const args = ["--out", join(folder, "run.jsonl"), "--baseline", known];
    const { status, out } = await conform("run", "vfio/revoke/double-revoke", ...args);
    assertEquals(status, 1);
    assertStringIncludes(out, `unexpected: ${known}:2 says that it fails: when`);
  });
});

Deno.test("conform run refuses a baseline with mistakes before it runs anything", async () => {
  await inFolder(async (folder) => {
    const known = join(folder, "known.yaml");
    writeFileSync(known, "known:\n  - { case: a }\n");
    const { status, err } = await conform("run", "--baseline", known, "--out", join(folder, "run.jsonl"));
    assertEquals(status, 2);
    assertStringIncludes(err, `${known}:2:5: "message" is missing`);
  });
});

Deno.test("conform baseline update refuses a partial run and leaves the file alone", async () => {
  await inFolder(async (folder) => {
    const [out, known] = [join(folder, "run.jsonl"), join(folder, "known.yaml")];
    await conform("run", FAILING, ...ON, "--out", out);
    const lines = readFileSync(out, "utf8").split("\n");
    writeFileSync(out, lines.slice(0, -2).join("\n") + "\n");
    writeFileSync(known, "known: []\n");
    const { status, err } = await conform("baseline", "update", known, out);
    assertEquals(status, 2);
    assertStringIncludes(err, "The run is partial");
    assertStringIncludes(err, "--resume");
    assertEquals(readFileSync(known, "utf8"), "known: []\n");
  });
});
