import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type Diagnostic, formatDiagnostic } from "./diagnostic.ts";
import { plain } from "./tree.ts";
import { MAX_FILE_BYTES, parseYaml, parseYamlBytes, readYamlFile, type YamlResult } from "./yaml_file.ts";

function diagnosticsOf(result: YamlResult): readonly Diagnostic[] {
  return result.ok ? [] : result.diagnostics;
}

function messagesOf(text: string): readonly string[] {
  return diagnosticsOf(parseYaml(text, "x.yaml")).map(formatDiagnostic);
}

function valueOf(result: YamlResult): unknown {
  return result.ok ? plain(result.yaml.tree) : result.diagnostics;
}

Deno.test("parseYaml() reads YAML 1.2, where off is a text", () => {
  const text = 'a: off\nb: [1, 0x10, true, ~]\n"c d": { e: "1" }\nf: 2^63\n1: x\n';
  assertEquals(valueOf(parseYaml(text, "x.yaml")), {
    "1": "x",
    a: "off",
    b: [1, 16, true, null],
    "c d": { e: "1" },
    f: "2^63",
  });
});

Deno.test("parseYaml() knows where every part stands, with line breaks of Windows too", () => {
  for (const end of ["\n", "\r\n"]) {
    const result = parseYaml(["# first", "a:", "  - b: 1", "    c: two", ""].join(end), "x.yaml");
    assert(result.ok);
    const { tree, positionOf } = result.yaml;
    assert(tree.kind === "map");
    const list = tree.entries[0]?.value;
    assert(list?.kind === "list");
    const map = list.items[0];
    assert(map?.kind === "map");
    const entry = map.entries[1];
    assert(entry);
    assertEquals(positionOf(entry.keyAt), { file: "x.yaml", line: 4, column: 5 });
    assertEquals(positionOf(entry.value.at), { file: "x.yaml", line: 4, column: 8 });
  }
});

Deno.test("parseYaml() refuses what is not plain YAML, with the place, the cause and what to do", () => {
  const refusals: Record<string, string> = {
    "a:\n\tb: 1\n": "x.yaml:2:1: The line is indented with a tab. Indent with spaces",
    "a:\n  b: 1\n\tc: 2\n": "x.yaml:3:1: The line is indented with a tab. Indent with spaces",
    "a: 1\nb: 2\na: 3\n": 'x.yaml:3:1: "a" stands twice in the same map. Keep one of the two',
    "a: {blocks until: 1, blocks until: 2}\n":
      'x.yaml:1:22: "blocks until" stands twice in the same map. Keep one of the two',
    "a: 1\n---\nb: 2\n": "x.yaml:2:1: A second document begins here. Put it in a file of its own",
    "": "x.yaml:1:1: The file is empty. Write it, or remove it",
    "# only a remark\n\n": "x.yaml:1:1: The file is empty. Write it, or remove it",
    "a: !secret 1\n":
      'x.yaml:1:4: The value has a tag, which nothing here gives a meaning to. Remove the tag; put quotes around a text that begins with "!"',
    "a: !!set {b}\n":
      'x.yaml:1:4: The value has a tag, which nothing here gives a meaning to. Remove the tag; put quotes around a text that begins with "!"',
    "a:\n  <<: { b: 1 }\n": 'x.yaml:2:3: "<<" would merge another map into this one. Write the keys out',
    "? [a]\n: 1\n": "x.yaml:1:3: The key is a list or a map. Use a text as the key",
    "%YAML 1.1\n---\na: off\n":
      "x.yaml:1:1: The file asks for a version of YAML. Remove the line; every file is read as YAML 1.2",
    "a: [1, 2\n":
      "x.yaml:2:1: This is not YAML: Flow sequence in block collection must be sufficiently indented and end with a ]. Check the indentation, the quotes and the brackets on this line and above it",
  };
  for (const [text, expected] of Object.entries(refusals)) assertEquals(messagesOf(text), [expected]);
});

Deno.test("parseYaml() refuses anchors and aliases", () => {
  assertEquals(messagesOf("a: &x 1\nb: *x\n"), [
    'x.yaml:1:7: "&x" is an anchor, and files of the suite have none. Write the value out; put quotes around a text that begins with "&"',
    'x.yaml:2:4: "*x" is an alias, and files of the suite have none. Write the value out; put quotes around a text that begins with "*"',
  ]);
});

Deno.test("parseYaml() does not unfold an alias bomb", () => {
  const levels = Array.from(
    { length: 30 },
    (_, level) => `a${level + 1}: &a${level + 1} [${"*a".concat(`${level}, `).repeat(9)}]`,
  );
  const diagnostics = diagnosticsOf(parseYaml(["a0: &a0 [x]", ...levels].join("\n"), "x.yaml"));
  assertEquals(diagnostics[0]?.code, "alias");
  assertEquals([diagnostics[0]?.line, diagnostics[0]?.column], [1, 9]);
});

Deno.test("parseYaml() survives what is nested too deeply", () => {
  const [first] = diagnosticsOf(parseYaml(`a: ${"[".repeat(20_000)}`, "x.yaml"));
  assertEquals(first?.code, "syntax");
});

Deno.test("parseYamlBytes() skips a byte order mark", () => {
  const bytes = new TextEncoder().encode("\uFEFFa: ü\n");
  assertEquals(valueOf(parseYamlBytes(bytes, "x.yaml")), { a: "ü" });
});

Deno.test("parseYamlBytes() says where bytes are not UTF-8", () => {
  const bytes = new Uint8Array([...new TextEncoder().encode("a: 1\nb: ä"), 0xe4, 0x0a]);
  assertEquals(diagnosticsOf(parseYamlBytes(bytes, "x.yaml")).map(formatDiagnostic), [
    "x.yaml:2:5: The file has bytes that are not UTF-8. Save it as UTF-8",
  ]);
});

Deno.test("parseYamlBytes() takes a text that has the replacement character in it", () => {
  assertEquals(valueOf(parseYamlBytes(new TextEncoder().encode('a: "\uFFFD"'), "x.yaml")), { a: "\uFFFD" });
});

Deno.test("readYamlFile() refuses a file of 10 MiB without parsing it", () => {
  const path = Deno.makeTempFileSync();
  try {
    Deno.truncateSync(path, 10 * MAX_FILE_BYTES);
    assertEquals(diagnosticsOf(readYamlFile(path, "x.yaml")).map(formatDiagnostic), [
      "x.yaml:1:1: The file has 10.0 MiB and no file of the suite has more than 1 MiB. Check that it is the right file, or split it",
    ]);
  } finally {
    Deno.removeSync(path);
  }
});

Deno.test("readYamlFile() says why a file cannot be read", () => {
  const [first] = diagnosticsOf(readYamlFile("/nowhere/x.yaml", "x.yaml"));
  assertEquals(first?.code, "unreadable");
  assertStringIncludes(first?.message ?? "", "The file cannot be read");
});
