import { assertEquals, assertFalse } from "@std/assert";
import { parse } from "yaml";
import { z } from "zod";
import { loadLedger } from "../spec/ledger.ts";
import { loadCases } from "./load.ts";
import { type JsonSchema, schemas, schemaText, writeSchemas } from "./schema.ts";

const FOLDER = new URL("../spec/schema/", import.meta.url);

/** Reads a schema as an editor would. */
function readSchema(name: string): z.ZodType {
  return z.fromJSONSchema(JSON.parse(Deno.readTextFileSync(new URL(name, FOLDER))));
}

function readYaml(path: string): unknown {
  return parse(Deno.readTextFileSync(new URL(path, new URL("../", import.meta.url))));
}

Deno.test("the schemas in spec/schema are up to date; deno task schema writes them", () => {
  for (const [name, schema] of Object.entries(schemas())) {
    assertEquals(Deno.readTextFileSync(new URL(name, FOLDER)), schemaText(schema), name);
  }
});

Deno.test("writeSchemas() makes the folder and writes every schema", () => {
  const parent = Deno.makeTempDirSync();
  try {
    const names = writeSchemas(new URL(`file://${parent}/new/`));
    assertEquals([...Deno.readDirSync(`${parent}/new`)].map(({ name }) => name).toSorted(), names.toSorted());
  } finally {
    Deno.removeSync(parent, { recursive: true });
  }
});

Deno.test("the schema of cases takes every case of the suite", () => {
  const schema = readSchema("case.json");
  const files = new Set(loadCases(loadLedger()).cases.map(({ source }) => source.file));
  for (const file of files) assertEquals(schema.safeParse(readYaml(file)).error?.issues ?? [], [], file);
});

Deno.test("the schema of cases refuses what the parser refuses", () => {
  const schema = readSchema("case.json");
  const good = {
    title: "A case",
    why: "It matters.",
    clauses: ["VMM-01"],
    given: [{ dev: { "vfio.open": {} } }],
    when: [{ "vfio.reset": { device: "dev" } }],
  };
  assertEquals(schema.safeParse(good).success, true);
  // Reading the schema with zod loses this one, because zod joins objects more loosely than the standard says.
  assertEquals(schemas()["case.json"]?.["additionalProperties"], false);
  const wrong: Record<string, unknown> = {
    "an unknown operation": { ...good, when: [{ "vfio.rest": { device: "dev" } }] },
    "an unknown operation behind a name": { ...good, when: [{ x: { "vfio.rest": { device: "dev" } } }] },
    "a misspelt argument": { ...good, when: [{ "vfio.reset": { device: "dev", hard: true } }] },
    "a missing argument": { ...good, when: [{ "vfio.reset": {} }] },
    "an unknown errno": { ...good, when: [{ "vfio.reset": { device: "dev" }, fails: "EWRONG" }] },
    "no steps": { ...good, given: [] },
  };
  for (const [what, text] of Object.entries(wrong)) assertFalse(schema.safeParse(text).success, what);
});

Deno.test("the schema of cases takes a name of the matrix in the place of any value", () => {
  const text = {
    title: "A case",
    why: "It matters.",
    clauses: ["VMM-01"],
    matrix: [{ state: "D0", error: "EIO" }],
    given: [{ dev: { "vfio.open": { bars: ["${size}"], low_power: "${low}" } } }],
    when: [{ "vfio.power": { device: "dev", state: "${state}" }, fails: "${error}" }],
  };
  assertEquals(readSchema("case.json").safeParse(text).error?.issues ?? [], []);
});

Deno.test("the schemas of the ledger take the files of the ledger", () => {
  assertEquals(readSchema("ledger.json").safeParse(readYaml("spec/clauses/vrev.yaml")).success, true);
  assertEquals(
    readSchema("profile.json").safeParse(readYaml("spec/profiles/matt-v1-vfio.yaml")).success,
    true,
  );
  assertEquals(readSchema("sources.json").safeParse(readYaml("spec/sources.yaml")).success, true);
  assertEquals(readSchema("ledger.json").safeParse({ family: "AB" }).success, false);
});

/** Every key that a schema describes nowhere, so that an editor has nothing to show of it. */
function undescribed(part: unknown, path: string, whole: JsonSchema): readonly string[] {
  if (Array.isArray(part)) return part.flatMap((each) => undescribed(each, path, whole));
  if (typeof part !== "object" || part === null) return [];
  const own = "properties" in part ? Object.entries(objectOf(part.properties)) : [];
  return [
    ...own.filter(([, schema]) => !isDescribed(schema, whole)).map(([key]) => `${path}.${key}`),
    ...Object.entries(part).flatMap(([key, value]) =>
      undescribed(value, key === "properties" ? path : `${path}/${key}`, whole)
    ),
  ];
}

function isDescribed(schema: unknown, whole: JsonSchema): boolean {
  const { description, $ref } = objectOf(schema);
  if (typeof description === "string") return true;
  if (typeof $ref !== "string") return false;
  const target = $ref.split("/").slice(1).reduce<unknown>((part, key) => objectOf(part)[key], whole);
  return isDescribed(target, whole);
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

Deno.test("the schemas say of every key what it is", () => {
  for (const [name, schema] of Object.entries(schemas())) assertEquals(undescribed(schema, name, schema), []);
});

Deno.test("every file of the suite begins with the line by which an editor finds its schema", () => {
  const root = new URL("../", import.meta.url);
  const places: readonly (readonly [folder: string, schema: string])[] = [
    ["cases", "case"],
    ["spec/clauses", "ledger"],
    ["spec/profiles", "profile"],
  ];
  const files = places.flatMap(([folder, schema]) =>
    yamlFilesIn(root, folder).map((file) => [file, schema] as const)
  );
  for (const schema of ["sources", "citations", "contradictions"]) {
    files.push([`spec/${schema}.yaml`, schema]);
  }
  for (const [file, schema] of files) {
    const [line = ""] = Deno.readTextFileSync(new URL(file, root)).split("\n", 1);
    const [, reference = ""] = /^# yaml-language-server: \$schema=(\S+)$/.exec(line) ?? [];
    assertEquals(
      new URL(reference, new URL(file, root)).href,
      new URL(`spec/schema/${schema}.json`, root).href,
      file,
    );
  }
});

function yamlFilesIn(root: URL, folder: string): readonly string[] {
  return [...Deno.readDirSync(new URL(folder, root))].flatMap(({ name, isDirectory }) => {
    if (isDirectory) return yamlFilesIn(root, `${folder}/${name}`);
    return name.endsWith(".yaml") ? [`${folder}/${name}`] : [];
  });
}
