import { assertEquals } from "@std/assert";
import { parseFragment } from "./fragments.ts";
import { bootLimitMs, slownessOf } from "./limits.ts";

function fragment(name: string): Promise<string> {
  return Deno.readTextFile(new URL(`fragments/${name}.config`, import.meta.url));
}

Deno.test("slownessOf() is 1 for a small kernel, and the product of what watches for a debug one", async () => {
  assertEquals(slownessOf(parseFragment(await fragment("small"))), 1);
  assertEquals(slownessOf(parseFragment(await fragment("debug"))), 3 * 2 * 1.5);
  assertEquals(slownessOf(parseFragment("# CONFIG_KASAN is not set\nCONFIG_PROVE_LOCKING=y\n")), 2);
});

Deno.test("bootLimitMs() gives a kernel that watches itself more time", async () => {
  const config = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(config, "CONFIG_KASAN=y\n");
    assertEquals(await bootLimitMs({ config }), 360_000);
    assertEquals(await bootLimitMs({ config: undefined }), 120_000);
    assertEquals(await bootLimitMs({ config: `${config}.gone` }), 120_000);
  } finally {
    await Deno.remove(config);
  }
});
