import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { conform, inFolder } from "../testing/conform.ts";

const ROOT = new URL("../../", import.meta.url);
const FAKE = new URL("runners/testing/fake_testees.ts", ROOT).pathname;
const MAIN = new URL("cli/main.ts", ROOT).pathname;

function fake(bug: string): string {
  return `${Deno.execPath()} run -A --quiet --no-check ${FAKE} ${bug}`;
}

Deno.test("conform testee check says which rule is broken, and what to do", async () => {
  const { status, out, err } = await conform("testee", "check", fake("miscounts"));
  assertEquals(status, 1);
  assertStringIncludes(out, "broken  count            The end of a run counts its observations\n");
  assertStringIncludes(out, "counts 3 observations, but 2 came. Count in");
  assertStringIncludes(err, " broken, ");
});

Deno.test("conform testee check is content with a testee that has no bug", async () => {
  const { status, out } = await conform("testee", "check", "--format", "json", fake("no-bug"));
  assertEquals(status, 0);
  const findings: readonly { rule: string; status: string }[] = JSON.parse(out);
  assertEquals(findings.filter(({ status }) => status === "broken"), []);
  assertEquals(findings.some(({ rule, status }) => rule === "order" && status === "kept"), true);
});

Deno.test("conform testee check says how a command ended that does not start", async () => {
  const { status, out } = await conform("testee", "check", "/no/such/testee");
  assertEquals(status, 1);
  assertStringIncludes(out, 'the command "/no/such/testee" ended with status 127');
});

/** Whether lines are as the page has them, where `…` stands for the rest of a line or for any number of lines. */
function matches(expected: readonly string[], seen: readonly string[]): boolean {
  const [first, ...rest] = expected;
  if (first === undefined) return seen.length === 0;
  if (first === "…") return seen.some((_, index) => matches(rest, seen.slice(index))) || rest.length === 0;
  const [line, ...after] = seen;
  if (line === undefined) return false;
  const [begin = "", end] = first.split("…");
  return (end === undefined ? line === first : line.startsWith(begin)) && matches(rest, after);
}

const python =
  new Deno.Command("sh", { args: ["-c", "command -v python3"], stdout: "null" }).outputSync().success;

Deno.test({
  name: "every command of the page on testees prints what the page says, from an empty folder",
  ignore: !python,
  fn: async () => {
    const page = readFileSync(new URL("docs/testee.md", ROOT), "utf8");
    const blocks = [...page.matchAll(/(?:<!-- (file|end of file): (.*?) -->\s*)?^```(\w+)\n([^]*?)^```$/gm)];
    let commands = 0;
    await inFolder((folder) => {
      for (const [, kind, file = "", language, text = ""] of blocks) {
        if (kind === "file") writeFileSync(join(folder, file), text);
        if (kind === "end of file") appendFileSync(join(folder, file), `\n${text}`);
        if (language !== "console") continue;
        for (const part of text.split(/^\$ /m).slice(1)) {
          const [command = "", ...printed] = part.trimEnd().split("\n");
          const { code, stdout } = new Deno.Command("sh", {
            args: ["-c", command.replace(/^conform /, '"$DENO" run -A --quiet --no-check "$MAIN" ')],
            cwd: folder,
            env: { DENO: Deno.execPath(), MAIN, NO_COLOR: "1" },
            stderr: "null",
          }).outputSync();
          const lines = new TextDecoder().decode(stdout).split("\n").filter((line) => line !== "");
          const seen = [...lines, ...(code === 0 ? [] : [`[${code}]`])];
          assert(
            matches(printed, seen),
            `$ ${command}\n${seen.join("\n")}\ninstead of\n${printed.join("\n")}`,
          );
          commands++;
        }
      }
      return Promise.resolve();
    });
    assertEquals(commands, 6);
  },
});
