import { assertEquals } from "@std/assert";
import { CLEAN, succeeded } from "../testing/fakes.ts";
import { peek, runIn } from "./peek.ts";

const STEP = { action: "call", id: "given.0", operation: "fence.create", args: {} };
const RUN = { type: "run", run: 7, ended: 6, program: { case: "vfio/revoke/one", steps: [STEP] } };

/** Messages as the suite writes them. */
const MESSAGES = [
  RUN,
  { type: "observation", run: 7, seq: 3, observation: succeeded("given.0") },
  { type: "end", run: 7, observations: 2, end: CLEAN },
  { type: "end", run: 7, observations: 2, end: CLEAN, rest: [succeeded("given.0"), succeeded("when.0")] },
  { type: "end", run: 7, observations: 0, end: { end: "lost", reason: "it is gone" } },
  { type: "end", run: 7, observations: 0, end: { end: "completed", reason: "odd", post: CLEAN.post } },
  { type: "log", run: 7, lines: [] },
  { type: "ready", reset: 2 },
];

for (const message of MESSAGES) {
  const text = JSON.stringify(message);
  Deno.test(`peek() sees the same in the beginning of a message as in all of it: ${text.slice(0, 60)}`, () => {
    /* with a space before it, it does not begin as the suite would write it */
    assertEquals(peek(text), peek(` ${text}`));
  });
}

Deno.test("runIn() gives the number of a run, and of nothing else", () => {
  assertEquals(MESSAGES.map((message) => runIn(JSON.stringify(message))), [
    7,
    ...MESSAGES.slice(1).map(() => undefined),
  ]);
});

Deno.test("peek() sees nothing in what is no message", () => {
  assertEquals(['{"type":"end","run":', "[]", '"run"', ""].map(peek), [
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});
