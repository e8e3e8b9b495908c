/**
 * What keeps a kernel from being had, or a machine from running.
 *
 * @module
 */

/** A kernel or a machine cannot be had. */
export class VmError extends Error {
  /** What to do about it; a sentence without a final period. */
  readonly hint: string;

  /** Makes an error of what is wrong, what to do, and what it comes from. */
  constructor(message: string, hint: string, cause?: unknown) {
    super(message, { cause });
    this.name = "VmError";
    this.hint = hint;
  }
}

/** Is told, in a line of words, what is being done. */
export type Tell = (text: string) => void;
