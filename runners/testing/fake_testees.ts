/**
 * Testees for the tests of the protocol. Each is named by its bug, and is one small change to one that behaves well.
 *
 * As a program it takes the name of the bug: `deno run runners/testing/fake_testees.ts answers-twice`.
 *
 * @module
 */
import type { Observation } from "../../spec/observation.ts";
import { OPERATION_NAMES } from "../../spec/operations/mod.ts";
import { decodeRunner } from "../protocol/decode.ts";
import { MESSAGE_BYTES } from "../protocol/lines.ts";
import type { RunMessage, RunnerMessage, TesteeHello, TesteeMessage } from "../protocol/messages.ts";
import type { WireStep } from "../protocol/wire.ts";
import type { Connection } from "../transport/connection.ts";
import { ownStdio } from "../transport/stdio.ts";
import { CLEAN, succeeded } from "./fakes.ts";

/** What a fake can do. */
export interface Mouth {
  /** Sends a message. */
  say(message: TesteeMessage): void;
  /** Sends a text as it is, with a line end. */
  print(text: string): void;
  /** Sends a text as it is, without one. */
  mumble(text: string): void;
  /** Goes away without a word. */
  die(): void;
}

/** A testee: what it does with each message. */
export interface Fake {
  /** Takes a message. */
  take(message: RunnerMessage, mouth: Mouth): void;
}

/** What a fake says of itself. */
export function helloOf(change: Partial<TesteeHello["target"]> = {}): TesteeHello {
  return {
    type: "hello",
    version: 1,
    target: {
      id: "fake",
      name: "A fake",
      version: "1",
      kernel: "none",
      architecture: "generic",
      pageSize: 4096,
      detectors: [],
      operations: ["fence.create"],
      ...change,
    },
  };
}

/** The parts of which fakes are made. */
interface Parts {
  hello(mouth: Mouth): void;
  step(run: number, seq: number, step: WireStep, mouth: Mouth): void;
  end(run: number, observations: number, mouth: Mouth): void;
}

/** How a testee answers a step. It has one operation, and no object ever gets a name. */
function observed(step: WireStep) {
  const { id } = step;
  if (step.action === "finish") {
    return { ...succeeded(id), outcome: { kind: "skipped", reason: "nothing was started" } } as const;
  }
  if (step.operation === "fence.create") return succeeded(id);
  return {
    ...succeeded(id),
    outcome: { kind: "unsupported", reason: `there is no ${step.operation}` },
  } as const;
}

const GOOD: Parts = {
  hello: (mouth) => mouth.say(helloOf()),
  step: (run, seq, step, mouth) => mouth.say({ type: "observation", run, seq, observation: observed(step) }),
  end: (run, observations, mouth) => mouth.say({ type: "end", run, observations, end: CLEAN }),
};

function fake(bug: Partial<Parts> = {}): Fake {
  const parts = { ...GOOD, ...bug };
  return {
    take(message, mouth) {
      switch (message.type) {
        case "hello":
          if (!message.versions.includes(1)) {
            mouth.say({ type: "error", code: "version", message: "It speaks version 1" });
            return mouth.die();
          }
          return parts.hello(mouth);
        case "run":
          return runAll(message, parts, mouth);
        case "reset":
          return mouth.say({ type: "ready", reset: message.reset });
        case "bye":
          mouth.say({ type: "bye" });
          return mouth.die();
        case "abort":
        case "error":
          return;
      }
    },
  };
}

/** Ends a run with the last of its observations. */
function endWith(run: number, observations: number, rest: readonly Observation[], mouth: Mouth): void {
  mouth.say({ type: "end", run, observations, end: CLEAN, rest });
}

/** A race is one step for a testee that cannot do it. */
const RACE: WireStep = { action: "call", id: "race", operation: "threads", args: {} };

function runAll({ run, program }: RunMessage, parts: Parts, mouth: Mouth): void {
  const steps = program.race ? [...program.steps, RACE] : program.steps;
  steps.forEach((step, seq) => parts.step(run, seq, step, mouth));
  parts.end(run, steps.length, mouth);
}

/** The fakes, by their bugs. */
export const FAKES = {
  "no-bug": fake(),
  "answers-twice": fake({
    step(run, seq, step, mouth) {
      GOOD.step(run, seq, step, mouth);
      GOOD.step(run, seq, step, mouth);
    },
  }),
  "answers-late": fake({
    end(run, observations, mouth) {
      GOOD.end(run, observations, mouth);
      mouth.say({ type: "observation", run, seq: observations, observation: succeeded("when.0") });
    },
  }),
  "wrong-sequence-number": fake({ step: (run, seq, step, mouth) => GOOD.step(run, seq + 1, step, mouth) }),
  "another-run": fake({ step: (run, seq, step, mouth) => GOOD.step(run + 7, seq, step, mouth) }),
  "swaps-steps": fake({
    step(run, seq, step, mouth) {
      const other = step.id === "given.0" ? "when.0" : "given.0";
      GOOD.step(run, seq, { ...step, id: other }, mouth);
    },
  }),
  "forgets-a-step": fake({ step: (run, seq, step, mouth) => seq === 0 && GOOD.step(run, seq, step, mouth) }),
  "miscounts": fake({ end: (run, observations, mouth) => GOOD.end(run, observations + 1, mouth) }),
  "tells-again-at-the-end": fake({
    end: (run, observations, mouth) => endWith(run, observations, [succeeded("when.0")], mouth),
  }),
  "swaps-steps-at-the-end": fake({
    step() {},
    end: (run, observations, mouth) =>
      endWith(run, observations, [succeeded("when.0"), succeeded("given.0")], mouth),
  }),
  "lies-about-errno-at-the-end": fake({
    step: (run, seq, step, mouth) => seq === 0 && GOOD.step(run, seq, step, mouth),
    end: (run, observations, mouth) =>
      mouth.print(JSON.stringify({
        type: "end",
        run,
        observations,
        end: CLEAN,
        rest: [{ ...succeeded("when.0"), outcome: { kind: "failed", errno: "ENODEVICE" } }],
      })),
  }),
  "never-ends": fake({ end() {} }),
  "ends-twice": fake({
    end(run, observations, mouth) {
      GOOD.end(run, observations, mouth);
      GOOD.end(run, observations, mouth);
    },
  }),
  "does-not-look-behind": fake({
    end: (run, observations, mouth) =>
      mouth.say({ type: "end", run, observations, end: { end: "completed" } }),
  }),
  "claims-everything": fake({
    hello: (mouth) => mouth.say(helloOf({ operations: [...OPERATION_NAMES] })),
  }),
  "succeeds-at-everything": fake({
    step: (run, seq, step, mouth) =>
      mouth.say({ type: "observation", run, seq, observation: succeeded(step.id) }),
  }),
  "dies-on-revoke": fake({
    step(run, seq, step, mouth) {
      if (step.action !== "finish" && step.operation.endsWith("revoke")) mouth.die();
      else GOOD.step(run, seq, step, mouth);
    },
  }),
  "prints-noise": fake({
    step(run, seq, step, mouth) {
      mouth.print(`now at ${step.id}`);
      GOOD.step(run, seq, step, mouth);
    },
  }),
  "lies-about-errno": fake({
    step: (run, seq, step, mouth) =>
      mouth.print(JSON.stringify({
        type: "observation",
        run,
        seq,
        observation: { ...succeeded(step.id), outcome: { kind: "failed", errno: "ENODEVICE" } },
      })),
  }),
  "gives-numbers": fake({
    step: (run, seq, step, mouth) =>
      mouth.print(JSON.stringify({
        type: "observation",
        run,
        seq,
        observation: { ...succeeded(step.id), outcome: { kind: "failed", errno: 19 } },
      })),
  }),
  "never-says-hello": fake({ hello() {} }),
  "says-hello-twice": fake({
    hello(mouth) {
      GOOD.hello(mouth);
      GOOD.hello(mouth);
    },
  }),
  "greets-with-noise": fake({
    hello(mouth) {
      mouth.print("Welcome to the testee!");
      GOOD.hello(mouth);
    },
  }),
  "another-version": fake({ hello: (mouth) => mouth.say({ ...helloOf(), version: 99 }) }),
  "half-a-hello": fake({ hello: (mouth) => mouth.print('{"type":"hello","version":1}') }),
  "huge-line": fake({ step: (_run, _seq, _step, mouth) => mouth.print("x".repeat(MESSAGE_BYTES + 1)) }),
  "half-a-line": fake({
    step(_run, _seq, _step, mouth) {
      mouth.mumble('{"type":"observation","run":1');
      mouth.die();
    },
  }),
} satisfies Record<string, Fake>;

/** The name of a bug. */
export type Bug = keyof typeof FAKES;

/** Tells whether a text is the name of a bug. */
function isBug(text: string): text is Bug {
  return Object.hasOwn(FAKES, text);
}

/** Lets a fake answer over a connection. What it must not send as messages, `raw` sends. */
export function answer(fake: Fake, connection: Connection, raw: (text: string) => void): void {
  const mouth: Mouth = {
    say: (message) => connection.send([JSON.stringify(message)]),
    print: (text) => connection.send([text]),
    mumble: raw,
    die: () => void connection.close(),
  };
  connection.listen({
    messages(texts) {
      for (const text of texts) {
        try {
          const message = decodeRunner(text);
          if (message.type !== "unknown") fake.take(message, mouth);
          else mouth.say({ type: "error", code: "unknown-type", message: `What is ${message.named}?` });
        } catch (error) {
          mouth.say({ type: "error", code: "malformed", message: String(error) });
        }
      }
    },
    closed: () => void connection.close(),
  });
}

if (import.meta.main) {
  const [name = ""] = Deno.args;
  if (!isBug(name)) {
    throw new Error(`There is no bug "${name}"; take one of ${Object.keys(FAKES).join(", ")}`);
  }
  const stdio = ownStdio();
  answer(FAKES[name], {
    ...stdio,
    peer: stdio.peer,
    listen: (listener) => stdio.listen(listener),
    send: (messages) => stdio.send(messages),
    async close() {
      await stdio.close();
      Deno.exit(0);
    },
  }, (text) => void Deno.stdout.writeSync(new TextEncoder().encode(text)));
}
