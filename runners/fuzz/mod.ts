/**
 * Differential fuzzing: random programs on a target and on the model, and what they differ in.
 *
 * @module
 */
export type { Arranged } from "./arrange.ts";
export type { WriteOptions, WrittenCase } from "./case_file.ts";
export type { Aspect, Divergence } from "./differ.ts";
export { type Fate, type Tally, tallyOf } from "./fate.ts";
export {
  type Finding,
  fuzz,
  type FuzzEnd,
  type FuzzOptions,
  type FuzzResult,
  type Shortening,
  type Trouble,
} from "./fuzz.ts";
export type { Played } from "./play.ts";
export type { WovenStep } from "./weave.ts";
