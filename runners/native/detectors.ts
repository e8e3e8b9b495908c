/**
 * Which of the kernel's detectors watch. Some switch themselves off, after a report or where they have no memory, and
 * silence means something only where somebody watches.
 *
 * @module
 */
import type { Files } from "./executor/files.ts";

/** Where a detector says whether it watches, and how it says so. */
const SAYS = [
  ["lockdep", "/proc/lockdep_stats", /^ *debug_locks: +1$/m],
  ["DMA API debugging", "/sys/kernel/debug/dma-api/disabled", /^N/],
] as const;

/**
 * Those that watch now, of those that can be asked.
 *
 * @param files the machine's
 * @param of which to ask; all unless said otherwise
 * @param root where /proc and /sys are
 */
export async function watching(
  files: Files,
  of: readonly string[] = SAYS.map(([name]) => name),
  root: string = "",
): Promise<string[]> {
  const watches: string[] = [];
  for (const [name, path, yes] of SAYS) {
    if (of.includes(name) && yes.test(await files.text(`${root}${path}`) ?? "")) watches.push(name);
  }
  return watches;
}

/** Says of a detector that it watched at the begin of a case and not at its end; in place of a line of the kernel. */
export function switchedOff(name: string): string {
  return `${name} has switched itself off`;
}

/** Whether a line says that of a detector. */
export function saysSwitchedOff(text: string): boolean {
  return SAYS.some(([name]) => text === switchedOff(name));
}
