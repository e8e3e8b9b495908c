/**
 * The JSON schemas of the messages, made from the declarations, for those who write a testee in another language.
 *
 * @module
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { z } from "zod";
import { RUNNER_SCHEMAS, TESTEE_SCHEMAS } from "./messages.ts";

const FOLDER = new URL("./schema/", import.meta.url);

/** Every schema as the text of its file, by the name of the file in `runners/protocol/schema/`. */
export function protocolSchemas(): Readonly<Record<string, string>> {
  return Object.fromEntries([
    ...Object.entries(RUNNER_SCHEMAS).map(([type, schema]) => fileOf("runner", type, schema)),
    ...Object.entries(TESTEE_SCHEMAS).map(([type, schema]) => fileOf("testee", type, schema)),
  ]);
}

/**
 * Writes every schema.
 *
 * @param folder the folder to write them to; `runners/protocol/schema/` where left out
 * @returns the names of the files
 */
export function writeProtocolSchemas(folder: URL = FOLDER): readonly string[] {
  mkdirSync(folder, { recursive: true });
  return Object.entries(protocolSchemas()).map(([name, text]) => {
    writeFileSync(new URL(name, folder), text);
    return name;
  });
}

function fileOf(side: "runner" | "testee", type: string, schema: z.ZodType): readonly [string, string] {
  const title = `The message "${type}" of a ${side}`;
  const json = {
    ...z.toJSONSchema(schema, { io: "input", target: "draft-2020-12", unrepresentable: "any" }),
    title,
  };
  return [`${side}-${type}.json`, `${JSON.stringify(json, null, 2)}\n`];
}
