/**
 * The simplest value of an argument, for steps that only exist to give an object.
 *
 * @module
 */
import fc from "fast-check";
import { z } from "zod";
import { valuesOf } from "./values.ts";

/** The simplest value of an argument. */
export interface Simplest {
  /** Whether the argument can be left out. */
  readonly optional: boolean;
  /** The value, where it cannot. */
  readonly value?: unknown;
}

const known = new WeakMap<z.core.$ZodType, Simplest>();

/** The simplest value that a schema accepts: nothing at all, or the same one each time. */
export function simplest(schema: z.core.$ZodType): Simplest {
  const found = known.get(schema) ?? find(schema);
  known.set(schema, found);
  return found;
}

function find(schema: z.core.$ZodType): Simplest {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodOptional) return { optional: true };
  const values = valuesOf(schema);
  const [value] = values ? fc.sample(values, { numRuns: 1, seed: 1 }) : [];
  return { optional: false, value };
}
