/**
 * The JSON schemas of the files that reports read and write, made from the declarations.
 *
 * @module
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { z } from "zod";
import { baselineSchema } from "./baseline/file.ts";
import { certificateSchema } from "./certificate/predicate.ts";

const FOLDER = new URL("./schema/", import.meta.url);

/** Every schema as the text of its file, by the name of the file in `reports/schema/`. */
export function reportSchemas(): Readonly<Record<string, string>> {
  return {
    "baseline.json": textOf("Known failures", baselineSchema),
    "certificate.json": textOf("The predicate of a certificate", certificateSchema),
  };
}

/**
 * Writes every schema.
 *
 * @param folder the folder to write them to; `reports/schema/` where left out
 * @returns the names of the files
 */
export function writeReportSchemas(folder: URL = FOLDER): readonly string[] {
  mkdirSync(folder, { recursive: true });
  return Object.entries(reportSchemas()).map(([name, text]) => {
    writeFileSync(new URL(name, folder), text);
    return name;
  });
}

function textOf(title: string, schema: z.core.$ZodType): string {
  return JSON.stringify(
    { ...z.toJSONSchema(schema, { io: "input", target: "draft-2020-12" }), title },
    null,
    2,
  ) + "\n";
}
