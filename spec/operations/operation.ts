/**
 * How an operation of the vocabulary is declared.
 *
 * An operation is declared once. The schema of its arguments, the schema that editors use, its documentation
 * page and the handler that every target implements are all derived from that declaration.
 *
 * @module
 */
import { z } from "zod";
import type { ErrnoName } from "../errno.ts";
import type { Event } from "../observation.ts";

/** The kinds of objects that a case can give a name to. */
export const OBJECT_KINDS = [
  "process",
  "device",
  "buffer",
  "file",
  "fence",
  "attachment",
  "mapping",
  "vmapping",
  "vma",
  "nic",
  "entry",
  "region",
  "iommufd",
  "ioas",
  "hwpt",
  "drm",
  "gem",
  "video",
] as const;

/** A kind of object that a case can give a name to; a device, a buffer, a file, a fence and a nic are descriptors. */
export type ObjectKind = typeof OBJECT_KINDS[number];

/** The kinds that are file descriptors. */
export const DESCRIPTOR_KINDS = [
  "device",
  "buffer",
  "file",
  "fence",
  "nic",
  "iommufd",
  "drm",
  "video",
] as const;

/** How a name of an object is spelt in a case. */
export const OBJECT_NAME = /^[a-z][a-z0-9_]*$/;

/** Kinds of objects in words, as in `a device or buffer`. */
export function describeKinds(kinds: readonly ObjectKind[]): string {
  const words = kinds.join(" or ");
  return /^[aeiou]/.test(words) ? `an ${words}` : `a ${words}`;
}

const handleKinds = z.registry<{ kinds: readonly ObjectKind[] }>();

function handle<K extends ObjectKind>(...kinds: readonly K[]) {
  const schema = z.string().regex(OBJECT_NAME, "expected the name of an object that an earlier step gave")
    .meta({ description: `The name of ${describeKinds(kinds)}.` })
    .brand<K>();
  handleKinds.add(schema, { kinds });
  return schema;
}

/** Argument schemas for objects; each names an object that an earlier step gave. */
export const named = {
  process: handle("process"),
  device: handle("device"),
  buffer: handle("buffer"),
  file: handle("file"),
  fence: handle("fence"),
  attachment: handle("attachment"),
  mapping: handle("mapping"),
  vmapping: handle("vmapping"),
  vma: handle("vma"),
  nic: handle("nic"),
  entry: handle("entry"),
  region: handle("region"),
  iommufd: handle("iommufd"),
  ioas: handle("ioas"),
  hwpt: handle("hwpt"),
  drm: handle("drm"),
  gem: handle("gem"),
  video: handle("video"),
  iommufdObject: handle("ioas", "hwpt"),
  descriptor: handle(...DESCRIPTOR_KINDS),
};

/** Argument schema of a descriptor given by name, or by a bare number for the refusals. */
export const descriptorOrNumber = z.union([named.descriptor, z.int()])
  .meta({ description: "The name of a descriptor, or a bare number." });

/** The kinds of objects that an argument schema accepts, or `undefined` if it does not name an object. */
export function kindsOf(schema: z.core.$ZodType): readonly ObjectKind[] | undefined {
  const known = handleKinds.get(schema);
  if (known) return known.kinds;
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) return kindsOf(schema.unwrap());
  if (schema instanceof z.ZodArray) return kindsOf(schema.unwrap());
  if (!(schema instanceof z.ZodUnion)) return undefined;
  const kinds = schema.options.flatMap((option) => kindsOf(option) ?? []);
  return kinds.length > 0 ? kinds : undefined;
}

/** What an operation gives when it succeeds. */
export type Result =
  | { readonly gives: "nothing" }
  /** An object that the step can bind to a name. */
  | { readonly gives: "object"; readonly kind: ObjectKind }
  /** An object of the same kind as the one that the argument `as` names. */
  | { readonly gives: "same"; readonly as: string }
  /** A value that the record keeps and that `returns:` compares. */
  | { readonly gives: "value"; readonly of: string };

/** What is said of an operation besides its name and its arguments. */
export interface OperationText<R extends Result = Result> {
  /** One sentence: what it does. */
  readonly summary: string;
  /** The system call, request or kernel function it stands for. */
  readonly follows: string;
  /** What it gives when it succeeds. */
  readonly result: R;
  /** Every error it may fail with, in the order of the checks where that is known. */
  readonly errnos: readonly ErrnoName[];
  /** Whether a CPU access in it can raise a signal. */
  readonly faults?: boolean;
  /** Events it may cause. */
  readonly events?: readonly Event["event"][];
  /** The error that says: this kernel, or this exporter, does not have the operation at all. */
  readonly missing?: ErrnoName;
  /** Whether it is a way to reach the buffer, so that a case which expects its refusal must show it working first. */
  readonly access?: boolean;
}

/** A declared operation. */
export interface Operation<A extends z.ZodObject = z.ZodObject, R extends Result = Result>
  extends OperationText<R> {
  /** Schema of its arguments. */
  readonly args: A;
}

/**
 * Declares an operation.
 *
 * @param shape the schema of each argument
 * @param text what it does, follows, gives and may fail with
 */
export function operation<S extends z.ZodRawShape, const R extends Result>(
  shape: S,
  text: OperationText<R>,
): Operation<z.ZodObject<S, z.core.$strict>, R> {
  return { args: z.strictObject(shape), ...text };
}
