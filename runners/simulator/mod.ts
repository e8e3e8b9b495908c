/**
 * The simulator: the executable model of dma-buf revocation, one dialect per proposal or kernel.
 *
 * @module
 */
export { DEFAULT_DIALECT, DIALECTS } from "./dialects/mod.ts";
export { type Feature, FEATURES, withFeatures } from "./features.ts";
export type { Mutant } from "./mutants/mutant.ts";
export type { Dialect } from "./rules.ts";
export { type Simulator, simulator } from "./simulator.ts";
