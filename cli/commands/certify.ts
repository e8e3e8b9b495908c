/**
 * `conform key new`, `conform certify` and `conform verify`.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import {
  type CertificateFinding,
  certificatePage,
  CertificateRefused,
  certify,
  checkRecord,
  envelopeText,
  KeyError,
  newKey,
  readCertificate,
  readCheckingKey,
  readSigningKey,
  requirementsOf,
} from "../../reports/certificate/mod.ts";
import type { RunRecord } from "../../reports/record_reader.ts";
import { printable } from "../../reports/formats/format.ts";
import { baselineAt } from "../baseline_at.ts";
import { bytesAt, demandPlace, textAt, writeWhole } from "../files.ts";
import { Failure, type Io } from "../io.ts";
import { recordAt } from "../record_at.ts";
import { loadSuite, profileNamed } from "../suite.ts";
import { certifyingIdentity } from "../suite_files.ts";

/** Carries out `conform key new`: writes a pair of keys and gives the exit status. */
export async function writeNewKey(name: string, io: Io): Promise<number> {
  const [secret, open] = [`${name}.key`, `${name}.pub`];
  for (const path of [secret, open]) {
    if (existsSync(path)) {
      throw new Failure(
        2,
        `There is already a file "${path}"`,
        "Name another one with --out, or move it away",
      );
    }
  }
  const { privatePem, publicPem, keyId } = await newKey();
  writeWhole(secret, privatePem, { mode: 0o600 });
  writeWhole(open, publicPem);
  io.out(`${keyId}\n`);
  io.err(`${secret} signs; keep it to yourself. ${open} checks; give it to everybody\n`);
  return 0;
}

/** What `conform certify` is given. */
export interface CertifyArguments {
  /** The run record. */
  readonly record: string;
  /** The profile. */
  readonly profile: string;
  /** The file with the key to sign with. */
  readonly key: string;
  /** The file with the waivers. */
  readonly baseline?: string | undefined;
  /** Why nothing was seen of some clauses, each as `CLAUSE=WHY`. */
  readonly explain: readonly string[];
  /** Where the certificate goes. */
  readonly out?: string | undefined;
  /** Where a page for people goes. */
  readonly html?: string | undefined;
}

/** Carries out `conform certify` and gives the exit status: 1 if the run gets no certificate. */
export async function certifyRun(args: CertifyArguments, io: Io): Promise<number> {
  const suite = loadSuite();
  const profile = profileNamed(suite.ledger, args.profile);
  const key = await keyAt(args.key, readSigningKey);
  const record = recordAt(args.record);
  const recordDigest = digestOf(bytesAt(args.record));
  const assessed = {
    record,
    recordName: basename(args.record),
    profile,
    ledger: suite.ledger,
    cases: suite.byId,
    baseline: args.baseline === undefined ? undefined : baselineAt(args.baseline),
    explanations: new Map(args.explain.map(explanationOf)),
    identity: certifyingIdentity(suite),
  };
  if (args.html !== undefined) demandPlace(args.html);
  const issued = await refusals(() => certify(assessed, recordDigest, key, new Date()));
  const out = args.out ?? `${args.record.replace(/\.jsonl$/, "")}.certificate.json`;
  const plain = `${out.replace(/(\.certificate)?\.json$/, "")}.test-result.json`;
  writeWhole(out, envelopeText(issued.envelope));
  writeWhole(plain, envelopeText(issued.testResult));
  io.out(`${out}\n${plain}\n`);
  if (args.html !== undefined) {
    const requirementOf = requirementsOf(suite.ledger);
    writeWhole(args.html, await certificatePage(issued.certificate, { requirementOf, recordDigest }));
    io.out(`${args.html}\n`);
  }
  const { grade, clauseCounts } = issued.certificate;
  const counts = Object.entries(clauseCounts).filter(([, count]) => count > 0);
  io.err(
    `${profile.id} on ${record.header.target.id}, grade ${grade}: ${
      counts.map(([state, count]) => `${count} ${state.replace("-", " ")}`).join(", ")
    }\n`,
  );
  return 0;
}

function explanationOf(text: string): [string, string] {
  const [, clause = "", why = ""] = /^([^=\s]+)=(.*\S)\s*$/s.exec(text) ?? [];
  if (why !== "") return [clause, why];
  throw new Failure(
    2,
    `"${text}" explains nothing`,
    "Write it as --explain VREV-01='why nothing was seen of it'",
  );
}

/** What `conform verify` is given. */
export interface VerifyArguments {
  /** The certificate. */
  readonly certificate: string;
  /** The run record; beside the certificate where it is left out. */
  readonly record?: string | undefined;
  /** The file with the key that must have signed it. */
  readonly key?: string | undefined;
}

/** Carries out `conform verify` and gives the exit status: 1 if something is wrong with the certificate. */
export async function verifyCertificate(args: VerifyArguments, io: Io): Promise<number> {
  const trusted = args.key === undefined ? undefined : await keyAt(args.key, readCheckingKey);
  const { statement, signedBy, findings, remarks } = await readCertificate(textAt(args.certificate), trusted);
  for (const remark of remarks) io.err(`${remark}\n`);
  if (!statement) return tell(findings, io);
  const { profile, run, grade, target } = statement.predicate;
  const path = args.record ?? besides(args.certificate, run.record);
  const suite = loadSuite();
  const digest = digestOf(bytesAt(path));
  const record = recordOrFinding(path);
  const all = [
    ...findings,
    ...("kind" in record ? [record] : checkRecord(statement, digest, {
      record,
      profile: profileNamed(suite.ledger, profile.id),
      ledger: suite.ledger,
      cases: suite.byId,
      identity: certifyingIdentity(suite),
    })),
  ];
  if (all.length > 0) return tell(all, io);
  io.out(printable(`valid: ${profile.id} on ${target.id}, grade ${grade}, signed by ${signedBy}`) + "\n");
  if (!trusted) {
    io.err("The key is the one that the certificate names. Name one that you trust with --key\n");
  }
  return 0;
}

/** A record that cannot be read is not the one that was signed. */
function recordOrFinding(path: string): RunRecord | CertificateFinding {
  try {
    return recordAt(path);
  } catch (error) {
    if (error instanceof Failure) return { kind: "record", message: error.message };
    throw error;
  }
}

function tell(findings: readonly CertificateFinding[], io: Io): number {
  for (const { kind, message } of findings) io.out(`${kind}: ${printable(message)}\n`);
  io.err("The certificate is not valid\n");
  return 1;
}

/** A file beside the certificate. The name is somebody else's text, so that it may not lead anywhere. */
function besides(certificate: string, name: string): string {
  const path = join(dirname(certificate), basename(name));
  if (basename(name) === name && name !== ".." && statSync(path, { throwIfNoEntry: false })?.isFile()) {
    return path;
  }
  throw new Failure(
    2,
    `The record "${printable(name)}" does not lie beside the certificate`,
    "Name it with --record, or put it there",
  );
}

async function refusals<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof CertificateRefused)) throw error;
    throw new Failure(1, error.message.replaceAll(/[^\n\P{Cc}]|\p{Cf}/gu, "\ufffd"), undefined, error);
  }
}

async function keyAt<K>(path: string, read: (text: string) => Promise<K>): Promise<K> {
  try {
    return await read(textAt(path));
  } catch (error) {
    if (error instanceof KeyError) throw new Failure(2, `${path}: ${error.message}`, error.hint, error);
    throw error;
  }
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
