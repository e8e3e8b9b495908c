import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { readRecord } from "../record_reader.ts";
import { exitStatus, resultOf, type RunResult } from "../result.ts";
import { footer, header, mishaps, simulated, suite, textOf } from "../testing/runs.ts";
import {
  applies,
  BaselineError,
  EMPTY_BASELINE,
  holdAgainst,
  parseBaseline,
  updateBaseline,
  UpdateRefused,
} from "./mod.ts";

const IDS = ["passes", "fails", "leaks", "lacks", "late", "never"];

/** Everything that can become of a case, without what would make the target itself the subject. */
function run(ids: readonly string[] = IDS): RunResult {
  const { lines, cases } = mishaps();
  const kept = lines.filter((line) => "case" in line && ids.includes(line.case));
  const ended = kept.filter(({ type }) => type === "end").length;
  const notRun = ids.includes("never") ? [{ case: "never", attempt: 1, reason: "the run was stopped" }] : [];
  return resultOf(readRecord(textOf([header(ids), ...kept, footer(ended, notRun)])), cases);
}

function held(text: string, result: RunResult = run()): RunResult {
  return holdAgainst(result, parseBaseline(text, "known.yaml"), [...mishaps().cases.keys()]);
}

function factsOf({ results }: RunResult): Record<string, string> {
  return Object.fromEntries(results.map(({ case: id, baseline }) => [id, baseline]));
}

const FAILS = 'case: fails, message: "when.0: expected that it succeeds, but it failed with ENOMEM"';

Deno.test("holdAgainst() gives every value of the fact", () => {
  const result = held(`known:
  - { ${FAILS} }
  - { case: passes, message: "when.0" }
  - { case: leaks, message: "leaked: something else" }
  - { case: lacks, message: "when.0" }
  - { case: late, verdict: unknown, message: "<script>", waiver: { url: "https://example.org/1" } }
`);
  assertEquals(factsOf(result), {
    passes: "unexpected-pass",
    fails: "expected",
    leaks: "other-failure",
    lacks: "stale-entry",
    late: "waived",
    never: "expected",
  });
  assertEquals(factsOf(held("known: []")).fails, "unexpected-fail");
  const late = result.results.find((each) => each.case === "late");
  assertEquals([late?.known?.waiver?.url, late?.known?.at], ["https://example.org/1", "known.yaml:6"]);
});

Deno.test("holdAgainst() fails a run for an entry whose case is gone, and not for one that was not selected", () => {
  const gone = held(`known:\n  - { case: no/such/case, message: x }\n`, run(["passes"]));
  assertEquals(gone.against?.stale, [{ case: "no/such/case", message: "x", at: "known.yaml:2" }]);
  assertEquals(exitStatus(gone), 1);
  const unselected = held(`known:\n  - { ${FAILS} }\n`, run(["passes"]));
  assertEquals([unselected.against?.stale, exitStatus(unselected)], [[], 0]);
});

Deno.test("exitStatus() follows the baseline", () => {
  const known = `known:\n  - { ${FAILS} }\n`;
  assertEquals(exitStatus(held(known, run(["passes", "fails"]))), 0);
  assertEquals(exitStatus(held(known.replace("ENOMEM", "ENODEV"), run(["passes", "fails"]))), 1);
  assertEquals(exitStatus(held("known:\n  - { case: passes, message: x }\n", run(["passes"]))), 1);
  assertEquals(exitStatus(held("known:\n  - { case: lacks, message: x }\n", run(["lacks"]))), 1);
  const lost = "known:\n  - { case: lost, verdict: unknown, message: '<script>' }\n";
  assertEquals([exitStatus(run(["lost"])), exitStatus(held(lost, run(["lost"])))], [3, 0]);
  const suiteError = "known:\n  - { case: suite, verdict: unknown, message: '<script>' }\n";
  assertEquals(exitStatus(held(suiteError, run(["suite"]))), 4);
});

Deno.test("holdAgainst() lets a case pass that fails only sometimes", () => {
  const known = (how: string) => `known:\n  - { case: passes, message: x, passes: ${how} }\n`;
  assertEquals(factsOf(held(known("sometimes"))).passes, "expected");
  assertEquals(factsOf(held(known("never"))).passes, "unexpected-pass");
});

Deno.test("holdAgainst() takes several entries of one case for alternatives", () => {
  const two = held(`known:\n  - { case: fails, message: otherwise }\n  - { ${FAILS} }\n`);
  assertEquals([factsOf(two).fails, two.against?.stale], ["expected", []]);
});

Deno.test("applies() reads kernel versions as far as they are given", () => {
  const on = (kernel: string, range: string) =>
    applies({ kernel: range }, { id: "native", kernel, devices: undefined });
  const table = [
    ["7.1.5-amd64", "7.1", true],
    ["7.1.5", "<=7.1", true],
    ["7.1.5", ">7.1", false],
    ["7.1.5", "7.1.4", false],
    ["7.2-rc3+series", ">=7.2", true],
    ["6.12", ">=6.9 <7.0", true],
    ["6.12", ">= 6.9, < 6.12", false],
    ["10.0", ">9.9", true],
    ["unknown", ">=1.0", false],
  ] as const;
  for (const [kernel, range, expected] of table) {
    assertEquals([kernel, range, on(kernel, range)], [kernel, range, expected]);
  }
});

Deno.test("applies() needs everything that an entry names", () => {
  const target = { id: "vm:7.3", kernel: "7.3.0", devices: ["0000:01:00.0 10de:2204"] };
  assertEquals(applies(undefined, target), true);
  assertEquals(applies({ target: "vm:*", device: "*10de:*", kernel: "7.3" }, target), true);
  assertEquals(applies({ target: "vm:*", device: "*8086:*" }, target), false);
  assertEquals(applies({ target: "vm" }, target), false);
  assertEquals(applies({ device: "*" }, { ...target, devices: undefined }), false);
});

Deno.test("an entry for another kernel, target or device is not looked at", () => {
  for (const when of ["kernel: '6.12'", "target: native", "device: '*'"]) {
    const result = held(`known:\n  - { case: passes, message: x, when: { ${when} } }\n`);
    assertEquals([factsOf(result).passes, result.against?.applied], ["expected", 0]);
  }
});

Deno.test("parseBaseline() says where a mistake is and what to do", () => {
  const table = [
    ["known:\n  - { case: fails }\n", 'known.yaml:2:5: "message" is missing'],
    ["known:\n  - { case: a, message: x, verdit: fail }\n", 'Did you mean "verdict"'],
    ["known:\n  - { case: a, message: x, when: { kernel: new } }\n", "Expected kernel versions"],
    ["known:\n  - { case: a, message: x, waiver: { url: 'javascript:alert(1)' } }\n", "a web address"],
    ["known: &all []\n", "anchor"],
    ["", "empty"],
  ] as const;
  for (const [text, message] of table) {
    const error = assertThrows(() => parseBaseline(text, "known.yaml"), BaselineError);
    assertStringIncludes(error.message, message);
  }
});

const KEPT = `# Why this file is here.
known:
  # The allocator of this board is small.
  - case: fails # seen in June
    message: "when.0: expected that it succeeds, but it failed with ENOMEM"
    note: 'quoted as it was'

  # Gone since the fix.
  - { case: passes, message: when.0 }
  - case: leaks
    # What it leaks changes.
    message: "leaked: something else"
    waiver: { url: https://example.org/1 }
  # On the other machine.
  - { case: passes, message: x, when: { target: native } }
`;

function updated(text: string, result = run(["passes", "fails", "leaks", "lacks", "late"])) {
  return updateBaseline(text, "known.yaml", result, [...mishaps().cases.keys()]);
}

Deno.test("updateBaseline() brings the file up to the run, keeps the comments, and then finds nothing to do", () => {
  const { text, changes } = updated(KEPT);
  assertEquals(changes.map(({ kind, case: id }) => [kind, id]), [
    ["removed", "passes"],
    ["changed", "leaks"],
    ["added", "late"],
  ]);
  for (
    const comment of [
      "# Why this",
      "# The allocator",
      "# seen in June",
      "# What it leaks changes",
      "# On the other",
    ]
  ) assertStringIncludes(text, comment);
  assertStringIncludes(text, "note: 'quoted as it was'");
  assertEquals(text.includes("https://example.org/1"), false);
  assertStringIncludes(changes[1]?.why ?? "", "waiver");
  assertEquals(updated(text), { text, changes: [] });
  const facts = factsOf(held(text, run(["passes", "fails", "leaks", "lacks", "late"])));
  assertEquals(new Set(Object.values(facts)), new Set(["expected"]));
});

Deno.test("updateBaseline() keeps the ends of lines that the file has", () => {
  const { text } = updated(KEPT.replaceAll("\n", "\r\n"));
  assertEquals(text.replaceAll("\r\n", "\n"), updated(KEPT).text);
  assertEquals(/[^\r]\n/.test(text), false);
});

Deno.test("updateBaseline() puts entries for single cases in place of a pattern that is half right", () => {
  const result = run(["passes", "fails"]);
  const { text, changes } = updated("known:\n  - { case: '*s', message: when.0, note: both }\n", result);
  assertEquals(changes.map(({ kind, case: id }) => [kind, id]), [["removed", "*s"], ["added", "fails"]]);
  assertStringIncludes(text, "note: both");
  assertEquals(factsOf(held(text, result)), { passes: "expected", fails: "expected" });
});

Deno.test("updateBaseline() removes what is not supported and what the suite does not have any more", () => {
  const { changes } = updated(
    "known:\n  - { case: lacks, message: x }\n  - { case: old, message: x }\n",
    run(["lacks"]),
  );
  assertEquals(changes.map(({ case: id, why }) => [id, why]), [
    ["lacks", "it is not supported here"],
    ["old", "the suite has no such case"],
  ]);
});

Deno.test("updateBaseline() leaves failures of the target itself to a person", () => {
  const { text, changes } = updated(EMPTY_BASELINE, run(["lost", "infra", "broken", "suite"]));
  assertEquals(changes.map(({ kind }) => kind), ["left", "left", "left", "left"]);
  assertEquals(text, EMPTY_BASELINE);
});

Deno.test("updateBaseline() binds new entries to the kernel or the target when it is told to", () => {
  const of = (kind: "kernel" | "target") =>
    parseBaseline(
      updateBaseline(EMPTY_BASELINE, "known.yaml", run(["fails"]), ["fails"], kind).text,
      "known.yaml",
    ).known[0]?.when;
  assertEquals(of("target"), { target: "sim:matt-v1-vfio" });
  assertEquals(of("kernel"), { kernel: "7.1" });
});

Deno.test("updateBaseline() refuses a partial run, one with open cases and one of another suite", () => {
  const cut = resultOf(
    readRecord(textOf(simulated(["vfio/revoke/double-revoke"]).slice(0, -1))),
    suite().cases,
  );
  assertStringIncludes(assertThrows(() => updated(EMPTY_BASELINE, cut), UpdateRefused).message, "partial");
  assertStringIncludes(assertThrows(() => updated(EMPTY_BASELINE, run()), UpdateRefused).message, "never");
  const gone = resultOf(readRecord(textOf(simulated(["vfio/revoke/double-revoke"]))), new Map());
  assertStringIncludes(
    assertThrows(() => updated(EMPTY_BASELINE, gone), UpdateRefused).message,
    "not in this suite",
  );
});
