import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { describeVocabulary, exampleArguments, vocabularyPage, writeVocabularyPage } from "./describe.ts";
import { OPERATION_NAMES, operationOf } from "./mod.ts";

Deno.test("describeVocabulary() has every operation once, each with a sentence and what it follows", () => {
  const described = describeVocabulary();
  assertEquals(described.map(({ name }) => name), [...OPERATION_NAMES]);
  for (const { name, summary, follows } of described) {
    assert(summary.endsWith("."), name);
    assert(follows.length > 0, name);
  }
});

Deno.test("describeVocabulary() says of each argument what it takes, whether it must be given, and its default", () => {
  const revoke = describeVocabulary().find(({ name }) => name === "vfio.revoke_feature");
  assertEquals(revoke?.missing, "ENOTTY");
  const byName = new Map(revoke?.arguments.map((argument) => [argument.name, argument]));
  assertEquals(byName.get("device")?.required, true);
  assertEquals(byName.get("argsz")?.default, "12");
  assertStringIncludes(byName.get("unreadable")?.takes ?? "", "payload");
});

Deno.test("the example of an operation has arguments that it takes", () => {
  for (const name of OPERATION_NAMES) {
    const { error } = operationOf(name).args.safeParse(exampleArguments(operationOf(name)));
    assertEquals(error?.issues ?? [], [], name);
  }
  const given = describeVocabulary().find(({ name }) => name === "vfio.export");
  assertEquals(given?.example, "- buf: { vfio.export: { device: dev } }");
});

Deno.test("the page of the vocabulary leads from its contents to each operation", () => {
  const page = vocabularyPage();
  const anchors = [...page.matchAll(/^## (.+)$/gm)].map(([, name = ""]) =>
    name.toLowerCase().replaceAll(".", "")
  );
  const targets = [...page.matchAll(/\]\(#([^)]+)\)/g)].map(([, target = ""]) => target);
  assertEquals(targets, anchors);
});

Deno.test("the page of the vocabulary is up to date; deno task schema writes it", () => {
  assertEquals(Deno.readTextFileSync(new URL("README.md", import.meta.url)), vocabularyPage());
});

Deno.test("writeVocabularyPage() writes the page", () => {
  const folder = Deno.makeTempDirSync();
  try {
    const file = new URL(`file://${folder}/page.md`);
    writeVocabularyPage(file);
    assertEquals(Deno.readTextFileSync(file), vocabularyPage());
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
