/**
 * What can go wrong between a runner and a testee: a closed union, one class for each stage of the talk.
 *
 * Each says what happened, and what somebody who writes a testee, or runs an agent, can do about it.
 *
 * @module
 */
import type { CaseEnd } from "../../spec/observation.ts";

/** The stages of the talk, in the order in which they come; the last four can come at any time. */
export type Stage = "connect" | "hello" | "order" | "framing" | "message" | "silence" | "lost" | "refused";

/** What all of them have. */
abstract class Fault extends Error {
  /** The stage in which it happened. */
  abstract readonly stage: Stage;
  /** What to do about it; a sentence without a final period. */
  readonly hint: string;

  /** Makes an error of what happened and what to do. */
  constructor(message: string, hint: string, cause?: unknown) {
    super(message, { cause });
    this.hint = hint;
  }
}

/** There is no way to the testee: it does not start, does not listen, or does not let anyone in. */
export class ConnectError extends Fault {
  override readonly name = "ConnectError";
  readonly stage = "connect";
}

/** The first exchange failed: no hello, no common version, another target than before. */
export class HelloError extends Fault {
  override readonly name = "HelloError";
  readonly stage = "hello";
}

/** A message is out of place: of another run, twice, too late, with a wrong number. */
export class OrderError extends Fault {
  override readonly name = "OrderError";
  readonly stage = "order";
}

/** What came is no line of text: too long, cut off, not UTF-8. */
export class FramingError extends Fault {
  override readonly name = "FramingError";
  readonly stage = "framing";
}

/** A line is no message: not JSON, of an unknown type, with fields that are missing or wrong. */
export class MessageError extends Fault {
  override readonly name = "MessageError";
  readonly stage = "message";
}

/** Nothing came in time. */
export class SilenceError extends Fault {
  override readonly name = "SilenceError";
  readonly stage = "silence";
}

/** The connection ended, or the testee did. */
export class LostError extends Fault {
  override readonly name = "LostError";
  readonly stage = "lost";
}

/** The other side said that it does not go along. */
export class RefusedError extends Fault {
  override readonly name = "RefusedError";
  readonly stage = "refused";
  /** Its own word for the reason, as in `busy`. */
  readonly code: string;

  /** Makes an error of the code, what the other side said, and what to do. */
  constructor(code: string, message: string, hint: string) {
    super(message, hint);
    this.code = code;
  }
}

/** Anything that can go wrong between a runner and a testee. */
export type ProtocolFault =
  | ConnectError
  | HelloError
  | OrderError
  | FramingError
  | MessageError
  | SilenceError
  | LostError
  | RefusedError;

/** Whether an error is one of these. */
export function isProtocolFault(error: unknown): error is ProtocolFault {
  return error instanceof Fault;
}

/** The end of a case that a fault has cut short: the target is lost, or it cannot be believed. */
export function endOf({ stage, message, hint }: ProtocolFault): CaseEnd {
  const reason = `${message}. ${hint}`;
  switch (stage) {
    case "connect":
    case "silence":
    case "lost":
      return { end: "lost", reason };
    case "hello":
    case "order":
    case "framing":
    case "message":
    case "refused":
      return { end: "infra-error", reason };
  }
}
