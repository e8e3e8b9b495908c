/**
 * Shows each rule code that it refuses and code that it leaves alone.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import plugin from "./lint_plugin.ts";

/** What the rules say about a source file, as `rule: the code they point at`. */
function lint(filename: string, source: string): string[] {
  return Deno.lint.runPlugin(plugin, filename, source)
    .map(({ id, range }) => `${id}: ${source.slice(...range)}`);
}

/** The same, for code under a header that the rule about headers accepts. */
function lintBody(filename: string, body: string): string[] {
  return lint(filename, `/**\n * A module.\n *\n * @module\n */\n${body}\n`);
}

Deno.test.each([
  ["spec/size.ts", "../cases/case.ts"],
  ["spec/operations/vfio.ts", "../../runners/target.ts"],
  ["spec/size_test.ts", "../cases/case.ts"],
  ["cases/judge/judge.ts", "../../runners/target.ts"],
  ["cases/judge/judge_bench.ts", "../../runners/target.ts"],
  ["runners/target.ts", "../reports/record.tsx"],
  ["reports/record.ts", "../cli/main.ts"],
  ["reports/record.ts", "../mod.ts"],
])("import-direction refuses %s importing %s", (filename: string, source: string) => {
  for (
    const statement of [
      `import { a } from "${source}";`,
      `import type { a } from "${source}";`,
      `import "${source}";`,
      `export { a } from "${source}";`,
      `export * from "${source}";`,
    ]
  ) {
    assertEquals(lintBody(filename, statement), [`conform/import-direction: ${statement}`]);
  }
  assertEquals(lintBody(filename, `await import("${source}");`), [
    `conform/import-direction: import("${source}")`,
  ]);
  assertEquals(lintBody(filename, `type A = import("${source}").A;`), [
    `conform/import-direction: import("${source}").A`,
  ]);
});

Deno.test.each([
  ["spec/operations/vfio.ts", "../errno.ts"],
  ["cases/judge/judge.ts", "../../spec/errno.ts"],
  ["runners/simulator/kernel/mm.ts", "../../../spec/errno.ts"],
  ["reports/site/page.tsx", "../../runners/target.ts"],
  ["cli/main.ts", "../reports/record.ts"],
  ["cli/main.ts", "../mod.ts"],
  ["cli/main_test.ts", "../spec/errno.ts"],
  ["mod.ts", "./reports/mod.ts"],
  ["mod.ts", "./cli/main.ts"],
  ["spec/size.ts", "zod"],
  ["spec/size.ts", "node:path"],
  [".ci/tool.ts", "../cli/main.ts"],
])("import-direction lets %s import %s", (filename: string, source: string) => {
  assertEquals(lintBody(filename, `import { a } from "${source}";`), []);
});

Deno.test("import-direction takes absolute file names, as the linter gives them", () => {
  const file = new URL("../spec/size.ts", import.meta.url).pathname;
  const statement = `import { a } from "../cases/case.ts";`;
  assertEquals(lintBody(file, statement), [`conform/import-direction: ${statement}`]);
});

Deno.test("assertions-in-tests keeps @std/assert and @std/expect in tests", () => {
  for (const source of ["@std/assert", "@std/expect", "@std/assert/equals", "jsr:@std/expect@1"]) {
    const statement = `import { a } from "${source}";`;
    assertEquals(lintBody("spec/size.ts", statement), [`conform/assertions-in-tests: ${statement}`]);
    assertEquals(lintBody("spec/size_test.ts", statement), []);
    assertEquals(lintBody("reports/page_test.tsx", statement), []);
  }
  assertEquals(lintBody("spec/size.ts", `import assert from "node:assert";`), []);
});

Deno.test("module-header wants a comment that says what the file is for", () => {
  const code = "export const a = 1;";
  assertEquals(lint("spec/size.ts", code), [`conform/module-header: ${code}`]);
  assertEquals(lint("spec/size.ts", `/** The doc comment of a. */\n${code}`), [
    "conform/module-header: /** The doc comment of a. */",
  ]);
  assertEquals(lint("spec/size.ts", `// One line.\n${code}`), ["conform/module-header: // One line."]);
  assertEquals(lint("spec/size.ts", ""), ["conform/module-header: "]);

  assertEquals(lint("spec/size.ts", `/** Sizes. @module */\n${code}`), []);
  assertEquals(lint("spec/size.ts", `/* Sizes as cases write them. */\n${code}`), []);
  assertEquals(
    lint("cli/main.ts", `#!/usr/bin/env -S deno run\n/**\n * Runs.\n *\n * @module\n */\n${code}`),
    [],
  );
  assertEquals(lint("spec/size_test.ts", code), []);
});

Deno.test("no-cast refuses casts that switch the compiler off", () => {
  for (const cast of ["x as any", "x as unknown as string", "<any> x", "<string> (x as unknown)"]) {
    assertEquals(lintBody("spec/size.ts", `export const a = ${cast};`), [`conform/no-cast: ${cast}`]);
  }
  for (const code of [`["a"] as const`, "x as unknown", "x as string", "x satisfies string"]) {
    assertEquals(lintBody("spec/size.ts", `export const a = ${code};`), []);
  }
});

Deno.test("top-level-function wants declarations", () => {
  for (const value of ["() => 1", "async () => {}", "function () {}"]) {
    assertEquals(lintBody("spec/size.ts", `const a = ${value};`), [
      `conform/top-level-function: a = ${value}`,
    ]);
    assertEquals(lintBody("spec/size.ts", `export const a = ${value};`), [
      `conform/top-level-function: a = ${value}`,
    ]);
  }
  for (
    const code of [
      "function a() {}",
      "const a = { run: () => 1 };",
      "const a = wrap(() => 1);",
      "const a = [() => 1];",
      "function a() { const b = () => 1; return b; }",
    ]
  ) {
    assertEquals(lintBody("spec/size.ts", code), []);
  }
});

Deno.test("every message is a sentence, and a hint says what to do", () => {
  const source = `export const f = () => x as any;\nimport "../cli/main.ts";\nimport "@std/assert";`;
  const found = Deno.lint.runPlugin(plugin, "spec/size.ts", source);
  const rules = new Set(found.map(({ id }) => id.replace("conform/", "")));
  assertEquals([...rules].sort(), Object.keys(plugin.rules).sort());
  for (const { message, hint } of found) {
    assertMatch(message, /^[A-Z].*[^.]$/);
    assertMatch(hint ?? "", /^[A-Z].*[^.]$/);
  }
});
