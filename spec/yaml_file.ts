/**
 * Reads a YAML file and knows where everything in it stands.
 *
 * The suite reads a plain subset of YAML: one document of maps, lists and scalars. Anchors, aliases, merge keys and
 * tags are refused, because a reader of a case should never have to look elsewhere for what a line says.
 *
 * @module
 */
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import type { Document, Pair, ParsedNode, YAMLError } from "yaml";
import type { Diagnostic, Finding, Position, Report } from "./diagnostic.ts";
import type { Entry, Scalar, Tree } from "./tree.ts";
import { messageOf } from "./message_of.ts";

/** The largest file that is read, in bytes. */
export const MAX_FILE_BYTES = 1 << 20;

/** A file that could be read as YAML. */
export interface YamlFile {
  /** Its name in diagnostics. */
  readonly file: string;
  readonly text: string;
  readonly tree: Tree;
  /** The place of an offset of the tree. */
  positionOf(offset: number): Position;
}

/** A file as YAML, or why it is not. */
export type YamlResult =
  | { readonly ok: true; readonly yaml: YamlFile }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/**
 * Reads a file from the disk.
 *
 * @param path where it is
 * @param file its name in diagnostics
 */
export function readYamlFile(path: string | URL, file: string): YamlResult {
  try {
    const { size } = Deno.statSync(path);
    if (size > MAX_FILE_BYTES) return refuse(file, tooLarge(size));
    return parseYamlBytes(Deno.readFileSync(path), file);
  } catch (error) {
    const reason = messageOf(error);
    return refuse(file, {
      code: "unreadable",
      message: `The file cannot be read: ${reason}`,
      hint: "Check that it exists and that you may read it",
    });
  }
}

/** Parses the bytes of a file; a byte order mark is skipped. */
export function parseYamlBytes(bytes: Uint8Array, file: string): YamlResult {
  if (bytes.length > MAX_FILE_BYTES) return refuse(file, tooLarge(bytes.length));
  try {
    return parseYaml(new TextDecoder("utf-8", { fatal: true }).decode(bytes), file);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const finding = {
      code: "not-utf8",
      message: "The file has bytes that are not UTF-8",
      hint: "Save it as UTF-8",
    } as const;
    return refuse(file, finding, placeOfBadByte(new TextDecoder().decode(bytes)));
  }
}

/** Parses the text of a file. */
export function parseYaml(text: string, file: string): YamlResult {
  const lines = new LineCounter();
  const document = parseOrNothing(text, lines);
  if (!document) return refuse(file, tooDeep());
  function positionOf(offset: number): Position {
    // The library has no place before the first line break of an empty text.
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  }
  const mistakes = mistakesOf(document, text);
  const tree = document.contents && mistakes.length === 0 ? treeOf(document.contents, mistakes) : undefined;
  if (mistakes.length > 0) {
    const diagnostics = mistakes.map(({ at, finding }) => ({ ...positionOf(at), ...finding }));
    return { ok: false, diagnostics };
  }
  return tree ? { ok: true, yaml: { file, text, tree, positionOf } } : refuse(file, emptyFile());
}

/** Makes a function that adds the mistakes of a file to a list. */
export function reporter(yaml: YamlFile, diagnostics: Diagnostic[]): Report {
  return (offset, finding) => {
    diagnostics.push({ ...yaml.positionOf(offset), ...finding });
  };
}

interface Mistake {
  readonly at: number;
  readonly finding: Finding;
}

function parseOrNothing(text: string, lineCounter: LineCounter): Document.Parsed | undefined {
  try {
    return parseDocument(text, {
      lineCounter,
      prettyErrors: false,
      stringKeys: true,
      resolveKnownTags: false,
    });
  } catch (error) {
    // The library recurses into what is nested.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** The first error of the syntax, since it causes the rest; or else the marks that nothing here has a use for. */
function mistakesOf(document: Document.Parsed, text: string): Mistake[] {
  const [error] = document.errors;
  if (error) return [{ at: error.pos[0], finding: syntaxFinding(error, text) }];
  const mistakes = document.warnings.map((warning) => ({ at: warning.pos[0], finding: tagFinding() }));
  if (document.directives.yaml.explicit) mistakes.unshift({ at: 0, finding: directiveFinding() });
  return mistakes;
}

const SYNTAX: Partial<Record<YAMLError["code"], Finding>> = {
  TAB_AS_INDENT: {
    code: "tab",
    message: "The line is indented with a tab",
    hint: "Indent with spaces",
  },
  MULTIPLE_DOCS: {
    code: "several-documents",
    message: "A second document begins here",
    hint: "Put it in a file of its own",
  },
  NON_STRING_KEY: {
    code: "syntax",
    message: "The key is a list or a map",
    hint: "Use a text as the key",
  },
  RESOURCE_EXHAUSTION: tooDeep(),
};

function syntaxFinding(error: YAMLError, text: string): Finding {
  if (error.code === "DUPLICATE_KEY") return duplicateKey(text.slice(error.pos[0]));
  const known = SYNTAX[error.code];
  if (known) return known;
  const hint = "Check the indentation, the quotes and the brackets on this line and above it";
  return { code: "syntax", message: `This is not YAML: ${error.message}`, hint };
}

function duplicateKey(rest: string): Finding {
  const [key = "The key"] = /^[^:\n]+/.exec(rest) ?? [];
  return {
    code: "duplicate-key",
    message: `"${key.trim()}" stands twice in the same map`,
    hint: "Keep one of the two",
  };
}

function tooLarge(bytes: number): Finding {
  const size = (bytes / (1 << 20)).toFixed(1);
  return {
    code: "too-large",
    message: `The file has ${size} MiB and no file of the suite has more than 1 MiB`,
    hint: "Check that it is the right file, or split it",
  };
}

function tooDeep(): Finding {
  return {
    code: "syntax",
    message: "The file is nested too deeply to be read",
    hint: "Check the brackets; nothing in a case needs more than a dozen levels",
  };
}

function emptyFile(): Finding {
  return {
    code: "empty",
    message: "The file is empty",
    hint: "Write it, or remove it",
  };
}

function tagFinding(): Finding {
  return {
    code: "tag",
    message: "The value has a tag, which nothing here gives a meaning to",
    hint: 'Remove the tag; put quotes around a text that begins with "!"',
  };
}

function directiveFinding(): Finding {
  return {
    code: "directive",
    message: "The file asks for a version of YAML",
    hint: "Remove the line; every file is read as YAML 1.2",
  };
}

function aliasFinding(what: "anchor" | "alias", name: string): Finding {
  const mark = what === "anchor" ? "&" : "*";
  return {
    code: "alias",
    message: `"${mark}${name}" is an ${what}, and files of the suite have none`,
    hint: `Write the value out; put quotes around a text that begins with "${mark}"`,
  };
}

function mergeFinding(): Finding {
  return {
    code: "merge-key",
    message: '"<<" would merge another map into this one',
    hint: "Write the keys out",
  };
}

function refuse(file: string, finding: Finding, place = { line: 1, column: 1 }): YamlResult {
  return { ok: false, diagnostics: [{ file, ...place, ...finding }] };
}

function placeOfBadByte(text: string): { line: number; column: number } {
  const lines = text.slice(0, text.indexOf("\uFFFD")).split("\n");
  return { line: lines.length, column: (lines.at(-1) ?? "").length + 1 };
}

/** The tree of a node; anchors, aliases and merge keys are added to the mistakes. */
function treeOf(node: ParsedNode, mistakes: Mistake[]): Tree {
  const at = node.range[0];
  if (isAlias(node)) mistakes.push({ at, finding: aliasFinding("alias", node.source) });
  else if (node.anchor !== undefined) mistakes.push({ at, finding: aliasFinding("anchor", node.anchor) });
  if (isMap(node)) return { kind: "map", at, entries: node.items.map((pair) => entryOf(pair, mistakes)) };
  if (isSeq(node)) return { kind: "list", at, items: node.items.map((item) => treeOf(item, mistakes)) };
  return { kind: "scalar", at, value: isScalar(node) ? scalarOf(node.value) : null };
}

function entryOf({ key, value }: Pair<ParsedNode, ParsedNode | null>, mistakes: Mistake[]): Entry {
  const [keyAt, keyEnd] = key.range;
  const name = treeOf(key, mistakes);
  if (isScalar(key) && key.source === "<<") mistakes.push({ at: keyAt, finding: mergeFinding() });
  return {
    key: name.kind === "scalar" ? String(name.value) : "",
    keyAt,
    value: value === null ? { kind: "scalar", at: keyEnd, value: null } : treeOf(value, mistakes),
  };
}

function scalarOf(value: unknown): Scalar {
  switch (typeof value) {
    case "string":
    case "number":
    case "boolean":
      return value;
    default:
      return value === null || value === undefined ? null : String(value);
  }
}
