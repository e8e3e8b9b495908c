/**
 * Ordered checks: a request is refused by the first check that applies, so the order of a list is the order of
 * the errors that user space can see.
 *
 * @module
 */
import type { ErrnoName } from "../../../spec/errno.ts";
import type { Kernel } from "./kernel.ts";

/** One check of a request. */
export interface Check<R> {
  /** The clause it follows. */
  readonly clause: string;
  /** The error it answers with. */
  readonly errno: ErrnoName;
  /** What it refuses, in words. */
  readonly refuses: string;
  /** Whether it refuses this request. */
  readonly when: (request: R) => boolean;
  /** What the kernel warns of when it refuses, where it does. */
  readonly warns?: string | undefined;
}

/** Checks in the order in which the kernel makes them. */
export type Checks<R> = readonly Check<R>[];

/** The error of the first check that refuses a request, or `undefined` if none does. */
export function refusal<R>(kernel: Kernel, checks: Checks<R>, request: R): ErrnoName | undefined {
  for (const check of checks) {
    if (!check.when(request)) continue;
    if (check.warns !== undefined) kernel.warn(check.warns);
    return check.errno;
  }
  return undefined;
}

/** Tells whether what a kernel function gave is an error; a pointer that IS_ERR(). */
export function isError<T>(given: T | ErrnoName): given is ErrnoName {
  return typeof given === "string";
}
