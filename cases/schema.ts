/**
 * The JSON schemas that editors use to complete and check cases and the ledger, made from the declarations.
 *
 * @module
 */
import { z } from "zod";
import { familySchema } from "../spec/clause.ts";
import { OPERATION_NAMES, operationOf } from "../spec/operations/mod.ts";
import { OBJECT_NAME, type Operation } from "../spec/operations/operation.ts";
import { contradictionsSchema } from "../spec/contradictions.ts";
import { profileSchema } from "../spec/profile.ts";
import { digestsSchema } from "../spec/provenance/digests.ts";
import { sourcesSchema } from "../spec/sources.ts";
import { SECTIONS } from "./case.ts";
import { allowedSchema } from "./race.ts";
import { EXPECTATION_KEYS, headShape, matrixSchema, stepShape, UNTIL } from "./format.ts";

/** A JSON schema, or a part of one. */
export interface JsonSchema {
  /** A keyword of JSON Schema with its value. */
  readonly [keyword: string]: unknown;
}

const SCHEMA_FOLDER = new URL("../spec/schema/", import.meta.url);

const SECTION_TEXTS = {
  given: "What there is before anything is tried.",
  control: "What works before the thing is done.",
  when: "What is done.",
  race: "What runs at the same time: a name for each thread, with its steps.",
  then: "What must hold after it.",
} as const;

/** Every schema by the name of its file in `spec/schema/`. */
export function schemas(): Readonly<Record<string, JsonSchema>> {
  return {
    "case.json": caseSchema(),
    "ledger.json": titled("A file of clauses", familySchema),
    "profile.json": titled("A profile", profileSchema),
    "citations.json": titled("The digests of cited lines", digestsSchema),
    "contradictions.json": titled("Where the sources disagree", contradictionsSchema),
    "sources.json": titled("What the clauses cite", sourcesSchema),
  };
}

/** The text of a schema's file. */
export function schemaText(schema: JsonSchema): string {
  return JSON.stringify(schema, null, 2) + "\n";
}

/**
 * Writes every schema.
 *
 * @param folder the folder to write them to; `spec/schema/` where left out
 * @returns the names of the files, in the order in which they were written
 */
export function writeSchemas(folder: URL = SCHEMA_FOLDER): readonly string[] {
  Deno.mkdirSync(folder, { recursive: true });
  return Object.entries(schemas()).map(([name, schema]) => {
    Deno.writeTextFileSync(new URL(name, folder), schemaText(schema));
    return name;
  });
}

function titled(title: string, schema: z.core.$ZodType): JsonSchema {
  return { ...jsonSchema(schema), title };
}

function jsonSchema(schema: z.core.$ZodType): JsonSchema {
  return { ...z.toJSONSchema(schema, { io: "input", target: "draft-2020-12" }) };
}

/** A schema without the line that says which draft it follows, for use inside another one. */
function part(schema: z.core.$ZodType): JsonSchema {
  const { $schema: _, ...rest } = jsonSchema(schema);
  return rest;
}

function caseSchema(): JsonSchema {
  const { properties, $defs, ...rest } = jsonSchema(
    z.strictObject({ ...headShape, matrix: matrixSchema.optional() }),
  );
  const { matrix, ...head } = asObject(properties);
  const sections = SECTIONS.map((section) => {
    const list = sectionSchema(SECTION_TEXTS[section]);
    return [section, section === "race" ? threadsSchema(list) : list] as const;
  });
  return {
    ...rest,
    title: "A case",
    properties: { ...openAll(head), matrix, ...Object.fromEntries(sections), allowed: openAllowed() },
    allOf: [
      { anyOf: [{ required: ["given"] }, { required: ["control"] }] },
      { anyOf: [{ required: ["when"] }, { required: ["race"] }, { required: ["then"] }] },
    ],
    $defs: {
      ...asObject($defs),
      variable: VARIABLE,
      step: stepJsonSchema(),
      binding: bindingSchema(),
      ...argumentSchemas(),
    },
  };
}

/** The steps of each thread; a race is a map of them. */
function threadsSchema(steps: JsonSchema): JsonSchema {
  const { description, ...list } = steps;
  return {
    type: "object",
    minProperties: 2,
    patternProperties: { [OBJECT_NAME.source]: list },
    additionalProperties: false,
    description,
  };
}

function openAllowed(): JsonSchema {
  return part(allowedSchema);
}

function sectionSchema(description: string): JsonSchema {
  return { type: "array", minItems: 1, items: { $ref: "#/$defs/step" }, description };
}

function stepJsonSchema(): JsonSchema {
  const { properties } = jsonSchema(z.strictObject(stepShape));
  return {
    type: "object",
    description: "An operation with its arguments, or a name with an operation, and what is expected of it.",
    properties: {
      ...operationProperties(),
      ...openAll(asObject(properties)),
      [UNTIL]: sectionSchema("What runs while it blocks; it must return after the last of these steps."),
    },
    patternProperties: { [bindingPattern()]: { $ref: "#/$defs/binding" } },
    additionalProperties: false,
    minProperties: 1,
  };
}

/** What can be the name of an object and is not the key of an expectation. */
function bindingPattern(): string {
  const keys = EXPECTATION_KEYS.filter((key) => OBJECT_NAME.test(key));
  return `^(?!(${keys.join("|")})$)${OBJECT_NAME.source.replace(/^\^/, "")}`;
}

function bindingSchema(): JsonSchema {
  return {
    type: "object",
    description: "The operation whose result gets the name.",
    properties: operationProperties(),
    additionalProperties: false,
    minProperties: 1,
    maxProperties: 1,
  };
}

function operationProperties(): JsonSchema {
  return Object.fromEntries(OPERATION_NAMES.map((name) => [name, { $ref: `#/$defs/${name}` }]));
}

function argumentSchemas(): JsonSchema {
  return Object.fromEntries(OPERATION_NAMES.map((name) => [name, argumentSchema(operationOf(name))]));
}

/** The arguments of an operation; where none is required they can be left out altogether. */
function argumentSchema({ args, summary, follows, errnos }: Operation): JsonSchema {
  const schema = part(args);
  const failures = errnos.length > 0 ? ` May fail with ${errnos.join(", ")}.` : "";
  const required = schema["required"] !== undefined;
  return {
    ...schema,
    properties: openAll(asObject(schema["properties"])),
    type: required ? "object" : ["object", "null"],
    description: `${summary} Follows ${follows}.${failures}`,
  };
}

/** A name of the matrix can stand for any value, so an editor must take it anywhere. */
const VARIABLE: JsonSchema = {
  type: "string",
  pattern: String.raw`\$\{[a-z][a-z0-9_]*\}`,
  description: "A value of the matrix.",
};

function openAll(properties: JsonSchema): JsonSchema {
  return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, open(schema)]));
}

/** A schema that takes a name of the matrix too, in its own place and in that of each of its parts. */
function open(schema: unknown): JsonSchema {
  const { description, default: fallback, ...rest } = opened(asObject(schema));
  if (isFreeText(rest)) return { ...asObject(schema) };
  return {
    ...(description === undefined ? {} : { description }),
    ...(fallback === undefined ? {} : { default: fallback }),
    anyOf: [rest, { $ref: "#/$defs/variable" }],
  };
}

function opened(schema: JsonSchema): JsonSchema {
  const { items, properties, additionalProperties } = schema;
  return {
    ...schema,
    ...(items === undefined ? {} : { items: open(items) }),
    ...(properties === undefined ? {} : { properties: openAll(asObject(properties)) }),
    ...(typeof additionalProperties === "object" ? { additionalProperties: open(additionalProperties) } : {}),
    ...(Array.isArray(schema["anyOf"]) ? { anyOf: schema["anyOf"].map((one) => opened(asObject(one))) } : {}),
  };
}

function isFreeText(schema: JsonSchema): boolean {
  return schema["type"] === "string" && schema["pattern"] === undefined && schema["enum"] === undefined;
}

function asObject(value: unknown): JsonSchema {
  return typeof value === "object" && value !== null ? { ...value } : {};
}
