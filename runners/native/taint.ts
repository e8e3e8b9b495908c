/**
 * What the kernel holds against itself: the flags of its taint.
 *
 * @module
 */
import type { Files } from "./executor/files.ts";

const PATH = "/proc/sys/kernel/tainted";

/**
 * The flags as they are now. To read them takes no lock, so that nobody is held up.
 *
 * @throws {Error} where the kernel does not tell
 */
export async function taintFlags(files: Files): Promise<number> {
  const [flags] = await files.texts([PATH]);
  if (flags === undefined) throw new Error(`Cannot read ${PATH}`);
  return Number(flags);
}
