/**
 * Certificates as the site shows them: what was signed, whether the signature holds, and whether the record that lies
 * here still says the same.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { Case } from "../../../cases/case.ts";
import { profileIdSchema } from "../../../spec/ids.ts";
import type { Ledger } from "../../../spec/ledger.ts";
import {
  type Certificate,
  type CertificateFinding,
  checkRecord,
  KeyError,
  readCertificate,
  readCheckingKey,
} from "../../certificate/mod.ts";
import { type CertificateStatement, RECORD_SUBJECT } from "../../certificate/statement.ts";
import { readRecord, RecordError } from "../../record_reader.ts";
import type { History } from "../history.ts";
import type { Shelf } from "./shelf.ts";

/** What is known of a certificate's signature. */
export interface CheckedCertificate {
  /** The name of its file without the ending. */
  readonly name: string;
  /** What it says; missing where it cannot be read. */
  readonly certificate?: Certificate | undefined;
  /** What was signed; missing where it cannot be read. */
  readonly statement?: CertificateStatement | undefined;
  /** What is wrong with the file or its signature. */
  readonly findings: readonly CertificateFinding[];
  /** The key that signed it, if the owner of this site has put it beside the certificates: its file. */
  readonly keyFile?: string | undefined;
  /** The run that was signed, where its record is here. */
  readonly run?: string | undefined;
}

/** What came of judging the record again. */
export type Recheck =
  /** The record is not here, or this site cannot judge. */
  | { readonly kind: "not-here" }
  /** The record says what the certificate says. */
  | { readonly kind: "agrees" }
  /** It does not. */
  | { readonly kind: "differs"; readonly findings: readonly CertificateFinding[] };

/** What certificates are held against. */
export interface CertificateSources {
  /** The certificates and the keys. */
  readonly shelf: Shelf;
  /** The runs. */
  readonly history: History;
  /** The clauses and profiles. */
  readonly ledger: Ledger;
  /** The suite's cases, by id. */
  readonly cases: ReadonlyMap<string, Case>;
  /** The identity that certificates have of this suite; without it nothing is judged again. */
  readonly identity?: ((cases: readonly Case[]) => Certificate["suite"]) | undefined;
}

/** Every certificate, the newest first. */
export async function certificatesOf(sources: CertificateSources): Promise<readonly CheckedCertificate[]> {
  const found = sources.shelf.papers().filter(({ kind }) => kind === "certificate");
  const checked = await Promise.all(found.map(({ name }) => certificateNamed(name, sources)));
  return checked.filter((each) => each !== undefined).toSorted((one, other) => issued(other) - issued(one));
}

function issued({ certificate }: CheckedCertificate): number {
  return certificate ? Date.parse(certificate.issuedAt) : 0;
}

/** A certificate by its name. */
export async function certificateNamed(
  name: string,
  { shelf, history }: Pick<CertificateSources, "shelf" | "history">,
): Promise<CheckedCertificate | undefined> {
  const text = certificateText(name, shelf);
  if (text === undefined) return undefined;
  const { statement, findings } = await readCertificate(text);
  const certificate = statement?.predicate;
  const keyFile = certificate && findings.length === 0
    ? await fileOfKey(certificate.issuer.publicKey, shelf)
    : undefined;
  const run = statement && runOf(statement, history);
  return { name, certificate, statement, findings, keyFile, run };
}

/** The file of a certificate as it was signed. */
export function certificateText(name: string, shelf: Shelf): string | undefined {
  const found = shelf.papers().find((each) => each.kind === "certificate" && each.name === name);
  return found?.kind === "certificate" ? found.text : undefined;
}

async function fileOfKey(publicKey: string, shelf: Shelf): Promise<string | undefined> {
  for (const [file, text] of shelf.keys()) {
    try {
      if ((await readCheckingKey(text)).publicKey === publicKey) return file;
    } catch (error) {
      if (!(error instanceof KeyError)) throw error;
    }
  }
  return undefined;
}

/** The most runs that are looked through for the one that was signed. */
const MOST_RUNS = 10_000;

/** The run whose record has the digest that was signed. */
function runOf(statement: CertificateStatement, history: History): string | undefined {
  const { target, run } = statement.predicate;
  const digest = statement.subject.find(({ name }) => name === RECORD_SUBJECT)?.digest["sha256"];
  return history.runs({ target: target.id, limit: MOST_RUNS })
    .filter(({ startedAt }) => startedAt === run.startedAt)
    .find((entry) => digestOf(history.record(entry.run)) === digest)?.run;
}

function digestOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes && createHash("sha256").update(bytes).digest("hex");
}

/** Judges the record again, if it is here. */
export function recheck({ statement, run }: CheckedCertificate, sources: CertificateSources): Recheck {
  const { history, ledger, cases, identity } = sources;
  const bytes = run === undefined ? undefined : history.record(run);
  const id = profileIdSchema.safeParse(statement?.predicate.profile.id);
  const profile = id.success ? ledger.profiles.get(id.data) : undefined;
  if (!statement || !bytes || !profile || !identity) return { kind: "not-here" };
  try {
    const record = readRecord(new TextDecoder().decode(bytes));
    const findings = checkRecord(statement, `sha256:${digestOf(bytes)}`, {
      record,
      profile,
      ledger,
      cases,
      identity,
    });
    return findings.length === 0 ? { kind: "agrees" } : { kind: "differs", findings };
  } catch (error) {
    if (!(error instanceof RecordError)) throw error;
    return { kind: "differs", findings: [{ kind: "record", message: error.message }] };
  }
}
