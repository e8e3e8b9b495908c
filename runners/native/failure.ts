/**
 * The ways in which a handler of the native target ends without what it was asked for.
 *
 * @module
 */
import { type ErrnoName, errnoName } from "../../spec/errno.ts";
import type { Outcome, Signal } from "../../spec/observation.ts";
import { messageOf } from "../../spec/message_of.ts";

/** A system call failed. */
export class Failed extends Error {
  readonly errno: ErrnoName;

  /** Makes an error of the kernel's error name. */
  constructor(errno: ErrnoName) {
    super(errno);
    this.name = "Failed";
    this.errno = errno;
  }
}

/** A CPU access raised a signal. */
export class Faulted extends Error {
  readonly signal: Signal;

  /** Makes an error of the signal. */
  constructor(signal: Signal) {
    super(signal);
    this.name = "Faulted";
    this.signal = signal;
  }
}

/** The machine cannot do what the step asks for. */
export class Unsupported extends Error {
  /** Makes an error of what is missing, and what to do about it. */
  constructor(reason: string) {
    super(reason);
    this.name = "Unsupported";
  }
}

/** The name of a negative error number. */
export function failureOf(result: number): Error {
  const errno = errnoName(-result);
  if (errno) return new Failed(errno);
  return new Error(`The kernel gave the error ${-result}, for which the suite has no name`);
}

/** What is observed of a handler that threw. */
export function outcomeOfFailure(error: unknown): Outcome {
  if (error instanceof Failed) return { kind: "failed", errno: error.errno };
  if (error instanceof Faulted) return { kind: "faulted", signal: error.signal };
  if (error instanceof Unsupported) return { kind: "unsupported", reason: error.message };
  return { kind: "error", message: messageOf(error) };
}
