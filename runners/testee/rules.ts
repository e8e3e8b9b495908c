/**
 * The rules of the protocol that a testee must keep, each with a talk that shows whether it does.
 *
 * @module
 */
import type { Observation } from "../../spec/observation.ts";
import { exampleArguments } from "../../spec/operations/describe.ts";
import {
  isOperationName,
  OPERATION_NAMES,
  type OperationName,
  operationOf,
} from "../../spec/operations/mod.ts";
import { kindsOf } from "../../spec/operations/operation.ts";
import type { EndMessage, TesteeHello, TesteeMessage } from "../protocol/messages.ts";
import type { UnknownMessage } from "../protocol/decode.ts";
import type { WireCall, WireStep } from "../protocol/wire.ts";
import type { Dialogue } from "./dialogue.ts";

/** A rule that was broken: which, if it is another than the one under test, what happened, and what to do. */
export class Broken extends Error {
  override readonly name = "Broken";
  /** What to do about it; a sentence without a final period. */
  readonly hint: string;
  /** The rule. */
  readonly rule: RuleName | undefined;

  /** Makes one of what happened and what to do. */
  constructor(message: string, hint: string, rule?: RuleName) {
    super(message);
    this.hint = hint;
    this.rule = rule;
  }
}

/** A talk after the hellos. */
export interface Talk {
  /** What the testee said of itself. */
  readonly hello: TesteeHello;
  /** The talk itself. */
  readonly dialogue: Dialogue;
  /** How long an answer may take, in milliseconds. */
  readonly ms: number;
  /** Gives the number of the next run. */
  readonly nextRun: () => number;
  /** Is told of each run that has come to a right end. */
  readonly ended: () => void;
}

/** What a rule asks for, and how it is checked; the check throws where it is broken, and says so if it has nothing to show it with. */
interface Rule {
  readonly text: string;
  readonly check: (talk: Talk) => Promise<void | "nothing to show it with">;
}

/** The rules that are checked after the hellos, in order. */
const AFTER_HELLO = {
  "order": {
    text: "Each step has one observation, in the order of the steps, and seq counts from 0",
    check: async (talk) => void await runOf(talk, [madeUp("given.0"), madeUp("when.0")]),
  },
  "unsupported": {
    text: "An operation that it does not list is answered unsupported",
    async check(talk) {
      const others = OPERATION_NAMES.filter((name) => !talk.hello.target.operations.includes(name));
      const steps = [madeUp("then.0"), ...others.map((name, index) => example(name, `then.${index + 1}`))];
      expectKind(
        await runOf(talk, steps),
        steps,
        ["unsupported"],
        "Answer it with unsupported and the reason",
      );
    },
  },
  "claims": {
    text:
      "An operation that it lists is not answered unsupported, at least not without a look at its arguments",
    async check(talk) {
      const listed = talk.hello.target.operations.filter(isOperationName);
      if (listed.length === 0) return "nothing to show it with";
      const steps = listed.map((name, index) => example(name, `given.${index}`));
      const { observations } = await runOf(talk, steps);
      const broken = observations.findIndex(({ outcome }) => outcome.kind === "unsupported");
      if (broken >= 0) {
        throw new Broken(
          `It lists "${listed[broken]}" and answers unsupported`,
          'Take it out of "operations", or do it; what only some arguments make impossible is another matter',
        );
      }
      return undefined;
    },
  },
  "skipped": {
    text: "A step whose object there is not is answered skipped",
    async check(talk) {
      const steps = talk.hello.target.operations.filter(isOperationName).filter(takesObjects)
        .map((name, index) => example(name, `then.${index}`));
      if (steps.length === 0) return "nothing to show it with";
      expectKind(
        await runOf(talk, steps),
        steps,
        ["skipped"],
        "Look up the object first, and answer skipped",
      );
      return undefined;
    },
  },
  "clean": {
    text: "A run knows nothing of the objects of the run before it",
    async check(talk) {
      const listed = talk.hello.target.operations.filter(isOperationName);
      const giver = listed.find((name) => operationOf(name).result.gives === "object" && !takesObjects(name));
      const taker = listed.find((name) => giver !== undefined && takes(name, giver));
      if (giver === undefined || taker === undefined) return "nothing to show it with";
      const given = { ...example(giver, "given.0"), bind: namedIn(taker) };
      await runOf(talk, [given]);
      const steps = [example(taker, "then.0")];
      expectKind(await runOf(talk, steps), steps, ["skipped"], "Begin each run with no names at all");
      return undefined;
    },
  },
  "race": {
    text: "All of a race is one observation of the step race",
    async check(talk) {
      const thread = (name: string) => ({ name, steps: [madeUp(`race.${name}.0`)] });
      const race = { threads: [thread("one"), thread("two")], then: [] };
      const { observations } = await runOf(talk, [], { race });
      const kind = observations[0]?.outcome.kind;
      if (kind === "raced" || kind === "unsupported") return;
      throw new Broken(`It answers a race ${kind}`, "Answer it with raced, or with unsupported");
    },
  },
  "unknown-fields": {
    text: "A field that it does not know is left aside",
    async check(talk) {
      await runOf(talk, [{ ...madeUp("given.0"), ...UNKNOWN }], { urgent: true });
    },
  },
  "long-messages": {
    text: "A message may be a megabyte long",
    async check(talk) {
      await runOf(talk, [{ ...madeUp("given.0"), args: { padding: "x".repeat(1_000_000) } }]);
    },
  },
  "unknown-message": {
    text: "A message of a type that it does not know is answered with error, and the talk goes on",
    check: (talk) => expectError(talk, () => talk.dialogue.say({ type: "x-unheard-of" })),
  },
  "malformed": {
    text: "What is no message is answered with error, and the talk goes on",
    check: (talk) => expectError(talk, () => talk.dialogue.print("{ this is not JSON")),
  },
  "abort": {
    text: "An abort of a run that is over is left aside",
    async check(talk) {
      const { run } = await runOf(talk, [madeUp("given.0")]);
      talk.dialogue.say({ type: "abort", run, reason: "a check" });
      await runOf(talk, [madeUp("given.0")]);
    },
  },
  "reset": {
    text: "A reset is answered with ready and its number",
    async check({ dialogue, ms }) {
      for (const reset of [1, 2]) {
        dialogue.say({ type: "reset", reset });
        const answer = await dialogue.next(ms);
        if (answer.type === "ready" && answer.reset === reset) continue;
        throw new Broken(
          `Reset ${reset} was answered with ${said(answer)}`,
          "Say ready, with the same number",
        );
      }
    },
  },
  "after-end": {
    text: "Nothing of a run comes after its end",
    async check(talk) {
      await runOf(talk, [madeUp("given.0")]);
      await runOf(talk, [madeUp("given.0")]);
    },
  },
  "bye": {
    text: "A bye is answered with bye",
    async check({ dialogue, ms }) {
      dialogue.say({ type: "bye" });
      const answer = await dialogue.next(ms);
      if (answer.type !== "bye") {
        throw new Broken(`It answers bye with ${said(answer)}`, "Say bye as well, and end");
      }
    },
  },
} satisfies Readonly<Record<string, Rule>>;

/** The rules that are checked elsewhere: with the hellos, and all the time. */
const OTHERS = {
  "hello": "It answers the runner's hello with one hello of its own, or with error",
  "version": "It takes one of the versions that are offered, and refuses where it speaks none of them",
  "messages": "Everything that it writes is a message as its schema says, each on one line",
  "end": "Each run has an end",
  "count": "The end of a run counts its observations",
} as const;

/** The rules that only a run that has ended can show. */
export const SHOWN_BY_AN_END: ReadonlySet<RuleName> = new Set(["end", "count"]);

/** The name of a rule. */
export type RuleName = keyof typeof AFTER_HELLO | keyof typeof OTHERS;

/** The rules that are checked after the hellos, in order. */
export const RULES: ReadonlyMap<RuleName, Rule> = new Map(
  Object.entries(AFTER_HELLO).flatMap(([name, rule]) => isRuleName(name) ? [[name, rule] as const] : []),
);

/** Every rule with what it asks for, in the order in which they are told. */
export const RULE_TEXTS: ReadonlyMap<RuleName, string> = new Map(
  [...Object.entries(OTHERS), ...[...RULES].map(([name, { text }]) => [name, text] as const)]
    .flatMap(([name, text]) => isRuleName(name) ? [[name, text] as const] : []),
);

function isRuleName(name: string): name is RuleName {
  return Object.hasOwn(AFTER_HELLO, name) || Object.hasOwn(OTHERS, name);
}

/** A field that no version has. */
const UNKNOWN = { colour: "green" };

/** A step of an operation that no vocabulary has. */
function madeUp(id: string): WireCall {
  return { action: "call", id, operation: "x.unheard_of", args: {} };
}

/** A step with the arguments that the declaration of its operation asks for. */
function example(operation: OperationName, id: string): WireCall {
  const declared = operationOf(operation);
  const args = declared.args.safeParse(exampleArguments(declared));
  return { action: "call", id, operation, args: args.success ? args.data : {} };
}

/** The arguments of an operation that name objects. */
function objectArgs(name: OperationName): readonly string[] {
  const args = exampleArguments(operationOf(name));
  return Object.entries(operationOf(name).args.shape)
    .filter(([arg, schema]) => arg in args && kindsOf(schema) !== undefined)
    .map(([arg]) => arg);
}

function takesObjects(name: OperationName): boolean {
  return objectArgs(name).length > 0;
}

/** Whether an operation takes what another gives, and no other object. */
function takes(name: OperationName, giver: OperationName): boolean {
  const [arg, ...more] = objectArgs(name);
  if (arg === undefined || more.length > 0) return false;
  const { result } = operationOf(giver);
  const schema = operationOf(name).args.shape[arg];
  return schema !== undefined && result.gives === "object" && (kindsOf(schema) ?? []).includes(result.kind);
}

function namedIn(name: OperationName): string {
  const [arg = ""] = objectArgs(name);
  return String(exampleArguments(operationOf(name))[arg]);
}

/** What came of a run. */
interface Ran {
  readonly run: number;
  readonly observations: readonly Observation[];
  readonly end: EndMessage;
}

/** Runs steps and looks at the order of what comes. */
async function runOf(talk: Talk, steps: readonly WireStep[], more: object = {}): Promise<Ran> {
  const { dialogue, ms } = talk;
  const run = talk.nextRun();
  const { race, ...fields } = { race: undefined, ...more };
  dialogue.say({ type: "run", run, program: { case: "check/protocol", steps, race }, ...fields });
  const ids = [...steps.map(({ id }) => id), ...(race === undefined ? [] : ["race"])];
  const observations: Observation[] = [];
  for (const [seq, id] of ids.entries()) {
    const message = await dialogue.next(ms);
    refuseOldRun(message, run);
    const inPlace = message.type === "observation" && message.run === run && message.seq === seq &&
      message.observation.step === id;
    if (!inPlace) {
      throw new Broken(
        `Where observation ${seq} of run ${run}, of step "${id}", was next, it sent ${said(message)}`,
        "Tell one observation for each step, in order, and count seq from 0 in each run",
        message.type === "error" ? undefined : "order",
      );
    }
    observations.push(message.observation);
  }
  const end = await endOf(dialogue, run, observations.length, ms);
  talk.ended();
  return { run, observations, end };
}

async function endOf(dialogue: Dialogue, run: number, told: number, ms: number): Promise<EndMessage> {
  const message = await nextOrNoEnd(dialogue, run, ms);
  refuseOldRun(message, run);
  if (message.type !== "end" || message.run !== run) {
    const rule = message.type === "observation" ? "order" : "end";
    throw new Broken(`Where the end of run ${run} was next, it sent ${said(message)}`, "Say end", rule);
  }
  if (message.observations !== told) {
    throw new Broken(
      `The end of run ${run} counts ${message.observations} observations, but ${told} came`,
      'Count in "observations" what was sent for that run',
      "count",
    );
  }
  if (message.rest !== undefined) {
    throw new Broken(
      `The end of run ${run} has observations with it, which this runner does not take`,
      'Send each observation by itself to a runner whose hello does not say that it takes "rest"',
      "order",
    );
  }
  if (message.end.end === "completed") return message;
  throw new Broken(
    `A run of steps that can all be answered ended ${message.end.end}: ${message.end.reason ?? "no reason"}`,
    "Answer what cannot be done with unsupported, and complete the run",
    "end",
  );
}

async function nextOrNoEnd(
  dialogue: Dialogue,
  run: number,
  ms: number,
): Promise<TesteeMessage | UnknownMessage> {
  try {
    return await dialogue.next(ms);
  } catch (error) {
    if (!(error instanceof Error && error.name === "SilenceError")) throw error;
    throw new Broken(
      `Run ${run} has no end: nothing came within ${ms} ms`,
      "Say end after the last step",
      "end",
    );
  }
}

function refuseOldRun(message: TesteeMessage | UnknownMessage, run: number): void {
  if (!("run" in message) || message.run === undefined || message.run >= run) return;
  throw new Broken(
    `In run ${run} it sent ${said(message)}`,
    "Say nothing of a run after its end",
    "after-end",
  );
}

function expectKind(
  { observations }: Ran,
  steps: readonly WireCall[],
  kinds: readonly Observation["outcome"]["kind"][],
  hint: string,
): void {
  const wrong = observations.findIndex(({ outcome }) => !kinds.includes(outcome.kind));
  if (wrong < 0) return;
  throw new Broken(
    `It answers "${steps[wrong]?.operation}" with ${observations[wrong]?.outcome.kind}`,
    hint,
  );
}

async function expectError(talk: Talk, act: () => void): Promise<void> {
  act();
  const answer = await talk.dialogue.next(talk.ms);
  if (answer.type !== "error") throw new Broken(`It answers with ${said(answer)}`, "Answer with error");
  await runOf(talk, [madeUp("given.0")]);
}

function said(message: TesteeMessage | UnknownMessage): string {
  switch (message.type) {
    case "observation":
      return `observation ${message.seq} of run ${message.run}, of step "${message.observation.step}"`;
    case "end":
      return `an end of run ${message.run}`;
    case "error":
      return `the error "${message.message}"`;
    default:
      return `"${message.type}"`;
  }
}
