/**
 * The vocabulary: every operation that a case can use.
 *
 * @module
 */
import type { z } from "zod";
import { bufferOperations, memoryOperations } from "./buffer.ts";
import { drmOperations, videoOperations } from "./drm.ts";
import { exporterOperations, fenceOperations, importerOperations } from "./importer.ts";
import { iommufdOperations, udmabufOperations } from "./iommufd.ts";
import type { ObjectKind, Operation } from "./operation.ts";
import { processOperations } from "./process.ts";
import { rdmaOperations, umemOperations } from "./rdma.ts";
import { vfioOperations } from "./vfio.ts";

/** Every operation, by name. */
export const OPERATIONS = {
  ...processOperations,
  ...vfioOperations,
  ...bufferOperations,
  ...memoryOperations,
  ...importerOperations,
  ...fenceOperations,
  ...exporterOperations,
  ...iommufdOperations,
  ...udmabufOperations,
  ...rdmaOperations,
  ...umemOperations,
  ...drmOperations,
  ...videoOperations,
};

/**
 * The name of an operation, for example `vfio.revoke`.
 *
 * @internal
 */
export type OperationName = keyof typeof OPERATIONS;

/** Every operation name, in the order of the vocabulary. */
export const OPERATION_NAMES: readonly OperationName[] = Object.keys(OPERATIONS).filter(isOperationName);

/** Tells whether a text is the name of an operation. */
export function isOperationName(text: string): text is OperationName {
  return Object.hasOwn(OPERATIONS, text);
}

/** The declaration of an operation. */
export function operationOf(name: OperationName): Operation {
  return OPERATIONS[name];
}

/** The arguments of an operation as a case gives them: objects by name, defaults filled in. */
export type Args<N extends OperationName> = z.output<typeof OPERATIONS[N]["args"]>;

/** The arguments of any operation. */
export type AnyArgs = Readonly<Record<string, unknown>>;

/**
 * An argument as a target gets it: `Objects` says what a target keeps for each kind of object, and the names of
 * objects are replaced by them.
 */
export type Resolved<T, Objects extends Record<ObjectKind, unknown>> = T extends string & z.$brand<infer K>
  ? K extends ObjectKind ? Objects[K] : T
  : T;

/** The arguments of an operation as a target gets them. */
export type ResolvedArgs<N extends OperationName, Objects extends Record<ObjectKind, unknown>> = {
  [A in keyof Args<N>]: Resolved<Args<N>[A], Objects>;
};

/** What a target's handler of an operation gives when it succeeds. */
export type Given<N extends OperationName, Objects extends Record<ObjectKind, unknown>> =
  typeof OPERATIONS[N]["result"] extends infer R
    ? R extends { readonly gives: "object"; readonly kind: infer K extends ObjectKind } ? Objects[K]
    : R extends { readonly gives: "same"; readonly as: infer A extends keyof Args<N> }
      ? Resolved<Args<N>[A], Objects>
    : R extends { readonly gives: "value" } ? unknown
    : void
    : never;
