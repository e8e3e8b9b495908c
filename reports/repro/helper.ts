/**
 * Pieces of C that programs are put together from: each is a few functions with what they need.
 *
 * @module
 */
import type { AbiPart } from "./abi.ts";

/** A piece of C. */
export interface Helper {
  /** Its functions and variables. */
  readonly text: string;
  /** Headers of the C library. */
  readonly headers?: readonly string[] | undefined;
  /** The part of the kernel's interface that it uses. */
  readonly abi?: readonly AbiPart[] | undefined;
  /** Pieces that must stand before it. */
  readonly needs?: readonly Helper[] | undefined;
  /** A statement to be done before the first step. */
  readonly setup?: string | undefined;
  /** What the machine must have, in words. */
  readonly requires?: string | undefined;
  /** Whether it stands behind the variables of the case, because it names some. */
  readonly namesVariables?: boolean | undefined;
}

/** Declares a piece of C; a line break in front of it and behind it does not count. */
export function helper(text: string, rest: Omit<Helper, "text"> = {}): Helper {
  return { text: text.replace(/^\n|\n$/g, ""), ...rest };
}

/** Pieces with all that they need, each behind what it needs. */
export function withNeeds(helpers: readonly Helper[]): readonly Helper[] {
  const ordered = new Set<Helper>();
  function add(each: Helper): void {
    if (ordered.has(each)) return;
    each.needs?.forEach(add);
    ordered.add(each);
  }
  helpers.forEach(add);
  return [...ordered];
}
