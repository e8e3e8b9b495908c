/**
 * Makes a well-typed program of drawn steps: gives objects names, and adds the steps that give an object where a
 * drawn step needs one that nothing has given.
 *
 * Every list of draws makes a program. That is what makes shrinking good: a draw can go, and the others stay what
 * they are.
 *
 * @module
 */
import { type OperationName, operationOf } from "../../spec/operations/mod.ts";
import { kindsOf, type ObjectKind } from "../../spec/operations/operation.ts";
import type { Draw, DrawnObject, Reference } from "./draw.ts";
import { simplest } from "./simplest.ts";
import { isLastUse } from "./tuning.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** A step of a program whose objects have names. */
export interface WovenStep {
  /** Tells it from the other steps. */
  readonly id: string;
  /** The operation. */
  readonly operation: OperationName;
  /** Its arguments as a case writes them. */
  readonly written: Readonly<Record<string, unknown>>;
  /** Its arguments as a target gets them, defaults filled in. */
  readonly args: Readonly<Record<string, unknown>>;
  /** The name of what it gives. */
  readonly bind?: string | undefined;
  /** The names of the objects that it uses, and of those that these were made of. */
  readonly uses: readonly string[];
  /** The name of the object of which it is the last use. */
  readonly ends?: string | undefined;
  /** Whether the program waits for it, or goes on while it blocks. */
  readonly action: "call" | "start";
}

/** A program whose objects have names. */
export interface Woven {
  /** The steps, in order. */
  readonly steps: readonly WovenStep[];
  /** Steps that give everything back, in order; for programs in which something still blocks at the end. */
  readonly closing: readonly WovenStep[];
}

/**
 * Makes a program of drawn steps.
 *
 * @param draws the steps
 * @param vocabulary says how objects are had that no drawn step gives; that which the steps were drawn from
 */
export function weave(draws: readonly Draw[], vocabulary: Vocabulary): Woven {
  const loom = new Loom(vocabulary);
  for (const draw of draws) loom.add(draw);
  const steps = [...loom.steps];
  loom.giveBack();
  return { steps, closing: loom.steps.slice(steps.length) };
}

/** Steps without one of them, and without those that use what it gave. */
export function withoutStep(steps: readonly WovenStep[], index: number): readonly WovenStep[] {
  const gone = steps[index]?.bind;
  return steps.filter(({ uses }, at) => at !== index && (gone === undefined || !uses.includes(gone)));
}

/** A program without some steps, by their ids, and without those that use what they gave. */
export function withoutSteps({ steps, closing }: Woven, ids: ReadonlySet<string>): Woven {
  const gone = new Set(steps.filter(({ id }) => ids.has(id)).flatMap(({ bind }) => bind ?? []));
  const stays = ({ id, uses }: WovenStep) => !ids.has(id) && !uses.some((name) => gone.has(name));
  return { steps: steps.filter(stays), closing: closing.filter(stays) };
}

/** An object that a step gave. */
interface Thing {
  readonly name: string;
  readonly kind: ObjectKind;
  readonly slot: number;
  /** The objects that it was made of; it cannot outlive them. */
  readonly of: readonly Thing[];
}

/** The operations that give back what can hold up others, the kind they are for, and the argument that takes it. */
const GIVES_BACK = [
  ["fence.signal", "fence", "fence"],
  ["importer.detach", "attachment", "attachment"],
  ["fd.close", "device", "fd"],
] as const;

class Loom {
  readonly steps: WovenStep[] = [];
  readonly #vocabulary: Vocabulary;
  /** The objects that can be used, oldest first. */
  #things: Thing[] = [];
  #count = 0;

  constructor(vocabulary: Vocabulary) {
    this.#vocabulary = vocabulary;
  }

  add({ operation, plain, objects, slot, action }: Draw): Thing | undefined {
    const named: Record<string, unknown> = {};
    const used: Thing[] = [];
    for (const [argument, drawn] of Object.entries(objects)) {
      const value = this.#nameOf(drawn, used);
      if (value !== undefined) named[argument] = value;
    }
    if (action === "prepare") return undefined;
    const given = this.#given(operation, objects, slot, used);
    const [first] = used;
    const ended = first && isLastUse(operation, first.kind) ? first : undefined;
    this.#push({ operation, written: { ...named, ...plain }, bind: given?.name, action }, used, ended);
    if (given) this.#things.push(given);
    if (ended) this.#forget(ended);
    return given;
  }

  /** Adds the steps that give back what can hold up others. */
  giveBack(): void {
    for (const [operation, kind, argument] of GIVES_BACK) {
      if (!this.#vocabulary.operations.includes(operation)) continue;
      for (const thing of this.#things.filter((each) => each.kind === kind)) {
        this.#push({ operation, written: { [argument]: thing.name }, action: "call" }, [thing]);
      }
    }
  }

  #push(
    step: Pick<WovenStep, "operation" | "written" | "bind" | "action">,
    used: readonly Thing[],
    ended?: Thing,
  ): void {
    const args = operationOf(step.operation).args.parse(step.written);
    const uses = [...new Set(used.flatMap(namesOf))];
    this.steps.push({ id: `step.${this.steps.length}`, ...step, args, uses, ends: ended?.name });
  }

  #nameOf(drawn: DrawnObject | undefined, used: Thing[]): unknown {
    if (drawn === undefined || typeof drawn === "number") return drawn;
    if (!isList(drawn)) return this.#use(drawn, used).name;
    return [...new Set(drawn.map((each) => this.#use(each, used).name))];
  }

  #use({ kind, slot }: Reference, used: Thing[]): Thing {
    const ofKind = this.#things.filter((thing) => thing.kind === kind);
    const found = ofKind.findLast((thing) => thing.slot === slot) ??
      ofKind.findLast((thing) => thing.slot === 0) ?? ofKind.at(-1) ?? this.#provide(kind, slot);
    used.push(found);
    return found;
  }

  /** Adds the step that gives an object of a kind in the simplest way, and before it those that it needs. */
  #provide(kind: ObjectKind, slot: number): Thing {
    const draw = sourceOf(kind, slot, this.#vocabulary);
    const thing = draw && this.add(draw);
    if (!thing) throw new Error(`Cannot make a program: no operation gives ${kind} without having one`);
    return thing;
  }

  #given(
    operation: OperationName,
    objects: Draw["objects"],
    slot: number,
    used: readonly Thing[],
  ): Thing | undefined {
    const { result } = operationOf(operation);
    if (result.gives !== "object" && result.gives !== "same") return undefined;
    const source = result.gives === "same" ? objects[result.as] : undefined;
    const kind = result.gives === "object" ? result.kind : kindOf(source);
    if (!kind) return undefined;
    return { name: `${kind}${++this.#count}`, kind, slot, of: used.filter(isOwner) };
  }

  /** Takes an object and everything that was made of it out of use. */
  #forget(gone: Thing): void {
    const dependents = this.#things.filter((thing) => thing.of.includes(gone));
    this.#things = this.#things.filter((thing) => thing !== gone);
    for (const dependent of dependents) this.#forget(dependent);
  }
}

/** The names of an object and of everything that it was made of. */
function namesOf({ name, of }: Thing): readonly string[] {
  return [name, ...of.flatMap(namesOf)];
}

function isList(drawn: Reference | readonly Reference[]): drawn is readonly Reference[] {
  return Array.isArray(drawn);
}

function kindOf(drawn: DrawnObject | undefined): ObjectKind | undefined {
  return typeof drawn === "object" && !isList(drawn) ? drawn.kind : undefined;
}

/** What is made of a descriptor outlives it: it holds a reference of its own. */
function isOwner({ kind }: Thing): boolean {
  return !["process", "device", "buffer", "file", "fence"].includes(kind);
}

/** The draw that gives an object of a kind in the simplest way. */
function sourceOf(kind: ObjectKind, slot: number, { sources }: Vocabulary): Draw | undefined {
  const operation = sources.get(kind);
  if (!operation) return undefined;
  const plain: Record<string, unknown> = {};
  const objects: Record<string, Reference> = {};
  for (const [name, schema] of Object.entries(operationOf(operation).args.shape)) {
    const { optional, value } = simplest(schema);
    if (optional) continue;
    const kinds = kindsOf(schema);
    const within = kinds?.filter((each) => sources.has(each));
    const needed = within?.includes("buffer") ? "buffer" : within?.[0];
    if (needed) objects[name] = { kind: needed, slot };
    else plain[name] = value;
  }
  return { operation, plain, objects, slot, action: "call" };
}
