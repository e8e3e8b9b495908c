/**
 * Steps of a tour as they are written, without an id.
 *
 * @module
 */
import { type AnyArgs, type OperationName, operationOf } from "../../spec/operations/mod.ts";

/** An operation with its arguments and the name that its result gets. */
export interface Draft {
  readonly operation: OperationName;
  readonly args: AnyArgs;
  /** The same without what has its default. */
  readonly written: AnyArgs;
  readonly bind?: string | undefined;
}

/** Writes a step: the names of the objects that it is about, and the name of its result. */
export type Drafter = (names: Readonly<Record<string, string>>, bind?: string) => Draft;

/**
 * How a step is written.
 *
 * @param operation the operation
 * @param options its arguments that name no object; what is left out has its default
 */
export function draft(operation: OperationName, options: AnyArgs = {}): Drafter {
  let defaults: AnyArgs | undefined;
  return (names, bind) => {
    defaults ??= operationOf(operation).args.parse({ ...options, ...names });
    return { operation, args: { ...defaults, ...names }, written: { ...names, ...options }, bind };
  };
}
