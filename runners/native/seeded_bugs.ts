/**
 * The seeded bugs of the kernel module: wrong behaviour of its reference exporter, by name, to test the cases with.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { ExecutorGone } from "./executor/executor.ts";
import type { Files } from "./executor/files.ts";

const PARAMETER = "/sys/module/dmabuf_conform/parameters/bugs";

/** What the module logs of each bug that it was told to have. */
export function shoutOf(bug: string): string {
  return `SEEDED BUG IS ON: ${bug} `;
}

/**
 * Has the module have these bugs and no others.
 *
 * @throws {ExecutorGone} if the machine is lost
 * @throws {Error} where there is no module, or none that knows them
 */
export async function setBugs(files: Files, bugs: readonly string[]): Promise<void> {
  try {
    /* a write of nothing is none */
    await files.write(PARAMETER, `${bugs.join(",")}\n`);
  } catch (error) {
    if (error instanceof ExecutorGone) throw error;
    throw new Error(`The kernel module does not take the bugs ${bugs.join(", ")}`, { cause: error });
  }
}

const HEADER = new URL("module/bugs.h", import.meta.url);

/** The names of all seeded bugs, in the order of the module's own table. */
export function seededBugs(): readonly string[] {
  const text = readFileSync(HEADER, "utf8");
  return [...text.matchAll(/^\tbug\(\w+, "([\w-]+)"\)/gm)].flatMap(([, name]) => name ?? []);
}
