/**
 * Reads seeds and kernel source trees from the disk.
 *
 * @module
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { linesOf } from "./digests.ts";
import { type KernelTree, versionOf } from "./kernel.ts";
import { messageOf } from "../message_of.ts";

/** A folder that is not what it is said to be. */
export class FolderError extends Error {
  /** What kind of error it is. */
  override readonly name = "FolderError";
  /** What to do about it; a sentence without a final period. */
  readonly hint: string;

  /** Makes an error of what is wrong and what to do. */
  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

/**
 * Gives a function that reads the lines of the files in a folder, each once.
 *
 * @throws {FolderError} if the folder cannot be read
 */
export function seedReader(folder: string): (seed: string) => readonly string[] | undefined {
  const names = new Set(listed(folder, "Name the folder that has the mails"));
  const known = new Map<string, readonly string[]>();
  return (seed) => {
    if (!names.has(seed)) return undefined;
    const lines = known.get(seed) ?? linesOf(readFileSync(join(folder, seed), "utf8"));
    known.set(seed, lines);
    return lines;
  };
}

/**
 * Opens a kernel source tree.
 *
 * @throws {FolderError} if the folder has no Makefile of a kernel
 */
export function kernelTree(folder: string): KernelTree {
  const hint = "Name the top folder of an unpacked kernel source";
  const makefile = listed(folder, hint).includes("Makefile") ? textAt(join(folder, "Makefile")) : undefined;
  const version = makefile && versionOf(makefile);
  if (version === undefined) throw new FolderError(`"${folder}" is not a kernel source tree`, hint);
  const known = new Map<string, ReadonlyMap<string, readonly string[]>>();
  function read(path: string): ReadonlyMap<string, readonly string[]> {
    const found = known.get(path) ?? new Map(
      expand(folder, path.split("/")).flatMap((each) => {
        const lines = textAt(join(folder, each));
        return lines ? [[each, lines] as const] : [];
      }),
    );
    known.set(path, found);
    return found;
  }
  return { version, read, beside: (path) => sourcesBeside(folder, path) };
}

function sourcesBeside(folder: string, path: string): readonly string[] {
  const parent = path.split("/").slice(0, -1).join("/");
  return filesIn(join(folder, parent)).filter((name) => /\.[ch]$/.test(name)).map((name) =>
    `${parent}/${name}`
  )
    .filter((each) => each !== path);
}

function filesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

/** The paths that a path with `*` for a folder stands for, sorted. */
function expand(folder: string, parts: readonly string[], begin = ""): readonly string[] {
  const [part, ...rest] = parts;
  if (part === undefined) return [begin];
  const names = part === "*" ? foldersIn(join(folder, begin)) : [part];
  return names.flatMap((name) => expand(folder, rest, begin === "" ? name : `${begin}/${name}`));
}

function foldersIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())
      .map(({ name }) => name).sort();
  } catch {
    return [];
  }
}

function textAt(path: string): readonly string[] | undefined {
  try {
    return statSync(path).isFile() ? linesOf(readFileSync(path, "utf8")) : undefined;
  } catch {
    return undefined;
  }
}

function listed(folder: string, hint: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    const reason = messageOf(error);
    throw new FolderError(`The folder "${folder}" cannot be read: ${reason}`, hint);
  }
}
