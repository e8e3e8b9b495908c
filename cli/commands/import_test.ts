import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { openStore, sound, written } from "../../reports/store/testing/folder.ts";
import { conform, inFolder } from "../testing/conform.ts";

const CASE = "vfio/revoke/double-revoke";
const MAIN = new URL("../main.ts", import.meta.url).pathname;

/** Imports a folder in another process and kills that as soon as it has told of `count` records. */
async function importAndKill(given: string, store: string, count: number): Promise<string[]> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", MAIN, "import", given, "--store", store],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  let told = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    told += text;
    if (told.split("\n").length > count) break;
  }
  child.kill("SIGKILL");
  await child.status;
  return told.split("\n").slice(0, -1);
}

Deno.test("conform import killed at any moment loses nothing that it told of, and leaves a store that opens", () =>
  inFolder(async (folder) => {
    const [given, path] = [join(folder, "given"), join(folder, "store")];
    mkdirSync(given);
    const total = 40;
    for (let index = 0; index < total; index++) {
      written(given, `${index}.jsonl`, sound([CASE], { command: ["run", String(index)] }));
    }
    for (const count of [1, 5, 12]) {
      const told = await importAndKill(given, path, count);
      assert(told.length >= count);
      using store = openStore(path);
      const runs = new Set(store.runs({ limit: total }).map(({ run }) => run));
      for (const line of told) assert(runs.has(line.slice(-16)), `lost after a kill: ${line}`);
      using db = new DatabaseSync(join(path, "index.sqlite"));
      assertEquals(db.prepare("PRAGMA integrity_check").get()?.["integrity_check"], "ok");
    }
    assertEquals((await conform("import", given, "--store", path)).status, 0);
    using store = openStore(path);
    assertEquals(store.runs({ limit: 100 }).length, total);
  }));

Deno.test("conform import says what it refuses, and takes the rest", () =>
  inFolder(async (folder) => {
    const path = join(folder, "store");
    written(folder, "bad.jsonl", "no record\n");
    written(folder, "good.jsonl", sound([CASE]));
    const { status, out } = await conform("import", folder, "--store", path);
    assertEquals(status, 1);
    assertStringIncludes(out, "bad.jsonl: Cannot read the record: line 1 is wrong");
    assertStringIncludes(out, "imported");
    const again = await conform("import", join(folder, "good.jsonl"), "--rebuild", "--store", path);
    assertEquals(again.status, 0);
    assertStringIncludes(again.out, "The index is made anew from 1 records\nduplicate ");
  }));

Deno.test("conform import without a record is a mistake", async () => {
  assertEquals((await conform("import")).status, 2);
});
