/**
 * Certificates: signed statements of what a run shows of a profile, which anybody can check without a network.
 *
 * @module
 */
export { type Assessed, type Objection } from "./assess.ts";
export { CertificateRefused, certify, type Issued } from "./certify.ts";
export { type Envelope, envelopeText } from "./dsse.ts";
export {
  type CheckingKey,
  KeyError,
  type NewKey,
  newKey,
  readCheckingKey,
  readSigningKey,
  type SigningKey,
} from "./key.ts";
export { certificatePage, type PageSources } from "./page.tsx";
export type {
  CaseFacts,
  Certificate,
  ClauseFacts,
  ClauseState,
  Contested,
  Facts,
  Grade,
  NotSupported,
  Stability,
  Unseen,
  Waived,
} from "./predicate.ts";
export { type Requirement, requirementsOf } from "./requirement.ts";
export type { CertificateStatement, Statement, Subject } from "./statement.ts";
export { checkRecord, type Finding, type ReadCertificate, readCertificate } from "./verify.ts";
