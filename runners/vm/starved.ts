/**
 * How long a process of this machine was ready to run and did not, since others did.
 *
 * @module
 */
import { readdir, readFile } from "node:fs/promises";

/**
 * The longest that any thread of a process has waited for a processor.
 *
 * @returns milliseconds; nothing where the kernel does not tell, or the process is gone
 */
export async function starvedMs(pid: number): Promise<number | undefined> {
  try {
    const tasks = `/proc/${pid}/task`;
    const waits = (await readdir(tasks)).map(async (task) =>
      waitOf(await readFile(`${tasks}/${task}/schedstat`, "utf8"))
    );
    const [first, ...more] = await Promise.all(waits);
    return first === undefined ? undefined : Math.max(first, ...more);
  } catch {
    return undefined;
  }
}

/** The kernel writes what a thread has run, and what it has waited for that, in nanoseconds, and how often it ran. */
function waitOf(schedstat: string): number {
  const [, waited] = schedstat.split(" ");
  return Number(waited) / 1e6;
}
