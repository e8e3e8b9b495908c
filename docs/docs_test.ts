import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

/** A block of code on a page, with the remark before it that says what the block is. */
interface Block {
  readonly language: string;
  readonly text: string;
  readonly remark: string | undefined;
}

function blocksOf(page: string): readonly Block[] {
  const block = /(?:<!-- (.*?) -->\s*)?^```(\w+)\n([^]*?)^```$/gm;
  return [...page.matchAll(block)].map(([, remark, language = "", text = ""]) => ({
    language,
    text,
    remark,
  }));
}

/** Commands with what they print. */
function commandsOf(
  text: string,
): readonly { readonly command: string; readonly printed: readonly string[] }[] {
  return text.split(/^\$ /m).slice(1).map((part) => {
    const [command = "", ...printed] = part.trimEnd().split("\n");
    return { command, printed };
  });
}

/** Whether lines are as a page has them, where `…` stands for the rest of a line or for any number of lines. */
function matches(expected: readonly string[], seen: readonly string[]): boolean {
  const [first, ...rest] = expected;
  if (first === undefined) return seen.length === 0;
  if (first === "…") return seen.some((_, index) => matches(rest, seen.slice(index))) || matches(rest, []);
  const [line, ...after] = seen;
  return line !== undefined && isLike(first, line) && matches(rest, after);
}

function isLike(expected: string, line: string): boolean {
  const [begin = "", ...rest] = expected.split("…");
  if (rest.length === 0) return begin === line;
  return line.startsWith(begin) && line.endsWith(rest.at(-1) ?? "");
}

/** A copy of the suite with the cases of one folder. */
function withCopy(use: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "docs-"));
  try {
    for (const part of ["spec", "runners", "reports", "cli", "links", "deno.json", "deno.lock", "mod.ts"]) {
      cpSync(join(ROOT, part), join(folder, part), { recursive: true });
    }
    for (const { name } of [...Deno.readDirSync(join(ROOT, "cases"))].filter(({ isFile }) => isFile)) {
      cpSync(join(ROOT, "cases", name), join(folder, "cases", name));
    }
    for (const part of ["cases/judge", "cases/vfio/revoke", "cases/vfio/race"]) {
      cpSync(join(ROOT, part), join(folder, part), { recursive: true });
    }
    use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What a command of the page prints, both streams in their order, and its exit status where that is not 0. */
function run(command: string, folder: string): readonly string[] {
  const line = command.replace(/^conform /, '"$DENO" run -A --quiet cli/main.ts ');
  const { code, stdout } = new Deno.Command("sh", {
    args: ["-c", `${line} 2>&1`],
    cwd: folder,
    env: { DENO: Deno.execPath(), NO_COLOR: "1" },
  }).outputSync();
  const lines = new TextDecoder().decode(stdout).trimEnd().split("\n");
  return [...(lines.join("") === "" ? [] : lines), ...(code === 0 ? [] : [`[${code}]`])];
}

function dedented(text: string): string {
  return text.split("\n").map((line) => line.trim()).filter((line) => line !== "").join("\n");
}

Deno.test("every command of the worked example prints what the page says, and the case ends as it was", () => {
  const blocks = blocksOf(readFileSync(join(ROOT, "docs/writing-a-case.md"), "utf8"));
  const before = readFileSync(join(ROOT, "cases/vfio/revoke/double-revoke.yaml"), "utf8");
  withCopy((folder) => {
    for (const { language, text, remark } of blocks) {
      const [, kind, file = ""] = /^(file|part of): (.*)$/.exec(remark ?? "") ?? [];
      if (kind === "file") writeFileSync(join(folder, file), text);
      if (kind === "part of") {
        assertStringIncludes(dedented(readFileSync(join(ROOT, file), "utf8")), dedented(text));
      }
      if (language !== "console") continue;
      for (const { command, printed } of commandsOf(text)) {
        const seen = run(command, folder);
        assert(matches(printed, seen), `$ ${command}\n${seen.join("\n")}\ninstead of\n${printed.join("\n")}`);
      }
    }
    assertEquals(readFileSync(join(folder, "cases/vfio/revoke/double-revoke.yaml"), "utf8"), before);
  });
  assert(blocks.filter(({ language }) => language === "console").length >= 8);
});

const FOLDERS = ["docs", "spec", "cases", "runners", "reports", "cli", "links"];

/** Every page of the project in Markdown, from its root. */
function pages(): readonly string[] {
  const inside = FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" }).map((name) => join(folder, name))
  );
  return ["README.md", ...inside.filter((name) => name.endsWith(".md"))];
}

Deno.test("every link of the pages leads to a file that is there", () => {
  const names = pages();
  assert(names.length > 10);
  for (const name of names) {
    const file = join(ROOT, name);
    const prose = readFileSync(file, "utf8").replaceAll(/^```[^]*?^```$/gm, "");
    for (const [, target = ""] of prose.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)) {
      if (!target.includes("://")) assert(existsSync(join(dirname(file), target)), `${name}: ${target}`);
    }
  }
});

Deno.test("the page of the command line names every command", () => {
  const page = readFileSync(join(ROOT, "docs/command-line.md"), "utf8");
  const help = run("conform --help", ROOT).join("\n");
  const commands = [...help.matchAll(/^ {2}([a-z]+) {2,}[A-Z]/gm)].map(([, name = ""]) => name);
  assert(commands.length > 20);
  const missing = commands.filter((name) => !new RegExp(`\\bconform ${name}\\b|, \`${name}\``).test(page));
  assertEquals(missing, []);
});
