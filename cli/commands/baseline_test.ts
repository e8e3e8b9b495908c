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

/** Holds the record of a run that fails in one way against a baseline of some entries. */
type Hold = (...entries: readonly string[]) => Promise<{ readonly status: number; readonly out: string }>;

async function withFailure(test: (hold: Hold) => Promise<void>): Promise<void> {
  await inFolder(async (folder) => {
    const [record, known] = [join(folder, "run.jsonl"), join(folder, "known.yaml")];
    await conform("run", FAILING, ...ON, "--out", record);
    await test(async (...entries) => {
      writeFileSync(known, `known:\n${entries.map((entry) => `  - ${entry}\n`).join("")}`);
      return await conform("judge", record, "--baseline", known);
    });
  });
}

Deno.test("a known failure is the one with this message; another failure of the same case fails the run", () =>
  withFailure(async (hold) => {
    assertEquals((await hold(`{ case: ${FAILING}, message: "when.0: expected" }`)).status, 0);
    const other = await hold(`{ case: ${FAILING}, message: "when.1: something else" }`);
    assertEquals(other.status, 1);
    assertStringIncludes(other.out, "says that it fails otherwise");
  }));

Deno.test("a known failure holds only on the kernel, target and device that it names", () =>
  withFailure(async (hold) => {
    const conditions: Readonly<Record<string, number>> = {
      'kernel: "7.0"': 0,
      'kernel: ">=6.19 <7.1"': 0,
      'kernel: ">=7.1"': 1,
      'kernel: "7.0", target: "sim:*"': 0,
      'kernel: "7.0", target: "vm:*"': 1,
      'target: "sim:mainline-7.0"': 0,
      'device: "8086:*"': 1,
    };
    for (const [when, expected] of Object.entries(conditions)) {
      const { status } = await hold(`{ case: ${FAILING}, message: when, when: { ${when} } }`);
      assertEquals(status, expected, when);
    }
  }));

Deno.test("an entry for a case that the suite does not have fails the run, also where all cases are as expected", () =>
  withFailure(async (hold) => {
    const good = `{ case: ${FAILING}, message: when }`;
    assertEquals((await hold(good)).status, 0);
    const stale = await hold(good, "{ case: vfio/gone, message: x }");
    assertEquals(stale.status, 1);
    assertStringIncludes(stale.out, "stale entry");
  }));

Deno.test("a waiver is shown with its address in every report for people and programs", async () => {
  await inFolder(async (folder) => {
    const [record, known] = [join(folder, "run.jsonl"), join(folder, "known.yaml")];
    await conform("run", FAILING, ...ON, "--out", record);
    const url = "https://example.org/waivers/42";
    writeFileSync(known, `known:\n  - { case: ${FAILING}, message: when, waiver: { url: "${url}" } }\n`);
    for (const format of ["human", "html", "markdown", "json", "junit", "ktap", "sarif"]) {
      const { status, out } = await conform("judge", record, "--baseline", known, "--format", format);
      assertEquals(status, 0, format);
      assertStringIncludes(out, url, format);
    }
  });
});

Deno.test("conform baseline update keeps comments, notes and entries that it has nothing to say of", async () => {
  await inFolder(async (folder) => {
    const [record, known] = [join(folder, "run.jsonl"), join(folder, "known.yaml")];
    await conform("run", FAILING, ...ON, "--out", record);
    const kept = [
      "# Kept by the lab; ask before you change it.",
      "known:",
      "  # On the list since May.",
      "  - case: base/*",
      '    message: "then.0: expected"',
      '    when: { kernel: "9.0" } # not out yet',
      "    note: Looked at twice",
    ];
    writeFileSync(known, `${kept.join("\n")}\n`);
    assertEquals((await conform("baseline", "update", known, record)).status, 0);
    const lines = readFileSync(known, "utf8").split("\n");
    assertEquals(lines.slice(0, kept.length), kept);
    assertStringIncludes(lines.slice(kept.length).join("\n"), `${FAILING}[usage=READ]`);
  });
});

Deno.test("conform baseline update removes what passes now, and says so", async () => {
  await inFolder(async (folder) => {
    const [record, known] = [join(folder, "run.jsonl"), join(folder, "known.yaml")];
    await conform("run", "vfio/revoke/double-revoke", "--out", record);
    writeFileSync(known, "known:\n  - { case: vfio/revoke/double-revoke, message: when }\n");
    assertEquals((await conform("judge", record, "--baseline", known)).status, 1);
    const { status, out } = await conform("baseline", "update", known, record);
    assertEquals(status, 0);
    assertStringIncludes(out, "removed vfio/revoke/double-revoke");
    assertEquals((await conform("judge", record, "--baseline", known)).status, 0);
  });
});
