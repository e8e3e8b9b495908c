/**
 * A testee in one file: a model of a buffer that its owner takes back. It uses nothing of the suite.
 *
 * It knows five operations, each in its plain form only; everything else it answers with "unsupported".
 *
 * @module
 */
import process from "node:process";
import { createInterface } from "node:readline";

/** A device, a buffer of a device, or a mapping of a buffer. */
type Thing = { kind: "device" | "buffer" | "vma"; of?: Thing; revoked?: boolean };
type Args = Record<string, unknown>;
type Step = { action: string; id: string; of: string; operation: string; args: Args; bind?: string };
type Outcome = { kind: string } & Record<string, unknown>;

const PAGES = 4;

/** Thrown by an operation that does not succeed. */
class Answer extends Error {
  constructor(readonly outcome: Outcome) {
    super();
  }
}

/** The objects of the case under way, by the names that the case gives them. */
let things = new Map<unknown, Thing>();

function find(name: unknown, kind: Thing["kind"]): Thing {
  const thing = things.get(name);
  if (typeof name === "number") throw new Answer({ kind: "unsupported", reason: "no numbers here" });
  if (!thing) throw new Answer({ kind: "skipped", reason: `there is no "${name}"` });
  if (thing.kind !== kind) throw new Answer({ kind: "unsupported", reason: `"${name}" is a ${thing.kind}` });
  return thing;
}

/** What an operation must be given, beside objects and pages, and what it does. */
type Operation = { plain: Args; act: (args: Args) => Thing | number };

const OPERATIONS: Record<string, Operation> = {
  "vfio.open": {
    plain: {
      ...{ bars: ["1MiB"], function: "physical", reset: "any", low_power: false },
      ...{ driver: "vfio-pci", context: "shared", access: "granted" },
    },
    act: () => ({ kind: "device" }),
  },
  "vfio.export": {
    plain: {
      ...{ region: 0, ranges: [{ offset: "0", length: `${PAGES} pages` }], flags: 0 },
      ...{ open_flags: ["rdwr", "cloexec"], unreadable: "nothing" },
    },
    act: ({ device }) => ({ kind: "buffer", of: find(device, "device") }),
  },
  "vfio.revoke": {
    plain: {},
    act({ device, buffer }) {
      const [owner, taken] = [find(device, "device"), find(buffer, "buffer")];
      if (taken.of !== owner) throw new Answer({ kind: "failed", errno: "ENODEV" });
      if (taken.revoked) throw new Answer({ kind: "failed", errno: "EBADFD" });
      taken.revoked = true;
      return 0;
    },
  },
  "buffer.mmap": {
    plain: { offset: "0", sharing: "shared", access: ["read", "write"] },
    act({ buffer }) {
      const mapped = find(buffer, "buffer");
      if (mapped.revoked) throw new Answer({ kind: "failed", errno: "ENODEV" });
      return { kind: "vma", of: mapped };
    },
  },
  "memory.load": {
    plain: {},
    act({ vma, page }) {
      if (find(vma, "vma").of?.revoked) throw new Answer({ kind: "faulted", signal: "SIGBUS" });
      if (Number(page) >= PAGES) throw new Answer({ kind: "faulted", signal: "SIGSEGV" });
      return 0;
    },
  },
};

const FREE = ["device", "buffer", "vma", "page"];

function perform({ action, of, operation, args, bind }: Step): Outcome {
  if (action === "finish") return { kind: "skipped", reason: `${of} was not started` };
  const known = OPERATIONS[operation];
  if (!known || action === "start") {
    return { kind: "unsupported", reason: `no ${action} of ${operation} here` };
  }
  const isOdd = (name: string) => JSON.stringify(args[name]) !== JSON.stringify(known.plain[name]);
  const odd = Object.keys(args).find((name) => !FREE.includes(name) && isOdd(name));
  if (odd) return { kind: "unsupported", reason: `no such "${odd}" here` };
  try {
    const result = known.act(args);
    if (bind && typeof result === "object") things.set(bind, result);
    return { kind: "returned", value: typeof result === "number" ? result : null };
  } catch (error) {
    return error instanceof Answer ? error.outcome : { kind: "error", message: String(error) };
  }
}

function say(type: string, fields: Record<string, unknown>): void {
  process.stdout.write(`${JSON.stringify({ type, ...fields })}\n`);
}

function run(number: number, steps: Step[], race: unknown): void {
  things = new Map();
  const all = race ? [...steps, { id: "race", action: "race", of: "", operation: "", args: {} }] : steps;
  all.forEach((step, seq) => {
    const observation = {
      step: step.id,
      outcome: perform(step),
      events: [],
      log: [],
      pending: [],
      durationMs: 0,
    };
    say("observation", { run: number, seq, observation });
  });
  const post = { leaks: [], blocked: [], log: [], tainted: false };
  say("end", { run: number, observations: all.length, end: { end: "completed", post } });
}

const TARGET = {
  ...{ id: "buffer.ts", name: "A model of a revocable buffer", version: "1", kernel: "none" },
  ...{ architecture: "generic", pageSize: 4096, detectors: [], operations: Object.keys(OPERATIONS) },
};

function take(line: string): void {
  const { type, versions, run: number, program, reset } = JSON.parse(line);
  if (type === "hello" && versions.includes(1)) say("hello", { version: 1, target: TARGET });
  else if (type === "hello") say("error", { code: "version", message: "This testee speaks version 1" });
  else if (type === "run") run(number, program.steps, program.race);
  else if (type === "reset") say("ready", { reset });
  else if (type === "bye") say("bye", {});
  else if (type !== "abort" && type !== "error") {
    say("error", { code: "unknown-type", message: `What is ${type}?` });
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  try {
    take(line);
  } catch (error) {
    say("error", { code: "malformed", message: String(error) });
  }
}
