/**
 * The part of the vocabulary that programs are made of: what target and model both have, and how objects are had.
 *
 * @module
 */
import { OPERATION_NAMES, type OperationName, operationOf } from "../../spec/operations/mod.ts";
import { kindsOf, OBJECT_KINDS, type ObjectKind } from "../../spec/operations/operation.ts";
import { simplest } from "./simplest.ts";
import { SOURCES } from "./tuning.ts";

/** Operations to make programs of. */
export interface Vocabulary {
  /** The operations; each can be had all objects that it must name. */
  readonly operations: readonly OperationName[];
  /** The operation that gives an object of a kind to a step that needs one. A kind that is not here cannot be had. */
  readonly sources: ReadonlyMap<ObjectKind, OperationName>;
}

/** Makes the vocabulary of some operations: those that can be done with no other than these. */
export function vocabularyOf(operations: readonly OperationName[] = OPERATION_NAMES): Vocabulary {
  const sources = sourcesOf(operations);
  const possible = operations.filter((operation) =>
    needs(operation).every((kinds) => kinds.some((kind) => sources.has(kind)))
  );
  return { operations: possible, sources };
}

/** For each kind the first operation that gives one and needs only kinds that can be had, or the one that is tuned. */
function sourcesOf(operations: readonly OperationName[]): ReadonlyMap<ObjectKind, OperationName> {
  const found = new Map<ObjectKind, OperationName>();
  for (let before = -1; before < found.size;) {
    before = found.size;
    for (const kind of OBJECT_KINDS) {
      const source = found.has(kind) ? undefined : sourceOf(kind, operations, found);
      if (source) found.set(kind, source);
    }
  }
  return found;
}

function sourceOf(
  kind: ObjectKind,
  operations: readonly OperationName[],
  found: ReadonlyMap<ObjectKind, OperationName>,
): OperationName | undefined {
  const givers = operations.filter((operation) => gives(operation, kind));
  const tuned = givers.find((operation) => operation === SOURCES[kind]);
  return (tuned ? [tuned] : givers).find((operation) =>
    needs(operation).every((kinds) => kinds.some((each) => found.has(each)))
  );
}

function gives(operation: OperationName, kind: ObjectKind): boolean {
  const { result } = operationOf(operation);
  return result.gives === "object" && result.kind === kind;
}

/** The kinds that each argument accepts which must name an object. */
function needs(operation: OperationName): readonly (readonly ObjectKind[])[] {
  return Object.values(operationOf(operation).args.shape).flatMap((schema) => {
    const kinds = kindsOf(schema);
    return kinds && !simplest(schema).optional ? [kinds] : [];
  });
}
