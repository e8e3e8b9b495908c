/**
 * What a YAML file holds, with the place of every part: text, numbers, lists and maps and nothing else.
 *
 * @module
 */

/** A part of a file. `at` is where it begins, counted in UTF-16 units from the start of the text. */
export type Tree =
  | { readonly kind: "scalar"; readonly at: number; readonly value: Scalar }
  | { readonly kind: "list"; readonly at: number; readonly items: readonly Tree[] }
  | { readonly kind: "map"; readonly at: number; readonly entries: readonly Entry[] };

/** What stands in a file without parts of its own. */
export type Scalar = string | number | boolean | null;

/** A key with its value. */
export interface Entry {
  readonly key: string;
  /** Where the key begins. */
  readonly keyAt: number;
  readonly value: Tree;
}

/** A map. */
export type TreeMap = Extract<Tree, { kind: "map" }>;

/** The value of a tree without its places. */
export function plain(tree: Tree): unknown {
  switch (tree.kind) {
    case "scalar":
      return tree.value;
    case "list":
      return tree.items.map(plain);
    case "map":
      return Object.fromEntries(tree.entries.map(({ key, value }) => [key, plain(value)]));
  }
}

/** The entry of a key, or `undefined` where the map does not have it. */
export function entryOf(tree: Tree, key: PropertyKey): Entry | undefined {
  return tree.kind === "map" ? tree.entries.find((entry) => entry.key === key) : undefined;
}

/** The part that a path of keys and indices leads to, or `undefined` where it leads nowhere. */
export function partAt(tree: Tree, path: readonly PropertyKey[]): Tree | undefined {
  let part: Tree | undefined = tree;
  for (const step of path) {
    if (part === undefined) return undefined;
    part = part.kind === "list" ? part.items[Number(step)] : entryOf(part, step)?.value;
  }
  return part;
}

/** What a part is, in words. */
export function describeTree(tree: Tree): string {
  if (tree.kind !== "scalar") return `a ${tree.kind}`;
  const { value } = tree;
  if (value === null) return "empty";
  if (typeof value === "string") return `the text "${value}"`;
  return typeof value === "number" ? `the number ${value}` : String(value);
}
