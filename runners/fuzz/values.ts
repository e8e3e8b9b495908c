/**
 * Random values for an argument, made from its schema alone.
 *
 * They are few on purpose: a number is one of those at which kernels tend to differ, not any number.
 *
 * @module
 */
import fc from "fast-check";
import { z } from "zod";

const NUMBERS = [0, 1, 2, 3, 4, 8, 255, 4096];
const TEXTS = ["a", "name", ""];
const SIZES = ["1 page", "4 pages", "2 pages", "0", "1MiB", "4095", "1 page + 1"];

/** How often an argument that can be left out is left out, against once that it is given. */
const LEFT_OUT = 4;

/**
 * Makes values that a schema accepts. Shrinking leads to the first word of an enumeration, the smallest number and
 * the shortest list.
 *
 * @param schema the schema of an argument, or a part of one
 * @returns `undefined` where the schema is of a kind that this module does not know
 */
export function valuesOf(schema: z.core.$ZodType): fc.Arbitrary<unknown> | undefined {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodOptional) {
    const inner = valuesOf(schema.unwrap());
    return inner && perhaps(inner);
  }
  if (schema instanceof z.ZodEnum) return fc.constantFrom(...schema.options);
  if (schema instanceof z.ZodLiteral) return fc.constantFrom(...schema.values);
  if (schema instanceof z.ZodBoolean) return fc.boolean();
  if (schema instanceof z.ZodNumber) return oneOfThese(schema, NUMBERS);
  if (schema instanceof z.ZodString) return oneOfThese(schema, TEXTS);
  if (schema instanceof z.ZodPipe) return oneOfThese(schema, SIZES);
  if (schema instanceof z.ZodArray) return listsOf(schema);
  if (schema instanceof z.ZodUnion) return anyOf(schema.options.flatMap((option) => valuesOf(option) ?? []));
  return schema instanceof z.ZodObject ? mapsOf(schema) : undefined;
}

/** A value, or more often `undefined`, which is what shrinking leads to. */
export function perhaps(inner: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.oneof(
    { withCrossShrink: true },
    { arbitrary: fc.constant(undefined), weight: LEFT_OUT },
    { arbitrary: inner, weight: 1 },
  );
}

/** A map without the keys whose value is `undefined`. */
export function defined(map: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(map).filter(([, value]) => value !== undefined));
}

function oneOfThese(
  schema: z.core.$ZodType,
  candidates: readonly unknown[],
): fc.Arbitrary<unknown> | undefined {
  const fitting = candidates.filter((candidate) => z.safeParse(schema, candidate).success);
  return fitting.length > 0 ? fc.constantFrom(...fitting) : undefined;
}

function anyOf(arbitraries: readonly fc.Arbitrary<unknown>[]): fc.Arbitrary<unknown> | undefined {
  return arbitraries.length > 0 ? fc.oneof({ withCrossShrink: true }, ...arbitraries) : undefined;
}

function listsOf(schema: z.ZodArray): fc.Arbitrary<unknown> | undefined {
  const { element } = schema;
  const lists = element instanceof z.ZodEnum ? fc.subarray([...element.options]) : listOf(valuesOf(element));
  return lists?.filter((list) => z.safeParse(schema, list).success);
}

function listOf(element: fc.Arbitrary<unknown> | undefined): fc.Arbitrary<readonly unknown[]> | undefined {
  return element && fc.array(element, { maxLength: 3 });
}

function mapsOf({ shape }: z.ZodObject): fc.Arbitrary<unknown> | undefined {
  const entries = Object.entries(shape).map(([key, schema]) => [key, valuesOf(schema)] as const);
  const known = entries.flatMap(([key, arbitrary]) => arbitrary ? [[key, arbitrary] as const] : []);
  if (known.length < entries.length) return undefined;
  return fc.record(Object.fromEntries(known)).map(defined);
}
