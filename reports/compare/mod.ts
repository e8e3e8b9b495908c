/**
 * Runs side by side: which kernel or dialect changed what.
 *
 * @module
 */
export { worstOf } from "./clauses.ts";
export { Column, type Selection } from "./column.ts";
export { alikeIn, compareCases, type ComparedCases, compareRuns, type RowGroup, titleOf } from "./compare.ts";
export {
  type CaseComparison,
  type Change,
  type ClauseComparison,
  type ComparedFacts,
  type ComparedWord,
  type Comparison,
  COMPARISON_SCHEMA,
  type Difference,
  type Group,
  type Window,
} from "./comparison.ts";
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
export { kept } from "./kept.ts";
export { labelsOf } from "./labels.ts";
export type { Row } from "./rows.ts";
export { sentenceOf } from "./says.ts";
