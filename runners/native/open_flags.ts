/**
 * The flags of a descriptor as open(2) takes them.
 *
 * @module
 */
import { O_APPEND, O_CLOEXEC, O_NONBLOCK, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY } from "./constants.ts";

const NUMBERS = {
  rdonly: O_RDONLY,
  wronly: O_WRONLY,
  rdwr: O_RDWR,
  cloexec: O_CLOEXEC,
  nonblock: O_NONBLOCK,
  append: O_APPEND,
  trunc: O_TRUNC,
} as const;

/** The number of flags that stand in a case by their names. */
export function openFlagsOf(flags: readonly (keyof typeof NUMBERS)[]): number {
  return flags.reduce((number, each) => number | NUMBERS[each], 0);
}
