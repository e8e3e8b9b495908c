/**
 * The matrix of a case: one case, many rows. `${name}` stands for a value of the row in every text of the case.
 *
 * @module
 */
import { didYouMean } from "../spec/nearest.ts";
import type { Finding, Report } from "../spec/diagnostic.ts";
import { shape } from "../spec/shape.ts";
import { describeTree, type Entry, type Tree } from "../spec/tree.ts";
import { matrixSchema } from "./format.ts";

/** One row of a matrix. */
export interface Row {
  /** How the id of the case names it, as in `[usage=READ]`; empty where there is no matrix. */
  readonly label: string;
  /** Where it stands. */
  readonly at: number;
  /** The values by name. */
  readonly values: ReadonlyMap<string, Tree>;
}

const VARIABLE = /\$\{([^}]*)\}/g;

/** The most rows a matrix may have. */
const MAX_ROWS = 1000;

/**
 * Reads a matrix and holds it against the texts that use it.
 *
 * @param matrix the matrix; `undefined` for the one row of a case without any
 * @param body everything else in the case
 * @param report is told of each mistake
 * @returns the rows, as far as they can be read
 */
export function readMatrix(matrix: Tree | undefined, body: Tree, report: Report): readonly Row[] {
  const used = variablesIn(body);
  if (matrix === undefined) {
    for (const { name, at } of used) report(at, unknownVariable(name, []));
    return [{ label: "", at: body.at, values: new Map() }];
  }
  if (shape(matrixSchema, matrix, report) === undefined) return [];
  if (countRows(matrix) > MAX_ROWS) {
    report(matrix.at, tooMany());
    return [];
  }
  const rows = rowsAsWritten(matrix).map((values, index) => {
    const at = matrix.kind === "list" ? matrix.items[index]?.at : undefined;
    return { label: labelOf(values, index), at: at ?? matrix.at, values };
  });
  reportVariables(rows, used, matrix, report);
  reportTwins(rows, report);
  return rows;
}

function tooMany(): Finding {
  return {
    code: "matrix",
    message: `The matrix has more than ${MAX_ROWS} rows`,
    hint: "Write the rows that matter as a list",
  };
}

/** How many rows there will be, counted before they are made, since the combinations grow fast. */
function countRows(matrix: Tree): number {
  if (matrix.kind === "list") return matrix.items.length;
  if (matrix.kind !== "map") return 0;
  return matrix.entries.reduce(
    (count, { value }) => count * (value.kind === "list" ? value.items.length : 0),
    1,
  );
}

/** The values of each row: as they are listed, or every combination of the values of each variable. */
function rowsAsWritten(matrix: Tree): readonly ReadonlyMap<string, Tree>[] {
  if (matrix.kind === "list") {
    return matrix.items.map((item) => new Map(item.kind === "map" ? item.entries.map(pairOf) : []));
  }
  if (matrix.kind !== "map") return [];
  let rows: readonly ReadonlyMap<string, Tree>[] = [new Map()];
  for (const { key, value } of matrix.entries) {
    const values = value.kind === "list" ? value.items : [];
    rows = rows.flatMap((row) => values.map((one) => new Map([...row, [key, one]])));
  }
  return rows;
}

function pairOf({ key, value }: Entry): [string, Tree] {
  return [key, value];
}

function labelOf(values: ReadonlyMap<string, Tree>, index: number): string {
  const parts = [...values].map(([name, value]) => `${name}=${labelOfValue(value, index)}`);
  return `[${parts.join(",")}]`;
}

/** A value in a label; what has no short text of its own is named by the number of its row. */
function labelOfValue(value: Tree, index: number): string {
  if (value.kind === "scalar") return String(value.value).replaceAll(/[\][,]/g, "");
  if (value.kind === "list" && value.items.every((item) => item.kind === "scalar")) {
    return value.items.map((item) => labelOfValue(item, index)).join("+");
  }
  return `#${index + 1}`;
}

function reportVariables(rows: readonly Row[], used: readonly Use[], matrix: Tree, report: Report): void {
  const known = new Set(rows.flatMap(({ values }) => [...values.keys()]));
  const names = new Set(used.map(({ name }) => name));
  for (const { name, at } of used) if (!known.has(name)) report(at, unknownVariable(name, [...known]));
  for (const row of rows) reportMissing(row, [...names].filter((name) => known.has(name)), report);
  for (const { key, keyAt } of keysOf(matrix)) {
    if (names.has(key)) continue;
    report(keyAt, {
      code: "unused-variable",
      message: `Nothing in the case uses "${key}"`,
      hint: `Write "\${${key}}" where it belongs, or remove it`,
    });
  }
}

function reportMissing(row: Row, names: readonly string[], report: Report): void {
  for (const name of names) {
    if (row.values.has(name)) continue;
    report(row.at, {
      code: "missing-variable",
      message: `The row lacks "${name}", which the case uses`,
      hint: `Add "${name}" to the row`,
    });
  }
}

function keysOf(matrix: Tree): readonly Entry[] {
  const entries = matrix.kind === "map"
    ? matrix.entries
    : matrix.kind === "list"
    ? matrix.items.flatMap((item) => item.kind === "map" ? item.entries : [])
    : [];
  return [...new Map(entries.toReversed().map((entry) => [entry.key, entry])).values()];
}

function reportTwins(rows: readonly Row[], report: Report): void {
  const seen = new Set<string>();
  for (const { label, at } of rows) {
    if (seen.has(label)) {
      report(at, {
        code: "matrix",
        message: `Two rows of the matrix have the name ${label}`,
        hint: "Remove one of them, or make their values differ",
      });
    }
    seen.add(label);
  }
}

function unknownVariable(name: string, known: readonly string[]): Finding {
  const otherwise = known.length > 0
    ? `Use one of: ${known.join(", ")}`
    : 'Add a "matrix" that gives it values';
  return {
    code: "unknown-variable",
    message: `The matrix has no "${name}"`,
    hint: didYouMean(name, known, otherwise),
  };
}

interface Use {
  readonly name: string;
  readonly at: number;
}

function variablesIn(tree: Tree): readonly Use[] {
  const uses: Use[] = [];
  collectUses(tree, uses);
  return uses;
}

function collectUses(tree: Tree, uses: Use[]): void {
  switch (tree.kind) {
    case "scalar":
      if (typeof tree.value === "string") usesInText(tree.value, tree.at, uses);
      return;
    case "list":
      for (const item of tree.items) collectUses(item, uses);
      return;
    case "map":
      for (const { key, keyAt, value } of tree.entries) {
        usesInText(key, keyAt, uses);
        collectUses(value, uses);
      }
  }
}

function usesInText(text: string, at: number, uses: Use[]): void {
  if (!text.includes("${")) return;
  for (const [, name = ""] of text.matchAll(VARIABLE)) uses.push({ name, at });
}

/**
 * Puts the values of a row in the place of their names. A text that is nothing but a name becomes the value itself,
 * with its type; every part keeps the place at which the case uses it.
 */
export function substitute(tree: Tree, row: Row): Tree {
  if (row.values.size === 0) return tree;
  switch (tree.kind) {
    case "scalar":
      return typeof tree.value === "string" ? substituteText(tree.value, tree.at, row) : tree;
    case "list":
      return { ...tree, items: tree.items.map((item) => substitute(item, row)) };
    case "map":
      return {
        ...tree,
        entries: tree.entries.map(({ key, keyAt, value }) => ({
          key: fill(key, row),
          keyAt,
          value: substitute(value, row),
        })),
      };
  }
}

function substituteText(text: string, at: number, row: Row): Tree {
  const [, name] = /^\$\{([^}]*)\}$/.exec(text) ?? [];
  const whole = name === undefined ? undefined : row.values.get(name);
  return whole ? moved(whole, at) : { kind: "scalar", at, value: fill(text, row) };
}

function fill(text: string, row: Row): string {
  return text.replaceAll(VARIABLE, (written, name) => {
    const value = row.values.get(String(name));
    if (!value) return written;
    return value.kind === "scalar" ? String(value.value) : describeTree(value);
  });
}

function moved(tree: Tree, at: number): Tree {
  switch (tree.kind) {
    case "scalar":
      return { ...tree, at };
    case "list":
      return { ...tree, at, items: tree.items.map((item) => moved(item, at)) };
    case "map":
      return {
        ...tree,
        at,
        entries: tree.entries.map(({ key, value }) => ({ key, keyAt: at, value: moved(value, at) })),
      };
  }
}
