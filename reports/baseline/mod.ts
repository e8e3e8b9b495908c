/**
 * Known failures: a file outside the cases that a run is held against.
 *
 * @module
 */
export { holdAgainst } from "./apply.ts";
export { applies, type Condition, type ConditionedTarget } from "./condition.ts";
export {
  type BaselineEntry,
  BaselineError,
  type BaselineFile,
  type KnownFailure,
  parseBaseline,
  readBaseline,
  type Waiver,
} from "./file.ts";
export {
  type BaselineChange,
  EMPTY_BASELINE,
  type NewCondition,
  updateBaseline,
  type UpdatedBaseline,
  UpdateRefused,
} from "./update.ts";
