import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { readRecord } from "../record_reader.ts";
import { resultOf, type RunResult } from "../result.ts";
import { mishaps, simulated, suite, textOf } from "../testing/runs.ts";
import { commandFor, FORMATS } from "./mod.ts";

function everything(): RunResult {
  const { lines, cases } = mishaps();
  return resultOf(readRecord(textOf(lines)), cases);
}

/** What a KTAP parser of the kernel makes of a text: only lines that begin as the format says are read. */
function readKtap(text: string): { plan: number; tests: (readonly [boolean, number, string])[] } {
  const lines = text.split("\n");
  assertEquals(lines[0], "KTAP version 1");
  const plan = lines.flatMap((line) => /^1\.\.(\d+)$/.exec(line)?.[1] ?? []);
  assertEquals(plan.length, 1);
  const tests = lines.flatMap((line) => {
    const match = /^(ok|not ok) (\d+) ([^#]*?)(?: # (\w+).*)?$/.exec(line);
    return match ? [[match[1] === "ok", Number(match[2]), match[4] ?? ""] as const] : [];
  });
  const strange = lines.filter((line) => line !== "" && !/^(KTAP version 1|1\.\.|ok |not ok |# )/.test(line));
  assertEquals(strange, []);
  return { plan: Number(plan[0]), tests };
}

Deno.test("ktap() can be read back, one test per case, whatever a target says", () => {
  const { plan, tests } = readKtap(FORMATS.ktap(everything()));
  assertEquals(plan, 14);
  assertEquals(tests.map(([, number]) => number), Array.from({ length: 14 }, (_, index) => index + 1));
  assertEquals(tests.filter(([ok]) => !ok).length, 11);
  assertEquals(tests.filter(([, , directive]) => directive === "SKIP").length, 2);
});

Deno.test("ktap() of a run without a failure has no remark but the header", () => {
  const text = FORMATS.ktap(
    resultOf(readRecord(textOf(simulated(["vfio/revoke/double-revoke"]))), suite().cases),
  );
  assertEquals(readKtap(text).tests, [[true, 1, ""]]);
});

/** Elements of an XML text, by a scanner that knows nothing of how it was written; throws if it is not well-formed. */
function readXml(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  const open: string[] = [];
  const token = /<\?xml[^>]*\?>|<\/([a-z-]+)>|<([a-z-]+)((?: [a-z]+="[^"<]*")*)>|([^<]+)/gy;
  while (token.lastIndex < text.length) {
    const at = token.lastIndex;
    const match = token.exec(text);
    assert(match, `not XML at ${text.slice(at, at + 60)}`);
    const [, close, name, attributes = "", content = ""] = match;
    if (close) assertEquals(open.pop(), close);
    if (name) {
      open.push(name);
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    const loose = (attributes + content).replaceAll(/&(?:amp|lt|gt|quot|#10);/g, "");
    assert(!loose.includes("&"), `a bare ampersand in ${loose}`);
    assert([...loose].every((character) => character >= " " || "\t\n\r".includes(character)), "not for XML");
  }
  assertEquals(open, []);
  return counts;
}

Deno.test("junit() is well-formed and tells failures, errors and skipped cases apart", () => {
  const text = FORMATS.junit(everything());
  const elements = readXml(text);
  assertEquals(elements.get("testcase"), 14);
  assertEquals([elements.get("failure"), elements.get("error"), elements.get("skipped")], [5, 6, 2]);
  assertStringIncludes(text, 'tests="14" failures="5" errors="6" skipped="2"');
});

Deno.test("csv() has the same number of cells in every row and begins no cell with a formula", () => {
  const rows = readCsv(FORMATS.csv(everything()));
  assertEquals(rows.length, 15);
  for (const row of rows) assertEquals(row.length, 10);
  assertEquals(rows.flat().filter((cell) => cell.startsWith("=")), []);
});

function readCsv(text: string): string[][] {
  const rows: string[][] = [[]];
  const cells = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|$)/gy;
  while (cells.lastIndex < text.length) {
    const match = cells.exec(text);
    assert(match, "not CSV");
    rows.at(-1)?.push((match[1] ?? match[2] ?? "").replaceAll('""', '"'));
    if (match[3] === "\r\n" && cells.lastIndex < text.length) rows.push([]);
  }
  return rows;
}

Deno.test("markdown() lets no text of a target become markup and shows how to run a case again", () => {
  const text = FORMATS.markdown(everything());
  assert(!text.includes("<script>"), text);
  assertStringIncludes(text, "conform run fails --target sim:matt-v1-vfio --profile matt-v1-vfio");
  assertStringIncludes(text, "| 1 | 5 | 0 | 6 | 1 | 1 | 14 |");
});

Deno.test("json() is the documented object", () => {
  const object: unknown = JSON.parse(FORMATS.json(everything()));
  assert(typeof object === "object" && object !== null && "counts" in object && "results" in object);
  assertEquals(Object.keys(object).slice(0, 4), ["schema", "suite", "target", "profile"]);
});

Deno.test("commandFor() makes one word of each part, whatever a record holds", () => {
  const { target } = everything();
  const command = commandFor(
    { target: { ...target, id: "stdio:./run me" }, profile: "p" },
    "a'; rm -r ~ \u001b[2J",
  );
  assertEquals(
    command,
    String.raw`conform run 'a'\''; rm -r ~ ` + "\ufffd[2J' --target 'stdio:./run me' --profile p",
  );
  assertEquals(
    commandFor({ target, profile: "matt-v1-vfio" }, "vfio/move/row[usage=READ]"),
    "conform run 'vfio/move/row[usage=READ]' --target sim:matt-v1-vfio --profile matt-v1-vfio",
  );
});

Deno.test("ktap() and markdown() print nothing that would move a terminal's cursor", () => {
  const result = everything();
  const results = result.results.map((each) => ({ ...each, reasons: ["\u001b[2Jgone \u202e backwards"] }));
  for (const write of [FORMATS.ktap, FORMATS.markdown]) {
    assertEquals(/[\p{Cc}\p{Cf}]/u.exec(write({ ...result, results }).replaceAll("\n", "")), null);
  }
});
