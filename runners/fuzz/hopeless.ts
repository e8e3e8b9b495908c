/**
 * Steps that a target has never been able to do. It says so each time, and the program has to be played again without
 * them; so after a few times they are left out at once.
 *
 * @module
 */
import type { WovenStep } from "./weave.ts";

/** After how often nothing else is expected of an operation, and of an operation with the same arguments. */
const ENOUGH = { operation: 4, arguments: 2 } as const;

interface Answers {
  refused: number;
  /** Whether it was ever done, or tried. */
  done: boolean;
  reason: string;
}

/** What a target has said of steps so far. */
export class Hopeless {
  readonly #answers = new Map<string, Answers>();

  /** Notes that a step was done, or refused by the kernel. */
  did(step: WovenStep): void {
    for (const key of [step.operation, signatureOf(step)]) this.#of(key).done = true;
  }

  /** Notes that the target cannot do a step. */
  cannot(step: WovenStep, reason: string): void {
    for (const key of [step.operation, signatureOf(step)]) {
      const answers = this.#of(key);
      answers.refused++;
      answers.reason = reason;
    }
  }

  /** Why there is no use in trying a step; nothing where there may be. */
  reason(step: WovenStep): string | undefined {
    const operation = this.#of(step.operation);
    if (!operation.done && operation.refused >= ENOUGH.operation) return operation.reason;
    const same = this.#of(signatureOf(step));
    return !same.done && same.refused >= ENOUGH.arguments ? same.reason : undefined;
  }

  #of(key: string): Answers {
    const known = this.#answers.get(key) ?? { refused: 0, done: false, reason: "" };
    this.#answers.set(key, known);
    return known;
  }
}

/** The operation and its arguments, whichever objects they name. */
function signatureOf({ operation, written, uses }: WovenStep): string {
  return JSON.stringify([operation, written], (_key, value: unknown) => {
    return typeof value === "string" && uses.includes(value) ? value.replace(/\d+$/, "") : value;
  });
}
