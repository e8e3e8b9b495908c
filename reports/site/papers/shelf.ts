/**
 * The papers of some folders or files. What cannot be read is listed with its reason and blocks nothing.
 *
 * @module
 */
import { readdirSync, readFileSync, type Stats, statSync } from "node:fs";
import { basename, join } from "node:path";
import { CERTIFICATE_TYPE } from "../../certificate/mod.ts";
import { BadPaper, type Paper, paperIn } from "./papers.ts";

/** A paper and what the pages call it. */
export type Shelved = Paper & {
  /** The name of its file without `.json`. */
  readonly name: string;
};

/** The papers beside the runs. */
export interface Shelf {
  /** Every paper, by its name; of two of one kind and name the later one has a number behind it. */
  papers(): readonly Shelved[];
  /** What says that it is a paper and cannot be read, and why. */
  refused(): readonly { readonly name: string; readonly reason: string }[];
  /** The public keys that lie beside them, by the names of their files. */
  keys(): ReadonlyMap<string, string>;
  /** Another text whenever a file has changed. */
  stamp(): string;
}

/** A shelf with nothing on it. */
export const EMPTY_SHELF: Shelf = {
  papers: () => [],
  refused: () => [],
  keys: () => new Map(),
  stamp: () => "",
};

/** The largest file that is read, in bytes. */
const MAX_BYTES = 64 * 1024 * 1024;

/** The papers in a folder, and the keys in it. */
export function folderShelf(folder: string): Shelf {
  return new FileShelf(() => filesIn(folder));
}

/** The papers that are named one by one. */
export function fileShelf(paths: readonly string[]): Shelf {
  return new FileShelf(() => paths);
}

function filesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((file) => /\.(json|pub)$/.test(file)).sort()
      .map((file) => join(folder, file));
  } catch {
    return [];
  }
}

/** What was read of a file, and how the file looked then. */
interface Remembered {
  readonly stamp: string;
  readonly read: Shelved | { readonly name: string; readonly reason: string } | undefined;
}

class FileShelf implements Shelf {
  readonly #paths: () => readonly string[];
  readonly #remembered = new Map<string, Remembered>();

  constructor(paths: () => readonly string[]) {
    this.#paths = paths;
  }

  papers(): readonly Shelved[] {
    const found = this.#all().filter((each) => "kind" in each)
      .toSorted((one, other) => one.name.localeCompare(other.name, "en", { numeric: true }));
    const times = new Map<string, number>();
    return found.map((each) => {
      const key = `${each.kind} ${each.name}`;
      const time = (times.get(key) ?? 0) + 1;
      times.set(key, time);
      return time === 1 ? each : { ...each, name: `${each.name}-${time}` };
    });
  }

  refused(): readonly { readonly name: string; readonly reason: string }[] {
    return this.#all().filter((each) => "reason" in each);
  }

  keys(): ReadonlyMap<string, string> {
    const paths = this.#paths().filter((path) => path.endsWith(".pub"));
    return new Map(paths.flatMap((path) => {
      const stats = statSync(path, { throwIfNoEntry: false });
      return stats?.isFile() && stats.size < 64 * 1024 ? [[basename(path), readFileSync(path, "utf8")]] : [];
    }));
  }

  stamp(): string {
    return this.#paths().map((path) => {
      const stats = statSync(path, { throwIfNoEntry: false });
      return stats ? `${path} ${stampOf(stats)}` : "";
    }).join(",");
  }

  #all() {
    return this.#paths().filter((path) => !path.endsWith(".pub")).flatMap((path) => this.#read(path) ?? []);
  }

  #read(path: string): Remembered["read"] {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (!stats?.isFile()) return undefined;
    const stamp = stampOf(stats);
    const known = this.#remembered.get(path);
    if (known?.stamp === stamp) return known.read;
    const read = readAnew(path, stats);
    this.#remembered.set(path, { stamp, read });
    return read;
  }
}

function stampOf({ ino, size, mtimeMs }: Stats): string {
  return `${ino} ${size} ${mtimeMs}`;
}

function readAnew(path: string, stats: Stats): Remembered["read"] {
  const name = basename(path).replace(/(\.certificate)?\.json$/, "");
  if (stats.size > MAX_BYTES) {
    return { name: basename(path), reason: `It has ${stats.size} bytes, which is too many` };
  }
  try {
    const paper = paperIn(readFileSync(path, "utf8"), CERTIFICATE_TYPE);
    return paper && { ...paper, name };
  } catch (error) {
    if (error instanceof BadPaper) return { name: basename(path), reason: error.message };
    throw error;
  }
}
