/**
 * Where it is shown: targets behind one interface, and the engine that runs cases on them.
 *
 * @module
 */
export {
  type FinishedAttempt,
  type LeftOut,
  runCases,
  type RunOptions,
  type Sink,
  type Stop,
  type Summary,
} from "./engine.ts";
export type { Evidence, Fate, Kill, MutantResult } from "./mutation/kills.ts";
export { type MutationOptions, runMutants } from "./mutation/pool.ts";
export { type CaseScore, type FateCounts, MUTATION_SCHEMA, type MutationScore } from "./mutation/score.ts";
export type { Dialect, Mutant } from "./simulator/mod.ts";
export { openTarget, TargetNameError } from "./open.ts";
export type { Target, TargetDescription } from "./target.ts";
