/**
 * The reference of the file formats as a page for authors, made from the schemas that editors use.
 *
 * @module
 */
import { type JsonSchema, schemas } from "./schema.ts";

const OWN_PAGE = new URL("../docs/format.md", import.meta.url);

/** A part of a schema that gets a table of its own. */
interface Part {
  readonly title: string;
  readonly text: string;
  /** The file of the schema, and the keys that lead to the part. */
  readonly at: readonly [schema: string, ...path: string[]];
}

const PARTS: readonly Part[] = [
  {
    title: "A case",
    text: "A file below `cases/`. Its path without `.yaml` is its id.",
    at: ["case.json"],
  },
  {
    title: "A step",
    text: "One operation of the [vocabulary](../spec/operations/README.md) with its arguments, as in " +
      "`- vfio.revoke: { device: dev, buffer: buf }`; or a name for its result, as in " +
      "`- imp: { importer.attach: { buffer: buf } }`. Beside it stands what is expected. A step that expects nothing " +
      "must succeed.",
    at: ["case.json", "$defs", "step"],
  },
  {
    title: "What is seen, in order",
    text: "An item of the list under `sees`.",
    at: ["case.json", "$defs", "step", "properties", "sees"],
  },
  {
    title: "What others hold",
    text: "An item of the list under `otherwise`.",
    at: ["case.json", "$defs", "step", "properties", "otherwise"],
  },
  {
    title: "What may come of a race",
    text: "An item of the list under `allowed`.",
    at: ["case.json", "properties", "allowed"],
  },
  {
    title: "A family of clauses",
    text: "A file in `spec/clauses/`, called after the family.",
    at: ["ledger.json"],
  },
  {
    title: "A clause",
    text: "An item of the list under `clauses`.",
    at: ["ledger.json", "properties", "clauses"],
  },
  {
    title: "A source",
    text:
      "An item of the list under `sources`, in one of these forms: a mail, a kernel file, another clause, a " +
      "commit, or words.",
    at: ["ledger.json", "properties", "clauses", "items", "properties", "sources"],
  },
  {
    title: "Somebody who disagrees",
    text: "An item of the list under `contested`.",
    at: ["ledger.json", "properties", "clauses", "items", "properties", "contested"],
  },
  {
    title: "Why no case shows it",
    text: "What stands under `not-tested`.",
    at: ["ledger.json", "properties", "clauses", "items", "properties", "not-tested"],
  },
  {
    title: "A profile",
    text: "A file in `spec/profiles/`, called after the profile.",
    at: ["profile.json"],
  },
  {
    title: "A contradiction",
    text: "An item of the list in `spec/contradictions.yaml`.",
    at: ["contradictions.json", "properties", "contradictions"],
  },
  {
    title: "A mail",
    text: "What stands under a key of `mails` in `spec/sources.yaml`.",
    at: ["sources.json", "properties", "mails"],
  },
  {
    title: "A kernel",
    text: "What stands under a version of `kernels` in `spec/sources.yaml`.",
    at: ["sources.json", "properties", "kernels"],
  },
];

/** The page. */
export function formatPage(): string {
  const all = schemas();
  const intro =
    "# The file formats\n\nEvery key of a case and of the ledger. This page is generated from the schemas " +
    "that editors use;\n`deno task schema` writes it anew.\n";
  return [intro, ...PARTS.map((part) => section(part, all))].join("\n");
}

/** Writes the page to a file; to its place in `docs/` where that is left out. */
export function writeFormatPage(file: URL = OWN_PAGE): void {
  Deno.mkdirSync(new URL("./", file), { recursive: true });
  Deno.writeTextFileSync(file, formatPage());
}

function section(
  { title, text, at: [name, ...path] }: Part,
  all: Readonly<Record<string, JsonSchema>>,
): string {
  const whole = all[name] ?? {};
  const part = path.reduce<JsonSchema>((schema, key) => objectOf(schema[key]), whole);
  const rows = objectsIn(part, whole).flatMap((each) => rowsOf(each, whole));
  const unique = [...new Map(rows.map((row) => [row, row])).values()];
  return [`## ${title}`, "", text, "", "| key | takes | | |", "|---|---|---|---|", ...unique, ""].join("\n");
}

/** The maps with known keys that a schema describes: itself, its items, or its alternatives. */
function objectsIn(schema: JsonSchema, whole: JsonSchema): readonly JsonSchema[] {
  const resolved = resolve(schema, whole);
  if (resolved["properties"] !== undefined) return [resolved];
  const parts = [
    ...listOf(resolved["anyOf"]),
    ...(resolved["items"] === undefined ? [] : [objectOf(resolved["items"])]),
    ...(typeof resolved["additionalProperties"] === "object"
      ? [objectOf(resolved["additionalProperties"])]
      : []),
  ];
  return parts.flatMap((part) => objectsIn(part, whole));
}

function rowsOf(schema: JsonSchema, whole: JsonSchema): readonly string[] {
  const required = new Set(Array.isArray(schema["required"]) ? schema["required"] : []);
  return Object.entries(objectOf(schema["properties"]))
    .filter(([key]) => !key.includes("."))
    .map(([key, value]) => {
      const resolved = resolve(objectOf(value), whole);
      const description = String(objectOf(value)["description"] ?? resolved["description"] ?? "");
      const need = required.has(key) ? "required" : "";
      return `| \`${key}\` | ${cell(takes(objectOf(value), whole))} | ${need} | ${cell(description)} |`;
    });
}

/** What a key takes, in words. */
function takes(schema: JsonSchema, whole: JsonSchema): string {
  const { $ref } = schema;
  if ($ref === "#/$defs/step") return "step";
  if ($ref === "#/$defs/value") return "any value";
  const resolved = resolve(schema, whole);
  if (Array.isArray(resolved["enum"])) return words(resolved["enum"].map((word) => `\`${String(word)}\``));
  if (resolved["const"] !== undefined) return `\`${String(resolved["const"])}\``;
  const choices = listOf(resolved["anyOf"]).filter(({ $ref }) => $ref !== "#/$defs/variable");
  if (choices.length > 0) return [...new Set(choices.map((choice) => takes(choice, whole)))].join(", or ");
  switch (resolved["type"]) {
    case "array":
      if (resolved["maxItems"] === 0) return "`[]`";
      return `list of: ${takes(objectOf(resolved["items"]), whole)}`;
    case "object":
      return "map";
    case "integer":
    case "number":
      return "number";
    case "boolean":
      return "`true`, `false`";
    default:
      return "text";
  }
}

/** Words in a cell; many are cut short. */
function words(all: readonly string[]): string {
  return all.length <= 8 ? all.join(", ") : `${all.slice(0, 3).join(", ")}, … (${all.length} words)`;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

function resolve(schema: JsonSchema, whole: JsonSchema): JsonSchema {
  const { $ref } = schema;
  if (typeof $ref !== "string") return schema;
  return $ref.split("/").slice(1).reduce<JsonSchema>((part, key) => objectOf(part[key]), whole);
}

function listOf(value: unknown): readonly JsonSchema[] {
  return Array.isArray(value) ? value.map(objectOf) : [];
}

function objectOf(value: unknown): JsonSchema {
  return typeof value === "object" && value !== null ? { ...value } : {};
}
