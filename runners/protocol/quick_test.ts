import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { decodeRunner, decodeTestee } from "./decode.ts";
import { MessageError } from "./errors.ts";
import { RUNNER_SCHEMAS, TESTEE_SCHEMAS } from "./messages.ts";
import { quickEnd, quickObservation, quickRun } from "./quick.ts";

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

const CLEAN = { leaks: [], blocked: [], log: [], tainted: false };
const POST = { ...CLEAN, leaks: ["a buffer"], log: LOG };

const RESTS = [undefined, OBSERVATIONS.slice(0, 10), OBSERVATIONS]
  .map((rest) => rest?.map(({ observation }) => observation));

const ENDS = [
  { end: "completed", post: CLEAN },
  { end: "completed", post: POST },
  { end: "lost", reason: "gone" },
  { end: "crash", post: POST },
].flatMap((end) => RESTS.map((rest) => ({ type: "end", run: 1, observations: 2, end, rest })));

const CALL = { action: "call", id: "given.0", operation: "buffer.mmap", args: { buffer: "b" }, bind: "m" };
const STEPS = [CALL, { ...CALL, action: "start", bind: undefined }, {
  action: "finish",
  id: "f",
  of: "given.0",
}];

const RUNS = [{}, { race: { threads: [{ name: "a", steps: [CALL] }], then: STEPS } }, { bugs: ["a-bug"] }]
  .map((more) => ({ type: "run", run: 1, ended: 0, program: { case: "a/b", steps: STEPS, ...more } }));

const TABLE = [
  ["observation", OBSERVATIONS, quickObservation, TESTEE_SCHEMAS.observation, decodeTestee],
  ["end", ENDS, quickEnd, TESTEE_SCHEMAS.end, decodeTestee],
  ["run", RUNS, quickRun, RUNNER_SCHEMAS.run, decodeRunner],
] as const;

const junk = fc.oneof(
  fc.jsonValue({ maxDepth: 1 }),
  fc.constantFrom(0, -1, 0.5, 1e999, 2 ** 60, "", "given.0", "ENODEVV", "raced", "completed", undefined),
);
const key = fc.constantFrom("__proto__", "constructor", "run", "post", "errno", "later", "0");
/** Where to change a message, how, and to what. */
const change = fc.tuple(fc.array(fc.nat(9), { minLength: 1, maxLength: 6 }), fc.option(key), junk);

for (const [type, samples, quick, schema, decode] of TABLE) {
  Deno.test(`a message of type "${type}" is what its schema makes of it, however it is read`, () => {
    const ways = new Set<string>();
    const changes = fc.array(change, { maxLength: 2 });
    fc.assert(
      fc.property(fc.constantFrom(...samples), changes, (sample, changes) => {
        const message: unknown = JSON.parse(JSON.stringify(sample));
        for (const [path, extra, value] of changes) alter(message, path, extra, value);
        const text = JSON.stringify(message);
        const right = schema.safeParse(JSON.parse(text));
        const read = readAs(type, text, decode);
        assertEquals(asText(read), asText(right.data));
        const way = quick(JSON.parse(text)) ? "quickly" : "by the schema";
        ways.add(right.success ? way : "not at all");
      }),
      { numRuns: 1000 },
    );
    assertEquals([...ways].toSorted(), ["by the schema", "not at all", "quickly"]);
  });
}

/** What is made of a text, where it is a message of that type. */
function readAs(type: string, text: string, decode: (text: string) => { readonly type: string }) {
  try {
    const message = decode(text);
    return message.type === type ? message : undefined;
  } catch (error) {
    if (!(error instanceof MessageError)) throw error;
    return undefined;
  }
}

/** A message as text that does not depend on the order of its fields. */
function asText(message: unknown): string | undefined {
  return JSON.stringify(message, (_key, value) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).toSorted(([one], [other]) => one < other ? -1 : 1));
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
