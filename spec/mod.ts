/**
 * What must hold: the ledger of clauses and profiles, the vocabulary of operations, and the words for what is seen.
 *
 * @module
 */
export type {
  Clause,
  ClauseText,
  ContestedBy,
  Family,
  FamilyText,
  Keyword,
  Level,
  NotTested,
  NotTestedReason,
  Source,
  Status,
  View,
} from "./clause.ts";
export { type Contradiction, loadContradictions, type Side, type Treatment } from "./contradictions.ts";
export {
  type Diagnostic,
  type DiagnosticCode,
  type Finding,
  formatDiagnostic,
  type Position,
} from "./diagnostic.ts";
export { sortDiagnostics } from "./diagnostic.ts";
export { ERRNO_NAMES, type ErrnoArchitecture, type ErrnoName, errnoName, errnoNumber } from "./errno.ts";
export type { CaseId, ClauseId, ProfileId } from "./ids.ts";
export { type Ledger, LedgerError, loadLedger } from "./ledger.ts";
export { didYouMean, nearest } from "./nearest.ts";
export type {
  CaseEnd,
  Event,
  LogLine,
  Observation,
  Outcome,
  Postconditions,
  RaceEnd,
  RaceFinding,
  RaceOutcome,
  RunEnd,
  Signal,
  Value,
} from "./observation.ts";
export {
  type ArgumentDescription,
  describeVocabulary,
  type OperationDescription,
  vocabularyPage,
  writeVocabularyPage,
} from "./operations/describe.ts";
export type { AnyArgs, OperationName } from "./operations/mod.ts";
export type { Profile, ProfileKind, ProfileText } from "./profile.ts";
export { kernelsWith } from "./clause_kernels.ts";
export { isSize, type Size, sizeInBytes } from "./size.ts";
export type { KernelSource, Mail, Sources } from "./sources.ts";
export {
  type Aspect,
  type Change as SourceChange,
  checkKernel,
  checkMails,
  type CitationFault,
  type CitationFinding,
  type Citations,
  citationsOf,
  type ComparedPlace,
  compareKernels,
  type Digests,
  type DigestsByLines,
  type Files,
  FolderError,
  type KernelCitation,
  kernelDigestsOf,
  type KernelTree,
  kernelTree,
  type MailCitation,
  mailDigestsOf,
  readDigests,
  type RecordedKernel,
  type RecordedPlace,
  seedReader,
  writeDigests,
} from "./provenance/mod.ts";
