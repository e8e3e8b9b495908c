/**
 * Shortens a program step by step. It costs about one play for each step and each argument, where shortening by draws
 * costs hundreds: a kernel in a virtual machine has no time for those.
 *
 * @module
 */
import { operationOf } from "../../spec/operations/mod.ts";
import type { Arranged } from "./arrange.ts";
import { withoutStep, type Woven, type WovenStep } from "./weave.ts";

/** A program that shows something, as far as it matters for shortening it. */
export interface Shortened {
  readonly woven: Woven;
  readonly arranged: Arranged;
  /** Where it shows. */
  readonly divergence: { readonly index: number };
}

/** Plays a program, and gives it back if it shows the same. */
export type Likewise<T> = (woven: Woven) => Promise<T | undefined>;

/** Leaves out what stands behind the step that shows it. What only shows at the end has nothing behind it. */
export async function cut<T extends Shortened>(shown: T, likewise: Likewise<T>): Promise<T> {
  const { woven: { closing }, arranged: { program, steps }, divergence: { index } } = shown;
  const before = program.steps.slice(0, index + 1).flatMap(({ id }) => steps.get(id) ?? []);
  if (before.length >= shown.woven.steps.length) return shown;
  return shorterOf(shown, await likewise(closedBy(closing, before)));
}

/**
 * Leaves out every step without which the same shows, those included that were only added so that nothing stays
 * blocked. The shortening by draws cannot: it leaves nothing out any more once it has made draws simpler.
 */
export async function thin<T extends Shortened>(shown: T, likewise: Likewise<T>): Promise<T> {
  const { woven: { closing }, arranged: { program, steps } } = shown;
  const played = program.steps.flatMap(({ id }) => steps.get(id) ?? []);
  let best = await likewise(closedBy(closing, played)) ?? shown;
  for (let before = Infinity; lengthOf(best) < before;) {
    before = lengthOf(best);
    best = await thinOnce(best, closing, likewise);
  }
  return best;
}

/** Closing steps that became steps are closing steps again when they are left out. */
async function thinOnce<T extends Shortened>(
  shown: T,
  closing: Woven["closing"],
  likewise: Likewise<T>,
): Promise<T> {
  let best = shown;
  for (let index = shown.woven.steps.length - 1; index >= 0; index--) {
    const without = withoutStep(best.woven.steps, index);
    best = shorterOf(best, await likewise(closedBy(closing, without)));
  }
  return best;
}

/** Leaves out every argument that can be left out and without which the same shows. */
export async function simplify<T extends Shortened>(shown: T, likewise: Likewise<T>): Promise<T> {
  let best = shown;
  for (const { id, written } of shown.woven.steps) {
    for (const argument of Object.keys(written)) {
      const steps = best.woven.steps.map((step) => step.id === id ? withoutArgument(step, argument) : step);
      if (steps.every((step) => step !== undefined)) {
        best = await likewise({ ...best.woven, steps }) ?? best;
      }
    }
  }
  return best;
}

/** A program of some steps, with those of the closing ones that it has not and that can be added to it. */
export function closedBy(closing: readonly WovenStep[], steps: readonly WovenStep[]): Woven {
  const isGiven = (name: string) => steps.some(({ bind }) => bind === name);
  return { steps, closing: closing.filter((step) => !steps.includes(step) && step.uses.every(isGiven)) };
}

/** A step without an argument, or nothing where it cannot do without it. */
function withoutArgument(step: WovenStep, argument: string): WovenStep | undefined {
  const { [argument]: gone, ...written } = step.written;
  if (gone === undefined) return undefined;
  const parsed = operationOf(step.operation).args.safeParse(written);
  return parsed.success ? { ...step, written, args: parsed.data } : undefined;
}

function shorterOf<T extends Shortened>(one: T, other: T | undefined): T {
  return other && lengthOf(other) < lengthOf(one) ? other : one;
}

function lengthOf({ arranged: { program } }: Shortened): number {
  return program.steps.length;
}
