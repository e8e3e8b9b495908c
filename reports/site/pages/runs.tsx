/**
 * The runs of the folder, the newest first.
 *
 * @module
 */
import type { ListedRun, UnreadableRun } from "../catalogue.ts";
import { CountBar, Moment } from "../components.tsx";
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
      {runs.length === 0
        ? (
          <p class="notice">
            There is no run yet. <code>npm start</code> makes one, and so does{" "}
            <code>npm run conform -- run</code>.
          </p>
        )
        : (
          <div class="scroll">
            <table>
              <thead>
                <tr>
                  <th scope="col">Run</th>
                  <th scope="col">Target</th>
                  <th scope="col">Profile</th>
                  <th scope="col">Verdicts</th>
                  <th scope="col" class="number">Passed</th>
                </tr>
              </thead>
              <tbody>{runs.map((run) => <RunRow run={run} />)}</tbody>
            </table>
          </div>
        )}
      {unreadable.length === 0 ? "" : (
        <>
          <h2>Files that cannot be read</h2>
          <ul>
            {unreadable.map(({ name, reason }) => (
              <li>
                <code>{name}.jsonl</code>: {reason}
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

function RunRow({ run: { name, result } }: { readonly run: ListedRun }) {
  return (
    <tr>
      <td class="whole">
        <a href={runPath(name)}>
          <Moment at={result.startedAt} />
        </a>
        {result.partial ? <span class="word contested">≠ partial</span> : ""}
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
      </td>
      <td class="number">
        {result.counts.pass} of {result.counts.total}
      </td>
    </tr>
  );
}
