/**
 * In-toto statements: what something was found out about, by digest, and what was found out.
 *
 * @module
 */
import { z } from "zod";
import { type Certificate, CERTIFICATE_TYPE, certificateSchema } from "./predicate.ts";

/** The type of the statement. */
export const IN_TOTO_STATEMENT = "https://in-toto.io/Statement/v1";

/** The type of the plain form of a test's result, which other tools know. */
export const TEST_RESULT_TYPE = "https://in-toto.io/attestation/test-result/v0.1";

/** Something that a statement speaks of. */
export interface Subject {
  /** What it is. */
  readonly name: string;
  /** Its digests, by algorithm, in hexadecimal digits. */
  readonly digest: Readonly<Record<string, string>>;
}

/** A statement with a predicate of some type. */
export interface Statement<T extends string, P> {
  /** The type of the statement. */
  readonly _type: typeof IN_TOTO_STATEMENT;
  /** What it speaks of. */
  readonly subject: readonly Subject[];
  /** The type of the predicate. */
  readonly predicateType: T;
  /** What it says. */
  readonly predicate: P;
}

/** A certificate as a statement. */
export type CertificateStatement = Statement<typeof CERTIFICATE_TYPE, Certificate>;

/** The result of tests in the plain form of in-toto. */
export interface TestResult {
  /** All of it in a word. */
  readonly result: "PASSED" | "WARNED" | "FAILED";
  /** What the tests were run with. */
  readonly configuration: readonly Subject[];
  /** Tests that passed. */
  readonly passedTests: readonly string[];
  /** Tests that passed in a way, or whose failure was let pass. */
  readonly warnedTests: readonly string[];
  /** Tests that failed. */
  readonly failedTests: readonly string[];
}

/** The plain form as a statement. */
export type TestResultStatement = Statement<typeof TEST_RESULT_TYPE, TestResult>;

const subjectSchema = z.strictObject({
  name: z.string(),
  digest: z.record(z.string(), z.string().regex(/^[0-9a-f]+$/)),
});

/** Schema of {@link CertificateStatement}. */
export const certificateStatementSchema: z.ZodType<CertificateStatement> = z.strictObject({
  _type: z.literal(IN_TOTO_STATEMENT),
  subject: z.array(subjectSchema).min(1),
  predicateType: z.literal(CERTIFICATE_TYPE),
  predicate: certificateSchema,
});

/** The name under which a statement speaks of the run record. */
export const RECORD_SUBJECT = "run-record";

/**
 * What a certificate speaks of.
 *
 * @param recordDigest the digest of the record's bytes, as `sha256:<hex>`
 */
export function subjectsOf(
  { target, suite }: Pick<Certificate, "target" | "suite">,
  recordDigest: string,
): Subject[] {
  return [
    ...subject(RECORD_SUBJECT, recordDigest),
    ...subject("kernel-image", target.image),
    ...subject("kernel-config", target.config),
    ...subject("ledger", suite.ledger),
    ...subject("case-set", suite.cases),
    ...subject("suite", suite.files),
  ];
}

/** Something with a digest such as `sha256:<hex>`; nothing where that is not known. */
function subject(name: string, digest: string | undefined): Subject[] {
  const [, algorithm, hex] = /^([a-z0-9]+):([0-9a-f]+)$/.exec(digest ?? "") ?? [];
  return algorithm && hex ? [{ name, digest: { [algorithm]: hex } }] : [];
}

/** A certificate as a statement. */
export function certificateStatement(certificate: Certificate, recordDigest: string): CertificateStatement {
  return {
    _type: IN_TOTO_STATEMENT,
    subject: subjectsOf(certificate, recordDigest),
    predicateType: CERTIFICATE_TYPE,
    predicate: certificate,
  };
}

/** The plain form of a certificate. Cases that the target could not run are in none of its lists: it has no word for them. */
export function testResultStatement(certificate: Certificate, recordDigest: string): TestResultStatement {
  const subjects = subjectsOf(certificate, recordDigest);
  const ran = certificate.cases.filter(({ end }) => end !== "not-supported");
  const names = (wanted: (each: Certificate["cases"][number]) => boolean) =>
    ran.filter(wanted).map((each) => each.case);
  const passedTests = names(({ verdict }) => verdict === "pass");
  const warnedTests = names(({ verdict, baseline }) => verdict === "contested" || baseline === "waived");
  const failedTests = names(({ verdict, baseline }) =>
    (verdict === "fail" || verdict === "unknown") && baseline !== "waived"
  );
  const suite = ["ledger", "case-set", "suite"];
  return {
    _type: IN_TOTO_STATEMENT,
    subject: subjects.filter(({ name }) => !suite.includes(name)),
    predicateType: TEST_RESULT_TYPE,
    predicate: {
      result: failedTests.length > 0 ? "FAILED" : warnedTests.length > 0 ? "WARNED" : "PASSED",
      configuration: subjects.filter(({ name }) => suite.includes(name)),
      passedTests,
      warnedTests,
      failedTests,
    },
  };
}
