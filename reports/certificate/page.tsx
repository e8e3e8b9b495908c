/**
 * A certificate as a page for people: one file without scripts, which prints well. What was not shown stands on the
 * first page, as large as what was.
 *
 * @module
 */
import type { Child } from "hono/jsx";
import { alonePage } from "../alone.tsx";
import type { Requirement } from "./requirement.ts";
import type { Certificate, CertifiedClause, ClauseState, Grade, UnseenClause } from "./predicate.ts";
import { BY_ISSUER } from "./assess.ts";
import { CERTIFICATE_STYLE } from "./style.ts";

/** What the page says beside the certificate itself. */
export interface PageSources {
  /** The sentence that must hold, by the id of the clause. */
  readonly requirementOf: Requirement;
  /** The digest of the record's bytes. */
  readonly recordDigest: string;
  /** Where clauses and cases lead to; nowhere in a file that stands alone. */
  readonly leads?: {
    /** The address of a clause. */
    readonly clause: (id: string) => string;
    /** The address of a case; `undefined` where there is none. */
    readonly case: (id: string) => string | undefined;
  } | undefined;
}

const GRADES: Readonly<Record<Grade, string>> = {
  instrumented: "On a kernel, with checkers of memory and of locks alive until the end.",
  functional: "On a kernel, without checkers of memory and of locks that were alive until the end.",
  model: "On a simulator. It says that a proposal is consistent with itself, and nothing of a machine.",
};

const STATES: Readonly<Record<ClauseState, string>> = {
  shown: "shown to hold",
  contested: "contested",
  waived: "waived",
  "not-covered": "not covered",
  "not-observable": "not observable",
};

const SIGNS: Readonly<Record<ClauseState, string>> = {
  shown: "✓",
  contested: "≠",
  waived: "!",
  "not-covered": "–",
  "not-observable": "·",
};

/** Writes a certificate as one HTML file. */
export async function certificatePage(certificate: Certificate, sources: PageSources): Promise<string> {
  const { profile, target } = certificate;
  return await alonePage({
    title: `Certificate: ${profile.id} on ${target.id}`,
    style: CERTIFICATE_STYLE,
    body: <CertificateBody certificate={certificate} sources={sources} />,
  });
}

/** Everything that the page says, to be put in a page of a site. */
export function CertificateBody(
  { certificate, sources }: { readonly certificate: Certificate; readonly sources: PageSources },
) {
  return (
    <>
      <Front certificate={certificate} sources={sources} />
      <Unshown certificate={certificate} sources={sources} />
      <Clauses clauses={certificate.clauses} sources={sources} />
      <Cases certificate={certificate} sources={sources} />
    </>
  );
}

/** The id of a clause or a case, which leads to its page where there is one. */
function Id({ id, href }: { readonly id: string; readonly href: string | undefined }) {
  return href === undefined ? <code>{id}</code> : <a class="mono" href={href}>{id}</a>;
}

function Front(
  { certificate, sources }: { readonly certificate: Certificate; readonly sources: PageSources },
) {
  const { profile, target, grade, run, suite, issuer, detectors, clauseCounts } = certificate;
  return (
    <section class="front">
      <p class="kind">Certificate of conformance</p>
      <h1>{profile.title}</h1>
      <p class="lead">
        {target.name} keeps what the profile <code>{profile.id}</code> asks for, as far as this page says.
      </p>
      <p class="grade">
        <b>Grade: {grade}.</b> {GRADES[grade]}
      </p>
      <ul class="states">
        {STATE_ORDER.map((state) => (
          <li class={state}>
            <b>{clauseCounts[state]}</b> <span aria-hidden="true">{SIGNS[state]}</span> {STATES[state]}
          </li>
        ))}
      </ul>
      <dl class="facts">
        <Fact name="Target">{target.id}, {target.version}</Fact>
        <Fact name="Kernel">{target.kernel}, {target.architecture}</Fact>
        <Fact name="Kernel image">{target.image ?? "not known"}</Fact>
        <Fact name="Configuration">{target.config ?? "not known"}</Fact>
        <Fact name="Devices">{target.devices?.join(", ") ?? "not known"}</Fact>
        <Fact name="Detectors">{detectorsText(detectors)}</Fact>
        <Fact name="Run">
          {moment(run.startedAt)} to {moment(run.finishedAt)}, {attemptsText(run.repeat)}
        </Fact>
        <Fact name="Command">{run.command.join(" ")}</Fact>
        <Fact name="Suite">{suite.version}, files {suite.files}</Fact>
        <Fact name="Ledger">{suite.ledger}</Fact>
        <Fact name="Cases">{suite.cases}</Fact>
        <Fact name="Record">{run.record}, {sources.recordDigest}</Fact>
        <Fact name="Issued">{moment(certificate.issuedAt)}</Fact>
        <Fact name="Key">{issuer.keyId}</Fact>
      </dl>
      <p class="soft">
        This page repeats a signed file and proves nothing by itself. Check the file with{" "}
        <code>conform verify CERTIFICATE --key KEY --record {run.record}</code>.
      </p>
    </section>
  );
}

const STATE_ORDER: readonly ClauseState[] = ["shown", "contested", "waived", "not-covered", "not-observable"];

function Fact({ name, children }: { readonly name: string; readonly children?: Child }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

function detectorsText({ present, doubtfulAfter }: Certificate["detectors"]): string {
  if (present.length === 0) return "none";
  const doubt = doubtfulAfter === undefined ? "alive until the end" : `in doubt after ${doubtfulAfter}`;
  return `${present.join(", ")}; ${doubt}`;
}

function attemptsText(repeat: number): string {
  return repeat === 1 ? "each case once" : `each case ${repeat} times`;
}

function moment(at: string): string {
  return `${at.slice(0, 19).replace("T", " ")} UTC`;
}

/** Everything that the certificate does not say. */
function Unshown(
  { certificate, sources }: { readonly certificate: Certificate; readonly sources: PageSources },
) {
  const { notCovered, notObservable, contested, waived, notSupported } = certificate;
  return (
    <section class="unshown">
      <h2>What this certificate does not say</h2>
      <UnseenList title="Not covered" of={notCovered} sources={sources} />
      <UnseenList title="Not observable on this target" of={notObservable} sources={sources} />
      <h3>Contested ({contested.length})</h3>
      <List
        items={contested.map(({ clause, holders, follows }) => (
          <>
            <Id id={clause} href={sources.leads?.clause(clause)} /> {sources.requirementOf(clause)}{" "}
            <span class="soft">
              {holders.length === 0 ? "" : `Others: ${holders.join(", ")}. `}
              {follows.length === 0
                ? "The target does not follow them."
                : `The target follows ${follows.join(", ")}.`}
            </span>
          </>
        ))}
      />
      <h3>Waived ({waived.length})</h3>
      <List
        items={waived.map(({ case: id, message, url, why }) => (
          <>
            <Id id={id} href={sources.leads?.case(id)} /> {message} <a href={url}>{url}</a> {why}
          </>
        ))}
      />
      <h3>Cases that the target could not run ({notSupported.length})</h3>
      <List
        items={notSupported.map(({ case: id, reason }) => (
          <>
            <Id id={id} href={sources.leads?.case(id)} /> <span class="soft">{reason}</span>
          </>
        ))}
      />
    </section>
  );
}

function UnseenList(
  { title, of, sources }: {
    readonly title: string;
    readonly of: readonly UnseenClause[];
    readonly sources: PageSources;
  },
) {
  return (
    <>
      <h3>{title} ({of.length})</h3>
      <List
        items={of.map(({ clause, reason, details }) => (
          <>
            <Id id={clause} href={sources.leads?.clause(clause)} /> {sources.requirementOf(clause)}{" "}
            <span class="soft">{reason === BY_ISSUER ? "In the words of the issuer: " : ""}{details}</span>
          </>
        ))}
      />
    </>
  );
}

function List({ items }: { readonly items: readonly Child[] }) {
  if (items.length === 0) return <p class="soft">None.</p>;
  return (
    <ul>
      {items.map((item) => <li>{item}</li>)}
    </ul>
  );
}

function Clauses(
  { clauses, sources }: {
    readonly clauses: readonly CertifiedClause[];
    readonly sources: PageSources;
  },
) {
  return (
    <section>
      <h2>Every clause of the profile</h2>
      <table class="stack">
        <thead>
          <tr>
            <th scope="col">Clause</th>
            <th scope="col">What must hold</th>
            <th scope="col">State</th>
            <th scope="col">Verdict</th>
            <th scope="col">End</th>
            <th scope="col">Baseline</th>
            <th scope="col">Attempts</th>
            <th scope="col">Detectors</th>
          </tr>
        </thead>
        <tbody>
          {clauses.map((each) => (
            <tr class={each.state}>
              <th scope="row">
                <Id id={each.clause} href={sources.leads?.clause(each.clause)} />
              </th>
              <td>{sources.requirementOf(each.clause)}</td>
              <td>
                <span aria-hidden="true">{SIGNS[each.state]}</span> {STATES[each.state]}
              </td>
              <td data-label="verdict">{each.verdict}</td>
              <td data-label="end">{each.end}</td>
              <td data-label="baseline">{each.baseline}</td>
              <td class="number" data-label="attempts">
                {each.stability.attempts}
                {each.stability.stable ? "" : ", they differ"}
              </td>
              <td data-label="detectors">{each.stability.detectors}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Cases(
  { certificate: { cases }, sources }: { readonly certificate: Certificate; readonly sources: PageSources },
) {
  return (
    <section>
      <h2>Every case of the profile that was run</h2>
      <table class="stack">
        <thead>
          <tr>
            <th scope="col">Case</th>
            <th scope="col">Verdict</th>
            <th scope="col">End</th>
            <th scope="col">Baseline</th>
            <th scope="col">Attempts</th>
          </tr>
        </thead>
        <tbody>
          {cases.map((each) => (
            <tr>
              <th scope="row">
                <Id id={each.case} href={sources.leads?.case(each.case)} />
              </th>
              <td data-label="verdict">{each.verdict}</td>
              <td data-label="end">{each.end}</td>
              <td data-label="baseline">{each.baseline}</td>
              <td class="number" data-label="attempts">{each.stability.attempts}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
