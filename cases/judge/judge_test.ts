import { assertEquals, assertStringIncludes } from "@std/assert";
import { caseIdSchema, clauseIdSchema } from "../../spec/ids.ts";
import type { CaseEnd, Event, LogLine, Observation, Outcome } from "../../spec/observation.ts";
import type { OperationName } from "../../spec/operations/mod.ts";
import type { Alternative, Case, Expectation, Section, Step } from "../case.ts";
import { judge } from "./judge.ts";
import type { Judgement } from "./judgement.ts";

const AT = { file: "x.yaml", line: 1, column: 1 };
const SUCCEEDS: Expectation = { outcome: { kind: "returns" } };
const ENODEV: Expectation = { outcome: { kind: "fails", errnos: ["ENODEV"] } };
const CLEAN: CaseEnd = { end: "completed", post: { leaks: [], blocked: [], log: [], tainted: false } };

function step(
  id: string,
  operation: OperationName,
  expects: Expectation = SUCCEEDS,
  more: { until?: readonly Step[]; otherwise?: readonly Alternative[] } = {},
): Step {
  return {
    id,
    operation,
    args: {},
    expects,
    otherwise: more.otherwise ?? [],
    until: more.until ?? [],
    at: AT,
  };
}

function caseOf(sections: Partial<Record<Section, readonly Step[]>>): Case {
  return {
    id: caseIdSchema.parse("x"),
    title: "x",
    why: "x",
    clauses: [clauseIdSchema.parse("VMM-01")],
    sections: { given: [], control: [], when: [], race: [], then: [], ...sections },
    source: { file: "x.yaml", text: "", digest: "sha256:0" },
  };
}

function saw(
  id: string,
  outcome: Outcome = { kind: "returned", value: null },
  more: { events?: readonly Event[]; log?: readonly LogLine[]; pending?: readonly string[] } = {},
): Observation {
  return { step: id, outcome, events: [], log: [], pending: [], durationMs: 0, ...more };
}

function failed(errno: "ENODEV" | "EINVAL" | "ENOTTY" | "ERESTARTSYS"): Outcome {
  return { kind: "failed", errno };
}

function verdictOf(
  case_: Case,
  observations: readonly Observation[],
  end: CaseEnd | undefined = CLEAN,
): Judgement {
  return judge(case_, { observations, end }, { pageSize: 4096 });
}

const refusal = caseOf({
  control: [step("control.0", "buffer.mmap")],
  then: [step("then.0", "buffer.mmap", ENODEV)],
});

Deno.test("judge() passes a case whose refusal has a working control", () => {
  const judgement = verdictOf(refusal, [saw("control.0"), saw("then.0", failed("ENODEV"))]);
  assertEquals([judgement.verdict, judgement.end, judgement.reasons], ["pass", "completed", []]);
});

Deno.test("judge() fails a case that is answered with another error", () => {
  const judgement = verdictOf(refusal, [saw("control.0"), saw("then.0", failed("EINVAL"))]);
  assertEquals([judgement.verdict, judgement.decidedBy], ["fail", "step"]);
  assertStringIncludes(
    judgement.reasons[0] ?? "",
    "expected that it fails with ENODEV, but it failed with EINVAL",
  );
});

Deno.test("judge() never passes a refusal whose control failed", () => {
  const judgement = verdictOf(refusal, [saw("control.0", failed("ENODEV")), saw("then.0", failed("ENODEV"))]);
  assertEquals([judgement.verdict, judgement.end], ["unknown", "completed"]);
});

Deno.test("judge() calls a control with the error of a missing operation not supported", () => {
  const judgement = verdictOf(refusal, [saw("control.0", failed("EINVAL")), saw("then.0", failed("EINVAL"))]);
  assertEquals([judgement.verdict, judgement.end], ["unknown", "not-supported"]);
});

Deno.test("judge() does not call an operation missing that worked before", () => {
  const case_ = caseOf({
    control: [step("control.0", "vfio.revoke")],
    then: [step("then.0", "vfio.revoke")],
  });
  const judgement = verdictOf(case_, [saw("control.0"), saw("then.0", failed("ENOTTY"))]);
  assertEquals([judgement.verdict, judgement.end], ["fail", "completed"]);
});

Deno.test("judge() takes an unsupported step anywhere for not supported", () => {
  const unsupported: Outcome = { kind: "unsupported", reason: "no such device" };
  const judgement = verdictOf(refusal, [saw("control.0"), saw("then.0", unsupported)]);
  assertEquals([judgement.verdict, judgement.end], ["unknown", "not-supported"]);
});

for (const end of ["timeout", "lost", "infra-error", "suite-error"] as const) {
  Deno.test(`judge() gives no verdict after ${end}, even if every step agrees`, () => {
    const judgement = verdictOf(refusal, [saw("control.0"), saw("then.0", failed("ENODEV"))], { end });
    assertEquals([judgement.verdict, judgement.end], ["unknown", end]);
  });
}

for (const end of ["crash", "hang"] as const) {
  Deno.test(`judge() fails a target that ends with ${end}`, () => {
    const judgement = verdictOf(refusal, [saw("control.0")], { end, reason: "Kernel panic" });
    assertEquals([judgement.verdict, judgement.reasons], ["fail", ["Kernel panic"]]);
  });
}

Deno.test("judge() gives no verdict where the end is missing or a step was never seen", () => {
  const all = [saw("control.0"), saw("then.0", failed("ENODEV"))];
  assertEquals(judge(refusal, { observations: all }, { pageSize: 4096 }).verdict, "unknown");
  assertEquals(verdictOf(refusal, [saw("control.0")]).verdict, "unknown");
  assertEquals(judge(refusal, { observations: [] }, { pageSize: 4096 }).end, "not-run");
});

Deno.test("judge() gives no verdict where the clean-up was not looked at", () => {
  const judgement = verdictOf(refusal, [saw("control.0"), saw("then.0", failed("ENODEV"))], {
    end: "completed",
  });
  assertEquals(judgement.verdict, "unknown");
});

Deno.test("judge() fails a code that only the kernel may see, in any section", () => {
  const judgement = verdictOf(refusal, [
    saw("control.0", failed("ERESTARTSYS")),
    saw("then.0", failed("ENODEV")),
  ]);
  assertEquals(judgement.verdict, "fail");
});

Deno.test("judge() fails a leak, a warning, a taint and a call that never returned", () => {
  const seen = [saw("control.0"), saw("then.0", failed("ENODEV"))];
  const clean = { leaks: [], blocked: [], log: [], tainted: false };
  const warning: LogLine = { level: "warn", text: "refcount_t: underflow" };
  for (
    const post of [
      { ...clean, leaks: ["dma-buf 1"] },
      { ...clean, blocked: ["when.0"] },
      { ...clean, log: [warning] },
      { ...clean, tainted: true },
    ]
  ) {
    const judgement = verdictOf(refusal, seen, { end: "completed", post });
    assertEquals([judgement.verdict, judgement.decidedBy], ["fail", "postcondition"]);
  }
  const logged = [saw("control.0", undefined, { log: [warning] }), saw("then.0", failed("ENODEV"))];
  assertEquals(verdictOf(refusal, logged).verdict, "fail");
});

Deno.test("judge() lets a warning pass that the step expects, and asks for it", () => {
  const case_ = caseOf({ when: [step("when.0", "importer.pin", { ...SUCCEEDS, warns: "dma_buf_pin" })] });
  const log: LogLine[] = [{ level: "warn", text: "WARNING: dma_buf_pin() of a static attachment" }];
  assertEquals(verdictOf(case_, [saw("when.0", undefined, { log })]).verdict, "pass");
  assertEquals(verdictOf(case_, [saw("when.0")]).verdict, "fail");
});

Deno.test("judge() fails a step whose point is that the kernel does not warn", () => {
  const case_ = caseOf({ when: [step("when.0", "importer.pin", { ...SUCCEEDS, warns: [] })] });
  const log: LogLine[] = [{ level: "warn", text: "refcount_t: underflow" }];
  assertEquals(verdictOf(case_, [saw("when.0")]).verdict, "pass");
  const judgement = verdictOf(case_, [saw("when.0", undefined, { log })]);
  assertEquals([judgement.decidedBy, judgement.reasons], ["step", [
    "when.0: expected that the kernel does not warn, but it warned: refcount_t: underflow",
  ]]);
});

const MAY_WARN: Expectation = { ...ENODEV, mayWarn: "dma_buf_vmap" };
const VMAP_WARNING: LogLine = {
  level: "warn",
  text: "WARNING: drivers/dma-buf/dma-buf.c:1673 at dma_buf_vmap",
};
const TAINTED: CaseEnd = { end: "completed", post: { leaks: [], blocked: [], log: [], tainted: true } };

Deno.test("judge() lets a warning come that may come, and lets it stay away", () => {
  const case_ = caseOf({ then: [step("then.0", "importer.vmap", MAY_WARN)] });
  const log = [VMAP_WARNING];
  assertEquals(verdictOf(case_, [saw("then.0", failed("ENODEV"))]).verdict, "pass");
  assertEquals(verdictOf(case_, [saw("then.0", failed("ENODEV"), { log })]).verdict, "pass");
  assertEquals(verdictOf(case_, [saw("then.0", failed("ENODEV"), { log })], TAINTED).verdict, "pass");
});

Deno.test("judge() fails a warning that may come where another one comes, and a taint without any", () => {
  const case_ = caseOf({ then: [step("then.0", "importer.vmap", MAY_WARN)] });
  const other: LogLine = { level: "warn", text: "refcount_t: underflow" };
  const judgement = verdictOf(case_, [saw("then.0", failed("ENODEV"), { log: [VMAP_WARNING, other] })]);
  assertEquals([judgement.verdict, judgement.decidedBy, judgement.reasons], ["fail", "postcondition", [
    "the kernel warned: refcount_t: underflow",
  ]]);
  const silent = verdictOf(case_, [saw("then.0", failed("ENODEV"))], TAINTED);
  assertEquals([silent.verdict, silent.reasons], ["fail", ["the kernel became tainted"]]);
});

Deno.test("judge() fails a warning that may come in one step where it comes in another, or after all of them", () => {
  const case_ = caseOf({
    when: [step("when.0", "importer.vunmap")],
    then: [step("then.0", "importer.vmap", MAY_WARN)],
  });
  const log = [VMAP_WARNING];
  const early = verdictOf(case_, [saw("when.0", undefined, { log }), saw("then.0", failed("ENODEV"))]);
  assertEquals([early.verdict, early.decidedBy], ["fail", "postcondition"]);
  const late = verdictOf(case_, [saw("when.0"), saw("then.0", failed("ENODEV"))], {
    end: "completed",
    post: { leaks: [], blocked: [], log, tainted: true },
  });
  assertEquals([late.verdict, late.decidedBy], ["fail", "postcondition"]);
});

Deno.test("judge() lets a warning come while a step blocks of which it may come", () => {
  const expects = { ...SUCCEEDS, mayWarn: "dma_buf_vmap" };
  const case_ = caseOf({
    when: [
      step("when.0", "fd.close", expects, { until: [step("when.0.until.0", "fence.signal")] }),
      step("when.1", "fence.signal"),
    ],
  });
  const log = [VMAP_WARNING];
  const seen = (inner: readonly LogLine[], last: readonly LogLine[]) => [
    saw("when.0", { kind: "blocked", on: "fences" }, { pending: ["when.0"] }),
    saw("when.0.until.0", undefined, { log: inner }),
    saw("when.0.finish"),
    saw("when.1", undefined, { log: last }),
  ];
  assertEquals(verdictOf(case_, seen(log, [])).verdict, "pass");
  assertEquals(verdictOf(case_, seen([], log)).verdict, "fail");
});

Deno.test("judge() lets a warning come as what was seen has it, and not as somebody else has it", () => {
  const works: Alternative = { ...SUCCEEDS, holder: "mainline 7.3" };
  const log = [VMAP_WARNING];
  const mine = caseOf({ then: [step("then.0", "importer.vmap", MAY_WARN, { otherwise: [works] })] });
  assertEquals(verdictOf(mine, [saw("then.0")]).verdict, "contested");
  assertEquals(verdictOf(mine, [saw("then.0", undefined, { log })]).verdict, "fail");
  const theirs = caseOf({
    then: [step("then.0", "importer.vmap", SUCCEEDS, { otherwise: [{ ...MAY_WARN, holder: "a letter" }] })],
  });
  assertEquals(verdictOf(theirs, [saw("then.0", failed("ENODEV"), { log })]).verdict, "contested");
  assertEquals(verdictOf(theirs, [saw("then.0", undefined, { log })]).verdict, "fail");
});

Deno.test("judge() blames the target, not the kernel, where the target could not run a step", () => {
  const broken: Outcome = { kind: "error", message: "the agent has no memory left" };
  const judgement = verdictOf(refusal, [saw("control.0"), saw("then.0", broken)]);
  assertEquals([judgement.verdict, judgement.end], ["unknown", "infra-error"]);
});

const blocking = caseOf({
  when: [
    step("when.0", "vfio.revoke", SUCCEEDS, {
      until: [step("when.0.until.0", "importer.map", ENODEV), step("when.0.until.1", "importer.unmap")],
    }),
  ],
});
const BLOCKED: Outcome = { kind: "blocked", on: "unmap:1 mappings" };

Deno.test("judge() passes a call that blocks until its last inner step", () => {
  const judgement = verdictOf(blocking, [
    saw("when.0", BLOCKED, { pending: ["when.0"] }),
    saw("when.0.until.0", failed("ENODEV"), { pending: ["when.0"] }),
    saw("when.0.until.1"),
    saw("when.0.finish"),
  ]);
  assertEquals(judgement.verdict, "pass");
});

Deno.test("judge() fails a call that does not block, returns too early, or never returns", () => {
  const early = [
    saw("when.0"),
    saw("when.0.until.0", failed("ENODEV")),
    saw("when.0.until.1"),
    saw("when.0.finish"),
  ];
  assertStringIncludes(verdictOf(blocking, early).reasons[0] ?? "", "expected that it blocks");
  const middle = [
    saw("when.0", BLOCKED, { pending: ["when.0"] }),
    saw("when.0.until.0", failed("ENODEV")),
    saw("when.0.until.1"),
    saw("when.0.finish"),
  ];
  assertStringIncludes(verdictOf(blocking, middle).reasons[0] ?? "", "still blocks after when.0.until.0");
  const never = [
    saw("when.0", BLOCKED, { pending: ["when.0"] }),
    saw("when.0.until.0", failed("ENODEV"), { pending: ["when.0"] }),
    saw("when.0.until.1", undefined, { pending: ["when.0"] }),
    saw("when.0.finish", BLOCKED, { pending: ["when.0"] }),
  ];
  assertEquals(verdictOf(blocking, never).verdict, "fail");
});

Deno.test("judge() calls a step contested that returns at once as others hold", () => {
  const others: Alternative = { ...SUCCEEDS, holder: "matt-v2", blocks: false };
  const until = [step("when.0.until.0", "fence.signal")];
  const case_ = caseOf({ when: [step("when.0", "fd.close", SUCCEEDS, { until, otherwise: [others] })] });
  const early = [saw("when.0"), saw("when.0.until.0"), saw("when.0.finish")];
  assertEquals([verdictOf(case_, early).verdict, verdictOf(case_, early).steps[0]?.holder], [
    "contested",
    "matt-v2",
  ]);
  const wrong = [
    saw("when.0", failed("EINVAL")),
    saw("when.0.until.0"),
    saw("when.0.finish", failed("EINVAL")),
  ];
  assertEquals(verdictOf(case_, wrong).verdict, "fail");
  const blocked = [
    saw("when.0", BLOCKED, { pending: ["when.0"] }),
    saw("when.0.until.0"),
    saw("when.0.finish"),
  ];
  assertEquals(verdictOf(case_, blocked).verdict, "pass");
});

const told: Event = { event: "invalidate", attachment: "imp" };

Deno.test("judge() counts callbacks by attachment and compares them in order", () => {
  const count = caseOf({
    when: [step("when.0", "vfio.reset", { ...SUCCEEDS, sees: { kind: "count", counts: { imp: 1 } } })],
  });
  assertEquals(verdictOf(count, [saw("when.0", undefined, { events: [told] })]).verdict, "pass");
  assertEquals(verdictOf(count, [saw("when.0", undefined, { events: [told, told] })]).verdict, "fail");
  const order = caseOf({
    when: [step("when.0", "vfio.reset", {
      ...SUCCEEDS,
      sees: { kind: "order", events: [told, { event: "remap", attachment: "imp", errno: "ENODEV" }] },
    })],
  });
  const remap: Event = { event: "remap", attachment: "imp", errno: "ENODEV" };
  const unmap: Event = { event: "unmap", attachment: "imp" };
  assertEquals(
    verdictOf(order, [saw("when.0", undefined, { events: [told, unmap, remap] })]).verdict,
    "pass",
  );
  assertEquals(verdictOf(order, [saw("when.0", undefined, { events: [remap, told] })]).verdict, "fail");
  const succeeded: Event = { event: "remap", attachment: "imp", errno: null };
  assertEquals(verdictOf(order, [saw("when.0", undefined, { events: [told, succeeded] })]).verdict, "fail");
});

Deno.test("judge() calls a match of somebody else's reading contested and says whose", () => {
  const nobody: Alternative = { ...SUCCEEDS, holder: "mainline 7.3", sees: { kind: "order", events: [] } };
  const case_ = caseOf({
    when: [
      step("when.0", "fd.close", { ...SUCCEEDS, sees: { kind: "count", counts: { imp: 1 } } }, {
        otherwise: [nobody],
      }),
    ],
  });
  const judgement = verdictOf(case_, [saw("when.0")]);
  assertEquals([judgement.verdict, judgement.steps[0]?.holder], ["contested", "mainline 7.3"]);
  assertEquals(verdictOf(case_, [saw("when.0", undefined, { events: [told, told] })]).verdict, "fail");
});

Deno.test("judge() compares sizes in the pages of the target and objects by the named keys", () => {
  const size = caseOf({
    then: [step("then.0", "buffer.seek", { outcome: { kind: "returns", value: "4 pages" } })],
  });
  const seen = [saw("then.0", { kind: "returned", value: 65536 })];
  assertEquals(judge(size, { observations: seen, end: CLEAN }, { pageSize: 16384 }).verdict, "pass");
  assertEquals(judge(size, { observations: seen, end: CLEAN }, { pageSize: 4096 }).verdict, "fail");
  const flags = caseOf({
    then: [step("then.0", "fd.flags", { outcome: { kind: "returns", value: { cloexec: true } } })],
  });
  const both = { kind: "returned", value: { access: "rdwr", cloexec: true } } as const;
  assertEquals(verdictOf(flags, [saw("then.0", both)]).verdict, "pass");
});
