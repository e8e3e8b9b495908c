import { assertEquals } from "@std/assert";
import type { RecordLine } from "./record.ts";
import { readRecord } from "./record_reader.ts";
import { exitStatus, resultOf, type RunResult } from "./result.ts";
import { attempt, footer, header, mishaps, simulated, suite, textOf } from "./testing/runs.ts";

const CASE = "vfio/revoke/double-revoke";

function judged(lines: readonly RecordLine[], cases = suite().cases): RunResult {
  return resultOf(readRecord(textOf(lines)), cases);
}

Deno.test("resultOf() counts every case of the selection once", () => {
  const { lines, cases } = mishaps();
  const { counts, results } = judged(lines, cases);
  assertEquals(results.map(({ case: id, verdict, end }) => [id, verdict, end]), [
    ["passes", "pass", "completed"],
    ["fails", "fail", "completed"],
    ["leaks", "fail", "completed"],
    ["warns", "fail", "completed"],
    ["lacks", "unknown", "not-supported"],
    ["broken", "unknown", "infra-error"],
    ["crashes", "fail", "crash"],
    ["hangs", "fail", "hang"],
    ["late", "unknown", "timeout"],
    ["lost", "unknown", "lost"],
    ["infra", "unknown", "infra-error"],
    ["suite", "unknown", "suite-error"],
    ["cut", "unknown", "lost"],
    ["never", "unknown", "not-run"],
  ]);
  assertEquals(counts, {
    pass: 1,
    fail: 5,
    contested: 0,
    unknown: 6,
    "not-supported": 1,
    "not-run": 1,
    total: 14,
  });
});

Deno.test("resultOf() gives the verdicts of a real run, with every step beside its expectation", () => {
  const { results, partial } = judged(simulated([CASE, "vfio/revoke/waits-for-unmap"]));
  assertEquals([partial, results.map(({ verdict }) => verdict)], [false, ["pass", "pass"]]);
  const blocking = results[1]?.steps.find(({ step }) => step === "when.0");
  assertEquals(blocking?.expected, "blocks, then returns 0, imp is told once");
  assertEquals([blocking?.observed, blocking?.depth], ["blocked on unmap:2 mappings, then returned 0", 0]);
  assertEquals(results[1]?.steps.find(({ step }) => step === "when.0.until.1")?.depth, 1);
});

Deno.test("resultOf() takes the worst of several attempts and says that they differ", () => {
  const case_ = suite().cases.get(CASE);
  if (!case_) throw new Error("Cannot test without the case");
  const [, ...lines] = simulated([CASE]);
  const good = lines.slice(0, -1);
  const bad = attempt(case_, [], { end: "timeout", reason: "late" }, 2);
  const { results } = judged([header([CASE], { repeat: 2 }), ...good, ...bad, footer(2)]);
  assertEquals(results[0]?.verdict, "unknown");
  assertEquals(results[0]?.stability, { attempts: 2, verdicts: { pass: 1, unknown: 1 }, stable: false });
});

Deno.test("resultOf() shows a case that has changed and one that is gone", () => {
  const lines = simulated([CASE]);
  const changed = lines.map((line) => line.type === "case" ? { ...line, digest: "sha256:old" } : line);
  assertEquals(judged(changed).results[0]?.stale, "changed");
  const gone = judged(lines, new Map()).results[0];
  assertEquals([gone?.stale, gone?.verdict], ["missing", "unknown"]);
});

Deno.test("resultOf() calls a record without a footer partial", () => {
  assertEquals(judged(simulated([CASE]).slice(0, -1)).partial, true);
});

Deno.test("exitStatus() puts the suite's own faults before the target's, and those before verdicts", () => {
  const { lines, cases } = mishaps();
  const { results } = judged(lines, cases);
  const of = (...ids: string[]) =>
    exitStatus({ results: results.filter(({ case: id }) => ids.includes(id)) });
  assertEquals(of("passes", "lacks"), 0);
  assertEquals(of("passes", "fails"), 1);
  assertEquals(of("never"), 1);
  assertEquals(of("late"), 1);
  assertEquals(of("fails", "lost"), 3);
  assertEquals(of("fails", "infra"), 3);
  assertEquals(of("lost", "suite"), 4);
});
