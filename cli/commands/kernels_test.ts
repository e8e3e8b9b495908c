import { assertEquals, assertStringIncludes } from "@std/assert";
import { conform } from "../testing/conform.ts";

Deno.test("conform kernels boot refuses what cannot be meant before it boots anything", async () => {
  const refused = async (words: string, ...args: string[]) => {
    const { status, err } = await conform("kernels", "boot", ...args);
    assertEquals(status, 2);
    assertStringIncludes(err, words);
  };
  await refused("No kernel is named");
  await refused("There are two kernels, 7.3 and", "7.3", "--kernel", "bzImage");
  await refused("Modules belong to a kernel that is given as a file", "7.3", "--modules", "out");
});

Deno.test("conform kernels names what is missing, and how to get it", async () => {
  const failing = async (words: string, ...args: string[]) => {
    const { status, err } = await conform("kernels", ...args);
    assertEquals(status, 3);
    assertStringIncludes(err, words);
  };
  await failing("Get it with: conform kernels fetch 0.1", "boot", "0.1");
  await failing('There is no kernel "none"', "boot", "--kernel", "none");
});
