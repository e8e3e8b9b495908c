import { assertEquals } from "@std/assert";
import { mergeFragments, parseFragment, unmet, writeFragment } from "./fragments.ts";

Deno.test("parseFragment() reads what writeFragment() writes, and leaves comments aside", () => {
  const fragment = parseFragment('# About it.\nCONFIG_A=y\n\n# CONFIG_B is not set\nCONFIG_C="x=y"\n');
  assertEquals([...fragment], [["CONFIG_A", "y"], ["CONFIG_B", "n"], ["CONFIG_C", '"x=y"']]);
  assertEquals(parseFragment(writeFragment(fragment)), fragment);
});

Deno.test("mergeFragments() lets the last one decide", () => {
  const merged = mergeFragments([
    new Map([["CONFIG_A", "y"], ["CONFIG_B", "y"]]),
    new Map([["CONFIG_A", "n"]]),
  ]);
  assertEquals([...merged], [["CONFIG_A", "n"], ["CONFIG_B", "y"]]);
});

Deno.test("unmet() names what a configuration does not give", () => {
  const wanted = parseFragment("CONFIG_A=y\nCONFIG_B=y\n# CONFIG_C is not set\n# CONFIG_D is not set\n");
  assertEquals(unmet(wanted, parseFragment("CONFIG_A=y\nCONFIG_D=m\n")), ["CONFIG_B", "CONFIG_D"]);
});

Deno.test("the fragments of the suite name no option twice", async () => {
  for (const name of ["small", "debug"]) {
    const text = await Deno.readTextFile(new URL(`fragments/${name}.config`, import.meta.url));
    const lines = text.split("\n").filter((line) => line.startsWith("CONFIG_"));
    assertEquals(parseFragment(text).size, lines.length, name);
  }
});
