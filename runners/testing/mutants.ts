/**
 * Mutants for the tests of the mutation run: one that nobody can notice, and some that behave badly.
 *
 * @module
 */
import { type Mutant, MUTANTS as OWN } from "../simulator/mutants/mod.ts";
import { DEFAULT_DIALECT, type Dialect } from "../simulator/mod.ts";

function mutant(id: string, rules: (dialect: Dialect) => Dialect["rules"]): Mutant {
  return {
    id,
    title: `A mutant that is ${id}`,
    dialect: DEFAULT_DIALECT.id,
    breaks: ["VREV-10"],
    apply: (dialect) => ({
      ...dialect,
      get rules() {
        return rules(dialect);
      },
    }),
  };
}

/** Is no mutant at all. */
export const harmless: Mutant = mutant("harmless", ({ rules }) => rules);

/** Throws as soon as a case begins. */
export const broken: Mutant = mutant("broken", () => {
  throw new Error("the model is broken");
});

/** Never ends a case in which a revoke request is refused: it waits for what nobody does. */
export const endless: Mutant = mutant("endless", ({ rules }) => ({
  ...rules,
  vfio: {
    ...rules.vfio,
    putsAfterRevoke(result) {
      if (result !== 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      return 1;
    },
  },
}));

/** Gives references back without end where a revoke request is refused. */
export const wild: Mutant = mutant("wild", ({ rules }) => ({
  ...rules,
  vfio: { ...rules.vfio, putsAfterRevoke: (result) => result === 0 ? 1 : Infinity },
}));

/** Takes its whole worker down after a while. */
export const deadly: Mutant = mutant("deadly", ({ rules }) => {
  queueMicrotask(() => {
    throw new Error("the worker is broken");
  });
  return rules;
});

/** The mutants of the suite and those of this file. */
export const MUTANTS: readonly Mutant[] = [...OWN, harmless, broken, endless, wild, deadly];
