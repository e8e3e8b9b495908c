import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { ImportThreads, ThreadError } from "./import_threads.ts";
import { sound, withStore, written } from "./testing/folder.ts";

const CASE = "vfio/revoke/double-revoke";

Deno.test("ImportThreads take records in, tell of each in its order, and refuse without stopping", () =>
  withStore(async (store, folder) => {
    using threads = new ImportThreads({ folder: join(folder, "../store"), judgedBy: "test", threads: 2 });
    const paths = [1, 2, 3, 4].map((each) =>
      written(
        folder,
        `${each}.jsonl`,
        each === 2 ? "no record\n" : sound([CASE], { command: [String(each)] }),
      )
    );
    const halves = [paths.slice(0, 2), paths.slice(2)];
    const imported = (await Promise.all(halves.map((half) => threads.importFiles(half)))).flat();
    assertEquals(imported.map(({ kind }) => kind), ["imported", "refused", "imported", "imported"]);
    assertEquals(store.runs().length, 3);
    const upload = await threads.importFile(paths[1] ?? "", "an upload");
    assertEquals(upload.kind, "refused");
    assertEquals(store.refused()[0]?.name, "an upload");
  }));

Deno.test("ImportThreads end with a record that takes too long, refuse it, and go on with the next", () =>
  withStore(async (store, folder) => {
    const options = { folder: join(folder, "../store"), judgedBy: "test", threads: 1 };
    const path = written(folder, "a.jsonl", sound([CASE]));
    using hasty = new ImportThreads({ ...options, limitMs: 0 });
    await assertRejects(() => hasty.importFile(path), ThreadError, "It was not judged within 0 s");
    const [refused] = await hasty.importFiles([path]);
    assert(refused?.kind === "refused");
    assertStringIncludes(refused.reason, "It was not judged within 0 s");
    using patient = new ImportThreads(options);
    assertEquals((await patient.importFile(path)).kind, "imported");
    assertEquals(store.runs().length, 1);
  }));

Deno.test("ImportThreads that are closed tell those who wait, and leave nothing half done", () =>
  withStore(async (store, folder) => {
    const threads = new ImportThreads({ folder: join(folder, "../store"), judgedBy: "test", threads: 1 });
    const waiting = threads.importFile(written(folder, "a.jsonl", sound([CASE])));
    const told = assertRejects(() => waiting, ThreadError, "The import was ended");
    await Promise.resolve();
    threads.close();
    await told;
    assertEquals(store.runs(), []);
    assertEquals(readdirSync(join(folder, "../store/records")), []);
  }));
