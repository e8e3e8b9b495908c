/**
 * Holds a part of a file against a schema and says, at the right place and in plain words, where they differ.
 *
 * @module
 */
import { z } from "zod";
import type { Finding, Report } from "./diagnostic.ts";
import { didYouMean } from "./nearest.ts";
import { describeTree, entryOf, partAt, plain, type Tree } from "./tree.ts";

type Issue = z.core.$ZodIssue;

/**
 * Holds a part of a file against a schema.
 *
 * @param schema what is expected
 * @param tree what there is
 * @param report is told of each difference
 * @returns the value as the schema gives it, or `undefined` where there is a difference
 */
export function shape<T>(schema: z.ZodType<T>, tree: Tree, report: Report): T | undefined {
  const parsed = schema.safeParse(plain(tree));
  if (parsed.success) return parsed.data;
  for (const issue of firstOfEach(parsed.error.issues)) reportIssue(issue, schema, tree, report);
  return undefined;
}

/** The issues without those that only follow from an earlier one about the same part. */
function firstOfEach(issues: readonly Issue[]): readonly Issue[] {
  const seen = new Set<string>();
  return issues.filter((issue) => {
    const key = JSON.stringify(issue.path.map(String));
    if (seen.has(key)) return issue.code === "unrecognized_keys";
    seen.add(key);
    return true;
  });
}

function reportIssue(issue: Issue, schema: z.core.$ZodType, tree: Tree, report: Report): void {
  const part = partAt(tree, issue.path);
  if (issue.code === "unrecognized_keys") return reportUnknownKeys(issue, schema, part ?? tree, report);
  if (part === undefined) return reportMissingKey(issue, schema, tree, report);
  const description = descriptionAt(issue, schema);
  if (description !== undefined && part.kind === "scalar" && part.value === null) {
    return report(part.at, emptyValue(issue, description));
  }
  if (issue.code !== "invalid_union") return report(part.at, wrongValue(issue, part));
  const inner = nearestBranch(issue.errors);
  if (!inner.some(isBelow)) return report(part.at, wrongChoice(issue.errors.flat(), part));
  for (const one of inner) {
    reportIssue({ ...one, path: [...issue.path, ...one.path] }, schema, tree, report);
  }
}

/** Tells whether an issue is about something inside the part rather than about what the part is. */
function isBelow(issue: Issue): boolean {
  return issue.path.length > 0 || issue.code === "unrecognized_keys";
}

function reportUnknownKeys(
  issue: Extract<Issue, { code: "unrecognized_keys" }>,
  schema: z.core.$ZodType,
  part: Tree,
  report: Report,
): void {
  const known = [...new Set(schemasAt(schema, issue.path).flatMap(keysOf))];
  const free = known.filter((key) => entryOf(part, key) === undefined);
  const otherwise = free.length > 0 ? `Use one of: ${free.join(", ")}` : "Remove it";
  for (const key of issue.keys) {
    report(entryOf(part, key)?.keyAt ?? part.at, {
      code: "unknown-key",
      message: `"${key}" is not known here`,
      hint: didYouMean(key, free, otherwise),
    });
  }
}

function reportMissingKey(issue: Issue, schema: z.core.$ZodType, tree: Tree, report: Report): void {
  const owner = partAt(tree, issue.path.slice(0, -1)) ?? tree;
  const key = String(issue.path.at(-1));
  const description = descriptionAt(issue, schema) ?? `It is ${expectedOf(issue)}.`;
  report(owner.at, {
    code: "missing-key",
    message: `"${key}" is missing`,
    hint: `Add "${key}". ${description.replace(/\.$/, "")}`,
  });
}

/** What the schema says of the key that an issue is about. */
function descriptionAt(issue: Issue, schema: z.core.$ZodType): string | undefined {
  const key = issue.path.at(-1);
  if (typeof key !== "string") return undefined;
  const [description] = schemasAt(schema, issue.path.slice(0, -1))
    .flatMap((parent) => childOf(parent, key))
    .flatMap((child) => z.globalRegistry.get(child)?.description ?? []);
  return description;
}

function emptyValue(issue: Issue, description: string): Finding {
  return {
    code: "wrong-type",
    message: `"${String(issue.path.at(-1))}" is empty`,
    hint: `Write a value after the colon, or remove the key. ${description.replace(/\.$/, "")}`,
  };
}

function wrongValue(issue: Issue, part: Tree): Finding {
  const is = describeTree(part);
  switch (issue.code) {
    case "invalid_type":
      return {
        code: "wrong-type",
        message: `Expected ${expectedOf(issue)}, found ${is}`,
        hint: hintForType(issue.expected, part),
      };
    case "invalid_value":
      return wrongWord(issue.values.map(String), part);
    case "too_small":
    case "too_big":
      return {
        code: "bad-value",
        message: `Found ${is}, which is ${limitOf(issue)}`,
        hint: "Change the value",
      };
    default:
      return {
        code: "bad-value",
        message: `Found ${is}, which is not right here`,
        hint: capitalise(issue.message),
      };
  }
}

function wrongWord(words: readonly string[], part: Tree): Finding {
  const written = part.kind === "scalar" ? String(part.value) : "";
  return {
    code: "unknown-word",
    message: `Expected one of ${listed(words)}, found ${describeTree(part)}`,
    hint: didYouMean(written, words, `Use one of: ${words.join(", ")}`),
  };
}

/** No branch of a union fits, and none comes near: the words and kinds that would do are named together. */
function wrongChoice(issues: readonly Issue[], part: Tree): Finding {
  const words = issues.flatMap((issue) => issue.code === "invalid_value" ? issue.values.map(String) : []);
  const others = issues.filter((issue) => issue.code !== "invalid_value");
  if (others.length === 0) return wrongWord(words, part);
  const kinds = [...new Set(others.map(expectedOf))];
  const expected = words.length > 0 ? [`one of ${listed(words)}`, ...kinds] : kinds;
  const written = part.kind === "scalar" && typeof part.value === "string" ? part.value : "";
  return {
    code: words.length > 0 && written !== "" ? "unknown-word" : "wrong-type",
    message: `Expected ${expected.join(", or ")}, found ${describeTree(part)}`,
    hint: didYouMean(written, words, `Use ${expected.join(", or ")}`),
  };
}

/** Words in a message; many are cut short, since the hint names the nearest. */
function listed(words: readonly string[]): string {
  return words.length <= 10 ? words.join(", ") : `${words.slice(0, 3).join(", ")}, … (${words.length} words)`;
}

function hintForType(expected: string, part: Tree): string {
  const written = part.kind === "scalar" ? typeof part.value : part.kind;
  if (part.kind === "scalar" && part.value === null) {
    return "Write a value after the colon, or remove the key";
  }
  if (expected === "array") return "Write a list: put [ and ] around it";
  if (expected === "object" || expected === "record") return "Write keys and values, as in { key: value }";
  if (expected === "string" && written !== "list" && written !== "map") return "Put quotes around it";
  if (written === "string") return "Remove the quotes, or write the value out";
  return "Change the value";
}

const TYPES: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a map",
  record: "a map",
  null: "nothing",
};

function expectedOf(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
      return TYPES[issue.expected] ?? issue.expected;
    case "invalid_value":
      return `one of ${issue.values.map(String).join(", ")}`;
    case "invalid_union":
      return [...new Set(issue.errors.flat().map(expectedOf))].join(" or ");
    default:
      return issue.message.replace(/^expected /, "");
  }
}

function limitOf(issue: Extract<Issue, { code: "too_small" | "too_big" }>): string {
  const unit = issue.origin === "string" ? " characters" : issue.origin === "array" ? " items" : "";
  if (issue.code === "too_big") return `more than ${issue.maximum}${unit}`;
  if (unit !== "" && Number(issue.minimum) === 1) return "empty";
  const edge = issue.inclusive === false ? "not more than" : "less than";
  return `${edge} ${issue.minimum}${unit}`;
}

/** The branch of a union that was probably meant: the one that gets furthest and has the fewest mistakes. */
function nearestBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] {
  const [best = []] = branches.toSorted((a, b) => costOf(a) - costOf(b));
  return best;
}

function costOf(issues: readonly Issue[]): number {
  return issues.reduce((sum, issue) => sum + (issue.path.length > 0 ? 2 : 3) + extraKeys(issue), 0);
}

function extraKeys(issue: Issue): number {
  return issue.code === "unrecognized_keys" ? issue.keys.length : 0;
}

/** The schemas that apply where a path leads; several where a union is on the way. */
function schemasAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): readonly z.core.$ZodType[] {
  const [step, ...rest] = path;
  const open = unwrap(schema);
  if (step === undefined) return open;
  return open.flatMap((one) => childOf(one, step)).flatMap((child) => schemasAt(child, rest));
}

function childOf(schema: z.core.$ZodType, step: PropertyKey): readonly z.core.$ZodType[] {
  if (schema instanceof z.ZodArray) return [schema.element];
  if (schema instanceof z.ZodRecord) return [schema.valueType];
  if (!(schema instanceof z.ZodObject)) return [];
  const child = schema.shape[String(step)];
  return child === undefined ? [] : [child];
}

function unwrap(schema: z.core.$ZodType): readonly z.core.$ZodType[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodNullable) {
    return unwrap(schema.unwrap());
  }
  if (schema instanceof z.ZodPipe) return unwrap(schema.in);
  if (schema instanceof z.ZodLazy) return unwrap(schema.unwrap());
  if (schema instanceof z.ZodUnion) return schema.options.flatMap(unwrap);
  return [schema];
}

function keysOf(schema: z.core.$ZodType): readonly string[] {
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

function capitalise(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
