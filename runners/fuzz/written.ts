/**
 * The steps of a finding as a case writes them, in the sections of a case.
 *
 * @module
 */
import type { ProgramStep } from "../../cases/program.ts";
import type { Event, Observation, Outcome } from "../../spec/observation.ts";
import { operationOf } from "../../spec/operations/mod.ts";
import { isWarning } from "./differ.ts";
import type { Finding } from "./fuzz.ts";
import type { WovenStep } from "./weave.ts";

/** A step as a case writes it. */
export type WrittenStep = Readonly<Record<string, unknown>>;

/** The sections of a case. */
export interface WrittenSections {
  readonly kind: "sections";
  /** The steps that give the objects. */
  readonly given: readonly WrittenStep[];
  /** What is done. */
  readonly when: readonly WrittenStep[];
  /** The step that shows the difference, and what comes after it. */
  readonly then: readonly WrittenStep[];
}

/** A program that shows a difference; one that was found by chance has a seed. */
export type Shown =
  & Pick<Finding, "arranged" | "divergence">
  & { readonly [K in "seed" | "path"]?: Finding[K] | undefined };

/** A step with those that run while it blocks. */
interface Node {
  readonly step: WovenStep;
  /** What the model saw of it: of its finish, where it blocks. */
  readonly outcome: Outcome;
  /** What the model saw from its begin to its end, inner steps included. */
  readonly seen: readonly Observation[];
  /** Whether the difference shows in it or in an inner step. */
  readonly differs: boolean;
  readonly until: readonly Node[];
}

/** A case must begin with something; this is nothing. */
const NOTHING: WrittenStep = { "clock.advance": { ms: 1 } };

/**
 * Writes the steps of a finding. Objects are given first; the step that shows the difference begins `then`.
 *
 * @returns the sections, or why the program cannot be a case
 */
export function writtenSections(
  finding: Shown,
): WrittenSections | { readonly kind: "unwritable"; readonly reason: string } {
  const { program: { steps }, expected } = finding.arranged;
  const all = nodesOf(finding, 0, steps.length);
  if (!all || expected.observations.length < steps.length) {
    return { kind: "unwritable", reason: "calls that block overlap, or one of them never returns" };
  }
  const nodes = all.filter((node) => node.differs || isListed(node));
  const shown = nodes.findIndex(({ differs }) => differs);
  const at = shown < 0 ? nodes.length - 1 : shown;
  const ready = nodes.findIndex(({ step, until }) => step.bind === undefined || until.length > 0);
  const begin = ready < 0 ? at : Math.min(ready, at);
  const written = nodes.map((node, index) => writeNode(node, index >= begin, finding));
  return {
    kind: "sections",
    given: begin === 0 ? [NOTHING] : written.slice(0, begin),
    when: written.slice(begin, at),
    then: written.slice(at),
  };
}

/** The steps of a part of a program as a tree, or `undefined` where calls that block are not nested. */
function nodesOf(finding: Shown, from: number, to: number): readonly Node[] | undefined {
  const { arranged: { program, steps, expected }, divergence: { index } } = finding;
  const nodes: Node[] = [];
  for (let at = from; at < to; at++) {
    const action = program.steps[at];
    const step = action && steps.get(action.id);
    const end = action && endOf(action, program.steps, at);
    const last = end === undefined ? undefined : expected.observations[end];
    if (!step || end === undefined || !last || end >= to) return undefined;
    const until = end === at ? [] : nodesOf(finding, at + 1, end);
    if (!until) return undefined;
    const seen = expected.observations.slice(at, end + 1);
    nodes.push({ step, outcome: last.outcome, seen, differs: index >= at && index <= end, until });
    at = end;
  }
  return nodes;
}

/** Where the program has waited for a step. */
function endOf(action: ProgramStep, steps: readonly ProgramStep[], at: number): number | undefined {
  if (action.action !== "start") return at;
  const end = steps.findIndex((step) => step.action === "finish" && step.of === action.id);
  return end < 0 ? undefined : end;
}

/** Whether the vocabulary allows a case to expect what the model saw. */
function isListed({ step, outcome }: Node): boolean {
  return outcome.kind !== "failed" || operationOf(step.operation).errnos.includes(outcome.errno);
}

function writeNode(node: Node, judged: boolean, finding: Shown): WrittenStep {
  const { step, outcome, until } = node;
  const { operation, written, bind } = step;
  const succeeds = outcome.kind === "returned";
  const action = bind !== undefined && succeeds
    ? { [bind]: { [operation]: written } }
    : { [operation]: written };
  const itself = node.differs && !until.some(({ differs }) => differs);
  return {
    ...action,
    ...expectedEnd(node, judged),
    ...(itself && finding.divergence.aspect === "events" && { sees: eventsOf(node) }),
    ...warningOf(node),
    ...(itself && { note: noteOf(finding) }),
    ...(until.length > 0 && { "blocks until": until.map((inner) => writeNode(inner, judged, finding)) }),
  };
}

function expectedEnd({ step, outcome }: Node, judged: boolean): WrittenStep {
  switch (outcome.kind) {
    case "failed":
      return { fails: outcome.errno };
    case "faulted":
      return { faults: outcome.signal };
    case "returned":
      return judged && operationOf(step.operation).result.gives === "value" ? { returns: outcome.value } : {};
    default:
      return {};
  }
}

function eventsOf({ seen }: Node): readonly unknown[] {
  return seen.flatMap(({ events }) => events).map(writtenEvent);
}

function writtenEvent(event: Event): unknown {
  const subject = "attachment" in event ? event.attachment : event.device;
  const fails = "errno" in event && event.errno !== null ? { fails: event.errno } : {};
  return { [event.event]: subject, ...fails };
}

/** The text that a warning of the step must contain; of several warnings the first. */
function warningOf({ seen, until }: Node): WrittenStep {
  const own = until.length === 0 ? seen : [seen[0], seen.at(-1)];
  const [warning] = own.flatMap((observation) => observation?.log ?? []).filter(isWarning);
  return warning ? { warns: warning.text } : {};
}

function noteOf({ seed, path, divergence: { expected, seen } }: Shown): string {
  const begin = seed === undefined ? "Expected" : `Seed ${seed}, path ${path}: expected`;
  return `${begin} "${expected}", seen "${seen}".`;
}
