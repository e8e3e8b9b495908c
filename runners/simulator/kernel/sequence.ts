/**
 * Sequences: what a dialect does in a transition or around an event, as a list of named steps. The order of the
 * list is the order in which the kernel does them, so two proposals can be held side by side.
 *
 * @module
 */
import type { ErrnoName } from "../../../spec/errno.ts";
import type { Kernel } from "./kernel.ts";
import type { Steps } from "./sched.ts";

/** One step of a sequence. A step that gives an error ends the sequence, but for the steps that always run. */
export interface SequenceStep<C> {
  /** What it does, in a few words. */
  readonly name: string;
  /** The clause it follows. */
  readonly clause: string;
  /** Whether it runs after an error as well, as what follows an error label does. */
  readonly always?: boolean | undefined;
  /** Does it. */
  readonly run: (kernel: Kernel, context: C) => Steps<ErrnoName | void> | ErrnoName | void;
}

/** Steps in the order in which the kernel takes them. */
export type Sequence<C> = readonly SequenceStep<C>[];

/** Runs a sequence and gives the first error, or `undefined`. */
export function* perform<C>(kernel: Kernel, sequence: Sequence<C>, context: C): Steps<ErrnoName | undefined> {
  let error: ErrnoName | undefined;
  for (const step of sequence) {
    if (error !== undefined && !step.always) continue;
    const given = step.run(kernel, context);
    const result = typeof given === "object" ? yield* given : given;
    error ??= result ?? undefined;
  }
  return error;
}
