import { assertEquals } from "@std/assert";
import { readdirSync, readFileSync } from "node:fs";
import { protocolSchemas } from "./schemas.ts";

const FOLDER = new URL("./schema/", import.meta.url);

Deno.test("the schemas of the messages are those that deno task schema writes", () => {
  const schemas = protocolSchemas();
  assertEquals(readdirSync(FOLDER).toSorted(), Object.keys(schemas).toSorted());
  for (const [name, text] of Object.entries(schemas)) {
    assertEquals(readFileSync(new URL(name, FOLDER), "utf8"), text, `${name}: run deno task schema`);
  }
});

Deno.test("the page of the protocol names every message", () => {
  const page = readFileSync(new URL("README.md", import.meta.url), "utf8");
  const types = Object.keys(protocolSchemas()).map((name) => name.replace(/^\w+-(.*)\.json$/, "$1"));
  assertEquals(types.filter((type) => !page.includes(`\`${type}\``)), []);
});
