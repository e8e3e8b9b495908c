import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { mkdirSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Case } from "../../cases/case.ts";
import { footer, header, HOSTILE, mishaps, suite, textOf } from "../testing/runs.ts";
import { NewerStoreError } from "./migrations.ts";
import { Store } from "./store.ts";
import { openStore, sound, withStore, written } from "./testing/folder.ts";

const CASE = "vfio/revoke/double-revoke";
const OTHER = "vfio/move/fence-holds-revoke[usage=READ]";

/** Cases, with something that is done when they are looked at first: while a record is judged. */
class WatchedCases extends Map<string, Case> {
  onFirstLook: (() => void) | undefined;

  override get(id: string): Case | undefined {
    const action = this.onFirstLook;
    this.onFirstLook = undefined;
    action?.();
    return super.get(id);
  }
}

function refusal(store: Store, path: string): string {
  const imported = store.importFile(path);
  return imported.kind === "refused" ? imported.reason : `not refused but ${imported.kind}`;
}

Deno.test("Store.importFile() makes a run that can be listed, judged and compared", () =>
  withStore((store, folder) => {
    const imported = store.importFile(written(folder, "a.jsonl", sound([CASE, OTHER])));
    assertEquals(imported.kind, "imported");
    const [entry] = store.runs();
    assertEquals([entry?.target, entry?.profile, entry?.counts.pass, entry?.partial], [
      "sim:matt-v1-vfio",
      "matt-v1-vfio",
      2,
      false,
    ]);
    assertEquals(store.result(entry?.run ?? "")?.counts, entry?.counts);
    assertEquals(store.facts(entry?.run ?? "")?.cases.get(CASE)?.word, "pass");
    assertEquals(store.history(CASE, 5).map(({ head, facts }) => [head.run, facts.word]), [[
      entry?.run,
      "pass",
    ]]);
  }));

Deno.test("Store.importFile() takes the same run once, under whatever name", () =>
  withStore((store, folder) => {
    store.importFile(written(folder, "a.jsonl", sound([CASE])));
    assertEquals(store.importFile(written(folder, "b.jsonl", sound([CASE]))).kind, "duplicate");
    assertEquals(store.runs().length, 1);
  }));

Deno.test("Store.importFile() lets a partial run go on, under its name, and never back", () =>
  withStore((store, folder) => {
    const text = textOf(sound([CASE, OTHER]));
    const half = text.slice(0, text.indexOf(`{"type":"case","case":"${OTHER}`) + 30);
    const first = store.importFile(written(folder, "half.jsonl", half));
    assertEquals([first.kind, store.runs()[0]?.partial, store.runs()[0]?.counts["not-run"]], [
      "imported",
      true,
      1,
    ]);
    const then = store.importFile(written(folder, "whole.jsonl", text));
    assertEquals(then, { ...first, kind: "continued" });
    assertEquals(store.runs().map(({ partial }) => partial), [false]);
    assertEquals(store.importFile(join(folder, "half.jsonl")).kind, "duplicate");
    assertEquals(store.runs().map(({ partial }) => partial), [false]);
  }));

Deno.test("Store.facts() are those of now, whoever has written, and the same object until the run changes", () =>
  withStore((store, folder) => {
    const text = textOf(sound([CASE, OTHER]));
    const half = text.slice(0, text.indexOf(`{"type":"case","case":"${OTHER}`) + 30);
    using elsewhere = openStore(join(folder, "../store"));
    const imported = elsewhere.importFile(written(folder, "half.jsonl", half));
    assert(imported.kind === "imported");
    const runs = [imported.run, imported.run];
    const [first, again] = store.factsOfAll(runs) ?? [];
    assertEquals([first?.partial, first?.cases.get(OTHER)?.word], [true, "not-run"]);
    elsewhere.importFile(written(folder, "other.jsonl", sound([CASE], { command: ["other"] })));
    assert(first === again && store.facts(imported.run) === first);
    elsewhere.importFile(written(folder, "whole.jsonl", text));
    const whole = store.facts(imported.run);
    assertEquals([whole?.partial, whole?.cases.get(OTHER)?.word === "not-run"], [false, false]);
    assertEquals(store.factsOfAll([imported.run, "nothing"]), undefined);
  }));

Deno.test("Store.recall() keeps what the runs showed in memory, unless it is told to stop", async () =>
  await withStore(async (store, folder) => {
    store.importFile(written(folder, "a.jsonl", sound([CASE])));
    const [{ run } = { run: "" }] = store.runs();
    await store.recall(AbortSignal.abort());
    await store.recall();
    const place = join(folder, "../store");
    using db = new DatabaseSync(join(place, "index.sqlite"));
    db.exec("DELETE FROM run_facts");
    assertEquals(store.facts(run)?.cases.get(CASE)?.word, "pass");
    using other = openStore(place);
    assertEquals(other.facts(run), undefined);
  }));

Deno.test("Store.importFile() refuses two records of one run that tell different things", () =>
  withStore((store, folder) => {
    const lines = sound([CASE]);
    store.importFile(written(folder, "a.jsonl", lines));
    const forged = lines.map((line) => line.type === "end" ? { ...line, durationMs: 9 } : line);
    assertStringIncludes(refusal(store, written(folder, "b.jsonl", forged)), "tell different things");
  }));

Deno.test("Store.importFile() refuses what is no sound record, says why, and takes the next", () =>
  withStore((store, folder) => {
    const lines = sound([CASE]);
    const text = textOf(lines);
    const corpus: Readonly<Record<string, readonly [string | Uint8Array, RegExp]>> = {
      "empty": ["", /there is no header/],
      "cut in the header": [text.slice(0, 50), /there is no header/],
      "no JSON": ["nothing\n", /not JSON/],
      "another format": [text.replace("run/1", "run/9"), /of the format "dmabuf-conform\/run\/9"/],
      "bytes that are no text": [new Uint8Array([0xff, 0xfe, 0x0a]), /not UTF-8/],
      "a digest that is not that of the cases": [
        text.replace(/"cases":"sha256:../, '"cases":"sha256:00'),
        /digest of the cases/,
      ],
      "a case that was not selected": [
        text.replace(`"selection":["${CASE}"]`, '"selection":["a"]'),
        /not in the selection/,
      ],
      "a case twice": [textOf([header([CASE, CASE])]), /selects a case twice/],
      "a footer that counts wrong": [textOf([header([]), footer(3)]), /footer tells of 3 attempts/],
      "a name without an end": [textOf([header([], { profile: "x".repeat(5000) })]), /5000 characters/],
      "too many cases": [
        textOf([header(Array.from({ length: 20_001 }, (_, index) => `c${index}`))]),
        /20001 cases/,
      ],
      "deep nesting": [`${"[".repeat(200_000)}\n`, /line 1 is wrong/],
      "a line that is small as text and large in memory": [
        `${text}{"type":"step","value":[${"[],".repeat(3_000_000)}[]]}\n`,
        /Line \d+ has 90000\d\d bytes/,
      ],
      "a time that is none": [
        text.replace(/"startedAt":"[^"]*"/, '"startedAt":"soon"'),
        /is wrong/,
      ],
      "an attempt that was never begun": [text.replace(/\{"type":"case".*\n/, ""), /has not begun/],
      "a case that begins twice": [text.replace(/(\{"type":"case".*\n)/, "$1$1"), /begins twice/],
      "more after the end": [text + text.slice(text.lastIndexOf('{"type":"end"')), /after the footer/],
      "two records in one": [text + text, /after the footer/],
      "an error that no kernel has": [text.replace('"kind":"returned"', '"kind":"exploded"'), /is wrong/],
      "a prototype": [text.replace('"type":"header"', '"__proto__":{"type":"footer"}'), /is wrong/],
    };
    for (const [name, [content, reason]] of Object.entries(corpus)) {
      assertMatch(refusal(store, written(folder, `${name}.jsonl`, content)), reason, name);
    }
    assertEquals(store.importFile(written(folder, "good.jsonl", lines)).kind, "imported");
    assertEquals(store.runs().length, 1);
    assertEquals(store.refused().length, Object.keys(corpus).length);
  }));

Deno.test("Store.importFile() puts a harmed record of the store aside, which stands in no other's way", () =>
  withStore((store, folder) => {
    const given = written(folder, "a.jsonl", sound([CASE]));
    const imported = store.importFile(given);
    assert(imported.kind === "imported");
    writeFileSync(join(folder, `../store/records/${imported.run}.jsonl`), "harmed\n");
    assertEquals(store.importFile(given), imported);
    assertEquals(store.result(imported.run)?.counts.pass, 1);
    assertEquals(readdirSync(join(folder, "../store/quarantine")).length, 1);
  }));

Deno.test("Store.importFiles() takes all that are good in one piece, the same run in it once", () =>
  withStore((store, folder) => {
    const lines = sound([CASE]);
    const paths = [
      written(folder, "a.jsonl", lines),
      written(folder, "b.jsonl", "no record\n"),
      written(folder, "c.jsonl", lines),
      written(folder, "d.jsonl", sound([OTHER])),
    ];
    const before = store.stamp();
    assertEquals(store.importFiles(paths).map(({ kind }) => kind), [
      "imported",
      "refused",
      "duplicate",
      "imported",
    ]);
    assertEquals([store.count(), store.refused().length], [2, 1]);
    assert(store.stamp() !== before);
    assertEquals(readdirSync(join(folder, "../store/incoming")), []);
  }));

Deno.test("Store.importFile() refuses what is too large, or no file, without reading it", () =>
  withStore((store, folder) => {
    const huge = written(folder, "huge.jsonl", "{");
    truncateSync(huge, 2 * 1024 ** 3);
    assertStringIncludes(refusal(store, huge), "It has 2147483648 bytes");
    mkdirSync(join(folder, "folder.jsonl"));
    assertStringIncludes(refusal(store, join(folder, "folder.jsonl")), "not a regular file");
    assertStringIncludes(refusal(store, join(folder, "gone.jsonl")), "It cannot be read");
  }));

Deno.test("Store.importFile() takes hostile text as text, and no name of a record becomes a path", () =>
  withStore((store, folder) => {
    const id = "../../../../etc/passwd";
    const lines = [
      header([id], {
        profile: HOSTILE,
        target: { ...header([]).target, id: "../../x", name: HOSTILE, kernel: HOSTILE },
      }),
    ];
    assertEquals(store.importFile(written(folder, `"; DROP TABLE runs; --.jsonl`, lines)).kind, "imported");
    assertEquals(store.runs()[0]?.target, "../../x");
    assertEquals(store.history(id, 1).length, 1);
    assertEquals(readdirSync(join(folder, "../store")).filter((name) => !name.startsWith("index.")), [
      "incoming",
      "quarantine",
      "records",
    ]);
    for (const name of ["../index.sqlite", "..", "", "0".repeat(16), "%2e%2e"]) {
      assertEquals(store.record(name), undefined);
    }
  }));

Deno.test("Store.importFile() takes a run in which everything went wrong, and finds its kernel log", () =>
  withStore((store, folder) => {
    const lines = mishaps().lines.map((line) =>
      line.type === "end" && line.post
        ? {
          ...line,
          post: { ...line.post, log: [{ level: "err" as const, text: "BUG: KASAN: use-after-free" }] },
        }
        : line
    ).filter((line) => line.type !== "footer");
    assertEquals(store.importFile(written(folder, "a.jsonl", lines)).kind, "imported");
    const hits = store.search("kasan use-after", 10);
    assert(hits.length > 0);
    assertEquals(new Set(hits.map(({ kind }) => kind)), new Set(["log"]));
    for (const words of ['"', "NEAR(", "a OR", "*", "-x", "'", "\u0000"]) store.search(words, 5);
  }));

Deno.test("Store.rebuild() makes the same index from the records, and puts aside what was harmed", () =>
  withStore((store, folder) => {
    store.importFile(written(folder, "a.jsonl", sound([CASE])));
    store.importFile(written(folder, "b.jsonl", sound([OTHER], { command: ["run", "again"] })));
    const before = store.runs();
    assertEquals(store.rebuild(), { runs: 2, quarantined: [] });
    assertEquals(store.runs(), before);
    writeFileSync(join(folder, "../store/records", `${before[0]?.run}.jsonl`), "harmed\n");
    const { runs, quarantined } = store.rebuild();
    assertEquals([runs, quarantined.map(({ run }) => run)], [1, [before[0]?.run]]);
    assertEquals(readdirSync(join(folder, "../store/quarantine")).length, 1);
  }));

Deno.test("Store.rebuild() lets others read and write meanwhile, and removes what has no record any more", () =>
  withStore((store, folder) => {
    store.importFile(written(folder, "a.jsonl", sound([CASE])));
    store.importFile(written(folder, "b.jsonl", sound([OTHER], { command: ["run", "again"] })));
    const [gone, stays] = store.runs().map(({ run }) => run);
    const path = join(folder, "../store");
    using other = openStore(path);
    const meanwhile: (number | string)[] = [];
    const third = written(folder, "c.jsonl", sound([CASE], { command: ["run", "a third time"] }));
    const cases = new WatchedCases(suite().cases);
    cases.onFirstLook = () => meanwhile.push(other.count(), other.importFile(third).kind);
    using rebuilding = Store.open(path, { cases, judgedBy: "test" });
    rmSync(join(path, "records", `${gone}.jsonl`));
    assertEquals(rebuilding.rebuild(), { runs: 1, quarantined: [] });
    assertEquals(meanwhile, [2, "imported"]);
    const names = rebuilding.runs().map(({ run }) => run);
    assert(stays !== undefined && names.includes(stays) && names.length === 2, names.join(" "));
    assertEquals(store.history(OTHER, 5).length + store.history(CASE, 5).length, 2);
  }));

Deno.test("Store.open() gives a record a place in the index that was written but not indexed", () =>
  withStore((store, folder) => {
    store.importFile(written(folder, "a.jsonl", sound([CASE])));
    const path = join(folder, "../store");
    using db = new DatabaseSync(join(path, "index.sqlite"));
    db.exec("PRAGMA foreign_keys = ON; DELETE FROM runs");
    assertEquals(store.runs(), []);
    using again = openStore(path);
    assertEquals(again.runs().length, 1);
  }));

Deno.test("Store.open() refuses the tables of a later version", () =>
  withStore((_, folder) => {
    const path = join(folder, "../store");
    using db = new DatabaseSync(join(path, "index.sqlite"));
    db.exec("PRAGMA user_version = 99");
    assertThrows(() => openStore(path), NewerStoreError, "version 99");
  }));
