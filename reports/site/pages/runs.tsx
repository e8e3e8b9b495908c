/**
 * The runs of the folder, the newest first.
 *
 * @module
 */
import type { ListedRun, UnreadableRun } from "../catalogue.ts";
import { Moment } from "../components/facts.tsx";
import { CountBar, CountLine } from "../components/verdict.tsx";
import { profilePath, runPath } from "../links.ts";

/** The runs, and the files that cannot be read. */
export function RunsPage(
  { runs, unreadable }: {
    readonly runs: readonly ListedRun[];
    readonly unreadable: readonly UnreadableRun[];
  },
) {
  return (
    <>
      <h1>Runs</h1>
      <p class="lead">Does an exporter keep its word when it takes a shared dma-buf back?</p>
      {runs.length === 0 ? <NoRuns /> : <RunTable runs={runs} />}
      {unreadable.length === 0 ? "" : (
        <>
          <h2>Files that cannot be read</h2>
          <dl class="problems">
            {unreadable.map(({ name, reason }) => (
              <>
                <dt class="mono">{name}.jsonl</dt>
                <dd>{reason}</dd>
              </>
            ))}
          </dl>
        </>
      )}
    </>
  );
}

function NoRuns() {
  return (
    <p class="notice">
      There is no run yet. <code>npm start</code> makes one, and so does <code>npm run conform -- run</code>.
    </p>
  );
}

/** Runs, one in a row. */
export function RunTable({ runs }: { readonly runs: readonly ListedRun[] }) {
  return (
    <div class="scroll">
      <table class="stack">
        <thead>
          <tr>
            <th scope="col">Run</th>
            <th scope="col">Target</th>
            <th scope="col">Profile</th>
            <th scope="col">Cases</th>
          </tr>
        </thead>
        <tbody>{runs.map((run) => <RunRow run={run} />)}</tbody>
      </table>
    </div>
  );
}

function RunRow({ run: { name, result } }: { readonly run: ListedRun }) {
  return (
    <tr>
      <td class="whole">
        <a href={runPath(name)}>
          <Moment at={result.startedAt} />
        </a>
        {result.partial ? <div class="partial">partial</div> : ""}
      </td>
      <td class="whole">
        <span class="mono">{result.target.id}</span>
        <br />
        <span class="soft">kernel {result.target.kernel}</span>
      </td>
      <td class="whole">
        <a href={profilePath(result.profile)}>{result.profile}</a>
      </td>
      <td class="share">
        <CountBar counts={result.counts} />
        <CountLine counts={result.counts} />
      </td>
    </tr>
  );
}
