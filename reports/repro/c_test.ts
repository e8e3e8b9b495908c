import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { sizeSchema } from "../../spec/size.ts";
import { comment, commentText, cString, fold, sizeText } from "./c.ts";
import { compiled, hasCompiler } from "./testing.ts";

const ignore = !hasCompiler();

Deno.test("cString() escapes what would end a string or begin a trigraph", () => {
  assertEquals(cString('a "b" \\ c'), String.raw`"a \"b\" \\ c"`);
  assertEquals(cString("what??/ever???"), String.raw`"what?\?/ever?\??"`);
  assertEquals(cString("é\u00007"), String.raw`"\303\251\0007"`);
});

Deno.test("commentText() leaves nothing that ends a comment", () => {
  assertEquals(commentText("a */ b /* c **/ d\ne??/\n"), "a * / b / * c ** / d e? ?/");
});

Deno.test({
  name: "a program prints the strings that it was given, whatever is in them",
  ignore,
  async fn() {
    const texts = [
      ...fc.sample(fc.string({ unit: "binary", maxLength: 40 }), { numRuns: 60, seed: 7 }),
      'a*/"%s\\n??/',
      "??/",
      "\\",
      '*/ int x = "1"; /*',
      "// \\\n next",
    ].map((text) => text.toWellFormed().replaceAll("\0", ""));
    const source = [
      "#include <stdio.h>",
      ...texts.flatMap((text) => comment(text)),
      "int main(void)",
      "{",
      ...texts.map((text) => `\tfputs(${cString(text)}, stdout);\n\tputchar(0);`),
      "\treturn 0;",
      "}",
      "",
    ].join("\n");
    const { stdout } = await new Deno.Command(await compiled(source, ["-trigraphs"])).output();
    assertEquals(new TextDecoder().decode(stdout).split("\0").slice(0, -1), texts);
  },
});

Deno.test("sizeText() writes sizes as one would", () => {
  const table = [
    ["4 pages", "4 * PAGE"],
    ["1 page", "PAGE"],
    ["1MiB", "(1UL << 20)"],
    ["4095", "4095"],
    ["1MiB - 1 page", "(1UL << 20) - PAGE"],
    ["1 page + 1", "PAGE + 1"],
    ["2 pages - 1", "2 * PAGE - 1"],
    ["2^63", "(1ULL << 63)"],
    ["2^64 - 1 page", "0 - PAGE"],
    ["2^64 - 1", "0xffffffffffffffffULL"],
    ["0", "0"],
  ] as const;
  assertEquals(table.map(([size]) => sizeText(sizeSchema.parse(size))), table.map(([, text]) => text));
});

Deno.test("fold() gives a structure a line for each field, and breaks nothing within a string", () => {
  const fields = Array.from({ length: 4 }, (_, index) => `.a_rather_long_name_${index} = ${index}`);
  assertEquals(fold(`x = call("a, b", (struct thing){ ${fields.join(", ")} });`, "\t"), [
    '\tx = call("a, b", (struct thing){',
    ...fields.map((field) => `\t\t${field},`),
    "\t});",
  ]);
  const long = `tell(x == 0 && y == 1, ${
    cString("one, two, three, four, five, six, seven, eight, nine, ten")
  }, result);`;
  const lines = fold(long, "\t\t");
  assert(lines.length > 1);
  assertEquals(lines.map((line) => line.trim()).join(" "), long);
});
