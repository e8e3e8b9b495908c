/**
 * Runs in a list, the newest first.
 *
 * @module
 */
import type { RunEntry } from "../../store/mod.ts";
import { CanAsk } from "../components/ref.tsx";
import { Moment } from "../components/facts.tsx";
import { CountBar, CountLine } from "../components/verdict.tsx";
import { profilePath, runPath, runsPath } from "../links.ts";

/** How many runs a page has. */
export const RUNS_ON_A_PAGE = 100;

/** All runs, or those of a target or a profile; some of them can be chosen to be compared. */
export function RunsPage(
  { runs, target, profile, offset }: {
    readonly runs: readonly RunEntry[];
    readonly target: string | undefined;
    readonly profile: string | undefined;
    readonly offset: number;
  },
) {
  const filter = {
    ...(target === undefined ? {} : { target }),
    ...(profile === undefined ? {} : { profile }),
  };
  return (
    <>
      <p class="crumbs">
        <a href="/">Start</a> / <a href="/badges">Badges</a>
      </p>
      <h1>
        Runs{target === undefined ? "" : ` on ${target}`}
        {profile === undefined ? "" : ` against ${profile}`}
      </h1>
      {runs.length === 0 ? <p class="notice">There is no such run.</p> : (
        <CanAsk
          then={
            <form method="get" action="/compare">
              <p class="under">
                <button type="submit">Compare those that are ticked</button>
                <span class="soft">the oldest run comes first</span>
              </p>
              <RunTable runs={runs} pick />
            </form>
          }
          otherwise={<RunTable runs={runs} />}
        />
      )}
      {runs.length < RUNS_ON_A_PAGE ? "" : (
        <p>
          <a
            href={`${runsPath(filter)}${Object.keys(filter).length === 0 ? "?" : "&"}offset=${
              offset + runs.length
            }`}
          >
            Older runs
          </a>
        </p>
      )}
    </>
  );
}

/** Runs, one in a row. */
export function RunTable(
  { runs, pick = false }: { readonly runs: readonly RunEntry[]; readonly pick?: boolean },
) {
  return (
    <div class="scroll">
      <table class="stack">
        <thead>
          <tr>
            {pick
              ? (
                <th scope="col">
                  <span class="aloud">Compare</span>
                </th>
              )
              : ""}
            <th scope="col">Run</th>
            <th scope="col">Target</th>
            <th scope="col">Profile</th>
            <th scope="col">Cases</th>
          </tr>
        </thead>
        <tbody>{runs.map((run) => <RunRow run={run} pick={pick} />)}</tbody>
      </table>
    </div>
  );
}

function RunRow({ run, pick }: { readonly run: RunEntry; readonly pick: boolean }) {
  const { target, kernel, profile, startedAt, partial, counts } = run;
  return (
    <tr>
      {pick
        ? (
          <td class="pick">
            <label>
              <input type="checkbox" name="run" value={run.run} />
              <span class="aloud">Compare the run on {target} of {startedAt}</span>
            </label>
          </td>
        )
        : ""}
      <td class="whole">
        <a href={runPath(run.run)}>
          <Moment at={startedAt} />
        </a>
        {partial ? <div class="partial">partial</div> : ""}
      </td>
      <td class="whole">
        <a class="mono" href={runsPath({ target })}>{target}</a>
        <br />
        <span class="soft">kernel {kernel}</span>
      </td>
      <td class="whole">
        <a href={profilePath(profile)}>{profile}</a>
      </td>
      <td class="share">
        <CountBar counts={counts} />
        <CountLine counts={counts} />
      </td>
    </tr>
  );
}
