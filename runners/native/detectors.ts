/**
 * Which of the kernel's detectors watch. Some switch themselves off, after a report or where they have no memory, and
 * silence means something only where somebody watches.
 *
 * @module
 */
import { readFileSync } from "node:fs";

/** Where a detector says whether it watches, and how it says so. */
const SAYS = [
  ["lockdep", "/proc/lockdep_stats", /^ *debug_locks: +1$/m],
  ["DMA API debugging", "/sys/kernel/debug/dma-api/disabled", /^N/],
] as const;

/**
 * Those that watch now, of those that can be asked.
 *
 * @param root where /proc and /sys are
 * @param of which to ask; all unless said otherwise
 */
export function watching(root: string = "", of: readonly string[] = SAYS.map(([name]) => name)): string[] {
  return SAYS.filter(([name, path, yes]) => of.includes(name) && yes.test(read(`${root}${path}`)))
    .map(([name]) => name);
}

/** Says of a detector that it watched at the begin of a case and not at its end; in place of a line of the kernel. */
export function switchedOff(name: string): string {
  return `${name} has switched itself off`;
}

/** Whether a line says that of a detector. */
export function saysSwitchedOff(text: string): boolean {
  return SAYS.some(([name]) => text === switchedOff(name));
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
