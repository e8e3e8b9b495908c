import { assertEquals } from "@std/assert";
import { z } from "zod";
import { type Diagnostic, formatDiagnostic } from "./diagnostic.ts";
import { shape } from "./shape.ts";
import { parseYaml, reporter } from "./yaml_file.ts";

function messagesOf(schema: z.ZodType, text: string): readonly string[] {
  const result = parseYaml(text, "x.yaml");
  if (!result.ok) return result.diagnostics.map(formatDiagnostic);
  const diagnostics: Diagnostic[] = [];
  shape(schema, result.yaml.tree, reporter(result.yaml, diagnostics));
  return diagnostics.map(formatDiagnostic);
}

const point = z.strictObject({
  x: z.int().nonnegative(),
  colour: z.enum(["red", "green", "blue"]).optional().meta({ description: "How it looks." }),
  labels: z.array(z.string()).max(2).optional(),
});

Deno.test("shape() gives the value with its defaults where everything is right", () => {
  const result = parseYaml("a: 1", "x.yaml");
  const diagnostics: Diagnostic[] = [];
  const schema = z.strictObject({ a: z.int(), b: z.string().default("fallback") });
  const value = result.ok ? shape(schema, result.yaml.tree, reporter(result.yaml, diagnostics)) : undefined;
  assertEquals([value, diagnostics], [{ a: 1, b: "fallback" }, []]);
});

Deno.test("shape() points at the key that is not known and names the nearest", () => {
  assertEquals(messagesOf(point, "x: 1\ncolor: red\n"), [
    'x.yaml:2:1: "color" is not known here. Did you mean "colour"?',
  ]);
  assertEquals(messagesOf(point, "x: 1\nsomething: red\n"), [
    'x.yaml:2:1: "something" is not known here. Use one of: colour, labels',
  ]);
});

Deno.test("shape() points at the value that is wrong and says what was expected", () => {
  assertEquals(messagesOf(point, "x: one\n"), [
    'x.yaml:1:4: Expected a number, found the text "one". Remove the quotes, or write the value out',
  ]);
  assertEquals(messagesOf(point, "x: 1\ncolour: gren\n"), [
    'x.yaml:2:9: Expected one of red, green, blue, found the text "gren". Did you mean "green"?',
  ]);
  assertEquals(messagesOf(point, "x: -1\n"), [
    "x.yaml:1:4: Found the number -1, which is less than 0. Change the value",
  ]);
  assertEquals(messagesOf(point, "x: 1\nlabels: one\n"), [
    'x.yaml:2:9: Expected a list, found the text "one". Write a list: put [ and ] around it',
  ]);
  assertEquals(messagesOf(point, "x: 1\nlabels: [a, 2]\n"), [
    "x.yaml:2:13: Expected a text, found the number 2. Put quotes around it",
  ]);
  assertEquals(messagesOf(point, "x: 1\nlabels: [a, b, c]\n"), [
    "x.yaml:2:9: Found a list, which is more than 2 items. Change the value",
  ]);
  assertEquals(messagesOf(point, "x:\n"), [
    "x.yaml:1:3: Expected a number, found empty. Write a value after the colon, or remove the key",
  ]);
});

Deno.test("shape() points at the map that lacks a key and says what the key is", () => {
  const schema = z.strictObject({
    from: z.strictObject({ colour: z.string().meta({ description: "How it looks." }) }),
  });
  assertEquals(messagesOf(schema, "from: {}\n"), [
    'x.yaml:1:7: "colour" is missing. Add "colour". How it looks',
  ]);
  assertEquals(messagesOf(schema, "{}\n"), [
    'x.yaml:1:1: "from" is missing. Add "from". It is a map',
  ]);
});

Deno.test("shape() looks at the branch of a union that was meant", () => {
  const source = z.union([
    z.strictObject({ mail: z.string(), lines: z.string().optional() }),
    z.strictObject({ kernel: z.string(), file: z.string() }),
  ]);
  assertEquals(messagesOf(source, "mail: S2\nlnes: '4'\n"), [
    'x.yaml:2:1: "lnes" is not known here. Did you mean "lines"?',
  ]);
  assertEquals(messagesOf(source, "kernel: '7.3'\n"), [
    'x.yaml:1:1: "file" is missing. Add "file". It is a text',
  ]);
});

Deno.test("shape() names every choice where a union fits nowhere", () => {
  const either = z.strictObject({ a: z.union([z.enum(["ok", "absent"]), z.int()]) });
  assertEquals(messagesOf(either, "a: absnt\n"), [
    'x.yaml:1:4: Expected one of ok, absent, or a number, found the text "absnt". Did you mean "absent"?',
  ]);
  assertEquals(messagesOf(either, "a: true\n"), [
    "x.yaml:1:4: Expected one of ok, absent, or a number, found true. Use one of ok, absent, or a number",
  ]);
});
