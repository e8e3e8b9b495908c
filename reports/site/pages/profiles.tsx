/**
 * The profiles: what a target can claim.
 *
 * @module
 */
import type { Case } from "../../../cases/case.ts";
import type { Ledger } from "../../../spec/ledger.ts";
import type { Profile } from "../../../spec/profile.ts";
import type { RunEntry } from "../../store/mod.ts";
import { ClauseTable, LedgerText } from "../components/clause.tsx";
import { Facts } from "../components/facts.tsx";
import { Table } from "../components/table.tsx";
import { profilePath } from "../links.ts";
import { casesByClause } from "./clauses.tsx";
import { RunTable } from "./runs.tsx";

/** Every profile. */
export function ProfilesPage({ ledger }: { readonly ledger: Ledger }) {
  return (
    <>
      <h1>Profiles</h1>
      <p class="lead">A profile is what a target claims to follow: a proposal, a kernel, or a role.</p>
      <Table class="stack" columns={["Profile", "Kind", "What it is", ["Clauses", "number"]]}>
        <tbody>
          {[...ledger.profiles.values()].map(({ id, kind, title, summary, clauses }) => (
            <tr>
              <td class="whole">
                <a href={profilePath(id)}>{id}</a>
              </td>
              <td>{kind}</td>
              <td>
                {title}
                <br />
                <span class="soft">{summary}</span>
              </td>
              <td class="number" data-label="clauses">{clauses.size}</td>
            </tr>
          ))}
        </tbody>
      </Table>
    </>
  );
}

/** How many runs a profile shows. */
export const RUNS_OF_PROFILE = 5;

/** One profile. */
export function ProfilePage(
  { profile, ledger, cases, runs }: {
    readonly profile: Profile;
    readonly ledger: Ledger;
    readonly cases: readonly Case[];
    readonly runs: readonly RunEntry[];
  },
) {
  const clauses = [...profile.clauses].flatMap((id) => ledger.clauses.get(id) ?? []);
  const families = Map.groupBy(clauses, ({ family }) => family);
  const shown = casesByClause(cases);
  const own = cases.filter((each) => each.clauses.every((id) => profile.clauses.has(id)));
  return (
    <>
      <p class="crumbs">
        <a href="/profiles">Profiles</a>
      </p>
      <h1>{profile.id}</h1>
      <p class="lead">{profile.title}. {profile.summary}</p>
      {profile.notes === undefined ? "" : (
        <p>
          <LedgerText text={profile.notes} ledger={ledger} />
        </p>
      )}
      <Facts
        facts={[
          ["Kind", profile.kind],
          [
            "Extends",
            <>
              {profile.extends.map((id) => (
                <>
                  <a href={profilePath(id)}>{id}</a>
                  {" "}
                </>
              ))}
            </>,
          ],
          ["Simulated by", profile.oracle ?? ""],
          ["Clauses", String(clauses.length)],
          ["Cases", String(own.length)],
        ]}
      />
      {runs.length === 0 ? "" : (
        <>
          <h2>Newest runs</h2>
          <RunTable runs={runs} />
        </>
      )}
      {[...families].map(([family, own]) => (
        <section>
          <h2>
            <span class="mono">{family}</span> {ledger.families.get(family)?.title}
          </h2>
          <ClauseTable clauses={own} shown={shown} />
        </section>
      ))}
    </>
  );
}

/** A profile that only runs know. */
export function UnknownProfilePage(
  { id, runs }: { readonly id: string; readonly runs: readonly RunEntry[] },
) {
  return (
    <>
      <p class="crumbs">
        <a href="/profiles">Profiles</a>
      </p>
      <h1>{id}</h1>
      <p class="notice">This suite has no such profile, so its clauses are not known. These runs claim it.</p>
      <RunTable runs={runs} />
    </>
  );
}
