/**
 * Checks a certificate: the signature, the bytes of the record, and everything that it says, by judging the stored
 * observations again. Needs no network.
 *
 * @module
 */
import { assess, type Assessed, BY_ISSUER } from "./assess.ts";
import { type Envelope, envelopeSchema, envelopeText, open } from "./dsse.ts";
import { type CheckingKey, checkingKey, KeyError } from "./key.ts";
import {
  type CertificateStatement,
  certificateStatementSchema,
  RECORD_SUBJECT,
  subjectsOf,
} from "./statement.ts";

/** Something that is wrong with a certificate. */
export interface CertificateFinding {
  /** Where it is wrong: its file, its signature, what it says, or the record that it speaks of. */
  readonly kind: "file" | "signature" | "content" | "record" | "suite";
  /** What is wrong; a sentence without a final period. */
  readonly message: string;
}

/** A certificate that was read. */
export interface ReadCertificate {
  /** What it says; missing where it cannot be read. */
  readonly statement?: CertificateStatement | undefined;
  /** The key that was found to have signed it. */
  readonly signedBy?: string | undefined;
  /** What is wrong. */
  readonly findings: readonly CertificateFinding[];
  /** What is unusual and does no harm. */
  readonly remarks: readonly string[];
}

/**
 * Reads a certificate and checks its signature.
 *
 * Without a key the certificate is checked with the one that it names. That shows that nothing was changed since, but
 * not who signed it.
 *
 * @param text the text of the file
 * @param trusted the key that must have signed it
 */
export async function readCertificate(text: string, trusted?: CheckingKey): Promise<ReadCertificate> {
  const envelope = envelopeIn(text);
  if ("kind" in envelope) return { findings: [envelope], remarks: [] };
  const remarks = remarksOn(envelope, text);
  const payload = Buffer.from(envelope.payload, "base64").toString();
  const statement = statementIn(payload);
  if ("kind" in statement) {
    const signature = trusted ? await signatureFindings(envelope, trusted) : [];
    return { findings: [...signature, statement], remarks };
  }
  const { issuer } = statement.predicate;
  const key = trusted ?? await keyIn(issuer.publicKey);
  if ("kind" in key) return { statement, findings: [key], remarks };
  const findings = [...await signatureFindings(envelope, key), ...issuerFindings(issuer, key)];
  return { statement, signedBy: findings.length === 0 ? key.keyId : undefined, findings, remarks };
}

function envelopeIn(text: string): Envelope | CertificateFinding {
  const json = jsonIn(text);
  if (json === undefined) return { kind: "file", message: "The certificate is not JSON" };
  const parsed = envelopeSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  return {
    kind: "file",
    message: "The certificate is no DSSE envelope: it needs payload, payloadType and signatures",
  };
}

/** What differs from the file as it was written, without any effect on what is signed. */
function remarksOn(envelope: Envelope, text: string): string[] {
  const remarks: string[] = [];
  if (envelope.signatures.length > 1) {
    remarks.push(`There are ${envelope.signatures.length} signatures; one of them was looked for`);
  }
  if (text !== envelopeText(envelope)) {
    remarks.push(
      "The file is not as it was written: what is around the signed bytes has another form or more in it",
    );
  }
  return remarks;
}

function statementIn(payload: string): CertificateStatement | CertificateFinding {
  const parsed = certificateStatementSchema.safeParse(jsonIn(payload));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.join(".") ?? "";
  return {
    kind: "content",
    message: `It is no certificate of this version: ${where === "" ? "" : `${where}: `}${
      issue?.message ?? ""
    }`,
  };
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function keyIn(publicKey: string): Promise<CheckingKey | CertificateFinding> {
  try {
    return await checkingKey(publicKey);
  } catch (error) {
    if (!(error instanceof KeyError)) throw error;
    return { kind: "signature", message: `The certificate names a key that is none: ${error.message}` };
  }
}

async function signatureFindings(envelope: Envelope, key: CheckingKey): Promise<CertificateFinding[]> {
  const opened = await open(envelope, key);
  return opened.ok ? [] : opened.reasons.map((message) => ({ kind: "signature", message }));
}

function issuerFindings(
  issuer: { keyId: string; publicKey: string },
  key: CheckingKey,
): CertificateFinding[] {
  if (issuer.keyId === key.keyId && issuer.publicKey === key.publicKey) return [];
  return [{
    kind: "signature",
    message: `The certificate says that ${issuer.keyId} issued it, but it was checked with ${key.keyId}`,
  }];
}

/**
 * Holds what a certificate says against the record: its bytes, and what the suite makes of its observations now.
 *
 * @param statement the certificate
 * @param recordDigest the digest of the record's bytes, as `sha256:<hex>`
 * @param assessed the record, and the suite that judges it; the baseline is taken from the certificate
 */
export function checkRecord(
  statement: CertificateStatement,
  recordDigest: string,
  assessed: Omit<Assessed, "baseline" | "explanations" | "recordName">,
): readonly CertificateFinding[] {
  const { predicate } = statement;
  const { facts, objections } = assess({
    ...assessed,
    recordName: predicate.run.record,
    baseline: baselineIn(statement),
    explanations: explanationsIn(statement),
  });
  const other = otherSuite(statement, assessed);
  const { issuer: _issuer, issuedAt: _issuedAt, ...said } = predicate;
  const shown = { ...facts, suite: said.suite, baseline: said.baseline };
  return [
    ...subjectFindings(statement, recordDigest),
    ...timeFindings(predicate),
    ...other,
    ...objections.filter(({ kind }) => kind !== "other-suite").map(({ message }): CertificateFinding => ({
      kind: "record",
      message,
    })),
    ...differences(said, shown, "").map((message): CertificateFinding => ({ kind: "content", message })),
  ];
}

function timeFindings({ issuedAt, run }: CertificateStatement["predicate"]): CertificateFinding[] {
  if (Date.parse(issuedAt) >= Date.parse(run.finishedAt)) return [];
  return [{ kind: "content", message: `It was issued at ${issuedAt}, before the run came to its end` }];
}

function subjectFindings(statement: CertificateStatement, recordDigest: string): CertificateFinding[] {
  const signed = statement.subject.find(({ name }) => name === RECORD_SUBJECT)?.digest["sha256"];
  const record: CertificateFinding[] = `sha256:${signed}` === recordDigest ? [] : [{
    kind: "record",
    message:
      `The record is another one, or was changed: it has the digest ${recordDigest}, and sha256:${signed} was signed`,
  }];
  const expected = subjectsOf(statement.predicate, `sha256:${signed}`);
  const subjects = differences(statement.subject, expected, "subject");
  return [...record, ...subjects.map((message): CertificateFinding => ({ kind: "content", message }))];
}

function otherSuite(
  { predicate }: CertificateStatement,
  { identity, record, cases }: Omit<Assessed, "recordName">,
): CertificateFinding[] {
  const now = identity(record.header.selection.flatMap((id) => cases.get(id) ?? []));
  const { ledger, cases: set, version } = predicate.suite;
  if (ledger === now.ledger && set === now.cases) return [];
  const what = ledger === now.ledger ? "other cases" : "another ledger";
  return [{
    kind: "suite",
    message:
      `The certificate was given by suite ${version} with ${what} than this one, so verdicts may rightly differ`,
  }];
}

function explanationsIn({ predicate: { notCovered } }: CertificateStatement): ReadonlyMap<string, string> {
  return new Map(
    notCovered.filter(({ reason }) => reason === BY_ISSUER).map(({ clause, details }) => [clause, details]),
  );
}

/** The known failures that the certificate used. Their places are of no importance any more. */
function baselineIn({ predicate: { baseline } }: CertificateStatement): Assessed["baseline"] {
  if (!baseline) return undefined;
  const { file, digest, used } = baseline;
  return { file, digest, known: used.map((each) => ({ ...each, at: { file, line: 1, column: 1 } })) };
}

/** What two values differ in, in words. Lists of clauses or cases are held together by their names. */
function differences(said: unknown, shown: unknown, path: string): string[] {
  if (Array.isArray(said) && Array.isArray(shown)) return listDifferences(said, shown, path);
  if (isRecord(said) && isRecord(shown)) {
    return [...new Set([...Object.keys(said), ...Object.keys(shown)])]
      .flatMap((key) => differences(said[key], shown[key], path === "" ? key : `${path}.${key}`));
  }
  if (said === shown) return [];
  return [`${path}: the certificate says ${shortly(said)}, the record shows ${shortly(shown)}`];
}

function listDifferences(said: readonly unknown[], shown: readonly unknown[], path: string): string[] {
  const names = [...said, ...shown].map(nameOf);
  if (names.includes(undefined)) {
    const same = JSON.stringify(said) === JSON.stringify(shown);
    return same ? [] : [`${path}: the certificate says ${shortly(said)}, the record shows ${shortly(shown)}`];
  }
  const saidBy = new Map(said.map((each) => [nameOf(each), each]));
  const shownBy = new Map(shown.map((each) => [nameOf(each), each]));
  const inOrder = said.length !== shown.length ||
    said.every((each, index) => nameOf(each) === nameOf(shown[index]));
  return [
    ...[...new Set(names)].flatMap((name) => {
      if (!saidBy.has(name)) return [`${path}: ${name} is missing from the certificate`];
      if (!shownBy.has(name)) {
        return [`${path}: ${name} is in the certificate, but the record does not show it`];
      }
      return differences(saidBy.get(name), shownBy.get(name), `${path}.${name}`);
    }),
    ...(saidBy.size < said.length ? [`${path}: something is in the certificate twice`] : []),
    ...(inOrder ? [] : [`${path}: the certificate has another order`]),
  ];
}

function nameOf(value: unknown): string | undefined {
  if (!isRecord(value)) return undefined;
  const name = value["case"] ?? value["clause"] ?? value["name"];
  return typeof name === "string" ? name : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function shortly(value: unknown): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}
