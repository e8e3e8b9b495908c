/**
 * What every target that runs in this process shares: names become objects, and an operation becomes a call of the
 * handler that its declaration asks for.
 *
 * @module
 */
import { kindsOf, type ObjectKind } from "../spec/operations/operation.ts";
import {
  type AnyArgs,
  OPERATION_NAMES,
  type OperationName,
  operationOf,
  type ResolvedArgs,
} from "../spec/operations/mod.ts";

/** What a target keeps for each kind of object. */
export type ObjectTypes = Record<ObjectKind, unknown>;

/** An object that a case has given a name. */
export interface Binding {
  readonly kind: ObjectKind;
  readonly object: unknown;
}

/** The objects of a case by name. */
export type Bindings = Map<string, Binding>;

/** An operation to do, its objects looked up. */
export interface ResolvedCall {
  readonly operation: OperationName;
  readonly args: unknown;
  /** What the case calls the result, or the step's id. */
  readonly name: string;
}

/** Does an operation; `C` is what a target gives its handlers to work with, `R` what they answer. */
export type Handler<C, R> = (context: C, call: ResolvedCall) => R;

/** The handlers of a target. What is not here, the target cannot do. */
export type Handlers<C, R> = ReadonlyMap<OperationName, Handler<C, R>>;

/** Whether a call is of an operation, so that its arguments are those of the operation's declaration. */
export function isCallOf<N extends OperationName, O extends ObjectTypes>(
  operation: N,
  call: ResolvedCall,
): call is ResolvedCall & { readonly args: ResolvedArgs<N, O> } {
  return call.operation === operation;
}

/** The arguments of each operation that name objects, with the kinds that they accept. */
const OBJECT_ARGS: ReadonlyMap<OperationName, readonly (readonly [string, readonly ObjectKind[]])[]> =
  new Map(
    OPERATION_NAMES.map((name) => [
      name,
      Object.entries(operationOf(name).args.shape).flatMap(([arg, schema]) => {
        const kinds = kindsOf(schema);
        return kinds ? [[arg, kinds] as const] : [];
      }),
    ]),
  );

/** Says that an argument names something that is not there, or is of another kind. */
export class UnusableName {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

/** Replaces the names of objects in arguments by the objects. */
export function resolveArgs(
  operation: OperationName,
  args: AnyArgs,
  bindings: Bindings,
): AnyArgs | UnusableName {
  const names = OBJECT_ARGS.get(operation) ?? [];
  if (names.length === 0) return args;
  const resolved: Record<string, unknown> = { ...args };
  for (const [arg, kinds] of names) {
    const name = args[arg];
    if (typeof name !== "string") continue;
    const binding = bindings.get(name);
    if (!binding) {
      return new UnusableName(`there is no "${name}", because the step that gives it did not succeed`);
    }
    if (!kinds.includes(binding.kind)) return new UnusableName(`"${name}" is a ${binding.kind}`);
    resolved[arg] = binding.object;
  }
  return resolved;
}

/** The kind of object that an operation gives, or `undefined` if it gives none. */
export function givenKind(
  operation: OperationName,
  args: AnyArgs,
  bindings: Bindings,
): ObjectKind | undefined {
  const { result } = operationOf(operation);
  if (result.gives === "object") return result.kind;
  if (result.gives !== "same") return undefined;
  const source = args[result.as];
  return typeof source === "string" ? bindings.get(source)?.kind : undefined;
}
