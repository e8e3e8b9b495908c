/**
 * The specification as HTML: the body for the site, and a page of its own with everything in it and no script.
 *
 * @module
 */
import type { Clause, Source } from "../../spec/clause.ts";
import type { ClauseId } from "../../spec/ids.ts";
import type { Sources } from "../../spec/sources.ts";
import { alonePage } from "../alone.tsx";
import { STYLE } from "../site/style.ts";
import { Diagram } from "./diagram.tsx";
import type { ClauseEntry, FamilyChapter, Numbered, ProfileEntry, Specification } from "./document.ts";
import type { ErrorTable } from "./errors.ts";
import type { Machine, NamedSequence } from "./machines.ts";
import type { CheckRow, Shared, StepRow } from "./rules.ts";
import { SPECIFICATION_STYLE } from "./style.ts";
import {
  clausePieces,
  kernelsOf,
  keywordPieces,
  mailAddress,
  rangesOf,
  sourceWords,
  TREATMENTS,
} from "./text.ts";

const TITLE = "Revocation of Linux dma-bufs";

/** The specification as one HTML file: everything in it, no script, no other file. */
export async function specificationHtml(specification: Specification): Promise<string> {
  return await alonePage({
    title: TITLE,
    style: STYLE + SPECIFICATION_STYLE,
    body: <SpecificationBody specification={specification} />,
  });
}

/** The specification without what stands around it on a page. */
export function SpecificationBody({ specification }: { readonly specification: Specification }) {
  const { families, ledger } = specification;
  return (
    <div class="specification">
      <h1>{TITLE}</h1>
      <p class="lead">
        What must hold when an exporter takes back a buffer that it has already shared: {ledger.clauses.size}
        {" "}
        clauses in {families.length} families, who says so and where, who disagrees, and which cases show it.
      </p>
      <p class="soft">
        {specification.version === undefined ? "Ledger" : `Suite ${specification.version}, ledger`}{" "}
        <code>{ledger.digest.slice(0, 19)}</code>
      </p>
      <Contents specification={specification} />
      <Reading />
      {families.map((chapter) => <Family chapter={chapter} specification={specification} />)}
      <Machines specification={specification} />
      <Errors specification={specification} />
      <Contradictions specification={specification} />
      <Profiles specification={specification} />
      <SourcesAnnex sources={ledger.sources} />
    </div>
  );
}

type Whole = { readonly specification: Specification };

function Contents({ specification: { families, machinesNumber, errorsNumber } }: Whole) {
  const entries: readonly (readonly [string, string, string])[] = [
    ["1", "reading", "How to read this"],
    ...families.map(({ number, family }) =>
      [String(number), `family-${family.id}`, `${family.id}: ${family.title}`] as const
    ),
    [String(machinesNumber), "machines", "State machines and sequences"],
    [String(errorsNumber), "errors", "Errors in the order of the checks"],
    ["A", "contradictions", "Contradictions"],
    ["B", "profiles", "Profiles"],
    ["C", "sources", "Sources"],
  ];
  return (
    <nav class="contents" aria-label="Contents">
      <ol>
        {entries.map(([number, id, title]) => (
          <li>
            <span class="n">{number}</span>
            <a href={`#${id}`}>{title}</a>
          </li>
        ))}
      </ol>
    </nav>
  );
}

function Heading(
  { number, id, title }: { readonly number: string | number; readonly id: string; readonly title: string },
) {
  return (
    <h2 id={id}>
      <span class="n">{number}</span>
      {title}
    </h2>
  );
}

function Reading() {
  return (
    <section>
      <Heading number="1" id="reading" title="How to read this" />
      <p>
        A clause is one sentence that must hold. MUST, MUST NOT, SHOULD and MAY are meant as in RFC 2119. Its
        id never changes; the number of its chapter may.
      </p>
      <dl class="of">
        <dt>Rests on</dt>
        <dd>code that was read, documentation, or what people said in a discussion</dd>
        <dt>Status</dt>
        <dd>
          mainline: in a released kernel; proposed: in a series on the lists; contested: somebody holds
          something else; withdrawn: taken back by who proposed it
        </dd>
        <dt>Seen from</dt>
        <dd>
          userspace by results and errors, a CPU mapping, an importer in the kernel, a device's DMA, the
          kernel log, or the simulator alone
        </dd>
        <dt>Contested</dt>
        <dd>
          the suite records which side a target takes, and fails it for that only where annex A calls the
          other side normative
        </dd>
      </dl>
    </section>
  );
}

function ClauseLink({ id }: { readonly id: string }) {
  return <a class="mono" href={`#${id}`}>{id}</a>;
}

/** A text of the ledger in which clauses are named by their ids, each a link. */
function Words({ text, specification: { ledger } }: Whole & { readonly text: string }) {
  return (
    <>
      {clausePieces(text, ledger.clauses).map((piece) =>
        piece.clause ? <ClauseLink id={piece.text} /> : piece.text
      )}
    </>
  );
}

function Family(
  { chapter: { number, family, clauses }, specification }: Whole & { readonly chapter: FamilyChapter },
) {
  return (
    <section>
      <Heading number={number} id={`family-${family.id}`} title={`${family.id}: ${family.title}`} />
      <p>
        <Words text={family.summary} specification={specification} />
      </p>
      {clauses.map((entry) => <ClauseSection entry={entry} specification={specification} />)}
    </section>
  );
}

function ClauseSection({ entry, specification }: Whole & { readonly entry: ClauseEntry }) {
  const { number, clause } = entry;
  return (
    <article class="clause" id={clause.id}>
      <h3>
        <span class="n">{number}</span>
        <a class="mono" href={`#${clause.id}`}>{clause.id}</a> {clause.title}
      </h3>
      <p class="requirement">
        {keywordPieces(clause.requirement).map(({ text, keyword }) =>
          keyword ? <strong>{text}</strong> : text
        )}
      </p>
      <Badges clause={clause} />
      {clause.notes === undefined ? "" : (
        <p>
          <Words text={clause.notes} specification={specification} />
        </p>
      )}
      <dl class="of">
        <dt>Sources</dt>
        <dd>
          <SourceList sources={clause.sources} of={specification.ledger.sources} />
        </dd>
        <Disagreement entry={entry} specification={specification} />
        <ShownBy entry={entry} specification={specification} />
        <dt>Kernels</dt>
        <dd>{entry.kernels.length === 0 ? "none that was released" : entry.kernels.join(", ")}</dd>
        <dt>Profiles</dt>
        <dd>{entry.profiles.length === 0 ? "none" : <ProfileLinks ids={entry.profiles} />}</dd>
      </dl>
    </article>
  );
}

function Badges({ clause }: { readonly clause: Clause }) {
  const kernels = kernelsOf(clause);
  return (
    <div>
      <span class={`badge ${clause.status}`}>{clause.status}</span>
      <span class="badge">rests on {clause.level}</span>
      {kernels === "" ? "" : <span class="badge">{kernels}</span>}
      <span class="badge">
        {clause.observable.length === 0 ? "seen from nowhere" : `seen from ${clause.observable.join(", ")}`}
      </span>
    </div>
  );
}

function SourceList({ sources, of }: { readonly sources: readonly Source[]; readonly of: Sources }) {
  return (
    <ul class="sources">
      {sources.map((source) => (
        <li>
          <SourceLine source={source} of={of} />
        </li>
      ))}
    </ul>
  );
}

function SourceLine({ source, of }: { readonly source: Source; readonly of: Sources }) {
  const { title, href, mail, clause, place } = sourceWords(source, of);
  return (
    <>
      {href === undefined ? title : <a href={href}>{title}</a>}
      {mail === undefined ? "" : (
        <>
          {" "}
          (<a href={`#mail-${mail}`}>{mail}</a>)
        </>
      )}
      {clause === undefined ? "" : (
        <>
          {" "}
          <ClauseLink id={clause} />
        </>
      )}
      {place === "" ? "" : (
        <>
          , <code>{place}</code>
        </>
      )}
    </>
  );
}

function Disagreement(
  { entry: { clause, contradictions }, specification }: Whole & { readonly entry: ClauseEntry },
) {
  return (
    <>
      {clause.contested.length === 0 ? "" : (
        <>
          <dt>Who disagrees</dt>
          <dd>
            <ul>
              {clause.contested.map(({ holder, alternative, source }) => (
                <li>
                  <b>{holder}</b>: <Words text={alternative} specification={specification} />
                  {source === undefined ? "" : (
                    <span class="soft sources">
                      {" "}
                      [<SourceLine source={source} of={specification.ledger.sources} />]
                    </span>
                  )}
                </li>
              ))}
            </ul>
          </dd>
        </>
      )}
      {contradictions.length === 0 ? "" : (
        <>
          <dt>Contradictions</dt>
          <dd>
            {contradictions.map((number, index) => (
              <>
                {index === 0 ? "" : ", "}
                <a href={`#contradiction-${number}`}>A.{number}</a>
              </>
            ))}
          </dd>
        </>
      )}
    </>
  );
}

function ShownBy(
  { entry: { clause, cases, tables }, specification }: Whole & { readonly entry: ClauseEntry },
) {
  return (
    <>
      {tables.length === 0 ? "" : (
        <>
          <dt>Errors</dt>
          <dd>
            {tables.map(({ id, number, title }, index) => (
              <>
                {index === 0 ? "" : "; "}
                <a href={`#errors-${id}`}>{number} {title}</a>
              </>
            ))}
          </dd>
        </>
      )}
      <dt>Shown by</dt>
      <dd>
        {cases.length === 0 ? "" : (
          <ul>
            {cases.map(({ path, title, rows }) => (
              <li>
                <code>{path}</code>
                {rows > 1 ? <span class="soft">, {rows} rows</span> : ""}
                <span class="soft">: {title}</span>
              </li>
            ))}
          </ul>
        )}
        {clause.notTested
          ? (
            <>
              no case ({clause.notTested.reason.replaceAll("-", " ")}):{" "}
              <Words text={clause.notTested.details} specification={specification} />
            </>
          )
          : cases.length === 0
          ? "no case yet"
          : ""}
      </dd>
    </>
  );
}

function ProfileLinks({ ids }: { readonly ids: readonly string[] }) {
  return (
    <>
      {ids.map((id, index) => (
        <>
          {index === 0 ? "" : ", "}
          <a href={`#profile-${id}`}>{id}</a>
        </>
      ))}
    </>
  );
}

function Who({ of: { dialects, everywhere } }: { readonly of: Shared<unknown> }) {
  if (everywhere) return <p class="who">in every proposal and kernel</p>;
  return (
    <p class="who">
      {dialects.map(({ id, title }, index) => (
        <>
          {index === 0 ? "" : ", "}
          <code title={title}>{id}</code>
        </>
      ))}
    </p>
  );
}

function Machines({ specification }: Whole) {
  const { machinesNumber, machines, sequences } = specification;
  return (
    <section>
      <Heading number={machinesNumber} id="machines" title="State machines and sequences" />
      <p>
        Drawn from the rules that the simulator runs. A VFIO buffer starts usable if memory is enabled when it
        is exported, and temporarily revoked otherwise (<ClauseLink id="VEXP-19" />,{" "}
        <ClauseLink id="VEXP-20" />). A step that is marked also runs after an error.
      </p>
      {machines.map((each) => <MachineSection machine={each} />)}
      {sequences.map((each) => <SequenceSection sequence={each} />)}
    </section>
  );
}

function MachineSection({ machine }: { readonly machine: Numbered<Shared<Machine>> }) {
  const { number, dialects, value } = machine;
  const id = `machine-${number.replace(".", "-")}`;
  return (
    <section id={id}>
      <h3>
        <span class="n">{number}</span>
        A VFIO buffer in {dialects.map((each) => each.id).join(", ")}
      </h3>
      <figure>
        <div class="scroll">
          <Diagram machine={value} id={id} />
        </div>
      </figure>
      <div class="scroll">
        <table class="ways stack">
          <thead>
            <tr>
              <th scope="col">No</th>
              <th scope="col">From, to, when</th>
              <th scope="col">What is done, in order</th>
            </tr>
          </thead>
          <tbody>
            {value.transitions.map(({ from, to, trigger, steps }, index) => (
              <tr>
                <td data-label="no">{index + 1}</td>
                <td>
                  {from} → {to}
                  <div class="soft">{trigger}</div>
                </td>
                <td>
                  <Steps steps={steps} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Steps({ steps }: { readonly steps: readonly StepRow[] }) {
  return (
    <ol class="steps">
      {steps.map(({ name, clause, always }) => (
        <li>
          {name} <ClauseLink id={clause} />
          {always ? <span class="soft">, also after an error</span> : ""}
        </li>
      ))}
    </ol>
  );
}

function SequenceSection({ sequence }: { readonly sequence: Numbered<NamedSequence> }) {
  const { number, title, variants } = sequence;
  return (
    <section>
      <h3>
        <span class="n">{number}</span>
        {title}
      </h3>
      {variants.map((variant) => (
        <>
          {variant.everywhere ? "" : <Who of={variant} />}
          <Steps steps={variant.value} />
        </>
      ))}
    </section>
  );
}

function Errors({ specification: { errorsNumber, errors } }: Whole) {
  return (
    <section>
      <Heading number={errorsNumber} id="errors" title="Errors in the order of the checks" />
      <p>
        The first row that applies decides. Read from the rules that the simulator runs; where proposals or
        kernels differ, each has a table of its own.
      </p>
      {errors.map((table) => <ErrorSection table={table} />)}
    </section>
  );
}

function ErrorSection({ table }: { readonly table: Numbered<ErrorTable> }) {
  const { id, number, title, note, variants } = table;
  return (
    <section id={`errors-${id}`}>
      <h3>
        <span class="n">{number}</span>
        {title}
      </h3>
      {note === undefined ? "" : <p>{note}</p>}
      {variants.map((variant) => (
        <>
          <Who of={variant} />
          <CheckTable rows={variant.value} />
        </>
      ))}
    </section>
  );
}

function CheckTable({ rows }: { readonly rows: readonly CheckRow[] }) {
  return (
    <div class="scroll">
      <table class="rows">
        <thead>
          <tr>
            <th scope="col">No</th>
            <th scope="col" class="errno">Error</th>
            <th scope="col">Refuses</th>
            <th scope="col" class="clause">Clause</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ errno, refuses, clause, warns }, index) => (
            <tr>
              <td>{index + 1}</td>
              <td class="mono">{errno}</td>
              <td>
                {refuses}
                {warns === undefined ? "" : <span class="soft">, with a warning in the kernel log</span>}
              </td>
              <td>
                <ClauseLink id={clause} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Contradictions({ specification }: Whole) {
  return (
    <section>
      <Heading number="A" id="contradictions" title="Contradictions" />
      <p>Where the sources disagree, with each other or with themselves, and what the suite does about it.</p>
      <dl class="of">
        {Object.entries(TREATMENTS).map(([word, text]) => (
          <>
            <dt>{word}</dt>
            <dd>{text}</dd>
          </>
        ))}
      </dl>
      {specification.contradictions.map(({ number, subject, sides, treatment, resolution, clauses }) => (
        <article class="clause" id={`contradiction-${number}`}>
          <h3>
            <span class="n">A.{number}</span>
            {subject}
          </h3>
          <dl class="of sides">
            {sides.map(({ holder, holds }) => (
              <>
                <dt>{holder}</dt>
                <dd>
                  <Words text={holds} specification={specification} />
                </dd>
              </>
            ))}
            <dt>The suite</dt>
            <dd>
              <b>{treatment.join(", ")}</b>: <Words text={resolution} specification={specification} />
            </dd>
            <dt>Clauses</dt>
            <dd>
              <ClauseRanges ids={clauses} />
            </dd>
          </dl>
        </article>
      ))}
      <h3>Contested clauses</h3>
      <p>
        <ClauseRanges
          ids={[...specification.ledger.clauses.values()].filter(({ contested }) => contested.length > 0)
            .map(({ id }) => id)}
        />
      </p>
    </section>
  );
}

function ClauseRanges({ ids }: { readonly ids: readonly ClauseId[] }) {
  return (
    <>
      {rangesOf(ids).map(([first, last], index) => (
        <>
          {index === 0 ? "" : ", "}
          <ClauseLink id={first} />
          {last === undefined ? "" : (
            <>
              {" to "}
              <ClauseLink id={last} />
            </>
          )}
        </>
      ))}
    </>
  );
}

function Profiles({ specification }: Whole) {
  return (
    <section>
      <Heading number="B" id="profiles" title="Profiles" />
      <p>A profile is what a target claims to follow: a proposal, a kernel, or a part that a driver plays.</p>
      {specification.profiles.map((entry) => <ProfileSection entry={entry} specification={specification} />)}
    </section>
  );
}

function ProfileSection({ entry: { number, profile, adds, drops }, specification }: Whole & {
  readonly entry: ProfileEntry;
}) {
  return (
    <article class="clause" id={`profile-${profile.id}`}>
      <h3>
        <span class="n">{number}</span>
        {profile.id}: {profile.title}
      </h3>
      <p>{profile.summary}</p>
      {profile.notes === undefined ? "" : (
        <p>
          <Words text={profile.notes} specification={specification} />
        </p>
      )}
      <dl class="of">
        <dt>Kind</dt>
        <dd>{profile.kind}, {profile.clauses.size} clauses</dd>
        {profile.extends.length === 0 ? "" : (
          <>
            <dt>Extends</dt>
            <dd>
              <ProfileLinks ids={profile.extends} />
            </dd>
          </>
        )}
        {adds.length === 0 ? "" : (
          <>
            <dt>Adds</dt>
            <dd>
              <ClauseRanges ids={adds} />
            </dd>
          </>
        )}
        {drops.length === 0 ? "" : (
          <>
            <dt>Takes out</dt>
            <dd>
              <ClauseRanges ids={drops} />
            </dd>
          </>
        )}
        {profile.oracle === undefined ? "" : (
          <>
            <dt>Simulated by</dt>
            <dd>
              <code>{profile.oracle}</code>
            </dd>
          </>
        )}
      </dl>
    </article>
  );
}

function SourcesAnnex({ sources: { mails, kernels } }: { readonly sources: Sources }) {
  return (
    <section>
      <Heading number="C" id="sources" title="Sources" />
      <div class="scroll">
        <table class="stack">
          <thead>
            <tr>
              <th scope="col">Key</th>
              <th scope="col">Mail</th>
              <th scope="col">Message-id</th>
              <th scope="col">Read</th>
            </tr>
          </thead>
          <tbody>
            {Object.entries(mails).map((
              [key, { author, subject, date, seen, inferred, "message-id": id }],
            ) => (
              <tr id={`mail-${key}`}>
                <td class="mono">{key}</td>
                <td>
                  {author}
                  {subject === undefined ? "" : <div>{subject}</div>}
                  {date === undefined ? "" : <div class="soft">{date}</div>}
                </td>
                <td class="mono">
                  {id === undefined ? "" : <a href={mailAddress(id)}>{id}</a>}
                  {inferred === true ? <span class="soft">(inferred from its series)</span> : ""}
                </td>
                <td>{seen}</td>
              </tr>
            ))}
            {Object.entries(kernels).map(([key, { version, package: name, read }]) => (
              <tr>
                <td class="mono">Linux {key}</td>
                <td>{version === undefined ? "" : `version ${version}`}</td>
                <td class="mono">{name ?? ""}</td>
                <td>{read === true ? "whole" : "not read"}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
