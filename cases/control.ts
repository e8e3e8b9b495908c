/**
 * Finds refusals that show nothing, because the case never showed the operation at work before.
 *
 * @module
 */
import { operationOf } from "../spec/operations/mod.ts";
import { kindsOf } from "../spec/operations/operation.ts";
import { type Case, SECTIONS, type Step } from "./case.ts";

/**
 * The steps of a case that expect a refusal without a control: an earlier step that expects the same operation to
 * succeed on one of the same objects. A step that others run inside of counts for those. A copy of a descriptor counts as the descriptor.
 */
export function refusalsWithoutControl(case_: Case): readonly Step[] {
  const seen: Seen = { controls: [], originals: new Map(), found: [] };
  for (const section of SECTIONS) {
    for (const step of case_.sections[section]) {
      if (section !== "race") {
        visit(step, section === "when" || section === "then" ? "judged" : "prepared", seen);
      } else if (maySucceed(step, case_)) {
        visit({ ...step, expects: { outcome: { kind: "returns" } } }, "prepared", seen);
      }
    }
  }
  return seen.found;
}

/** A step of a race shows that it works if it does in an outcome that must be reached. */
function maySucceed(step: Step, { race, sections }: Case): boolean {
  const index = sections.race.indexOf(step);
  return race?.allowed.some(({ results, holder }) => !holder && results[index]?.kind === "returns") ?? false;
}

interface Control {
  readonly operation: string;
  readonly objects: readonly string[];
}

interface Seen {
  readonly controls: Control[];
  /** What a copied descriptor is a copy of. */
  readonly originals: Map<string, string>;
  readonly found: Step[];
}

function visit(step: Step, role: "prepared" | "judged", seen: Seen): void {
  const objects = objectsOf(step).map((name) => seen.originals.get(name) ?? name);
  const control = { operation: step.operation, objects };
  if (step.expects.outcome.kind === "returns") {
    seen.controls.push(control);
    rememberCopy(step, seen);
  } else if (role === "judged" && !seen.controls.some((earlier) => shows(earlier, control))) {
    seen.found.push(step);
  }
  for (const inner of step.until) visit(inner, role, seen);
}

function shows(earlier: Control, refusal: Control): boolean {
  if (earlier.operation !== refusal.operation) return false;
  return refusal.objects.length === 0 || refusal.objects.some((name) => earlier.objects.includes(name));
}

function objectsOf({ operation, args }: Step): readonly string[] {
  return Object.entries(operationOf(operation).args.shape).flatMap(([name, schema]) => {
    if (!kindsOf(schema)) return [];
    const value = args[name];
    return (Array.isArray(value) ? value : [value]).filter((one) => typeof one === "string");
  });
}

function rememberCopy({ operation, args, bind }: Step, { originals }: Seen): void {
  const { result } = operationOf(operation);
  if (bind === undefined || result.gives !== "same") return;
  const source = args[result.as];
  if (typeof source === "string") originals.set(bind, originals.get(source) ?? source);
}
