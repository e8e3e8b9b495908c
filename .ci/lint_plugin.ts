/**
 * The rules of this project that neither the compiler nor Deno's own linter knows.
 *
 * @module
 */

/** The folders in the order in which one builds on the other; a file imports only from its own or from before it. */
const ORDER = ["spec", "cases", "runners", "reports", "mod.ts", "cli"];

const ROOT = new URL("../", import.meta.url);

type Report = (node: Deno.lint.Node, message: string, hint: string) => void;

/** The rules, under the name `conform`. */
const plugin: Deno.lint.Plugin = {
  name: "conform",
  rules: {
    "import-direction": {
      create(context) {
        const importer = placeOf(toUrl(context.filename));
        return eachImport((source, node) => {
          if (!isRelative(source)) return;
          const imported = placeOf(new URL(source, toUrl(context.filename)));
          if (!isAfter(imported, importer)) return;
          context.report({
            node,
            message: `A file in "${importer}" imports from "${imported}", which builds on it, ` +
              "so that neither can be read or changed without the other",
            hint: `Move what is needed to "${importer}" or before it (${
              ORDER.join(", ")
            }), or pass it in as an argument`,
          });
        });
      },
    },
    "assertions-in-tests": {
      create(context) {
        if (isTest(context.filename)) return {};
        return eachImport((source, node) => {
          if (!/^(jsr:)?@std\/(assert|expect)\b/.test(source)) return;
          context.report({
            node,
            message:
              `A file that is not a test imports "${source}", so that the suite would not run without it`,
            hint: "Throw an error of the module's own, or move the code to a file that ends in _test.ts",
          });
        });
      },
    },
    "module-header": {
      create(context) {
        if (isTest(context.filename)) return {};
        return {
          Program() {
            const text = context.sourceCode.text;
            const [header] = /^(#!.*\n)?\s*\/\*[^]*?\*\//.exec(text) ?? [];
            if (header?.includes("@module") || header !== undefined && !header.includes("/**")) return;
            context.report({
              range: [0, text.indexOf("\n") === -1 ? text.length : text.indexOf("\n")],
              message:
                "The file does not begin by saying what it is for, so a reader has to find out from its code",
              hint: "Begin it with a /** comment */ of a sentence or two that ends in @module",
            });
          },
        };
      },
    },
    "no-cast": {
      create(context) {
        const report: Report = (node, message, hint) => context.report({ node, message, hint });
        return {
          TSAsExpression: (node) => checkCast(node, report),
          TSTypeAssertion: (node) => checkCast(node, report),
        };
      },
    },
    "top-level-function": {
      create(context) {
        return {
          VariableDeclarator(node) {
            const kind = node.init?.type;
            if (kind !== "ArrowFunctionExpression" && kind !== "FunctionExpression") return;
            const { parent } = node.parent;
            if (parent.type !== "Program" && parent.type !== "ExportNamedDeclaration") return;
            context.report({
              node,
              message:
                "A function at the top level is a value of a constant, so it cannot be used above its line " +
                "and does not look like the others",
              hint: "Write it as a declaration: function name() {}",
            });
          },
        };
      },
    },
  },
};

export default plugin;

/** Calls back for everything that names another module: imports, re-exports, dynamic imports and types. */
function eachImport(check: (source: string, node: Deno.lint.Node) => void): Deno.lint.LintVisitor {
  return {
    ImportDeclaration: (node) => check(node.source.value, node),
    ExportAllDeclaration: (node) => check(node.source.value, node),
    ExportNamedDeclaration(node) {
      if (node.source !== null) check(node.source.value, node);
    },
    ImportExpression(node) {
      if (node.source.type === "Literal" && typeof node.source.value === "string") {
        check(node.source.value, node);
      }
    },
    TSImportType(node) {
      const literal = node.argument.type === "TSLiteralType" ? node.argument.literal : undefined;
      if (literal?.type === "Literal" && typeof literal.value === "string") check(literal.value, node);
    },
  };
}

function isTest(filename: string): boolean {
  return /_test\.tsx?$/.test(filename);
}

function isRelative(source: string): boolean {
  return source.startsWith("./") || source.startsWith("../");
}

/** A file name of the linter, absolute or relative to the root of the project, as an address. */
function toUrl(filename: string): URL {
  const path = filename.replaceAll("\\", "/");
  return new URL(/^([A-Za-z]:)?\//.test(path) ? `file:///${path.replace(/^\//, "")}` : path, ROOT);
}

/** The first part of a file's path under the root of the project, or the whole of it for a file right there. */
function placeOf(url: URL): string {
  if (!url.href.startsWith(ROOT.href)) return "";
  return url.href.slice(ROOT.href.length).split("/", 1)[0] ?? "";
}

/** Tells whether one place comes after another; places outside the order neither import wrongly nor are wrongly imported. */
function isAfter(imported: string, importer: string): boolean {
  return importer !== "mod.ts" && ORDER.includes(importer) &&
    ORDER.indexOf(imported) > ORDER.indexOf(importer);
}

function checkCast(node: Deno.lint.TSAsExpression | Deno.lint.TSTypeAssertion, report: Report): void {
  if (node.typeAnnotation.type === "TSAnyKeyword") {
    report(
      node,
      "A cast to any switches the compiler off for everything that is done with the value",
      "Use unknown and find out what it is: with a schema, a type guard or typeof",
    );
  }
  const inner = node.expression;
  if (inner.type !== "TSAsExpression" && inner.type !== "TSTypeAssertion") return;
  if (inner.typeAnnotation.type === "TSUnknownKeyword") {
    report(
      node,
      "A cast by way of unknown says what the compiler has just found to be untrue",
      "Parse the value with a schema, write a type guard, or give the value the right type where it is made",
    );
  }
}
