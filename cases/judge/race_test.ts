import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { loadLedger } from "../../spec/ledger.ts";
import type { Outcome, RaceEnd, RaceOutcome } from "../../spec/observation.ts";
import { judge } from "./judge.ts";
import type { Judgement } from "./judgement.ts";
import { parseCases } from "../parse.ts";

const { cases: [RACE], diagnostics } = parseCases(
  `title: A race
why: It matters.
clauses: [VREV-13]
given:
  - dev: { vfio.open: {} }
  - buf: { vfio.export: { device: dev } }
race:
  one:
    - vfio.revoke: { device: dev, buffer: buf }
  two:
    - imp: { importer.attach: { buffer: buf } }
allowed:
  - { one: ok, two: ok }
  - { one: ok, two: ENODEV, sees: { other: 0 } }
  - { one: EBADFD, two: ok, holder: somebody }
then:
  - importer.detach: { attachment: imp }
`,
  { file: "x.yaml", path: "x", ledger: loadLedger() },
);

const OK: Outcome = { kind: "returned", value: null };
const SKIPPED: Outcome = { kind: "skipped", reason: "there is no imp" };

function failed(errno: "ENODEV" | "EBADFD" | "EINVAL" | "ENOTTY"): Outcome {
  return { kind: "failed", errno };
}

function end(one: Outcome, two: Outcome, then: Outcome = OK): RaceEnd {
  return {
    results: { "race.one.0": one, "race.two.0": two },
    told: {},
    then: [{ step: "then.0", outcome: then, events: [], log: [], pending: [], durationMs: 0 }],
    count: 3,
    schedule: "a2b",
  };
}

const GOOD = [end(OK, OK), end(OK, failed("ENODEV"), SKIPPED)];

function judged(ends: readonly RaceEnd[], more: Partial<RaceOutcome> = {}): Judgement {
  assertEquals(diagnostics, []);
  assert(RACE);
  const race: RaceOutcome = { kind: "raced", ends, runs: 6, exhaustive: true, findings: [], ...more };
  const before = ["given.0", "given.1"].map((step) => ({ step, outcome: OK }));
  const observations = [...before, { step: "race", outcome: race }]
    .map((each) => ({ ...each, events: [], log: [], pending: [], durationMs: 0 }));
  const post = { leaks: [], blocked: [], log: [], tainted: false };
  return judge(RACE, { observations, end: { end: "completed", post } }, { pageSize: 4096 });
}

Deno.test("judge() passes a race whose outcomes are the allowed ones", () => {
  assertEquals(judged(GOOD).verdict, "pass");
});

Deno.test("judge() fails an outcome that is not allowed, and names a schedule", () => {
  const { verdict, reasons } = judged([...GOOD, end(failed("EINVAL"), OK)]);
  assertEquals(verdict, "fail");
  assertStringIncludes(reasons[0] ?? "", "one: failed with EINVAL; two: succeeded is not allowed");
  assertStringIncludes(reasons[0] ?? "", "3 of 6 schedules, such as a2b");
});

Deno.test("judge() fails an outcome that is not allowed, although the step was skipped in another run", () => {
  const { verdict, reasons } = judged([end(OK, SKIPPED), end(OK, OK)]);
  assertEquals(verdict, "fail");
  assertStringIncludes(reasons[0] ?? "", "is not allowed");
});

Deno.test("judge() fails an allowed outcome that no schedule reaches, where all were run", () => {
  const { verdict, reasons } = judged(GOOD.slice(0, 1));
  assertEquals(verdict, "fail");
  assertStringIncludes(reasons[0] ?? "", "no schedule leads to one: succeeds; two: fails with ENODEV");
  assertEquals(judged(GOOD.slice(0, 1), { exhaustive: false }).verdict, "pass");
});

Deno.test("judge() records an outcome that others allow as contested", () => {
  assertEquals(judged([...GOOD, end(failed("EBADFD"), OK)]).verdict, "contested");
});

Deno.test("judge() holds the steps after a race against every outcome", () => {
  const { verdict, reasons } = judged([end(OK, OK, failed("EINVAL")), ...GOOD]);
  assertEquals(verdict, "fail");
  assertStringIncludes(
    reasons.join(),
    "then.0: expected that it succeeds, but it failed with EINVAL (schedule a2b)",
  );
});

Deno.test("judge() fails a race with a finding, but not by a step", () => {
  const findings = [{ kind: "deadlock", what: "one waits", schedule: "ab" }] as const;
  const { verdict, decidedBy, reasons } = judged(GOOD, { findings });
  assertEquals([verdict, decidedBy, reasons], ["fail", "postcondition", [
    "deadlock: one waits (schedule ab)",
  ]]);
});

Deno.test("judge() says nothing of a race whose operation is missing, whatever another run met first", () => {
  const met = [end(failed("EINVAL"), OK), end(failed("ENOTTY"), OK)];
  assertEquals(judged(met).end, "not-supported");
  assertEquals(judged([...met, end(OK, OK)]).verdict, "fail");
});

Deno.test("judge() says nothing of a race whose operation is missing, or that was not run", () => {
  const missing = judged([end(failed("ENOTTY"), OK)]);
  assertEquals([missing.verdict, missing.end], ["unknown", "not-supported"]);
  assert(RACE);
  const race = {
    step: "race",
    outcome: { kind: "unsupported", reason: "it has one thread" } as const,
    events: [],
    log: [],
    pending: [],
    durationMs: 0,
  };
  const before = ["given.0", "given.1"].map((step) => ({ ...race, step, outcome: OK }));
  const { verdict, end: ended } = judge(
    RACE,
    { observations: [...before, race], end: { end: "completed" } },
    {
      pageSize: 4096,
    },
  );
  assertEquals([verdict, ended], ["unknown", "not-supported"]);
});
