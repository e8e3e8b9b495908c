/**
 * Reads the race of a case: threads that run at the same time, and how that may end.
 *
 * @module
 */
import { z } from "zod";
import type { Finding, Report } from "../spec/diagnostic.ts";
import { ERRNO_NAMES, type ErrnoName } from "../spec/errno.ts";
import { didYouMean } from "../spec/nearest.ts";
import { signalSchema, type Value } from "../spec/observation.ts";
import { OBJECT_NAME } from "../spec/operations/operation.ts";
import { shape } from "../spec/shape.ts";
import { describeTree, type Entry, partAt, type Tree } from "../spec/tree.ts";
import type { AllowedEnd, AllowedResult, Race, RaceThread, Step } from "./case.ts";
import { EXPECTATION_KEYS, text, valueSchema } from "./format.ts";
import { readSteps, type StepContext } from "./steps.ts";

/** The keys of an allowed outcome that are not threads. */
const ROW_KEYS = ["sees", "holder"] as const;

/** How a step may end, as a case writes it. */
type WrittenResult = "ok" | "any" | "skipped" | "blocked" | ErrnoName | "SIGBUS" | "SIGSEGV" | {
  readonly returns: Value;
};

const written: z.ZodType<WrittenResult> = z.union([
  z.enum(["ok", "any", "skipped", "blocked", "SIGBUS", "SIGSEGV", ...ERRNO_NAMES]),
  z.strictObject({ returns: valueSchema }),
]);

const rowSchema = z.object({
  sees: z.record(z.string().regex(OBJECT_NAME), z.int().nonnegative()).optional()
    .meta({ description: "How often each attachment is told, in all." }),
  holder: text.optional().meta({ description: "Who else allows this outcome, where the clause does not." }),
}).catchall(z.union([written, z.array(written).min(1)]));

type Row = z.infer<typeof rowSchema>;

/** Schema of the outcomes that a race may have. */
export const allowedSchema = z.array(rowSchema).min(1).meta({
  description:
    "The outcomes that are allowed: for each thread how each of its steps ends. Each must be reached.",
});

/**
 * Reads a race and its outcomes.
 *
 * @param race the threads, as `race:` gives them
 * @param allowed the outcomes, as `allowed:` gives them
 * @param context the names given so far, which grow by those that the threads give
 */
export function readRace(race: Entry, allowed: Entry | undefined, context: StepContext): Race | undefined {
  const threads = readThreads(race.value, context);
  if (!threads) return undefined;
  if (!allowed) {
    context.report(race.keyAt, missingOutcomes());
    return undefined;
  }
  const rows = shape(allowedSchema, allowed.value, context.report);
  if (!rows) return undefined;
  const ends = rows.flatMap((row, index) => {
    const tree = partAt(allowed.value, [index]) ?? allowed.value;
    return readRow(row, tree, threads, context.report) ?? [];
  });
  return { threads, allowed: ends };
}

function missingOutcomes(): Finding {
  return {
    code: "missing-key",
    message: "The race does not say how it may end",
    hint: 'Add "allowed:" with a list of outcomes, as in "- { owner: ok, importer: ENODEV }"',
  };
}

function readThreads(tree: Tree, context: StepContext): readonly RaceThread[] | undefined {
  if (tree.kind !== "map" || tree.entries.length < 2) {
    context.report(tree.at, {
      code: "wrong-type",
      message: `Expected two threads or more, found ${tree.kind === "map" ? "one" : describeTree(tree)}`,
      hint: 'Write each thread as a name with a list of steps, as in "owner:"',
    });
    return undefined;
  }
  const base = new Map(context.scope);
  return tree.entries.map((entry) => readThread(entry, base, context));
}

/** A thread sees the names from before the race and its own. */
function readThread(entry: Entry, base: StepContext["scope"], context: StepContext): RaceThread {
  const { key: name, keyAt, value } = entry;
  const { report, yaml } = context;
  if (!OBJECT_NAME.test(name) || ROW_KEYS.some((key) => key === name)) report(keyAt, notAThread(name));
  if (value.kind !== "list" || value.items.length === 0) {
    report(value.at, {
      code: "wrong-type",
      message: `Expected the steps of "${name}", found ${describeTree(value)}`,
      hint: 'Write a list of steps, as in "- vfio.revoke: { device: dev, buffer: buf }"',
    });
    return { name, steps: [] };
  }
  for (const item of value.items) checkNothingExpected(item, report);
  const scope = new Map(base);
  const steps = readSteps(value.items, `race.${name}`, { yaml, scope, report });
  for (const [given, kind] of scope) {
    if (base.has(given)) continue;
    if (context.scope.has(given)) report(keyAt, boundTwice(given));
    context.scope.set(given, kind);
  }
  return { name, steps: steps.map(withoutExpectation) };
}

function notAThread(name: string): Finding {
  return {
    code: "bad-value",
    message: `"${name}" cannot be the name of a thread`,
    hint: `Begin with a small letter, use small letters, digits and _ only, and not ${ROW_KEYS.join(" or ")}`,
  };
}

function boundTwice(name: string): Finding {
  return {
    code: "bound-twice",
    message: `Another thread gives the name "${name}", too`,
    hint: "Choose another name",
  };
}

function checkNothingExpected(tree: Tree, report: Report): void {
  if (tree.kind !== "map") return;
  for (const { key, keyAt } of tree.entries) {
    if (key === "note" || !EXPECTATION_KEYS.includes(key)) continue;
    report(keyAt, {
      code: "unknown-key",
      message: `"${key}" cannot stand in a race, whose steps can end in more than one way`,
      hint: 'Say under "allowed" how the race may end',
    });
  }
}

function withoutExpectation(step: Step): Step {
  return { ...step, expects: { outcome: { kind: "any" } } };
}

function readRow(
  row: Row,
  tree: Tree,
  threads: readonly RaceThread[],
  report: Report,
): AllowedEnd | undefined {
  const { sees, holder, ...results } = row;
  const names = threads.map(({ name }) => name);
  const strangers = tree.kind === "map" ? tree.entries.filter(({ key }) => isStranger(key, names)) : [];
  for (const { key, keyAt } of strangers) {
    const hint = didYouMean(key, names, `Use one of: ${[...names, ...ROW_KEYS].join(", ")}`);
    report(keyAt, { code: "unknown-name", message: `The race has no thread "${key}"`, hint });
  }
  const read = threads.map(({ name, steps }) => {
    const given = results[name];
    const list = isList(given) ? given : given === undefined ? [] : [given];
    if (list.length === steps.length) return list.map(resultOf);
    if (given === "any") return steps.map(() => resultOf("any"));
    report(partAt(tree, [name])?.at ?? tree.at, wrongCount(name, steps.length, list.length));
    return undefined;
  });
  if (strangers.length > 0 || read.includes(undefined)) return undefined;
  return { results: read.flatMap((list) => list ?? []), sees, holder };
}

function isStranger(key: string, names: readonly string[]): boolean {
  return !names.includes(key) && !ROW_KEYS.some((each) => each === key);
}

function isList(
  given: WrittenResult | readonly WrittenResult[] | undefined,
): given is readonly WrittenResult[] {
  return Array.isArray(given);
}

function wrongCount(name: string, steps: number, given: number): Finding {
  return {
    code: "wrong-type",
    message: `"${name}" has ${steps} ${steps === 1 ? "step" : "steps"} and the outcome says how ${given} end`,
    hint: 'Write one result for each step, or "any" for a thread that may end in any way',
  };
}

function resultOf(result: WrittenResult): AllowedResult {
  if (typeof result === "object") return { kind: "returns", value: result.returns };
  if (result === "ok") return { kind: "returns" };
  if (result === "any" || result === "skipped" || result === "blocked") return { kind: result };
  const signal = signalSchema.safeParse(result);
  if (signal.success) return { kind: "faults", signal: signal.data };
  const errnos = ERRNO_NAMES.filter((name) => name === result);
  return { kind: "fails", errnos };
}
