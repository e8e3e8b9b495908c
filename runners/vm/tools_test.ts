import { assertEquals, assertRejects } from "@std/assert";
import { VmError } from "./failure.ts";
import { missingTool, runForText, runTool, stoppedBy } from "./tools.ts";

Deno.test("runTool() gives what a program writes, and feeds it", async () => {
  assertEquals(
    await runForText("bash", ["-c", "cat; echo end"], { input: new TextEncoder().encode("in ") }),
    "in end\n",
  );
});

Deno.test("runTool() tells lines as they come", async () => {
  const lines: string[] = [];
  await runTool("bash", ["-c", "echo one >&2; echo two >&2"], { line: (text) => lines.push(text) });
  assertEquals(lines, ["one", "two"]);
});

Deno.test("runTool() says what a program that fails wrote last", async () => {
  for (const line of [undefined, () => {}]) {
    await assertRejects(
      () => runTool("bash", ["-c", "echo because >&2; exit 3"], { line }),
      VmError,
      "bash -c ended with 3:\nbecause",
    );
  }
});

Deno.test("a missing program is named with the package that has it", () => {
  assertEquals(missingTool("xz").message, "The program xz was not found");
  assertEquals(missingTool("xz").hint, "On Debian it is in: apt-get install xz-utils");
});

Deno.test("stoppedBy() ends a program with all that it has started, and begins no other", async () => {
  const controller = new AbortController();
  const begun = Promise.withResolvers<void>();
  const done: string[] = [];
  const running = stoppedBy(controller.signal, async () => {
    /* the child would keep the output of the shell open, which is read to its end */
    await runTool("bash", ["-c", "sleep 1000 & echo begun >&2; wait"], { line: () => begun.resolve() });
    done.push("first");
    await runTool("bash", ["-c", "true"]);
  });
  await begun.promise;
  controller.abort(new Error("enough"));
  await assertRejects(() => running, Error, "enough");
  assertEquals(done, []);
  await assertRejects(
    () => stoppedBy(controller.signal, () => runTool("bash", ["-c", "true"])),
    Error,
    "enough",
  );
});
