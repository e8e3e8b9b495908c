import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { openStore, sound, written } from "../../reports/store/testing/folder.ts";
import { conform, inFolder } from "../testing/conform.ts";
import { hintFor } from "./import.ts";

const CASE = "vfio/revoke/double-revoke";
const MAIN = new URL("../main.ts", import.meta.url).pathname;

/**
 * Imports a folder in another process and kills that once so many things have happened to the files of the store, or
 * lets it end before. Gives what it told of.
 */
async function importAndKill(given: string, store: string, things: number): Promise<string[]> {
  const watcher = Deno.watchFs(store, { recursive: true });
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", MAIN, "import", given, "--store", store],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const told = new Response(child.stdout).text();
  child.status.then(() => watcher.close());
  let seen = 0;
  for await (const _ of watcher) {
    seen++;
    if (seen === things) kill(child);
  }
  await child.status;
  return (await told).split("\n").slice(0, -1);
}

function kill(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has ended before.
  }
}

Deno.test("conform import killed at many moments loses nothing that it told of, and leaves a store that opens", () =>
  inFolder(async (folder) => {
    const [given, path] = [join(folder, "given"), join(folder, "store")];
    mkdirSync(given);
    mkdirSync(path);
    const total = 60;
    for (let index = 0; index < total; index++) {
      written(given, `${index}.jsonl`, sound([CASE], { command: ["run", String(index)] }));
    }
    const told = new Set<string>();
    for (const things of [20, 75, 125, 160, 12, 30, 60, 90]) {
      for (const line of await importAndKill(given, path, things)) told.add(line.slice(-16));
      using store = openStore(path);
      const runs = new Set(store.runs({ limit: total }).map(({ run }) => run));
      for (const run of told) assert(runs.has(run), `lost after ${things} things: ${run}`);
      for (const run of runs) assertEquals(store.result(run)?.results.length, 1);
      using db = new DatabaseSync(join(path, "index.sqlite"));
      assertEquals(db.prepare("PRAGMA integrity_check").get()?.["integrity_check"], "ok");
    }
    assertEquals((await conform("import", given, "--store", path)).status, 0);
    using store = openStore(path);
    assertEquals(store.runs({ limit: 100 }).length, total);
    assertEquals(store.rebuild(), { runs: total, quarantined: [] });
  }));

Deno.test("conform import --rebuild makes an index anew that cannot be read, and without it says how", () =>
  inFolder(async (folder) => {
    const path = join(folder, "store");
    written(folder, "good.jsonl", sound([CASE]));
    await conform("import", join(folder, "good.jsonl"), "--store", path);
    writeFileSync(join(path, "index.sqlite"), "harmed ".repeat(1000));
    const { status, err } = await conform("import", join(folder, "good.jsonl"), "--store", path);
    assertEquals(status, 2);
    assertStringIncludes(err, "conform import --rebuild makes it anew");
    const again = await conform("import", "--rebuild", "--store", path);
    assertEquals([again.status, again.out], [0, "The index is made anew from 1 records\n"]);
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

Deno.test("hintFor() sends nobody away from a history to which another command writes", () =>
  inFolder((folder) => {
    const path = join(folder, "index.sqlite");
    using one = new DatabaseSync(path);
    one.exec("BEGIN EXCLUSIVE");
    using other = new DatabaseSync(path, { timeout: 0 });
    const { message } = assertThrows(() => other.exec("CREATE TABLE t (a)"), Error);
    assertStringIncludes(hintFor(message), "Another command writes to it");
    assertStringIncludes(hintFor("unable to open database file"), "another --store");
    return Promise.resolve();
  }));
