import { assertEquals, assertStringIncludes } from "@std/assert";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { simulated, textOf } from "../../reports/testing/runs.ts";
import { conform, inFolder } from "../testing/conform.ts";

const CASE = "vfio/revoke/double-revoke";

Deno.test("conform compare says what differs, and ends with 1 only if asked", () =>
  inFolder(async (folder) => {
    const [old, new_] = ["old.jsonl", "new.jsonl"].map((name) => join(folder, name));
    writeFileSync(old ?? "", textOf(simulated([CASE])));
    writeFileSync(new_ ?? "", textOf(simulated([CASE], "mainline-7.3")));
    const plain = await conform("compare", old ?? "", new_ ?? "");
    assertEquals(plain.status, 0);
    assertStringIncludes(plain.out, `Changed in 7.3\n  ${CASE}  pass → not-supported\n`);
    assertEquals((await conform("compare", old ?? "", new_ ?? "", "--exit-code")).status, 1);
    assertEquals((await conform("compare", old ?? "", old ?? "", "--exit-code")).status, 0);
  }));

Deno.test("conform compare refuses one run, and a file that is no record", () =>
  inFolder(async (folder) => {
    const path = join(folder, "a.jsonl");
    writeFileSync(path, "nothing\n");
    assertEquals((await conform("compare", path)).status, 2);
    const { status, err } = await conform("compare", path, path);
    assertEquals(status, 2);
    assertStringIncludes(err, "line 1 is wrong");
  }));
