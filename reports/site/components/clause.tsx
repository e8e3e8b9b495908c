/**
 * Clauses and where they come from.
 *
 * @module
 */
import type { Clause, Source } from "../../../spec/clause.ts";
import { clauseIdSchema } from "../../../spec/ids.ts";
import type { Ledger } from "../../../spec/ledger.ts";
import type { Sources } from "../../../spec/sources.ts";
import { clausePath } from "../links.ts";
import { mailAddress } from "../../specification/text.ts";
import { Ref } from "./ref.tsx";
import { Table } from "./table.tsx";

/** The ids of clauses, each a link. */
export function ClauseLinks({ clauses }: { readonly clauses: readonly string[] }) {
  return (
    <>
      {clauses.map((id, index) => (
        <>
          {index > 0 ? " " : ""}
          <Ref class="mono" href={clausePath(id)}>{id}</Ref>
        </>
      ))}
    </>
  );
}

/** Clauses in words, where a case or a profile has some. */
export function ClauseList({ clauses }: { readonly clauses: readonly Clause[] }) {
  return (
    <dl class="clauses">
      {clauses.map(({ id, requirement, status }) => (
        <>
          <dt>
            <Ref class="mono" href={clausePath(id)}>{id}</Ref>
          </dt>
          <dd>
            {requirement} <span class="soft">({status})</span>
          </dd>
        </>
      ))}
    </dl>
  );
}

/** Clauses in a table, with how many cases show each. */
export function ClauseTable(
  { clauses, shown }: {
    readonly clauses: readonly Clause[];
    readonly shown: ReadonlyMap<string, number>;
  },
) {
  return (
    <Table
      class="stack"
      columns={[["Clause", "id"], "Requirement", ["Status", "status"], ["Cases", "number cases"]]}
    >
      <tbody>
        {clauses.map((clause) => <ClauseRow clause={clause} cases={shown.get(clause.id) ?? 0} />)}
      </tbody>
    </Table>
  );
}

function ClauseRow({ clause, cases }: { readonly clause: Clause; readonly cases: number }) {
  return (
    <tr>
      <td>
        <a class="mono" href={clausePath(clause.id)}>{clause.id}</a>
      </td>
      <td>{clause.requirement}</td>
      <td data-label="status">{clause.status}</td>
      <td class="number" data-label="cases">
        {cases === 0 ? <span class="soft">{clause.notTested ? "not tested" : "none yet"}</span> : cases}
      </td>
    </tr>
  );
}

/** A text of the ledger in which clauses are named by their ids, each a link. */
export function LedgerText({ text, ledger }: { readonly text: string; readonly ledger: Ledger }) {
  const parts = text.split(/\b([A-Z][A-Z0-9]*-\d{2,3})\b/);
  return <>{parts.map((part) => hasClause(ledger, part) ? <ClauseLinks clauses={[part]} /> : part)}</>;
}

function hasClause({ clauses }: Ledger, text: string): boolean {
  const id = clauseIdSchema.safeParse(text);
  return id.success && clauses.has(id.data);
}

function linesOf(lines: string): string {
  return /^\d+$/.test(lines) ? `line ${lines}` : `lines ${lines}`;
}

/** Where a clause comes from. */
export function SourceText({ source, sources }: { readonly source: Source; readonly sources: Sources }) {
  if ("mail" in source) {
    const mail = sources.mails[source.mail];
    const lines = source.lines === undefined ? undefined : linesOf(source.lines);
    return (
      <>
        {mail?.author ?? source.mail}
        {mail?.subject === undefined ? "" : <>, “{mail.subject}”</>}
        {mail?.date === undefined ? "" : `, ${mail.date.slice(0, 10)}`}
        {source.function === undefined ? "" : (
          <>
            , <code>{source.function}()</code>
          </>
        )}
        {lines === undefined ? "" : `, ${lines}`}
        {mail?.["message-id"] === undefined ? "" : (
          <>
            {" "}
            <a class="mail mono" href={mailAddress(mail["message-id"])}>{mail["message-id"]}</a>
          </>
        )}
      </>
    );
  }
  if ("kernel" in source) {
    const place = `${source.file}${source.lines === undefined ? "" : `:${source.lines}`}`;
    return (
      <>
        Linux {source.kernel}, <code>{place}</code>
        {source.function === undefined ? "" : (
          <>
            , <code>{source.function}()</code>
          </>
        )}
      </>
    );
  }
  if ("clause" in source) {
    return (
      <>
        follows from <ClauseLinks clauses={[source.clause]} />
      </>
    );
  }
  if ("commit" in source) {
    return (
      <>
        commit <code>{source.commit}</code>
        {source.note === undefined ? "" : `, ${source.note}`}
      </>
    );
  }
  return <>{source.text}</>;
}
