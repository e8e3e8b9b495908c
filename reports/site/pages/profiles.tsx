/**
 * The profiles: what a target can claim.
 *
 * @module
 */
import type { Case } from "../../../cases/case.ts";
import type { Ledger } from "../../../spec/ledger.ts";
import type { Profile } from "../../../spec/profile.ts";
import { ClauseList, Facts } from "../components.tsx";
import { profilePath } from "../links.ts";

/** Every profile. */
export function ProfilesPage({ ledger }: { readonly ledger: Ledger }) {
  return (
    <>
      <h1>Profiles</h1>
      <p class="lead">A profile is what a target claims to follow: a proposal, a kernel, or a role.</p>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">Profile</th>
              <th scope="col">Kind</th>
              <th scope="col">What it is</th>
              <th scope="col" class="number">Clauses</th>
            </tr>
          </thead>
          <tbody>
            {[...ledger.profiles.values()].map(({ id, kind, title, summary, clauses }) => (
              <tr>
                <td>
                  <a href={profilePath(id)}>{id}</a>
                </td>
                <td>{kind}</td>
                <td>
                  {title}
                  <br />
                  <span class="soft">{summary}</span>
                </td>
                <td class="number">{clauses.size}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

/** One profile. */
export function ProfilePage(
  { profile, ledger, cases }: {
    readonly profile: Profile;
    readonly ledger: Ledger;
    readonly cases: readonly Case[];
  },
) {
  const clauses = [...profile.clauses].flatMap((id) => ledger.clauses.get(id) ?? []);
  const own = cases.filter((each) => each.clauses.every((id) => profile.clauses.has(id)));
  return (
    <>
      <p class="crumbs">
        <a href="/profiles">Profiles</a>
      </p>
      <h1>{profile.id}</h1>
      <p class="lead">{profile.title}. {profile.summary}</p>
      {profile.notes === undefined ? "" : <p>{profile.notes}</p>}
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
      <h2>Clauses</h2>
      <ClauseList clauses={clauses} />
    </>
  );
}
