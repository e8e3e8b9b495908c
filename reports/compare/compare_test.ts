import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { compareRuns } from "./compare.ts";
import type { CaseFacts, RunFacts } from "./facts.ts";
import { factsOf } from "./facts.ts";
import { writeComparison } from "./formats.ts";
import { labelsOf } from "./labels.ts";
import { readRecord } from "../record_reader.ts";
import { resultOf } from "../result.ts";
import { HOSTILE, simulated, suite, textOf } from "../testing/runs.ts";

function fact(id: string, word: CaseFacts["word"], ...seen: string[]): CaseFacts {
  const steps = seen.map((each, index) => ({ step: `then.${index}`, operation: "buffer.mmap", seen: each }));
  return { case: id, title: `about ${id}`, clauses: ["VMM-01"], word, reason: "", seen: steps };
}

function run(kernel: string, ...facts: CaseFacts[]): RunFacts {
  return {
    run: kernel,
    target: "sim",
    kernel,
    profile: "p",
    startedAt: "2026-11-21T10:00:00.000Z",
    partial: false,
    cases: new Map(facts.map((each) => [each.case, each])),
  };
}

Deno.test("compareRuns() says since when a case behaves otherwise", () => {
  const { groups, same } = compareRuns([
    run("7.0", fact("a", "fail", "ok"), fact("b", "pass", "ok")),
    run("7.1", fact("a", "pass", "ENODEV"), fact("b", "pass", "ok")),
    run("7.2", fact("a", "pass", "ENODEV"), fact("b", "pass", "ok")),
  ]);
  assertEquals(groups.map(({ title, at }) => [title, at]), [["Changed in 7.1", [1]]]);
  assertEquals(groups[0]?.cases.map(({ case: id, difference, says }) => [id, difference, says]), [
    ["a", "verdict", "buffer.mmap: ok up to 7.0, ENODEV since 7.1"],
  ]);
  assertEquals(same.map((each) => each.case), ["b"]);
});

Deno.test("compareRuns() pairs cases by their ids, whatever their number or order", () => {
  const { counts, groups } = compareRuns([
    run("1", fact("a", "fail"), fact("b", "pass")),
    run("2", fact("c", "fail"), fact("b", "pass")),
  ]);
  assertEquals(counts, { verdict: 0, support: 0, behaviour: 0, coverage: 2, same: 1 });
  assertEquals(groups.map(({ title }) => title), ["Not run in 2", "Not run in 1"]);
});

Deno.test("compareRuns() does not take a case that was not reached for one that changed", () => {
  const [group] = compareRuns([
    run("1", fact("a", "pass", "ok")),
    run("2", fact("a", "not-run")),
    run("3", fact("a", "pass", "ok")),
  ]).groups;
  assertEquals(group?.cases.map(({ difference, windows }) => [difference, windows.length]), [[
    "coverage",
    1,
  ]]);
});

Deno.test("compareRuns() does not take a run that cannot answer, between two that can, for a change", () => {
  const { groups, counts } = compareRuns([
    run("6.12", fact("a", "fail", "EBUSY"), fact("b", "pass", "ok"), fact("c", "pass", "ok")),
    run("6.18", fact("a", "not-supported"), fact("b", "not-supported"), fact("c", "not-run")),
    run("7.2", fact("a", "pass", "ok"), fact("b", "pass", "ok"), fact("c", "not-supported")),
    run("7.3", fact("a", "pass", "ok"), fact("b", "not-run"), fact("c", "pass", "ok")),
  ]);
  assertEquals(groups.map(({ title, at, cases }) => [title, at, cases.map(({ case: id }) => id)]), [
    ["Changed in 7.2", [2], ["a"]],
    ["Not run in 7.3; not supported in 6.18", [], ["b"]],
    ["Not run in 6.18; not supported in 7.2", [], ["c"]],
  ]);
  assertEquals(groups[0]?.cases[0]?.says, "buffer.mmap: EBUSY up to 6.12, ok since 7.2");
  assertEquals(counts, { verdict: 1, support: 2, behaviour: 0, coverage: 0, same: 0 });
});

Deno.test("compareRuns() does not take another sample of a race for a change, but for a failure", () => {
  const raced = (word: CaseFacts["word"], seen: string): CaseFacts => ({
    ...fact("a", word),
    seen: [{ step: "race.user.0", operation: "importer.map", seen, extent: "sample" }],
  });
  const { counts } = compareRuns([
    run("7.2", raced("pass", "ok")),
    run("7.3", raced("pass", "ENODEV or ok")),
  ]);
  assertEquals(counts.same, 1);
  const { groups } = compareRuns([run("7.2", raced("pass", "ok")), run("7.3", raced("fail", "EIO or ok"))]);
  assertEquals(groups[0]?.cases[0]?.says, "importer.map: ok up to 7.2, EIO or ok since 7.3");
});

Deno.test("compareRuns() takes two reasons for which a case cannot be answered for the same", () => {
  const reasons = ["no /dev/iommu", "no such request"];
  const { same } = compareRuns(
    reasons.map((reason, place) => run(`7.${place}`, { ...fact("a", "not-supported"), reason })),
  );
  assertEquals(same.map(({ case: id }) => id), ["a"]);
});

Deno.test("writeComparison() says in Markdown once what was seen, and which cases show it", () => {
  const runs = [
    run("7.0", fact("a", "fail", "ok"), fact("b", "fail", "ok"), fact("c", "pass", "EPERM")),
    run("7.1", fact("a", "pass", "ENODEV"), fact("b", "pass", "ENODEV"), fact("c", "pass", "ENODEV")),
  ];
  const rows = writeComparison(compareRuns(runs), "markdown").split("\n").filter((line) =>
    line.startsWith("| buffer")
  );
  assertEquals(rows, [
    "| buffer.mmap: ok up to 7.0, ENODEV since 7.1 | fail | pass | a<br>b |",
    "| buffer.mmap: EPERM up to 7.0, ENODEV since 7.1 | pass | pass | c |",
  ]);
});

Deno.test("labelsOf() calls released kernels by as little as tells them apart, and others by their whole names", () => {
  const labels = (...kernels: string[]) => labelsOf(kernels.map((kernel) => run(kernel)));
  assertEquals(labels("6.1.0-56-amd64", "6.12.117+deb13-amd64", "7.3.4"), ["6.1", "6.12", "7.3"]);
  assertEquals(labels("6.12.107+deb13-amd64", "6.12.117+deb13-amd64"), ["6.12.107", "6.12.117"]);
  assertEquals(labels("7.3.4+deb13-amd64", "7.3.4-conform-debug"), [
    "7.3.4+deb13-amd64",
    "7.3.4-conform-debug",
  ]);
  assertEquals(labels("7.3.10-rc1", "7.2+matt-v8", "7.2"), ["7.3.10-rc1", "7.2+matt-v8", "7.2"]);
});

Deno.test("compareRuns() tells what is seen otherwise although it is judged alike", () => {
  const [group] = compareRuns([run("1", fact("a", "pass", "ENODEV")), run("2", fact("a", "pass", "EPERM"))])
    .groups;
  assertEquals(group?.cases[0]?.difference, "behaviour");
});

Deno.test("compareRuns() gives a clause the worst word of its cases", () => {
  const { clauses } = compareRuns([
    run("1", fact("a", "pass"), fact("b", "not-run")),
    run("2", fact("a", "fail"), fact("b", "pass")),
  ]);
  assertEquals(clauses.map(({ clause, words, differs }) => [clause, words, differs]), [
    ["VMM-01", ["not-run", "fail"], true],
  ]);
});

Deno.test("compareRuns() finds no difference between a run and itself", () => {
  const ids = ["vfio/revoke/double-revoke", "vfio/move/fence-holds-revoke[usage=READ]"];
  const result = resultOf(readRecord(textOf(simulated(ids))), suite().cases);
  const { groups, same } = compareRuns([factsOf("one", result), factsOf("other", result)]);
  assertEquals(groups, []);
  assertEquals(same.length, ids.length);
});

Deno.test("compareRuns() finds what dialects of the simulator do otherwise", () => {
  const id = "vfio/revoke/double-revoke";
  const facts = ["matt-v1-vfio", "mainline-7.3"].map((dialect) =>
    factsOf(dialect, resultOf(readRecord(textOf(simulated([id], dialect))), suite().cases))
  );
  const [group] = compareRuns(facts).groups;
  assertEquals(group?.cases.map(({ words }) => words), [["pass", "not-supported"]]);
  assertMatch(group?.cases[0]?.says ?? "", /^vfio\.revoke: .* since 7\.3$/);
});

Deno.test("writeComparison() keeps hostile text from becoming markup, a row or a formula", () => {
  const hostile = { ...fact(HOSTILE, "fail", HOSTILE), title: HOSTILE, reason: HOSTILE };
  const comparison = compareRuns([
    { ...run(HOSTILE, hostile), target: HOSTILE },
    run("2", { ...hostile, word: "pass", seen: [] }),
  ]);
  assertEquals(writeComparison(comparison, "markdown").includes("<script>"), false);
  const csv = writeComparison(comparison, "csv");
  assertEquals(/^[=+@-]/m.test(csv), false);
  assertStringIncludes(csv, '""x""');
  assertEquals(JSON.parse(writeComparison(comparison, "json")).counts.verdict, 1);
  assertEquals(/\p{Cc}/u.test(writeComparison(comparison, "human").replaceAll("\n", "")), false);
});
