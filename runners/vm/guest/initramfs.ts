/**
 * An initramfs: a cpio archive in the `newc` format, which the kernel unpacks before it starts `/init`.
 *
 * @module
 */

/** Something in the archive. Paths are relative, as in `etc/steps`; folders above it are made by themselves. */
export type Entry =
  | {
    readonly kind: "file";
    readonly path: string;
    readonly bytes: Uint8Array;
    readonly mode: "0644" | "0755";
  }
  | { readonly kind: "folder"; readonly path: string }
  | { readonly kind: "link"; readonly path: string; readonly to: string }
  /** A character device. */
  | { readonly kind: "device"; readonly path: string; readonly major: number; readonly minor: number };

/** The types of files, as `stat` gives them. */
const TYPE = { file: 0o100000, folder: 0o040000, link: 0o120000, device: 0o020000 } as const;

const MAGIC = "070701";
const TRAILER = "TRAILER!!!";

/** Packs entries into an archive; the same entries give the same bytes. */
export function packInitramfs(entries: readonly Entry[]): Uint8Array {
  const all = [...foldersAbove(entries), ...entries];
  const pieces = all.flatMap((entry, index) => pieceOf(entry, index + 1));
  return joined([...pieces, ...record(TRAILER, { inode: 0, mode: 0, major: 0, minor: 0 }, new Uint8Array())]);
}

function foldersAbove(entries: readonly Entry[]): Entry[] {
  const given = new Set(entries.filter(({ kind }) => kind === "folder").map(({ path }) => path));
  const above = new Set<string>();
  for (const { path } of entries) {
    const parts = path.split("/");
    for (let length = 1; length < parts.length; length++) above.add(parts.slice(0, length).join("/"));
  }
  return [...above].filter((path) => !given.has(path)).toSorted().map((path) => ({ kind: "folder", path }));
}

function pieceOf(entry: Entry, inode: number): Uint8Array[] {
  const { kind, path } = entry;
  const numbers = { inode, mode: TYPE[kind] | permissionsOf(entry), major: 0, minor: 0 };
  switch (kind) {
    case "file":
      return record(path, numbers, entry.bytes);
    case "folder":
      return record(path, numbers, new Uint8Array());
    case "link":
      return record(path, numbers, new TextEncoder().encode(entry.to));
    case "device":
      return record(path, { ...numbers, major: entry.major, minor: entry.minor }, new Uint8Array());
  }
}

function permissionsOf(entry: Entry): number {
  if (entry.kind === "file") return Number.parseInt(entry.mode, 8);
  if (entry.kind === "device") return 0o600;
  return entry.kind === "link" ? 0o777 : 0o755;
}

interface Numbers {
  readonly inode: number;
  readonly mode: number;
  readonly major: number;
  readonly minor: number;
}

function record(path: string, { inode, mode, major, minor }: Numbers, bytes: Uint8Array): Uint8Array[] {
  const name = new TextEncoder().encode(`${path}\0`);
  const links = (mode & 0o170000) === TYPE.folder ? 2 : 1;
  const fields = [inode, mode, 0, 0, links, 0, bytes.length, 0, 0, major, minor, name.length, 0];
  const header = MAGIC + fields.map((field) => field.toString(16).toUpperCase().padStart(8, "0")).join("");
  return [padded(joined([new TextEncoder().encode(header), name])), padded(bytes)];
}

/** Everything begins at a multiple of four. */
function padded(bytes: Uint8Array): Uint8Array {
  const rest = bytes.length % 4;
  return rest === 0 ? bytes : joined([bytes, new Uint8Array(4 - rest)]);
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
