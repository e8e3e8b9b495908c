import { assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeWhole } from "./files.ts";
import { conform, inFolder } from "./testing/conform.ts";

const CASE = "vfio/mmap/mmap-after-revoke";

Deno.test("a folder in the place of a file is told as a mistake in the command line, by every command", async () => {
  await inFolder(async (folder) => {
    const record = join(folder, "run.jsonl");
    assertEquals((await conform("run", CASE, "--out", record)).status, 0);
    const wrong = join(folder, "folder");
    mkdirSync(wrong);
    const lines: readonly (readonly string[])[] = [
      ["run", CASE, "--resume", wrong],
      ["run", CASE, "--kernel", wrong],
      ["kernels", "boot", "--kernel", wrong],
      ["judge", wrong],
      ["baseline", "update", wrong, record],
      ["repro", CASE, "--out", join(wrong, "none", "case.c")],
      ["fuzz", "--runs", "1", "--seed", "1", "--record", wrong],
      ["module", "table", record, "--out", wrong],
      ["spec", "document", "--out", wrong],
      ["site", "--store", join(wrong, "none"), "--out", join(folder, "site")],
    ];
    for (const line of lines) {
      const { status, out, err } = await conform(...line);
      const isVm = line.includes("--kernel");
      assertEquals([status, out], [isVm ? 3 : 2, ""], `${line.join(" ")}: ${err}`);
      assertStringIncludes(err, wrong);
      assertEquals(err.trimEnd().split("\n").length, 2, "what is wrong, and what to do");
    }
    assertEquals(readdirSync(wrong), []);
    assertEquals(readdirSync(folder).toSorted(), ["folder", "run.jsonl"]);
  });
});

Deno.test("conform import says where a folder has no record", async () => {
  await inFolder(async (folder) => {
    const { status, err } = await conform("import", folder, "--store", join(folder, "history"));
    assertEquals(status, 0);
    assertStringIncludes(err, "There is no record in");
  });
});

Deno.test("a native addon or a cache folder that cannot be used is told as one, and costs no report of a bug", async () => {
  const wrong = [
    [
      ["run", "base", "--profile", "base-dmabuf", "--target", "native"],
      "CONFORM_NATIVE_ADDON",
      "deno task build:native",
    ],
    [["kernels", "list"], "CONFORM_CACHE", "CONFORM_CACHE"],
    [["run", "base", "--target", "vm:7.3"], "CONFORM_CACHE", "CONFORM_CACHE"],
  ] as const;
  for (const [line, variable, hint] of wrong) {
    const before = Deno.env.get(variable);
    Deno.env.set(variable, "/dev/null/none");
    const { status, err } = await conform(...line);
    if (before === undefined) Deno.env.delete(variable);
    else Deno.env.set(variable, before);
    assertEquals(status, 3, err);
    assertStringIncludes(err, hint);
  }
});

Deno.test("conform mutants refuses seeded bugs where no kernel is", async () => {
  const { status, err } = await conform("mutants", "--target", "sim");
  assertEquals(status, 2);
  assertStringIncludes(err, "Leave --target out");
});

Deno.test("writeWhole() puts a file in the place of another, and writes through a link", async () => {
  await inFolder((folder) => {
    const [file, link] = [join(folder, "file"), join(folder, "link")];
    writeFileSync(file, "old");
    symlinkSync(file, link);
    writeWhole(file, "new");
    assertEquals(readFileSync(link, "utf8"), "new");
    writeWhole(link, "newer");
    assertEquals([readFileSync(file, "utf8"), existsSync(`${link}.new`)], ["newer", false]);
    return Promise.resolve();
  });
});

Deno.test(
  "a full disk is told as one that cannot be written to",
  { ignore: !existsSync("/dev/full") },
  async () => {
    await inFolder(async (folder) => {
      const full = join(folder, "certificate.json");
      symlinkSync("/dev/full", full);
      const { status, err } = await conform("repro", CASE, "--out", full);
      assertEquals(status, 2);
      assertStringIncludes(err, "Cannot write");
    });
  },
);
