import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { spawnSync } from "node:child_process";
import { z } from "zod";
import { readRecord } from "../record_reader.ts";
import { resultOf, type RunResult } from "../result.ts";
import { mishaps, simulated, suite, textOf } from "../testing/runs.ts";
import { everyWay } from "../testing/every_way.ts";
import { kcidbSchema } from "./kcidb_schema.ts";
import { commandFor, FORMATS } from "./mod.ts";

function everything(): RunResult {
  const { lines, cases } = mishaps();
  return resultOf(readRecord(textOf(lines)), cases);
}

/** A test as KTAP has it. */
interface KtapTest {
  readonly ok: boolean;
  readonly name: string;
  readonly directive: string;
}

/**
 * Reads KTAP by the rules of Documentation/dev-tools/ktap.rst: a version line, the plan after it, results that count up
 * from 1, a description without a number sign, known directives, and nothing else but diagnostic lines.
 */
function readKtap(text: string): KtapTest[] {
  const [version, plan = "", ...lines] = text.split("\n");
  assertEquals(version, "KTAP version 1");
  assertEquals(lines.pop(), "");
  const tests: KtapTest[] = [];
  for (const line of lines) {
    if (line.startsWith("# ")) continue;
    const match = /^(ok|not ok) ([0-9]+) ([^#]+?)(?: # (?:(SKIP|TODO|XFAIL|TIMEOUT|ERROR)\b)?([^#]*))?$/.exec(
      line,
    );
    assert(match, `not KTAP: ${line}`);
    const [, result = "", number, name = "", directive = ""] = match;
    assertEquals(Number(number), tests.length + 1);
    assert(!["TIMEOUT", "ERROR"].includes(directive) || result === "not ok", line);
    tests.push({ ok: result === "ok", name, directive });
  }
  assertEquals(plan, `1..${tests.length}`);
  return tests;
}

function tally(tests: readonly KtapTest[]): Record<string, number> {
  const groups = Map.groupBy(tests, ({ ok, directive }) => `${ok ? "ok" : "not ok"} ${directive}`.trim());
  return Object.fromEntries([...groups].map(([what, group]) => [what, group.length]));
}

Deno.test("ktap() keeps the rules of the format whatever a target says", () => {
  assertEquals(tally(readKtap(FORMATS.ktap(everything()))), {
    "ok": 1,
    "not ok": 5,
    "ok SKIP": 1,
    "not ok ERROR": 6,
    "not ok TIMEOUT": 1,
  });
});

Deno.test("ktap() tells known failures, stale entries, contested cases and races apart", () => {
  const text = FORMATS.ktap(everyWay());
  const tests = readKtap(text);
  const of = (id: string) => {
    const test = tests.find(({ name }) => name === id);
    return test && `${test.ok ? "ok" : "not ok"} ${test.directive}`.trim();
  };
  assertEquals(
    ["passes", "fails", "leaks", "warns", "lacks", "late", "never", "contested", "baseline/gone/for-good"]
      .map(of),
    ["not ok", "ok XFAIL", "ok XFAIL", "not ok", "not ok", "ok XFAIL", "not ok ERROR", "ok", "not ok ERROR"],
  );
  assertStringIncludes(text, "# partial: ");
  assertStringIncludes(text, "https://example.org/42");
  assertStringIncludes(text, "# race: all 2 schedules, 1 outcome\n# 2 times race.owner.0 succeeded");
});

Deno.test("ktap() of a run without a failure has no remark but the header", () => {
  const text = FORMATS.ktap(
    resultOf(readRecord(textOf(simulated(["vfio/revoke/double-revoke"]))), suite().cases),
  );
  assertEquals(readKtap(text), [{ ok: true, name: "vfio/revoke/double-revoke", directive: "" }]);
});

Deno.test("ktap() says nothing by which the kernel's parser would begin a subtest or stop", () => {
  const result = everything();
  const reasons = ["Subtest: mine", "1..9", "Kernel panic - not syncing: VFS: x", "reboot: System halted"];
  for (const reason of reasons) {
    const results = result.results.map((each) => ({ ...each, reasons: [reason] }));
    const text = FORMATS.ktap({ ...result, results });
    assertEquals(readKtap(text).length, 14);
    assertEquals(/^# Subtest: |not syncing: VFS:|reboot: System halted/m.exec(text), null);
  }
});

Deno.test(
  "ktap() is read by Perl's TAP::Parser",
  { ignore: !has("perl", "-MTAP::Parser", "-e", "1") },
  () => {
    const script = `local $/; my $p = TAP::Parser->new({ tap => <STDIN> }); while ($p->next) {}
    print join(" ", scalar $p->passed, scalar $p->failed, $p->tests_planned, scalar $p->parse_errors);`;
    assertEquals(output(FORMATS.ktap(everyWay()), "perl", "-MTAP::Parser", "-e", script), "5 13 18 0");
  },
);

const KUNIT = Deno.env.get("CONFORM_KERNEL_TREE");

Deno.test("ktap() is read by the kernel's own parser", {
  ignore: KUNIT === undefined || !has("python3", "-V"),
}, () => {
  const script = `import sys
sys.path.insert(0, "${KUNIT}/tools/testing/kunit")
import kunit_parser
rest = []
if "printer" in kunit_parser.parse_run_tests.__code__.co_varnames:
    import kunit_printer
    rest = [kunit_printer.Printer()]
test = kunit_parser.parse_run_tests(sys.stdin.read().splitlines(), *rest)
print(len(test.subtests), test.counts.passed, test.counts.failed, test.counts.errors, end="")`;
  const printed = output(FORMATS.ktap(everyWay()), "python3", "-c", script);
  assertEquals(printed.split("\n").at(-1), "18 5 13 0");
});

const KCIDB_IO = Deno.env.get("CONFORM_KCIDB_IO");
const SARIF_SCHEMA = Deno.env.get("CONFORM_SARIF_SCHEMA");

Deno.test("kcidb() is valid by KernelCI's own schema", { ignore: KCIDB_IO === undefined }, () => {
  const script = `import sys, json
sys.path.insert(0, "${KCIDB_IO}")
from kcidb_io.schema.v05_03 import Version
Version.validate_exactly(json.load(sys.stdin))`;
  for (const result of [everything(), everyWay()]) {
    assertEquals(output(FORMATS.kcidb(result), "python3", "-W", "ignore", "-c", script), "");
  }
});

Deno.test("sarif() is valid by the published schema", { ignore: SARIF_SCHEMA === undefined }, () => {
  const script = `import sys, json, jsonschema
schema = json.load(open("${SARIF_SCHEMA}"))
jsonschema.validators.validator_for(schema)(schema).validate(json.load(sys.stdin))`;
  for (const result of [everything(), everyWay()]) {
    assertEquals(output(FORMATS.sarif(result), "python3", "-W", "ignore", "-c", script), "");
  }
});

/** Whether a command of this machine does something without an error. */
function has(command: string, ...args: string[]): boolean {
  return spawnSync(command, args, { stdio: "ignore" }).status === 0;
}

/** What a command prints of a text. */
function output(input: string, command: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { input, encoding: "utf8" });
  assertEquals([status, stderr], [0, ""]);
  return stdout;
}

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
  assertEquals([elements.get("failure"), elements.get("error"), elements.get("skipped")], [5, 7, 1]);
  assertStringIncludes(text, 'tests="14" failures="5" errors="7" skipped="1"');
});

Deno.test("junit() skips known failures, and fails for unexpected passes and stale entries", () => {
  const text = FORMATS.junit(everyWay());
  const elements = readXml(text);
  assertEquals(elements.get("testcase"), 18);
  assertEquals([elements.get("failure"), elements.get("error"), elements.get("skipped")], [7, 6, 3]);
  for (const type of ["unexpected-pass", "other-failure", "stale-entry", "not-run", "step"]) {
    assertStringIncludes(text, `type="${type}"`);
  }
  assertStringIncludes(text, '<property name="partial" value="true">');
  assertStringIncludes(text, "race: all 2 schedules, 1 outcome&#10;2 times");
});

Deno.test("junit() and csv() are read by Python's own parsers", { ignore: !has("python3", "-V") }, () => {
  const xml = `import sys, xml.etree.ElementTree as E
suite = E.parse(sys.stdin.buffer).getroot().find("testsuite")
print(*[len(suite.findall(path)) for path in ["testcase", ".//failure", ".//error", ".//skipped"]], end="")`;
  assertEquals(output(FORMATS.junit(everyWay()), "python3", "-c", xml), "18 7 6 3");
  const table = `import sys, csv, io
rows = list(csv.reader(io.StringIO(sys.stdin.buffer.read().decode(), newline=""), strict=True))
print(len(rows), *sorted(set(map(len, rows))), end="")`;
  assertEquals(output(FORMATS.csv(everyWay()), "python3", "-c", table), "18 15");
});

Deno.test("kcidb() is as version 5.3 of the format asks, and everything in it is linked", () => {
  for (const result of [everything(), everyWay()]) {
    const report = kcidbSchema.parse(JSON.parse(FORMATS.kcidb(result)));
    const builds = new Set(report.builds.map(({ id }) => id));
    const tests = new Set(report.tests.map(({ id }) => id));
    const issues = new Set(report.issues.map(({ id }) => id));
    assertEquals(tests.size, result.results.length + 1);
    assert(report.builds.every(({ checkout_id }) => checkout_id === report.checkouts[0]?.id));
    assert(report.tests.every(({ build_id }) => builds.has(build_id)));
    assert(report.incidents.every(({ test_id, issue_id }) => tests.has(test_id) && issues.has(issue_id)));
  }
});

Deno.test("kcidb() says of each case what is known of the tested code, and of each known failure that it is known", () => {
  const { tests, issues, incidents } = kcidbSchema.parse(JSON.parse(FORMATS.kcidb(everyWay())));
  const status = new Map(tests.map((test) => [test.misc["case"] ?? "whole", test.status]));
  assertEquals(
    ["whole", "passes", "fails", "crashes", "lacks", "infra", "late", "suite", "never", "contested"].map((
      id,
    ) => status.get(id)),
    ["FAIL", "PASS", "FAIL", "FAIL", "SKIP", "MISS", "ERROR", "ERROR", "MISS", "DONE"],
  );
  assertEquals(incidents.map(({ present }) => present), [false, true, true, false, false, true]);
  assertEquals(issues.flatMap(({ report_url }) => report_url ?? []), ["https://example.org/42"]);
  const race = tests.find(({ misc }) => misc["case"] === "rdma/race/map-against-free");
  assertEquals(race?.path, "dmabuf-conform.rdma.race.map-against-free");
  assertStringIncludes(JSON.stringify(race?.misc["race"]), "race.owner.0 failed with ENOMEM");
});

Deno.test("kcidb() does not call a partial run without failures a pass", () => {
  const lines = simulated(["vfio/revoke/double-revoke"]);
  const statusOf = (kept: typeof lines) => {
    const result = resultOf(readRecord(textOf(kept)), suite().cases);
    return kcidbSchema.parse(JSON.parse(FORMATS.kcidb(result))).tests[0]?.status;
  };
  assertEquals([statusOf(lines), statusOf(lines.slice(0, -1))], ["PASS", "MISS"]);
});

const sarifSchema = z.object({
  version: z.literal("2.1.0"),
  runs: z.tuple([z.object({
    tool: z.object({ driver: z.object({ name: z.string(), rules: z.array(z.object({ id: z.string() })) }) }),
    invocations: z.array(z.object({ executionSuccessful: z.boolean() })),
    results: z.array(z.object({
      ruleId: z.string(),
      ruleIndex: z.int().nonnegative(),
      level: z.enum(["none", "note", "warning", "error"]),
      kind: z.enum(["pass", "open", "informational", "notApplicable", "review", "fail"]),
      message: z.object({ text: z.string().min(1) }),
      locations: z.array(z.object({
        physicalLocation: z.object({
          artifactLocation: z.object({ uri: z.string().regex(/^[\w\-.!~*'()%/]+$/) }),
          region: z.object({ startLine: z.int().positive() }),
        }),
      })).min(1),
      suppressions: z.array(z.object({ kind: z.literal("external"), justification: z.string() })).optional(),
      properties: z.object({ case: z.string(), baseline: z.string() }).optional(),
    })),
  })]),
});

Deno.test("sarif() has a result for everything that is not simply a pass, at the file of the case", () => {
  const { runs: [run] } = sarifSchema.parse(JSON.parse(FORMATS.sarif(everyWay())));
  assertEquals(run.results.length, 17);
  assertEquals(run.invocations.map(({ executionSuccessful }) => executionSuccessful), [false]);
  for (const { ruleId, ruleIndex, level, kind } of run.results) {
    assertEquals(run.tool.driver.rules[ruleIndex]?.id, ruleId);
    assert(kind === "fail" || level === "none", "only failures have a level");
  }
  const race = run.results.find(({ properties }) => properties?.case === "rdma/race/map-against-free");
  assertEquals(
    race?.locations[0]?.physicalLocation.artifactLocation.uri,
    "cases/rdma/race/map-against-free.yaml",
  );
  assertStringIncludes(race?.message.text ?? "", "race: all 2 schedules");
  const waived = run.results.find(({ properties }) => properties?.baseline === "waived");
  assertStringIncludes(waived?.suppressions?.[0]?.justification ?? "", "https://example.org/42");
});

Deno.test("csv() has the same number of cells in every row and begins no cell with a formula", () => {
  const rows = readCsv(FORMATS.csv(everything()));
  assertEquals(rows.length, 15);
  for (const row of rows) assertEquals(row.length, 15);
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

Deno.test("markdown() shows the baseline, waivers with their address, and races as tables", () => {
  const text = FORMATS.markdown(everyWay());
  assertStringIncludes(text, "Held against known.yaml, which has 7 entries for it");
  assertStringIncludes(text, "- known.yaml:8 speaks of gone/for-good, and the suite has no such case");
  assertStringIncludes(text, "- fail: fails, waived, see https://example.org/42");
  assertStringIncludes(text, "## pass: passes");
  assertStringIncludes(text, "| times | outcome | schedule |");
  assertEquals(text.includes("## fail: fails"), false);
  assertEquals(text.includes("<b>agreed"), false);
});

Deno.test("markdown() fits into a review comment and says how much it leaves out", () => {
  const result = everything();
  const [first] = result.results.filter(({ verdict }) => verdict === "fail");
  assert(first);
  const text = FORMATS.markdown({ ...result, results: Array.from({ length: 1000 }, () => first) });
  assert(text.length < 65_536);
  assert(/\*\*\d+ more cases are not shown here\.\*\*/.test(text));
});

Deno.test("csv() and json() have the outcomes of a race", () => {
  const rows = readCsv(FORMATS.csv(everyWay()));
  const column = (name: string) =>
    rows.find(([id]) => id === "rdma/race/free-against-unbind")?.[rows[0]?.indexOf(name) ?? -1];
  assertEquals(column("race_runs"), "2");
  assertStringIncludes(column("race_outcomes") ?? "", "2 times race.owner.0 succeeded");
  const { results } = z.object({ results: z.array(z.looseObject({ case: z.string() })) })
    .parse(JSON.parse(FORMATS.json(everyWay())));
  assertEquals(results.filter((each) => "raced" in each).length, 2);
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
