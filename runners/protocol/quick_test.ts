import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { z } from "zod";
import { QUICK_RUNNER_SCHEMAS, QUICK_TESTEE_SCHEMAS, RUNNER_SCHEMAS, TESTEE_SCHEMAS } from "./messages.ts";

const OUTCOMES = [
  { kind: "returned", value: null },
  { kind: "returned", value: { bytes: [1, 2], name: "a" } },
  { kind: "failed", errno: "ENODEV" },
  { kind: "faulted", signal: "SIGBUS" },
  { kind: "blocked", on: "a fence" },
  { kind: "unsupported", reason: "no such device" },
  { kind: "skipped", reason: "no buffer" },
  { kind: "error", message: "it broke" },
  { kind: "raced", ends: [], runs: 1, exhaustive: true, findings: [] },
];

const LOG = [{ level: "warn", text: "something is odd" }];

const OBSERVATIONS = OUTCOMES.flatMap((outcome) => {
  const short = { step: "when.0", outcome, durationMs: 0.5 };
  const events = [{ event: "invalidate", attachment: "a" }, { event: "remap", attachment: "a", errno: null }];
  return [short, { ...short, events, log: LOG, pending: ["given.0"] }].map((observation) => ({
    type: "observation",
    run: 1,
    seq: 0,
    observation,
  }));
});

const POST = { leaks: ["a buffer"], blocked: [], log: LOG, tainted: false };

const ENDS = [{ end: "completed", post: POST }, { end: "lost", reason: "gone" }, { end: "crash", post: POST }]
  .map((end) => ({ type: "end", run: 1, observations: 2, end }));

const CALL = { action: "call", id: "given.0", operation: "buffer.mmap", args: { buffer: "b" }, bind: "m" };
const STEPS = [CALL, { ...CALL, action: "start", bind: undefined }, {
  action: "finish",
  id: "f",
  of: "given.0",
}];

const RUNS = [{}, { race: { threads: [{ name: "a", steps: [CALL] }], then: STEPS } }, { bugs: ["a-bug"] }]
  .map((more) => ({ type: "run", run: 1, ended: 0, program: { case: "a/b", steps: STEPS, ...more } }));

const TABLE = [
  ["observation", OBSERVATIONS, QUICK_TESTEE_SCHEMAS.observation, TESTEE_SCHEMAS.observation],
  ["end", ENDS, QUICK_TESTEE_SCHEMAS.end, TESTEE_SCHEMAS.end],
  ["run", RUNS, QUICK_RUNNER_SCHEMAS.run, RUNNER_SCHEMAS.run],
] as const;

const junk = fc.oneof(
  fc.jsonValue({ maxDepth: 1 }),
  fc.constantFrom(0, -1, 0.5, 1e999, 2 ** 60, "", "given.0", "ENODEVV", "raced", "completed", undefined),
);
const key = fc.constantFrom("__proto__", "constructor", "run", "post", "errno", "later", "0");
/** Where to change a message, how, and to what. */
const change = fc.tuple(fc.array(fc.nat(9), { minLength: 1, maxLength: 6 }), fc.option(key), junk);

for (const [type, samples, quick, full] of TABLE) {
  Deno.test(`what the compiled schema of "${type}" takes, the other takes with the same result`, () => {
    const taken = new Set<string>();
    const changes = fc.array(change, { maxLength: 2 });
    fc.assert(
      fc.property(fc.constantFrom(...samples), changes, (sample, changes) => {
        const message: unknown = JSON.parse(JSON.stringify(sample));
        for (const [path, extra, value] of changes) alter(message, path, extra, value);
        taken.add(agreement(JSON.parse(JSON.stringify(message)), quick, full));
      }),
      { numRuns: 1000 },
    );
    assert(taken.has("both") && taken.has("none"), [...taken].join());
  });
}

/** Goes down a path as far as it leads, and there adds a field or replaces one. */
function alter(message: unknown, [step = 0, ...rest]: number[], extra: string | null, value: unknown): void {
  if (typeof message !== "object" || message === null) return;
  const entries = Object.entries(message);
  const [name = "later", inner] = entries[step % Math.max(1, entries.length)] ?? [];
  if (rest.length > 0 && typeof inner === "object" && inner !== null) return alter(inner, rest, extra, value);
  Object.defineProperty(message, extra ?? name, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}

/** By which schemas a message is taken. */
function agreement(
  message: unknown,
  quick: z.ZodType | undefined,
  full: z.ZodType,
): "both" | "full" | "none" {
  const slow = full.safeParse(message);
  const fast = quick?.safeParse(message);
  if (!fast?.success) return slow.success ? "full" : "none";
  assertEquals(JSON.stringify(fast.data), JSON.stringify(slow.data));
  return "both";
}
