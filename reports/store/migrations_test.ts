import { assertEquals } from "@std/assert";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { suite } from "../testing/runs.ts";
import { checkRecord } from "./check.ts";
import { indexedRun } from "./entry.ts";
import { resultOf } from "../result.ts";
import { MIGRATIONS } from "./migrations.ts";
import type { Store } from "./store.ts";
import { openStore, sound, withStore, written } from "./testing/folder.ts";

const CASE = "vfio/revoke/double-revoke";
const OTHER = "vfio/move/fence-holds-revoke[usage=READ]";

/** Everything that readers get from an index. */
function shownBy(store: Store) {
  const runs = store.runs();
  return {
    runs,
    latest: store.latest(2),
    facts: runs.map(({ run }) => ({ ...store.facts(run), cases: new Map(store.facts(run)?.cases) })),
    history: [CASE, OTHER].map((id) => store.history(id, 10)),
    windows: [CASE, OTHER].map((id) => store.windows(id)),
    found: store.search("mainline", 10).map(({ run, text }) => [run, text]).sort(),
    refused: store.refused(),
  };
}

/** Writes the index of some records as the first version of the tables had it. */
function indexOfVersionOne(path: string, records: readonly Uint8Array[]): void {
  using db = new DatabaseSync(path);
  db.exec(`PRAGMA journal_mode = WAL; ${MIGRATIONS[0]}; PRAGMA user_version = 1`);
  const [cases, facts] = [new Map<string, number>(), new Map<string, number>()];
  records.forEach((bytes, index) => {
    const { run, record } = checkRecord(bytes);
    const result = resultOf(record, suite().cases);
    const entry = indexedRun(run, bytes.length, result);
    const { target, profile, startedAt, finishedAt, counts } = result;
    const duration = entry.cases.reduce((sum, { durationUs }) => sum + durationUs / 1000, 0);
    db.prepare("INSERT INTO runs VALUES (?, ?, ?, '', 'test', ?, ?, ?, ?, ?, ?, ?, ?)").run(
      index + 1,
      run,
      bytes.length,
      target.id,
      target.name,
      target.kernel,
      profile,
      startedAt,
      finishedAt ?? null,
      JSON.stringify(counts),
      duration,
    );
    for (const each of entry.cases) {
      if (!cases.has(each.case)) cases.set(each.case, cases.size + 1);
      if (!facts.has(each.digest)) facts.set(each.digest, facts.size + 1);
      const [caseId = 0, factsId = 0] = [cases.get(each.case), facts.get(each.digest)];
      db.prepare("INSERT INTO cases VALUES (?, ?) ON CONFLICT DO NOTHING").run(caseId, each.case);
      db.prepare("INSERT INTO facts VALUES (?, ?, ?) ON CONFLICT DO NOTHING")
        .run(factsId, each.digest, each.facts);
      db.prepare("INSERT INTO results VALUES (?, ?, ?, ?, ?)")
        .run(index + 1, caseId, factsId, startedAt, each.durationUs / 1000);
    }
    for (const { kind, case: name, text } of entry.texts) {
      db.prepare("INSERT INTO search VALUES (?, ?, ?, ?)").run(kind, run, name, text);
    }
  });
  db.prepare("INSERT INTO refused VALUES (1, 'c.jsonl', 'no record', '')").run();
}

Deno.test("an index of the first version shows the same after it is brought up, and takes more runs", () =>
  withStore((store, folder) => {
    const path = join(folder, "../store");
    const given = [
      sound([CASE, OTHER], { startedAt: "2026-01-01T10:00:00.123Z" }),
      sound([CASE], { startedAt: "2026-01-02T10:00:00.000Z" }, "mainline-7.3"),
      sound([OTHER, CASE], { startedAt: "2026-01-03T10:00:00.000Z", command: ["again"] }),
    ].map((lines, index) => written(folder, `${index}.jsonl`, lines));
    for (const each of given) store.importFile(each);
    const runs = store.runs().map(({ run }) => run).toReversed();
    store.close();
    for (const suffix of ["", "-wal", "-shm"]) rmSync(join(path, `index.sqlite${suffix}`), { force: true });
    indexOfVersionOne(
      join(path, "index.sqlite"),
      runs.map((run) => Deno.readFileSync(join(path, "records", `${run}.jsonl`))),
    );
    using brought = openStore(path);
    const shown = shownBy(brought);
    assertEquals(shown.runs.length, 3);
    assertEquals(shown.history.map(({ length }) => length), [3, 2]);
    assertEquals(shown.refused, [{ name: "c.jsonl", reason: "no record" }]);
    brought.rebuild();
    assertEquals(shownBy(brought), { ...shown, refused: [] });
    const more = written(folder, "more.jsonl", sound([CASE], { command: ["more"] }));
    assertEquals(brought.importFile(more).kind, "imported");
    assertEquals(brought.history(CASE, 10).length, 4);
  }));
