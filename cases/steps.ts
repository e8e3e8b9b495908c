/**
 * Reads the steps of a case: what they do, from the vocabulary, and what they expect.
 *
 * @module
 */
import type { Finding, Report } from "../spec/diagnostic.ts";
import type { ErrnoName } from "../spec/errno.ts";
import type { Event } from "../spec/observation.ts";
import { didYouMean } from "../spec/nearest.ts";
import {
  type AnyArgs,
  isOperationName,
  OPERATION_NAMES,
  type OperationName,
  operationOf,
} from "../spec/operations/mod.ts";
import { describeKinds, type Operation } from "../spec/operations/operation.ts";
import { shape } from "../spec/shape.ts";
import { describeTree, type Entry, partAt, type Tree, type TreeMap } from "../spec/tree.ts";
import type { YamlFile } from "../spec/yaml_file.ts";
import type { Alternative, Expectation, ExpectedOutcome, Sees, Step } from "./case.ts";
import {
  EXPECTATION_KEYS,
  stepSchema,
  UNTIL,
  type WrittenAlternative,
  type WrittenEvent,
  type WrittenExpectation,
  type WrittenStep,
} from "./format.ts";
import { bindName, checkNames, requireName, type Scope } from "./scope.ts";

/** What reading steps needs to know, and where it says what is wrong. */
export interface StepContext {
  readonly yaml: YamlFile;
  /** The names given so far; grows. */
  readonly scope: Scope;
  readonly report: Report;
}

/**
 * Reads a list of steps in the order in which they run. A step that cannot be read is reported and left out.
 *
 * @param list the steps
 * @param prefix what their ids begin with, as in `when` or `when.0.until`
 * @param context the names given so far, and where mistakes go
 */
export function readSteps(list: readonly Tree[], prefix: string, context: StepContext): readonly Step[] {
  return list.flatMap((tree, index) => readStep(tree, `${prefix}.${index}`, context) ?? []);
}

function readStep(tree: Tree, id: string, context: StepContext): Step | undefined {
  const parts = splitStep(tree, context.report);
  const call = parts && findCall(parts.action, context.report);
  if (!parts || !call) return undefined;
  const { operation, name, args, bind } = call;
  const given = readArguments(operation, args, context);
  const written = readWritten(parts.expectation, operation, context);
  const until = parts.until ? readUntil(parts.until, `${id}.until`, context) : [];
  if (bind) bindResult(bind, call, written, context);
  if (!given || !written) return undefined;
  return {
    id,
    operation: name,
    args: given,
    bind: bind?.key,
    expects: expectationOf(written),
    otherwise: (written.otherwise ?? []).map(alternativeOf),
    until,
    note: written.note,
    at: context.yaml.positionOf(tree.at),
  };
}

interface StepParts {
  /** The entry that says what the step does. */
  readonly action: Entry;
  /** What it expects. */
  readonly expectation: TreeMap;
  readonly until?: Entry | undefined;
}

function splitStep(tree: Tree, report: Report): StepParts | undefined {
  if (tree.kind !== "map") {
    report(tree.at, notAStep(tree));
    return undefined;
  }
  const others = tree.entries.filter(({ key }) => !EXPECTATION_KEYS.includes(key));
  const [action, ...strangers] = others;
  for (const stranger of strangers) report(stranger.keyAt, strangerFinding(stranger));
  if (!action) {
    report(tree.at, {
      code: "step-shape",
      message: "The step does nothing",
      hint: 'Write the operation first, as in "- buffer.mmap: { buffer: buf }"',
    });
    return undefined;
  }
  const expectation = tree.entries.filter(({ key }) => EXPECTATION_KEYS.includes(key) && key !== UNTIL);
  const until = tree.entries.find(({ key }) => key === UNTIL);
  return { action, expectation: { kind: "map", at: tree.at, entries: expectation }, until };
}

function notAStep(tree: Tree): Finding {
  const written = tree.kind === "scalar" && typeof tree.value === "string" ? tree.value : undefined;
  return {
    code: "step-shape",
    message: `Expected a step, found ${describeTree(tree)}`,
    hint: written !== undefined && isOperationName(written)
      ? `Put a colon behind it: "- ${written}:"`
      : 'Write a step as "- buffer.mmap: { buffer: buf }"',
  };
}

function strangerFinding({ key }: Entry): Finding {
  if (key.includes(".")) {
    return {
      code: "step-shape",
      message: `"${key}" is a second operation in the same step`,
      hint: `Begin a step of its own: "- ${key}: ..."`,
    };
  }
  return {
    code: "unknown-key",
    message: `"${key}" is not known here`,
    hint: didYouMean(key, EXPECTATION_KEYS, `Use one of: ${EXPECTATION_KEYS.join(", ")}`),
  };
}

interface CallParts {
  readonly name: OperationName;
  readonly operation: Operation;
  readonly args: Tree;
  /** The entry whose key is the name of the result. */
  readonly bind?: Entry | undefined;
}

/** Finds the operation: `operation: args`, or `name: { operation: args }`. */
function findCall(action: Entry, report: Report): CallParts | undefined {
  if (action.key.includes(".")) return callOf(action, undefined, report);
  const entries = action.value.kind === "map" ? action.value.entries : [];
  const call = entries.find(({ key }) => key.includes("."));
  if (!call) {
    report(action.keyAt, noOperation(action));
    return undefined;
  }
  const beside = entries.find((entry) => entry !== call);
  if (!beside) return callOf(call, action, report);
  report(beside.keyAt, {
    code: "step-shape",
    message: `"${beside.key}" stands beside the operation that "${action.key}" names`,
    hint: EXPECTATION_KEYS.includes(beside.key)
      ? "Put it on a line of its own, in line with the name"
      : "Put arguments inside the braces of the operation",
  });
  return undefined;
}

function noOperation({ key, value }: Entry): Finding {
  if (value.kind === "scalar" && typeof value.value === "string" && isOperationName(value.value)) {
    return {
      code: "step-shape",
      message: `The arguments of "${value.value}" are missing`,
      hint: `Write it as "- ${key}: { ${value.value}: {} }"`,
    };
  }
  return {
    code: "unknown-operation",
    message: `"${key}" is not an operation, and not a name that an operation gives something to`,
    hint: didYouMean(
      key,
      [...OPERATION_NAMES, ...EXPECTATION_KEYS],
      `Write it as "- ${key}: { operation: arguments }"`,
    ),
  };
}

function callOf(
  { key, keyAt, value }: Entry,
  bind: Entry | undefined,
  report: Report,
): CallParts | undefined {
  if (isOperationName(key)) {
    const empty = value.kind === "scalar" && value.value === null;
    const args: Tree = empty ? { kind: "map", at: keyAt, entries: [] } : value;
    return { name: key, operation: operationOf(key), args, bind };
  }
  report(keyAt, {
    code: "unknown-operation",
    message: `"${key}" is not an operation`,
    hint: didYouMean(key, OPERATION_NAMES, `Use one of: ${relatives(key).join(", ")}`),
  });
  return undefined;
}

/** The operations of the same group, or else the groups. */
function relatives(key: string): readonly string[] {
  const [group = ""] = key.split(".");
  const same = OPERATION_NAMES.filter((name) => name.startsWith(`${group}.`));
  return same.length > 0 ? same : [...new Set(OPERATION_NAMES.map((name) => `${name.split(".")[0]}.…`))];
}

function readArguments(
  operation: Operation,
  args: Tree,
  { scope, report }: StepContext,
): AnyArgs | undefined {
  const given = shape(operation.args, args, report);
  checkNames(operation, args, scope, report);
  return given;
}

/** The steps that run while another one blocks. */
function readUntil({ value }: Entry, prefix: string, context: StepContext): readonly Step[] {
  if (value.kind === "list" && value.items.length > 0) return readSteps(value.items, prefix, context);
  context.report(value.at, {
    code: "step-shape",
    message: `Expected the steps that run while it blocks, found ${describeTree(value)}`,
    hint: 'Write a list of steps, as in "- importer.unmap: { mapping: m1 }"',
  });
  return [];
}

function bindResult(
  bind: Entry,
  call: CallParts,
  written: WrittenStep | undefined,
  context: StepContext,
): void {
  const { scope, report } = context;
  if (written?.fails !== undefined || written?.faults !== undefined) {
    return report(bind.keyAt, {
      code: "binds-nothing",
      message: `The step is expected not to succeed, so "${bind.key}" would name nothing`,
      hint: "Write the operation without a name",
    });
  }
  bindName(bind.key, bind.keyAt, call.operation, call.args, scope, report);
}

function readWritten(tree: TreeMap, operation: Operation, context: StepContext): WrittenStep | undefined {
  const written = shape(stepSchema, tree, context.report);
  if (!written) return undefined;
  checkExpectation(written, tree, operation, context);
  // What others hold may be an error that the vocabulary does not list.
  checkErrnos(tree, operation, context.report);
  written.otherwise?.forEach((alternative, index) => {
    const part = partAt(tree, ["otherwise", index]);
    if (part) checkExpectation(alternative, part, operation, context);
  });
  return written;
}

/** Checks that an expectation can be met by the operation at all. */
function checkExpectation(
  expectation: WrittenExpectation,
  tree: Tree,
  operation: Operation,
  context: StepContext,
): void {
  const { report } = context;
  const ends = (["returns", "fails", "faults"] as const).filter((key) => expectation[key] !== undefined);
  if (ends.length > 1) report(tree.at, contradiction(ends));
  const mayWarn = partAt(tree, ["may warn"]);
  if (mayWarn && expectation.warns !== undefined) report(mayWarn.at, contradiction(["warns", "may warn"]));
  const faults = partAt(tree, ["faults"]);
  if (faults && !operation.faults) report(faults.at, cannotFault());
  const returns = partAt(tree, ["returns"]);
  const silent = operation.result.gives !== "value" && expectation.returns !== null;
  if (returns && silent) report(returns.at, givesNoValue(operation));
  checkSees(expectation, tree, context);
}

function contradiction(ends: readonly string[]): Finding {
  return {
    code: "contradiction",
    message: `A step cannot have ${ends.join(" and ")} together`,
    hint: "Keep one of them",
  };
}

function cannotFault(): Finding {
  return {
    code: "cannot-fault",
    message: "The operation is a call of the kernel and raises no signal",
    hint: 'Use "fails", or an access by the CPU such as memory.load',
  };
}

function givesNoValue({ result }: Operation): Finding {
  const given = result.gives === "object"
    ? describeKinds([result.kind])
    : result.gives === "same"
    ? "an object"
    : "nothing";
  return {
    code: "gives-no-value",
    message: `The operation gives ${given} and no value to compare`,
    hint: 'Remove "returns"; a step that expects nothing else must succeed',
  };
}

function checkErrnos(tree: Tree, { errnos }: Operation, report: Report): void {
  const fails = partAt(tree, ["fails"]);
  for (const part of fails?.kind === "list" ? fails.items : fails ? [fails] : []) {
    const name = part.kind === "scalar" ? String(part.value) : "";
    if (errnos.some((errno) => errno === name)) continue;
    report(part.at, {
      code: "unlisted-errno",
      message: `The vocabulary does not list ${name} for the operation`,
      hint: errnos.length > 0
        ? didYouMean(name, errnos, `Use one of: ${errnos.join(", ")}`)
        : "The operation cannot fail; expect something else of it",
    });
  }
}

function checkSees({ sees }: WrittenExpectation, tree: Tree, { scope, report }: StepContext): void {
  if (sees === undefined) return;
  if (isEventList(sees)) {
    sees.forEach((event, index) => {
      const { key, name } = subjectOf(event);
      const at = partAt(tree, ["sees", index, key])?.at ?? tree.at;
      requireName(
        name,
        at,
        key === "wakeup" || key === "release-request" ? ["device"] : TOLD,
        scope,
        report,
      );
    });
    return;
  }
  const part = partAt(tree, ["sees"]);
  if (part && Object.keys(sees).length === 0) report(part.at, seesNothing());
  for (const { key, keyAt } of part?.kind === "map" ? part.entries : []) {
    requireName(key, keyAt, TOLD, scope, report);
  }
}

/** The kinds of objects that are told of an invalidation. */
const TOLD = ["attachment", "region"] as const;

function seesNothing(): Finding {
  return {
    code: "contradiction",
    message: '"sees" is empty, which asks for nothing and looks as if nobody might be told',
    hint: 'Write "sees: []" if nobody may be told, or remove it',
  };
}

function isEventList(sees: NonNullable<WrittenExpectation["sees"]>): sees is readonly WrittenEvent[] {
  return Array.isArray(sees);
}

function subjectOf(event: WrittenEvent): { key: Event["event"]; name: string } {
  if ("invalidate" in event) return { key: "invalidate", name: event.invalidate };
  if ("remap" in event) return { key: "remap", name: event.remap };
  if ("unmap" in event) return { key: "unmap", name: event.unmap };
  if ("stop" in event) return { key: "stop", name: event.stop };
  if ("unpin" in event) return { key: "unpin", name: event.unpin };
  if ("wakeup" in event) return { key: "wakeup", name: event.wakeup };
  return { key: "release-request", name: event["release-request"] };
}

function expectationOf(written: WrittenExpectation): Expectation {
  const { sees, warns, "may warn": mayWarn } = written;
  return { outcome: outcomeOf(written), sees: sees && seesOf(sees), warns, ...(mayWarn && { mayWarn }) };
}

function alternativeOf(written: WrittenAlternative): Alternative {
  return { holder: written.holder, blocks: written.blocks, ...expectationOf(written) };
}

function outcomeOf({ returns, fails, faults }: WrittenExpectation): ExpectedOutcome {
  if (faults !== undefined) return { kind: "faults", signal: faults };
  if (fails !== undefined) return { kind: "fails", errnos: isErrnoList(fails) ? fails : [fails] };
  return { kind: "returns", value: returns };
}

function isErrnoList(fails: ErrnoName | readonly ErrnoName[]): fails is readonly ErrnoName[] {
  return Array.isArray(fails);
}

function seesOf(sees: NonNullable<WrittenExpectation["sees"]>): Sees {
  if (isEventList(sees)) return { kind: "order", events: sees.map(eventOf) };
  return { kind: "count", counts: sees };
}

function eventOf(event: WrittenEvent): Event {
  const { key, name } = subjectOf(event);
  if (key === "remap") {
    return { event: key, attachment: name, errno: "fails" in event ? event.fails ?? null : null };
  }
  if (key === "wakeup" || key === "release-request") return { event: key, device: name };
  return { event: key, attachment: name };
}
