/**
 * Draws the steps of a random program: an operation, its plain arguments, and which objects it is about. Objects are
 * not named yet, so that every list of draws makes a program, however it was shortened.
 *
 * @module
 */
import fc from "fast-check";
import { z } from "zod";
import { type OperationName, operationOf } from "../../spec/operations/mod.ts";
import { kindsOf, type ObjectKind } from "../../spec/operations/operation.ts";
import { ARGUMENTS, kindWeight, STRAY_DESCRIPTORS, THEMES, weightOf } from "./tuning.ts";
import { defined, valuesOf } from "./values.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** An object, by its kind and its place among those of the kind. */
export interface Reference {
  /** Its kind. */
  readonly kind: ObjectKind;
  /** Its place; another object of the kind stands for one that is not there. */
  readonly slot: number;
}

/** What an argument that names objects is drawn as; a number is a stray descriptor. */
export type DrawnObject = Reference | number | readonly Reference[];

/** A drawn step. */
export interface Draw {
  /** The operation. */
  readonly operation: OperationName;
  /** The arguments that name no objects, as a case writes them; what is left out has its default. */
  readonly plain: Readonly<Record<string, unknown>>;
  /** The arguments that name objects. */
  readonly objects: Readonly<Record<string, DrawnObject | undefined>>;
  /** The place that its result gets. */
  readonly slot: number;
  /**
   * Whether the program waits for it or goes on while it blocks. A step that is only prepared gets the objects that
   * it needs and is then left out; shrinking leads there.
   */
  readonly action: "prepare" | "call" | "start";
}

/** How many objects of a kind a program tells from one another. */
const SLOTS = 3;

const slot = fc.oneof(
  { withCrossShrink: true },
  { arbitrary: fc.constant(0), weight: 3 },
  { arbitrary: fc.nat(SLOTS - 1), weight: 2 },
);

const action = fc.oneof(
  { withCrossShrink: true },
  { arbitrary: fc.constant("prepare" as const), weight: 1 },
  { arbitrary: fc.constant("call" as const), weight: 16 },
  { arbitrary: fc.constant("start" as const), weight: 3 },
);

/**
 * Lists of drawn steps. Some are drawn from all operations, some from those of a theme.
 *
 * @param maxSteps how many steps a list has at most
 * @param vocabulary what is drawn from; it must not be empty
 */
export function drawsOf(maxSteps: number, vocabulary: Vocabulary): fc.Arbitrary<readonly Draw[]> {
  const steps = vocabulary.operations.flatMap((operation) => {
    const arbitrary = drawOf(operation, vocabulary);
    return arbitrary ? [{ operation, arbitrary, weight: weightOf(operation) }] : [];
  });
  const themes = THEMES.flatMap(({ of, begin }) => {
    const fitting = steps.filter(({ operation }) =>
      of.includes(operation) || of.includes(groupOf(operation))
    );
    const first = steps.filter(({ operation }) => begin.includes(operation));
    return fitting.length > 0 ? [listsOf(fitting, first, maxSteps)] : [];
  });
  return fc.oneof(listsOf(steps, [], maxSteps), ...themes);
}

interface Step {
  readonly arbitrary: fc.Arbitrary<Draw>;
  readonly weight: number;
}

/** Lists of some steps, most of which begin with one of each of others. */
function listsOf(
  steps: readonly Step[],
  begin: readonly Step[],
  maxSteps: number,
): fc.Arbitrary<readonly Draw[]> {
  const first = begin.slice(0, maxSteps).map(({ arbitrary }) =>
    fc.option(arbitrary, { nil: undefined, freq: 4 })
  );
  const rest = fc.array(fc.oneof(...steps), { maxLength: maxSteps - first.length, size: "max" });
  return fc.tuple(fc.tuple(...first), rest)
    .map(([one, other]) => [...one, ...other].filter((draw) => draw !== undefined));
}

function groupOf(operation: OperationName): string {
  return operation.slice(0, operation.indexOf("."));
}

/**
 * Draws of one operation.
 *
 * @returns `undefined` where an argument has a schema that no values can be made for
 */
export function drawOf(operation: OperationName, { sources }: Vocabulary): fc.Arbitrary<Draw> | undefined {
  const plain: Record<string, fc.Arbitrary<unknown>> = {};
  const objects: Record<string, fc.Arbitrary<DrawnObject | undefined>> = {};
  for (const [name, schema] of Object.entries(operationOf(operation).args.shape)) {
    const kinds = kindsOf(schema);
    if (kinds) {
      const within = kinds.filter((kind) => sources.has(kind));
      if (within.length > 0) objects[name] = objectsOf(schema, references(operation, name, within));
      continue;
    }
    const values = ARGUMENTS.get(`${operation}.${name}`) ?? valuesOf(schema);
    if (!values) return undefined;
    plain[name] = values;
  }
  return fc.record({
    operation: fc.constant(operation),
    plain: fc.record(plain).map(defined),
    objects: fc.record(objects),
    slot,
    action,
  });
}

function objectsOf(
  schema: z.core.$ZodType,
  one: fc.Arbitrary<Reference>,
): fc.Arbitrary<DrawnObject | undefined> {
  const { form, optional } = formOf(schema);
  const drawn: fc.Arbitrary<DrawnObject> = form === "list"
    ? fc.array(one, { minLength: 1, maxLength: SLOTS })
    : form === "or-number"
    ? fc.oneof(
      { withCrossShrink: true },
      { arbitrary: one, weight: 15 },
      { arbitrary: fc.constantFrom(...STRAY_DESCRIPTORS), weight: 1 },
    )
    : one;
  if (!optional) return drawn;
  return fc.oneof(
    { withCrossShrink: true },
    { arbitrary: fc.constant(undefined), weight: 4 },
    { arbitrary: drawn, weight: 1 },
  );
}

function references(
  operation: OperationName,
  argument: string,
  kinds: readonly ObjectKind[],
): fc.Arbitrary<Reference> {
  const kind = fc.oneof(
    ...kinds.map((each) => ({
      arbitrary: fc.constant(each),
      weight: kindWeight(operation, argument, each),
    })),
  );
  return fc.record({ kind, slot });
}

interface Form {
  readonly form: "one" | "or-number" | "list";
  readonly optional: boolean;
}

function formOf(schema: z.core.$ZodType): Form {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) {
    return { ...formOf(schema.unwrap()), optional: true };
  }
  if (schema instanceof z.ZodArray) return { form: "list", optional: false };
  const number = schema instanceof z.ZodUnion &&
    schema.options.some((option) => option instanceof z.ZodNumber);
  return { form: number ? "or-number" : "one", optional: false };
}
