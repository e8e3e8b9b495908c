/**
 * What was shown: run records, what they say when they are judged, formats for other tools, and the site.
 *
 * @module
 */
export {
  type CaseComparison,
  type CaseFacts,
  caseFacts,
  type Change,
  type ClauseComparison,
  type ComparedWord,
  compareRuns,
  type Comparison,
  COMPARISON_FORMATS,
  COMPARISON_SCHEMA,
  type ComparisonFormat,
  countsText,
  type Difference,
  factsOf,
  type Group,
  headOf,
  labelsOf,
  type RunFacts,
  type RunHead,
  type Seen,
  type Window,
  worstOf,
  writeComparison,
} from "./compare/mod.ts";
export {
  commandFor,
  FORMATS,
  MATRIX_FORMATS,
  type MatrixFormat,
  type Word,
  wordOf,
  type Writer,
} from "./formats/mod.ts";
export {
  type CaseLine,
  type EndLine,
  type Footer,
  type Header,
  type NotRun,
  RECORD_SCHEMA,
  type RecordedTarget,
  type RecordFault,
  type RecordLine,
  type StepLine,
  type SuiteIdentity,
} from "./record.ts";
export {
  readRecord,
  readRecordFile,
  type RecordedAttempt,
  RecordError,
  type RunRecord,
} from "./record_reader.ts";
export { type OpenMode, RecordWriteError, RecordWriter } from "./record_writer.ts";
export {
  type Baseline,
  type CaseResult,
  type Counts,
  exitStatus,
  RESULT_SCHEMA,
  resultOf,
  type RunResult,
  type StepResult,
  type VerdictCounts,
} from "./result.ts";
export { htmlReport, type ReportSources } from "./site/html.tsx";
export { createSite, type Site, type SiteOptions } from "./site/mod.ts";
export {
  type CheckRow,
  type ClauseEntry,
  type DialectName,
  type ErrorTable,
  type FamilyChapter,
  type Machine,
  type MachineState,
  type NamedSequence,
  type Numbered,
  type ProfileEntry,
  type Shared,
  type ShownBy,
  type Specification,
  specificationHtml,
  specificationMarkdown,
  specificationOf,
  type SpecificationSources,
  type StepRow,
  type Transition,
} from "./specification/mod.ts";
export {
  type CaseInRun,
  type Finding,
  findingsOf,
  type Imported,
  type Judging,
  NewerStoreError,
  type Rebuilt,
  RefusedRecord,
  type RunEntry,
  type RunFilter,
  type SearchHit,
  Store,
} from "./store/mod.ts";
