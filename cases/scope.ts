/**
 * The names that a case has given to objects up to a step.
 *
 * @module
 */
import type { Report } from "../spec/diagnostic.ts";
import { didYouMean } from "../spec/nearest.ts";
import {
  describeKinds,
  kindsOf,
  OBJECT_NAME,
  type ObjectKind,
  type Operation,
} from "../spec/operations/operation.ts";
import { entryOf, type Tree } from "../spec/tree.ts";

/** The kind of the object behind each name. */
export type Scope = Map<string, ObjectKind>;

/** Checks that every object that the arguments of an operation name is there and of the right kind. */
export function checkNames(operation: Operation, args: Tree, scope: Scope, report: Report): void {
  for (const [name, schema] of Object.entries(operation.args.shape)) {
    const value = entryOf(args, name)?.value;
    const kinds = value && kindsOf(schema);
    if (!kinds) continue;
    for (const part of value.kind === "list" ? value.items : [value]) checkName(part, kinds, scope, report);
  }
}

function checkName(part: Tree, kinds: readonly ObjectKind[], scope: Scope, report: Report): void {
  if (part.kind !== "scalar" || typeof part.value !== "string") return;
  requireName(part.value, part.at, kinds, scope, report);
}

/** Checks that a name stands for an object of one of the kinds. */
export function requireName(
  name: string,
  at: number,
  kinds: readonly ObjectKind[],
  scope: Scope,
  report: Report,
): void {
  const kind = scope.get(name);
  if (kind !== undefined && kinds.includes(kind)) return;
  const fitting = [...scope].filter(([, one]) => kinds.includes(one)).map(([one]) => one);
  const wanted = describeKinds(kinds);
  const otherwise = fitting.length > 0
    ? `Use one of: ${fitting.join(", ")}`
    : `Add an earlier step that gives ${wanted}`;
  if (kind === undefined) {
    const message = `No earlier step gives "${name}"`;
    return report(at, { code: "unknown-name", message, hint: didYouMean(name, fitting, otherwise) });
  }
  report(at, {
    code: "wrong-kind",
    message: `"${name}" is ${describeKinds([kind])}, expected ${wanted}`,
    hint: otherwise,
  });
}

/** The kind of what an operation gives, or `undefined` where it gives no object. */
export function kindGiven({ result }: Operation, args: Tree, scope: Scope): ObjectKind | undefined {
  if (result.gives === "object") return result.kind;
  if (result.gives !== "same") return undefined;
  const source = entryOf(args, result.as)?.value;
  return source?.kind === "scalar" ? scope.get(String(source.value)) : undefined;
}

/** Gives the result of an operation a name, if that can be done. */
export function bindName(
  name: string,
  at: number,
  operation: Operation,
  args: Tree,
  scope: Scope,
  report: Report,
): void {
  if (!OBJECT_NAME.test(name)) {
    return report(at, {
      code: "bad-value",
      message: `"${name}" cannot be the name of an object`,
      hint: "Begin with a small letter and use small letters, digits and _ only",
    });
  }
  const known = scope.get(name);
  if (known) {
    return report(at, {
      code: "bound-twice",
      message: `"${name}" is already the name of ${describeKinds([known])}`,
      hint: "Choose another name",
    });
  }
  if (operation.result.gives !== "object" && operation.result.gives !== "same") {
    return report(at, {
      code: "binds-nothing",
      message: `The operation gives no object that "${name}" could name`,
      hint: "Write the operation without a name",
    });
  }
  const kind = kindGiven(operation, args, scope);
  if (kind) scope.set(name, kind);
}
