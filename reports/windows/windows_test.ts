import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type CaseFacts, factsOf, type RunFacts } from "../compare/mod.ts";
import { readRecord } from "../record_reader.ts";
import { resultOf } from "../result.ts";
import { HOSTILE, simulated, suite, textOf } from "../testing/runs.ts";
import { writeWindows } from "./formats.ts";
import { gitLog } from "./git_log.ts";
import { owedBy } from "./owed.ts";
import { windowsPage } from "./page.tsx";
import { windowsOf } from "./windows.ts";

const { ledger, cases } = suite();

/** What cases showed on a kernel: one line each of its id, its clause, how it ended and what was seen. */
function run(kernel: string, ...facts: [string, string, CaseFacts["word"], string][]): RunFacts {
  const all = facts.map(([id, clause, word, seen]): CaseFacts => ({
    case: id,
    title: id,
    clauses: [clause],
    word,
    reason: word === "pass" ? "" : seen,
    seen: word === "not-supported" ? [] : [{ step: "then.0", operation: "importer.attach", seen }],
  }));
  return {
    run: kernel,
    target: `vm:${kernel}`,
    kernel,
    profile: "mainline-7.3",
    startedAt: "2026-11-21T10:00:00.000Z",
    partial: false,
    cases: new Map(all.map((each) => [each.case, each])),
  };
}

function onDialect(dialect: string, ids: readonly string[]): RunFacts {
  return factsOf(dialect, resultOf(readRecord(textOf(simulated(ids, dialect))), cases));
}

Deno.test("windowsOf() says in which versions each behaviour of a clause was seen", () => {
  const { clauses } = windowsOf([
    run("6.18.15", ["a", "RNOD-05", "fail", "EINVAL"], ["b", "RNOD-05", "not-supported", "no devices"]),
    run("7.2.12", ["a", "RNOD-05", "pass", "EOPNOTSUPP"], ["b", "RNOD-05", "pass", "ok"]),
    run("7.3.4", ["a", "RNOD-05", "pass", "EOPNOTSUPP"], ["b", "RNOD-05", "pass", "ok"]),
  ], ledger);
  assertEquals(
    clauses[0]?.behaviours.map(({ spans, word, says, cases }) => [spans, word, says, cases]),
    [
      ["6.18", "fail", "importer.attach: EINVAL", ["a"]],
      ["6.18", "not-supported", "no devices", ["b"]],
      ["7.2 to 7.3", "pass", "importer.attach: EOPNOTSUPP", ["a"]],
      ["7.2 to 7.3", "pass", "as the clause says", ["b"]],
    ],
  );
});

Deno.test("windowsOf() says of what is not supported only what is missing", () => {
  const reason = "given.0: expected that it succeeds, but it is not supported: no /dev/iommu: load iommufd";
  const { clauses } = windowsOf([run("7.2", ["a", "RNOD-05", "not-supported", reason])], ledger);
  assertEquals(clauses[0]?.behaviours[0]?.says, "no /dev/iommu: load iommufd");
});

Deno.test("windowsOf() traces a change to what the ledger knows: since when, commits, files", () => {
  const { clauses } = windowsOf([
    run("7.0", ["a", "VCLS-01", "fail", "late"]),
    run("7.1", ["a", "VCLS-01", "pass", "ok"]),
  ], ledger);
  const [trace] = clauses[0]?.traces ?? [];
  assertEquals(trace?.between, ["7.0", "7.1"]);
  assertEquals(trace?.ledger, "holds since 7.1");
  assertEquals(trace?.commits, [{ commit: "d97708701434", note: "CVE-2026-53322" }]);
  assertEquals(trace?.files.every((file) => file.endsWith(".c")), true);
});

Deno.test("windowsOf() tells what a kernel owes from what it happens to do", () => {
  const { clauses } = windowsOf([
    run("6.12.117", ["a", "VCLS-01", "fail", "late"], ["b", "VCLS-03", "pass", "ok"]),
    run("7.3.4", ["a", "VCLS-01", "fail", "late"], ["b", "VCLS-03", "pass", "ok"], [
      "c",
      "VCLS-10",
      "not-run",
      "",
    ]),
  ], ledger);
  assertEquals(clauses.map(({ clause, standings }) => [clause, standings]), [
    ["VCLS-01", ["not owed", "broken"]],
    ["VCLS-03", ["holds, not owed", "holds"]],
    ["VCLS-10", ["not shown", "not shown"]],
  ]);
});

Deno.test("windowsOf() accuses no kernel where nothing could be said", () => {
  const { clauses } = windowsOf([
    run("7.2.12", ["a", "VCLS-01", "unknown", "late"], ["b", "VCLS-01", "pass", "ok"]),
    run("7.3.4", ["a", "VCLS-01", "unknown", "late"], ["b", "VCLS-01", "fail", "late"]),
  ], ledger);
  assertEquals(clauses.map(({ standings }) => standings), [["left open", "broken"]]);
});

Deno.test("windowsOf() tells a change of behaviour from one of support", () => {
  const { clauses } = windowsOf([
    run("6.18", ["a", "BASE-08", "not-supported", "no module"], [
      "b",
      "BASE-09",
      "not-supported",
      "no module",
    ]),
    run("7.2", ["a", "BASE-08", "pass", "ok"], ["b", "BASE-09", "pass", "ok"]),
    run("7.3", ["a", "BASE-08", "not-supported", "no device"], ["b", "BASE-09", "fail", "EIO"]),
  ], ledger);
  assertEquals(clauses.map(({ clause, traces }) => [clause, traces.map(({ kind }) => kind)]), [
    ["BASE-09", ["support", "behaviour"]],
    ["BASE-08", ["support", "support"]],
  ]);
});

Deno.test("windowsOf() looks across runs that could not answer for where behaviour changed", () => {
  const silent = (id: string): [string, string, CaseFacts["word"], string] => [
    id,
    "BASE-09",
    "not-supported",
    "no module",
  ];
  const { clauses } = windowsOf([
    run("6.12", ["a", "BASE-09", "fail", "EBUSY"], ["b", "BASE-09", "pass", "ok"]),
    run("6.18", silent("a"), silent("b")),
    run("7.2", ["a", "BASE-09", "pass", "ok"], ["b", "BASE-09", "pass", "ok"]),
    run("7.3", silent("a"), silent("b")),
  ], ledger);
  assertEquals(clauses[0]?.traces.map(({ kind, between }) => [kind, ...between]), [
    ["behaviour", "6.12", "7.2"],
    ["support", "7.2", "7.3"],
  ]);
});

Deno.test("windowsOf() does not take another sample of a race for a change", () => {
  const raced = (kernel: string, seen: string, extent: "sample" | undefined): RunFacts => {
    const { cases, ...head } = run(kernel, ["a", "BASE-12", "pass", seen]);
    const all = [...cases].map(([id, facts]) =>
      [id, { ...facts, seen: facts.seen.map((each) => ({ ...each, step: "race.user.0", extent })) }] as const
    );
    return { ...head, cases: new Map(all) };
  };
  const changes = (extent: "sample" | undefined) =>
    windowsOf([raced("7.2", "ok", extent), raced("7.3", "ENODEV or ok", extent)], ledger).clauses[0]?.traces;
  assertEquals(changes("sample")?.length, 0);
  assertEquals(changes(undefined)?.length, 1);
});

Deno.test("windowsOf() does not take a case that was not reached for a change", () => {
  const { clauses } = windowsOf([
    run("6.18", ["a", "VCLS-01", "pass", "ok"]),
    run("7.2", ["a", "VCLS-01", "not-run", "killed"]),
    run("7.3", ["a", "VCLS-01", "pass", "ok"]),
  ], ledger);
  assertEquals(clauses[0]?.traces, []);
  assertEquals(clauses[0]?.behaviours.map(({ spans }) => spans), ["6.18, 7.3"]);
});

Deno.test("windowsOf() finds the change of 7.1 between the simulated kernels", () => {
  const ids = [...cases.keys()].filter((id) => id.startsWith("invalidate/"));
  const { clauses } = windowsOf(["mainline-7.0", "mainline-7.1"].map((each) => onDialect(each, ids)), ledger);
  const changed = clauses.filter(({ traces }) => traces.length > 0);
  const since = changed.flatMap(({ traces }) => traces.map(({ ledger }) => ledger));
  assertEquals(since.includes("holds since 7.1"), true);
  assertEquals(since.includes("owed since 7.1"), true);
  assertEquals(changed.every(({ behaviours }) => behaviours.length > 1), true);
});

Deno.test("owedBy() takes the newest release that is not newer, and a proposal for its own simulator", () => {
  const owed = (target: string, kernel: string) => owedBy({ target, kernel }, ledger).profile;
  assertEquals(owed("vm:6.1", "6.1.0-56-amd64"), "mainline-6.12");
  assertEquals(owed("vm:6.18", "6.18.15+deb13-amd64"), "mainline-6.12");
  assertEquals(owed("native", "7.9.1"), "mainline-7.3");
  assertEquals(owed("sim:matt-v2", "7.1-rc+matt-v2"), "matt-v2");
  assertEquals(owed("stdio:mine", "mine"), undefined);
});

Deno.test("gitLog() names the releases that distributions' kernels are of", () => {
  assertEquals(
    gitLog("6.18.15+deb13-amd64", "vm:7.2", ["drivers/dma-buf/dma-buf.c"]),
    "git log --oneline v6.18..v7.2 -- drivers/dma-buf/dma-buf.c",
  );
  assertEquals(gitLog("mine", "7.2", ["a.c"]), "git log --oneline -- a.c");
  assertEquals(gitLog("6.1", "7.2", []), undefined);
});

Deno.test("behaviour windows can be read by people, programs and browsers, whatever a target says", async () => {
  const windows = windowsOf([
    run("7.0", ["a", "VCLS-01", "fail", HOSTILE]),
    run("7.1", ["a", "VCLS-01", "pass", "ok"]),
  ], ledger);
  const human = writeWindows(windows, "human");
  assertStringIncludes(
    human,
    "7.0 → 7.1; the ledger: holds since 7.1; commits d97708701434 (CVE-2026-53322)",
  );
  assertMatch(human, /git log --oneline v7\.0\.\.v7\.1 -- \S+\.c/);
  assertEquals(JSON.parse(writeWindows(windows, "json")).schema, "dmabuf-conform/windows/1");
  assertStringIncludes(writeWindows(windows, "markdown"), "### VCLS-01: ");
  assertEquals(/(?<!\\)<script/.test(writeWindows(windows, "markdown")), false);
  assertEquals((await windowsPage(windows)).includes("<script"), false);
});
