/**
 * Cases as programs in C that stand alone, for those who report a bug.
 *
 * @module
 */
export {
  type Repro,
  type ReproClause,
  reproducerOf,
  type ReproLanguage,
  type ReproOptions,
} from "./program.ts";
export type { Setting } from "./emit.ts";
export { traceIn, traceOf } from "./trace.ts";
