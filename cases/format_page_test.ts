import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { SECTIONS } from "./case.ts";
import { EXPECTATION_KEYS, headShape } from "./format.ts";
import { formatPage, writeFormatPage } from "./format_page.ts";

Deno.test("the page of the formats is up to date; deno task schema writes it", () => {
  assertEquals(Deno.readTextFileSync(new URL("../docs/format.md", import.meta.url)), formatPage());
});

Deno.test("the page of the formats has every key of a case, of a step and of a clause", () => {
  const page = formatPage();
  const keys = [...Object.keys(headShape), ...SECTIONS, ...EXPECTATION_KEYS, "matrix"];
  for (
    const key of [...keys, "requirement", "not-tested", "contested", "alternative", "message-id", "treatment"]
  ) {
    assertStringIncludes(page, `| \`${key}\` |`);
  }
  for (const [line] of page.matchAll(/^\| `.*$/gm)) assert(!/\| *\|$/.test(line), `says nothing: ${line}`);
});

Deno.test("writeFormatPage() makes the folder and writes the page", () => {
  const folder = Deno.makeTempDirSync();
  try {
    const file = new URL(`file://${folder}/docs/page.md`);
    writeFormatPage(file);
    assertEquals(Deno.readTextFileSync(file), formatPage());
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
