/**
 * Steps of programs that no case file has.
 *
 * @module
 */
import type { Call } from "../../cases/program.ts";
import { type OperationName, operationOf } from "../../spec/operations/mod.ts";

/**
 * A call; what is left out of its arguments is as the vocabulary says.
 *
 * @param id of the step
 * @param operation what it does
 * @param args what it is given
 * @param bind what its result is called
 */
export function callOf(
  id: string,
  operation: OperationName,
  args: Readonly<Record<string, unknown>> = {},
  bind?: string,
): Call {
  const parsed = operationOf(operation).args.parse(args);
  return { action: "call", id, operation, args: parsed, ...(bind === undefined ? {} : { bind }) };
}
