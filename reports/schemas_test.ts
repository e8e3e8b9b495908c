import { assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { reportSchemas } from "./schemas.ts";

for (const [name, text] of Object.entries(reportSchemas())) {
  Deno.test(`reports/schema/${name} is what the declarations say; deno task schema writes it anew`, () => {
    assertEquals(readFileSync(new URL(`./schema/${name}`, import.meta.url), "utf8"), text);
  });
}
