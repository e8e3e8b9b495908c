import { assertEquals, assertStringIncludes } from "@std/assert";
import { BOOT_VARIABLE, kernelToBoot } from "../../runners/vm/testing/here.ts";
import { conform } from "../testing/conform.ts";
import { MAIN } from "../testing/program.ts";

const newest = Deno.env.has(BOOT_VARIABLE) ? await kernelToBoot() : undefined;

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

Deno.test("conform kernels boot gives the shell what was typed before there was one, and ends with it", {
  ignore: !newest,
}, async () => {
  if (!newest) return;
  const args = ["run", "-A", "--quiet", MAIN, "kernels", "boot", newest.release];
  const child = new Deno.Command(Deno.execPath(), { args, stdin: "piped", stdout: "piped", stderr: "null" })
    .spawn();
  const stdin = child.stdin.getWriter();
  await stdin.write(
    new TextEncoder().encode("echo first $((6 * 7))\necho release $(cat /proc/sys/kernel/osrelease)\n"),
  );
  await stdin.close();
  const [out, { code }] = await Promise.all([new Response(child.stdout).text(), child.status]);
  assertStringIncludes(out, "\nfirst 42\r\n");
  assertStringIncludes(out, `\nrelease ${newest.release}\r\n`);
  assertEquals(code, 0);
});
