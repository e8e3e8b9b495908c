/**
 * The certificates that lie beside the runs, and one of them as a page that prints well.
 *
 * @module
 */
import type { Certificate, CertificateFinding, Requirement } from "../../certificate/mod.ts";
import { CertificateBody } from "../../certificate/page.tsx";
import { Moment } from "../components/facts.tsx";
import { StateBar, StateLine } from "../components/states.tsx";
import { Table } from "../components/table.tsx";
import {
  caseHistoryPath,
  casePath,
  certificateFilePath,
  certificatePath,
  clausePath,
  runPath,
} from "../links.ts";
import type { CheckedCertificate, Recheck } from "../papers/certificates.ts";

/** Every certificate. */
export function CertificatesPage({ certificates }: { readonly certificates: readonly CheckedCertificate[] }) {
  return (
    <>
      <h1>Certificates</h1>
      <p class="lead">
        A certificate says of one profile on one target what a run has shown, and what it has not. It is
        signed, and anybody can check it without a network.
      </p>
      {certificates.length === 0 ? <NoCertificate /> : (
        <Table
          class="stack certificates"
          columns={["Profile", "Target", "Grade", ["Clauses", "share"], "Issued", "Signature"]}
        >
          <tbody>{certificates.map((each) => <CertificateRow checked={each} />)}</tbody>
        </Table>
      )}
    </>
  );
}

function NoCertificate() {
  return (
    <p class="notice">
      There is no certificate yet. <code>conform certify RUN --profile P --key K</code>{" "}
      writes one beside the record, and what lies beside the records is shown here.
    </p>
  );
}

function CertificateRow({ checked }: { readonly checked: CheckedCertificate }) {
  const { name, certificate, findings } = checked;
  if (!certificate) {
    return (
      <tr>
        <td colspan={5}>
          <a href={certificatePath(name)}>{name}</a>
        </td>
        <td>
          <SignatureMark checked={checked} />
        </td>
      </tr>
    );
  }
  const { profile, target, grade, issuedAt, clauseCounts } = certificate;
  return (
    <tr>
      <td>
        <a href={certificatePath(name)}>{profile.id}</a>
        <div class="soft">{profile.title}</div>
      </td>
      <td class="whole">
        <span class="mono">{target.id}</span>
        <div class="soft">kernel {target.kernel}</div>
      </td>
      <td>{grade}</td>
      <td class="share">
        {findings.length > 0 ? <span class="soft">no claim, since nobody vouches for it</span> : (
          <>
            <StateBar counts={clauseCounts} />
            <StateLine counts={clauseCounts} />
          </>
        )}
      </td>
      <td class="whole">
        <Moment at={issuedAt} />
      </td>
      <td>
        <SignatureMark checked={checked} />
      </td>
    </tr>
  );
}

/** Whether the signature holds, in a word with a sign. */
function SignatureMark({ checked: { findings, keyFile } }: { readonly checked: CheckedCertificate }) {
  if (findings.length > 0) {
    return (
      <span class="word fail">
        <span aria-hidden="true">✗</span> not valid
      </span>
    );
  }
  return (
    <>
      <span class="word pass">
        <span aria-hidden="true">✓</span> holds
      </span>
      <div class="soft">{keyFile === undefined ? "by a key that is not known here" : `by ${keyFile}`}</div>
    </>
  );
}

/** One certificate. */
export function CertificatePage(
  { checked, recheck, requirementOf, cases }: {
    readonly checked: CheckedCertificate;
    readonly recheck: Recheck;
    readonly requirementOf: Requirement;
    /** The ids of the suite's cases. */
    readonly cases: ReadonlyMap<string, unknown>;
  },
) {
  const { name, certificate, statement, run } = checked;
  const signed = statement?.subject.find((each) => each.name === "run-record")?.digest["sha256"];
  const addressOf = (id: string) => {
    if (run !== undefined) return casePath(run, id);
    return cases.has(id) ? caseHistoryPath(id) : undefined;
  };
  return (
    <>
      <p class="crumbs">
        <a href="/certificates">Certificates</a>
      </p>
      {certificate ? "" : <h1>{name}</h1>}
      <Checks checked={checked} recheck={recheck} />
      {certificate
        ? (
          <article class="certificate">
            <CertificateBody
              certificate={certificate}
              sources={{
                requirementOf,
                recordDigest: signed === undefined ? "no digest" : `sha256:${signed}`,
                leads: { clause: clausePath, case: addressOf },
              }}
            />
          </article>
        )
        : ""}
    </>
  );
}

/** What this site found when it checked the certificate. */
function Checks({ checked, recheck }: { readonly checked: CheckedCertificate; readonly recheck: Recheck }) {
  const { name, certificate, findings, keyFile, run } = checked;
  const wrong = [...findings, ...(recheck.kind === "differs" ? recheck.findings : [])];
  return (
    <section class="checks" aria-label="What was checked">
      {wrong.length === 0 ? "" : <Wrong findings={wrong} />}
      <ul class="plain">
        {findings.length > 0 || !certificate ? "" : <Signature certificate={certificate} keyFile={keyFile} />}
        {recheck.kind === "agrees"
          ? (
            <li>
              <span class="word pass" aria-hidden="true">✓</span>{" "}
              The record lies here, was judged again, and says the same.
            </li>
          )
          : ""}
        {recheck.kind === "not-here" && certificate
          ? (
            <li>
              <span class="word not-run" aria-hidden="true">·</span>{" "}
              The record was not judged again: it is not here.
            </li>
          )
          : ""}
      </ul>
      <p class="under screen">
        <a href={certificateFilePath(name)}>The signed file</a>
        {run === undefined ? "" : <a href={runPath(run)}>The run</a>}
      </p>
    </section>
  );
}

/** So many findings stand open; the rest is for who wants to see it. */
const FINDINGS_OPEN = 4;

/** The most findings that are told. */
const FINDINGS_TOLD = 200;

function Wrong({ findings }: { readonly findings: readonly CertificateFinding[] }) {
  const signatureHolds = findings.every(({ kind }) => kind !== "file" && kind !== "signature");
  const otherSuite = signatureHolds && findings.some(({ kind }) => kind === "suite");
  const items = findings.slice(0, FINDINGS_TOLD).map(({ kind, message }) => <li>{kind}: {message}</li>);
  const rest = findings.length - FINDINGS_OPEN;
  const untold = findings.length - FINDINGS_TOLD;
  return (
    <ul class={`notice ${otherSuite ? "" : "bad"}`}>
      <li>
        <b>
          {otherSuite
            ? "Another suite gave this certificate. Judged by this one, the record says otherwise."
            : "This certificate is not valid."}
        </b>
      </li>
      {rest > 1 ? items.slice(0, FINDINGS_OPEN) : items}
      {rest > 1
        ? (
          <li>
            <details>
              <summary>{rest} more</summary>
              <ul class="plain">
                {items.slice(FINDINGS_OPEN)}
                {untold > 0 ? <li>and {untold} more</li> : ""}
              </ul>
            </details>
          </li>
        )
        : ""}
    </ul>
  );
}

function Signature(
  { certificate, keyFile }: { readonly certificate: Certificate; readonly keyFile: string | undefined },
) {
  return (
    <li>
      <span class="word pass" aria-hidden="true">✓</span> The signature holds: nothing was changed since.{" "}
      {keyFile === undefined
        ? (
          <>
            Whose key <code>{certificate.issuer.keyId.slice(0, 19)}</code> is, this site does not know.
          </>
        )
        : (
          <>
            The key is <code>{keyFile}</code>, which whoever keeps this site has put here.
          </>
        )}
    </li>
  );
}
