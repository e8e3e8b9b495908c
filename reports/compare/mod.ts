/**
 * Runs side by side: which kernel or dialect changed what.
 *
 * @module
 */
export {
  alikeIn,
  type CaseComparison,
  type Change,
  type ClauseComparison,
  compareCases,
  type ComparedCases,
  type ComparedFacts,
  type ComparedWord,
  compareRuns,
  type Comparison,
  COMPARISON_SCHEMA,
  type Difference,
  type Group,
  namedComparison,
  type Window,
  worstOf,
} from "./compare.ts";
export {
  type CaseFacts,
  caseFacts,
  factsOf,
  headOf,
  type RunFacts,
  type RunHead,
  type Seen,
} from "./facts.ts";
export { COMPARISON_FORMATS, type ComparisonFormat, countsText, writeComparison } from "./formats.ts";
export { labelsOf } from "./labels.ts";
