/**
 * Stores and records for tests.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Header, RecordLine } from "../../record.ts";
import { simulated, suite, textOf } from "../../testing/runs.ts";
import { Store } from "../store.ts";

/** Gives a test a store and a folder beside it, and removes both. */
export async function withStore(test: (store: Store, folder: string) => void | Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "store-"));
  try {
    using store = openStore(join(folder, "store"));
    mkdirSync(join(folder, "given"));
    await test(store, join(folder, "given"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Opens a store that judges with the suite's own cases. */
export function openStore(folder: string): Store {
  return Store.open(folder, { cases: suite().cases, judgedBy: "test" });
}

/** The lines of a run whose digests are right, with another header. */
export function sound(
  ids: readonly string[],
  changes: Partial<Header> = {},
  dialect = "matt-v1-vfio",
): RecordLine[] {
  return simulated(ids, dialect).map((line) => line.type === "header" ? headerOf(line, ids, changes) : line);
}

function headerOf(header: Header, ids: readonly string[], changes: Partial<Header>): Header {
  const hash = createHash("sha256");
  for (const id of ids) hash.update(`${id} ${suite().cases.get(id)?.source.digest}\n`);
  const digests = { ...header.suite, cases: `sha256:${hash.digest("hex")}` };
  return { ...header, suite: digests, ...changes };
}

/** Writes a record and gives its path. */
export function written(
  folder: string,
  name: string,
  content: string | Uint8Array | readonly RecordLine[],
): string {
  const path = join(folder, name);
  const isText = typeof content === "string" || content instanceof Uint8Array;
  writeFileSync(path, isText ? content : textOf(content));
  return path;
}
