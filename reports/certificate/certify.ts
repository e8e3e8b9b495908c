/**
 * Gives a certificate for a run, or says why not.
 *
 * @module
 */
import { assess, type Assessed, type Objection } from "./assess.ts";
import { type Envelope, seal } from "./dsse.ts";
import type { SigningKey } from "./key.ts";
import type { Certificate } from "./predicate.ts";
import { certificateStatement, testResultStatement } from "./statement.ts";

/** A run that gets no certificate. */
export class CertificateRefused extends Error {
  /** The name of the class. */
  override readonly name = "CertificateRefused";
  /** Everything that stands against it. */
  readonly objections: readonly Objection[];

  /** Makes an error of what stands against a certificate. */
  constructor(objections: readonly Objection[]) {
    const lines = objections.map(({ message, hint }) => `- ${message}. ${hint}`);
    super(`The run gets no certificate:\n${lines.join("\n")}`);
    this.objections = objections;
  }
}

/** What is signed. */
export interface Issued {
  /** What it says. */
  readonly certificate: Certificate;
  /** The certificate, signed. */
  readonly envelope: Envelope;
  /** The same in the plain form that other tools know, signed. */
  readonly testResult: Envelope;
}

/**
 * Certifies a run.
 *
 * @param assessed the run, the profile and the suite
 * @param recordDigest the digest of the record's bytes, as `sha256:<hex>`
 * @param key the key to sign with
 * @param issuedAt the time
 * @throws {CertificateRefused} if something stands against it
 */
export async function certify(
  assessed: Assessed,
  recordDigest: string,
  key: SigningKey,
  issuedAt: Date,
): Promise<Issued> {
  const { facts, objections } = assess(assessed);
  if (objections.length > 0) throw new CertificateRefused(objections);
  const certificate: Certificate = {
    ...facts,
    issuedAt: issuedAt.toISOString(),
    issuer: { keyId: key.keyId, publicKey: key.publicKey },
  };
  return {
    certificate,
    envelope: await seal(JSON.stringify(certificateStatement(certificate, recordDigest)), key),
    testResult: await seal(JSON.stringify(testResultStatement(certificate, recordDigest)), key),
  };
}
