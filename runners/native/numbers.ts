/**
 * Numbers of closed descriptors. A kernel gives the lowest free number out again, so that a step on a descriptor which
 * the case has closed would get whatever was opened after it, be it something of the runner's own. So nothing keeps a
 * number that a closed descriptor had.
 *
 * @module
 */
import { F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, FD_CLOEXEC } from "./constants.ts";
import type { HelperProcess } from "./process.ts";
import type { Strand } from "./strand.ts";

/** What is known of the numbers of a process. */
interface Numbers {
  readonly retired: Set<number>;
  /** The least number that was never given out. */
  next: number;
}

/** Far above what a case opens by itself, and below the usual limit. */
const FIRST = 256;

const numbers = new WeakMap<HelperProcess, Numbers>();

/** Notes that the case closes a descriptor, before it does. */
export function retire(process: HelperProcess, number: number): void {
  const known = numbers.get(process) ?? { retired: new Set(), next: FIRST };
  numbers.set(process, known);
  known.retired.add(number);
}

/** Notes that a process is the copy of another, and has what that has. */
export function inheritNumbers(from: HelperProcess, to: HelperProcess): void {
  const known = numbers.get(from);
  if (known) numbers.set(to, { retired: new Set(known.retired), next: known.next });
}

/** The number of an open descriptor, which is moved where a closed one had its number. */
export async function freshNumber(strand: Strand, process: HelperProcess, number: number): Promise<number> {
  const known = numbers.get(process);
  if (!known?.retired.has(number)) return number;
  const flags = await strand.do(process, "fcntl", [number, F_GETFD]);
  const how = (flags & FD_CLOEXEC) === 0 ? F_DUPFD : F_DUPFD_CLOEXEC;
  const moved = await strand.do(process, "fcntl", [number, how, known.next]);
  known.next = moved + 1;
  await strand.do(process, "close", [number]);
  return moved;
}
