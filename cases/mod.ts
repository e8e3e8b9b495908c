/**
 * How it is shown: the cases, the format they are written in, and the judge.
 *
 * @module
 */
export {
  type AllowedEnd,
  type AllowedResult,
  type Alternative,
  type Case,
  type Expectation,
  type ExpectedOutcome,
  type Race,
  type RaceThread,
  type Section,
  SECTIONS,
  type Sees,
  type Step,
} from "./case.ts";
export {
  type Coverage,
  coverage,
  type CoveredClause,
  type CoveringCase,
  type Gap,
  gapsIn,
  type NotTestedClause,
  type ShowingCase,
  type UncoveredClause,
} from "./coverage.ts";
export { describeEvent, describeExpectation, describeOutcome, describeValue } from "./describe.ts";
export { judge } from "./judge/judge.ts";
export type {
  CaseObservations,
  End,
  JudgeContext,
  Judgement,
  StepJudgement,
  Verdict,
} from "./judge/judgement.ts";
export { lint, type LintOptions } from "./lint.ts";
export { loadCases, type LoadedCases } from "./load.ts";
export { parseCases, type ParsedFile, type ParseOptions } from "./parse.ts";
export {
  type Call,
  finishId,
  observedIds,
  type Program,
  programOf,
  type ProgramRace,
  type ProgramStep,
  RACE_ID,
} from "./program.ts";
export { type JsonSchema, schemas, schemaText, writeSchemas } from "./schema.ts";
export { profilesOf, selectCases, SelectionError, type SelectOptions, type Shard } from "./select.ts";
export { TARGET_KINDS, type TargetKind, targetKindsOf } from "./target_kinds.ts";
