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
export { CERTIFICATE_SCHEMA, CERTIFICATE_TYPE } from "./predicate.ts";
export type {
  Certificate,
  CertifiedCase,
  CertifiedClause,
  ClauseState,
  ContestedClause,
  FourFacts,
  Grade,
  Stability,
  UnseenClause,
  UnsupportedCase,
  WaivedFailure,
} from "./predicate.ts";
export { type Requirement, requirementsOf } from "./requirement.ts";
export { type CertificateStatement, IN_TOTO_STATEMENT, type Statement, type Subject } from "./statement.ts";
export { type CertificateFinding, checkRecord, type ReadCertificate, readCertificate } from "./verify.ts";
