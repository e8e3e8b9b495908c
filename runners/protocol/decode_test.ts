import { assertEquals, assertObjectMatch, assertThrows } from "@std/assert";
import { decodeRunner, decodeTestee } from "./decode.ts";
import { MessageError } from "./errors.ts";

const HELLO = {
  type: "hello",
  version: 1,
  target: {
    id: "t",
    name: "a testee",
    version: "1",
    kernel: "none",
    architecture: "generic",
    pageSize: 4096,
    detectors: [],
    operations: ["fence.create", "an.operation_of_tomorrow"],
  },
};

const OBSERVATION = {
  step: "given.0",
  outcome: { kind: "returned", value: null },
  events: [],
  log: [],
  pending: [],
  durationMs: 0,
};

Deno.test("decodeTestee() keeps fields that it does not know", () => {
  const sent = { ...HELLO, mood: "good", target: { ...HELLO.target, colour: "green" } };
  assertObjectMatch(decodeTestee(JSON.stringify(sent)), sent);
  const run = { type: "run", run: 1, urgent: true, program: { case: "a", steps: [], hint: "later" } };
  assertObjectMatch(decodeRunner(JSON.stringify(run)), run);
});

Deno.test("decodeTestee() leaves out of an observation what a record could not hold", () => {
  const sent = { type: "observation", run: 1, seq: 0, observation: { ...OBSERVATION, cpu: 3 } };
  const message = decodeTestee(JSON.stringify(sent));
  assertEquals<unknown>(message.type === "observation" && message.observation, OBSERVATION);
});

Deno.test("decodeTestee() takes an observation without the lists that have nothing in them", () => {
  const { step, outcome, durationMs } = OBSERVATION;
  const sent = { type: "observation", run: 1, seq: 0, observation: { step, outcome, durationMs } };
  const message = decodeTestee(JSON.stringify(sent));
  assertEquals<unknown>(message.type === "observation" && message.observation, OBSERVATION);
});

Deno.test("decodeTestee() leaves a message of an unknown type to others", () => {
  assertEquals(decodeTestee('{"type":"horoscope"}'), { type: "unknown", named: "horoscope" });
  assertEquals(decodeTestee('{"type":"constructor"}'), { type: "unknown", named: "constructor" });
});

Deno.test("decodeTestee() says what is wrong, where, and what to do", async (t) => {
  const outcome = (outcome: unknown) => ({
    type: "observation",
    run: 1,
    seq: 0,
    observation: { ...OBSERVATION, outcome },
  });
  const table = [
    ["Loading…", 'A line is not JSON: "Loading…"', "notes belong on standard error"],
    ["null", 'A line is JSON but no message: "null"', 'A message is an object with a "type"'],
    ['{"type":7}', 'A line is JSON but no message: "{\\"type\\":7}"', 'A message is an object with a "type"'],
    [
      outcome({ kind: "failed", errno: "ENODEVV" }),
      'at "observation.outcome.errno"',
      'Did you mean "ENODEV"?',
    ],
    [outcome({ kind: "failed", errno: 19 }), 'at "observation.outcome.errno"', "never its number"],
    [
      outcome({ kind: "exploded" }),
      'at "observation.outcome.kind"',
      "runners/protocol/schema has the schema",
    ],
    [{ type: "end", run: 0, observations: 0, end: { end: "lost" } }, 'at "run"', "runners/protocol/schema"],
    [
      { type: "end", run: 1, observations: 0, end: { end: "completed" } },
      'at "end.post"',
      "runners/protocol/schema",
    ],
    [{ ...HELLO, version: "1" }, 'at "version"', "runners/protocol/schema"],
    [{ ...HELLO, heartbeatMs: 1 }, 'at "heartbeatMs"', "runners/protocol/schema"],
  ] as const;
  for (const [sent, message, hint] of table) {
    const text = typeof sent === "string" ? sent : JSON.stringify(sent);
    await t.step(text.slice(0, 60), () => {
      const error = assertThrows(() => decodeTestee(text), MessageError);
      assertEquals(
        [error.message.includes(message), error.hint.includes(hint)],
        [true, true],
        `${error.message}. ${error.hint}`,
      );
    });
  }
});
