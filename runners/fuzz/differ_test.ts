import { assertEquals } from "@std/assert";
import type { Program } from "../../cases/program.ts";
import { caseIdSchema } from "../../spec/ids.ts";
import type { CaseEnd, Observation } from "../../spec/observation.ts";
import { CLEAN, succeeded } from "../testing/fakes.ts";
import { compare, type Comparison } from "./differ.ts";

const PROGRAM: Program = {
  case: caseIdSchema.parse("fuzz/program"),
  steps: [
    { action: "start", id: "a", operation: "process.spawn", args: {} },
    { action: "call", id: "b", operation: "fence.create", args: {} },
    { action: "finish", id: "a.finish", of: "a" },
  ],
};

const SEEN: readonly Observation[] = [
  { ...succeeded("a"), outcome: { kind: "blocked", on: "fence:1" }, pending: ["a"] },
  succeeded("b"),
  succeeded("a.finish"),
];

function against(bug: Partial<Observation>, at = 1): Comparison {
  const observations = SEEN.map((each, index) => index === at ? { ...each, ...bug } : each);
  return compare(PROGRAM, { observations: SEEN, end: CLEAN }, { observations, end: CLEAN });
}

function kindOf(comparison: Comparison): unknown {
  if (comparison.result !== "differs") return comparison.result;
  const { index, aspect, kind } = comparison.divergence;
  return [index, aspect, kind.expected, kind.seen];
}

Deno.test("compare() takes no notice of times, of what a step waits for, and of when a finished step returned", () => {
  assertEquals(against({ durationMs: 7 }).result, "same");
  assertEquals(against({ outcome: { kind: "blocked", on: "something else" } }, 0).result, "same");
  assertEquals(against({ pending: ["a"] }).result, "same");
});

Deno.test("compare() takes no notice of when an eventfd tells, but of the order of what importers see", () => {
  const invalidate = { event: "invalidate", attachment: "imp" } as const;
  const unmap = { event: "unmap", attachment: "imp" } as const;
  const wakeup = { event: "wakeup", device: "dev" } as const;
  const between = (expected: Observation["events"], seen: Observation["events"]) => {
    const [one, other] = [expected, seen].map((events) => ({
      observations: SEEN.map((each, index) => index === 1 ? { ...each, events } : each),
      end: CLEAN,
    }));
    return one && other && compare(PROGRAM, one, other).result;
  };
  assertEquals(between([wakeup, invalidate], [invalidate, wakeup]), "same");
  assertEquals(between([invalidate, unmap], [unmap, invalidate]), "differs");
  assertEquals(between([invalidate, wakeup], [invalidate]), "differs");
});

Deno.test("compare() takes no notice of how far a call is when the program begins to wait for it", () => {
  const events = [{ event: "invalidate", attachment: "imp" }] as const;
  const at = (where: number) => ({
    observations: SEEN.map((each, index) => index === where ? { ...each, events } : each),
    end: CLEAN,
  });
  assertEquals(compare(PROGRAM, at(1), at(2)).result, "same");
  assertEquals(compare(PROGRAM, at(0), at(1)).result, "differs");
});

Deno.test("compare() tells outcomes, values, events, warnings and what is pending apart", () => {
  assertEquals(kindOf(against({ outcome: { kind: "failed", errno: "EIO" } })), [
    1,
    "outcome",
    "returned",
    "EIO",
  ]);
  assertEquals(kindOf(against({ outcome: { kind: "returned", value: 7 } })), [
    1,
    "outcome",
    "a value",
    "another value",
  ]);
  assertEquals(kindOf(against({ events: [{ event: "invalidate", attachment: "imp" }] })), [
    1,
    "events",
    "no invalidate",
    "invalidate",
  ]);
  assertEquals(kindOf(against({ log: [{ level: "warn", text: "WARNING" }] })), [
    1,
    "warnings",
    "no warning",
    "a warning",
  ]);
  assertEquals(kindOf(against({ pending: [] }, 0)), [0, "pending", "still blocked", "returned"]);
});

Deno.test("compare() takes no notice of a log line that is no warning", () => {
  assertEquals(against({ log: [{ level: "info", text: "reset done" }] }).result, "same");
});

Deno.test("compare() stops at the first difference", () => {
  const observations = SEEN.map((each) => ({ ...each, outcome: { kind: "failed", errno: "EIO" } as const }));
  const found = compare(PROGRAM, { observations: SEEN, end: CLEAN }, { observations, end: CLEAN });
  assertEquals(kindOf(found), [0, "outcome", "blocked", "EIO"]);
});

Deno.test("compare() ends without a difference where a step is not supported", () => {
  assertEquals(against({ outcome: { kind: "unsupported", reason: "not here" } }), {
    result: "unsupported",
    index: 1,
  });
});

Deno.test("compare() says what a target leaves behind that the model does not", () => {
  const post = { leaks: ["dma-buf 1"], blocked: [], log: [], tainted: false };
  const seen = { observations: SEEN, end: { end: "completed", post } as const };
  const found = compare(PROGRAM, { observations: SEEN, end: CLEAN }, seen);
  assertEquals(kindOf(found), [3, "afterwards", "nothing leaked", "leaks"]);
});

Deno.test("compare() makes a difference of a kernel that crashes and an error of a target that fails", () => {
  const [first] = SEEN;
  const observations = first ? [first] : [];
  const expected = { observations: SEEN, end: CLEAN };
  const crashed = compare(PROGRAM, expected, { observations, end: { end: "crash", reason: "oops" } });
  assertEquals(kindOf(crashed), [1, "end", "the kernel lives", "crash"]);
  const failed = compare(PROGRAM, expected, { observations, end: { end: "lost", reason: "no connection" } });
  assertEquals(failed, { result: "target-error", reason: "no connection" });
  const error = against({ outcome: { kind: "error", message: "cannot" } });
  assertEquals(error, { result: "target-error", reason: "b: could not be run: cannot" });
});

Deno.test("compare() asks for no taint where a step has warned, since a kernel can be tainted already", () => {
  const tainted: CaseEnd = { end: "completed", post: { leaks: [], blocked: [], log: [], tainted: true } };
  const warned = SEEN.map((each): Observation => ({ ...each, log: [{ level: "warn", text: "WARNING" }] }));
  const expected = { observations: warned, end: tainted };
  assertEquals(compare(PROGRAM, expected, { observations: warned, end: CLEAN }).result, "same");
  const unannounced = compare(PROGRAM, { observations: SEEN, end: CLEAN }, {
    observations: SEEN,
    end: tainted,
  });
  assertEquals(kindOf(unannounced), [3, "afterwards", "the kernel is not tainted", "taints"]);
});

Deno.test("compare() takes no notice of what a driver calls itself", () => {
  const told = (exporter: string, count: number): Partial<Observation> => ({
    outcome: { kind: "returned", value: { exporter, count } },
  });
  const observations = SEEN.map((each, index) => index === 1 ? { ...each, ...told("vfio-pci", 1) } : each);
  const against = (exporter: string, count: number) =>
    compare(PROGRAM, { observations, end: CLEAN }, {
      observations: observations.map((each, index) =>
        index === 1 ? { ...each, ...told(exporter, count) } : each
      ),
      end: CLEAN,
    }).result;
  assertEquals([against("vfio_pci_core", 1), against("vfio-pci", 2)], ["same", "differs"]);
});

Deno.test("compare() leaves it to the clean-up whether a step returns that the program does not wait for", () => {
  const stuck: CaseEnd = { end: "completed", post: { leaks: [], blocked: ["a"], log: [], tainted: false } };
  const steps = PROGRAM.steps.slice(0, 1);
  const compared = (pending: readonly string[]) => {
    const observations = [{ ...succeeded("a"), pending }];
    return compare({ ...PROGRAM, steps }, { observations, end: CLEAN }, { observations, end: stuck }).result;
  };
  assertEquals([compared(["a"]), compared([])], ["same", "differs"]);
});
