/**
 * The vocabulary in a form that people and tools can read: derived from the declarations, never written by hand.
 *
 * @module
 */
import { z } from "zod";
import type { ErrnoName } from "../errno.ts";
import type { Event } from "../observation.ts";
import { OPERATION_NAMES, type OperationName, operationOf } from "./mod.ts";
import { describeKinds, kindsOf, type ObjectKind, type Operation, type Result } from "./operation.ts";

/** An argument of an operation. */
export interface ArgumentDescription {
  /** Its name. */
  readonly name: string;
  /** What it takes, in words. */
  readonly takes: string;
  /** Whether it must be given. */
  readonly required: boolean;
  /** What it is where it is left out, as a case would write it. */
  readonly default?: string | undefined;
  /** What it is, in a sentence. */
  readonly description: string;
}

/** An operation of the vocabulary. */
export interface OperationDescription {
  /** Its name. */
  readonly name: OperationName;
  /** What it does, in a sentence. */
  readonly summary: string;
  /** The system call, request or kernel function it stands for. */
  readonly follows: string;
  /** Its arguments, in their order. */
  readonly arguments: readonly ArgumentDescription[];
  /** What it gives, in words. */
  readonly gives: string;
  /** The errors that it may fail with. */
  readonly errnos: readonly ErrnoName[];
  /** The error that says that a target does not have it. */
  readonly missing?: ErrnoName | undefined;
  /** Whether it can raise a signal. */
  readonly faults: boolean;
  /** The events that it may cause. */
  readonly events: readonly Event["event"][];
  /** The shortest step that does it, as a case would write it. */
  readonly example: string;
}

/** Describes every operation, in the order of the vocabulary. */
export function describeVocabulary(): readonly OperationDescription[] {
  return OPERATION_NAMES.map((name) => {
    const { summary, follows, args, result, errnos, missing, faults, events } = operationOf(name);
    const described = Object.entries(args.shape).map(([arg, schema]) => describeArgument(arg, schema));
    return {
      name,
      summary,
      follows,
      arguments: described,
      gives: describeResult(result),
      errnos,
      missing,
      faults: faults ?? false,
      events: events ?? [],
      example: exampleOf(name, operationOf(name)),
    };
  });
}

/** The arguments that an operation must be given, with values that it takes. */
export function exampleArguments({ args }: Operation): Readonly<Record<string, unknown>> {
  const required = Object.entries(args.shape).filter(([, schema]) =>
    !(schema instanceof z.ZodDefault || schema instanceof z.ZodOptional)
  );
  return Object.fromEntries(required.map(([name, schema]) => [name, exampleValue(schema)]));
}

/** The names that examples give to objects; those that are not here are called as their kinds are. */
const NAMES: Partial<Record<ObjectKind, string>> = {
  device: "dev",
  buffer: "buf",
  attachment: "imp",
  mapping: "map",
  vmapping: "vmap",
  process: "child",
  region: "mr",
};

function nameOf(kind: ObjectKind): string {
  return NAMES[kind] ?? kind;
}

function exampleValue(schema: z.core.$ZodType): unknown {
  const [kind] = kindsOf(schema) ?? [];
  if (schema instanceof z.ZodArray) return [exampleValue(schema.element)];
  if (kind !== undefined) return nameOf(kind);
  if (schema instanceof z.ZodPipe) return "4 pages";
  if (schema instanceof z.ZodEnum) return schema.options[0];
  if (schema instanceof z.ZodLiteral) return [...schema.values][0];
  if (schema instanceof z.ZodUnion) {
    const [first] = schema.options;
    return first === undefined ? undefined : exampleValue(first);
  }
  if (schema instanceof z.ZodNumber) return schema.safeParse(0).success ? 0 : 1;
  if (schema instanceof z.ZodBoolean) return true;
  return "name";
}

function exampleOf(name: OperationName, operation: Operation): string {
  const args = Object.entries(exampleArguments(operation)).map(([key, value]) => `${key}: ${written(value)}`);
  const call = `${name}: ${args.length === 0 ? "{}" : `{ ${args.join(", ")} }`}`;
  const { result } = operation;
  if (result.gives === "object") return `- ${nameOf(result.kind)}: { ${call} }`;
  return result.gives === "same" ? `- copy: { ${call} }` : `- ${call}`;
}

function written(value: unknown): string {
  return Array.isArray(value) ? `[${value.map(written).join(", ")}]` : String(value);
}

function describeResult(result: Result): string {
  switch (result.gives) {
    case "nothing":
      return "nothing";
    case "object":
      return describeKinds([result.kind]);
    case "same":
      return `an object of the kind of \`${result.as}\``;
    case "value":
      return result.of;
  }
}

function describeArgument(name: string, schema: z.core.$ZodType): ArgumentDescription {
  const optional = schema instanceof z.ZodDefault || schema instanceof z.ZodOptional;
  const inner = optional ? schema.unwrap() : schema;
  const text = kindsOf(inner) ? "" : descriptionOf(schema) ?? descriptionOf(inner) ?? "";
  const takes = takesOf(inner);
  if (!(schema instanceof z.ZodDefault)) {
    return { name, takes, required: !optional, description: text };
  }
  return {
    name,
    takes,
    required: false,
    default: JSON.stringify(schema.def.defaultValue),
    description: text,
  };
}

function descriptionOf(schema: z.core.$ZodType): string | undefined {
  return z.globalRegistry.get(schema)?.description;
}

function takesOf(schema: z.core.$ZodType): string {
  const kinds = kindsOf(schema);
  if (kinds && schema instanceof z.ZodString) return `the name of ${describeKinds(kinds)}`;
  if (schema instanceof z.ZodPipe) return "a size";
  if (schema instanceof z.ZodEnum) return schema.options.map((option) => `\`${String(option)}\``).join(", ");
  if (schema instanceof z.ZodLiteral) {
    return [...schema.values].map((value) => `\`${String(value)}\``).join(", ");
  }
  if (schema instanceof z.ZodBoolean) return "`true`, `false`";
  if (schema instanceof z.ZodArray) return `a list of: ${takesOf(schema.element)}`;
  if (schema instanceof z.ZodUnion) return schema.options.map(takesOf).join("; or ");
  if (schema instanceof z.ZodObject) {
    return Object.entries(schema.shape).map(([key, value]) => `\`${key}\`: ${takesOf(value)}`).join(", ");
  }
  if (schema instanceof z.ZodNumber) return "a whole number";
  return "text";
}

/** The vocabulary as a Markdown page. */
export function vocabularyPage(): string {
  const intro =
    "# Vocabulary\n\nEvery operation that a case can use. This page is generated from the declarations in\n" +
    "`spec/operations/`; `deno task schema` writes it anew.\n";
  const operations = describeVocabulary();
  return [intro, contents(operations), ...operations.map(operationSection)].join("\n");
}

/** The operations by what their names begin with, each a link to its section. */
function contents(operations: readonly OperationDescription[]): string {
  const families = Map.groupBy(operations, ({ name }) => name.slice(0, name.indexOf(".")));
  const rows = [...families].map(([family, own]) =>
    `| ${family} | ${
      own.map(({ name }) => `[${name.slice(family.length + 1)}](#${anchorOf(name)})`).join(", ")
    } |`
  );
  return ["| | operations |", "|---|---|", ...rows, ""].join("\n");
}

/** Where a viewer of Markdown puts the section of an operation. */
function anchorOf(name: string): string {
  return name.replaceAll(".", "");
}

function operationSection(operation: OperationDescription): string {
  const lines = [
    `## ${operation.name}`,
    "",
    operation.summary,
    "",
    "```yaml",
    operation.example,
    "```",
    "",
    `- Follows: ${operation.follows}`,
    `- Gives: ${operation.gives}`,
  ];
  if (operation.errnos.length > 0) lines.push(`- May fail with: ${operation.errnos.join(", ")}`);
  if (operation.missing) lines.push(`- A target that does not have it answers: ${operation.missing}`);
  if (operation.faults) lines.push("- May raise: SIGBUS, SIGSEGV");
  if (operation.events.length > 0) lines.push(`- May cause: ${operation.events.join(", ")}`);
  if (operation.arguments.length > 0) {
    lines.push("", "| argument | takes | default | |", "|---|---|---|---|");
    lines.push(...operation.arguments.map(argumentRow));
  }
  return lines.join("\n") + "\n";
}

function argumentRow({ name, takes, required, default: value, description }: ArgumentDescription): string {
  const fallback = value === undefined ? required ? "required" : "" : `\`${value}\``;
  return `| \`${name}\` | ${takes} | ${fallback} | ${description} |`;
}

const OWN_PAGE = new URL("README.md", import.meta.url);

/** Writes the page of the vocabulary to a file; to its place beside the declarations where that is left out. */
export function writeVocabularyPage(file: URL = OWN_PAGE): void {
  Deno.writeTextFileSync(file, vocabularyPage());
}
