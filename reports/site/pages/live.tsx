/**
 * A run while it is going on. Without scripts it shows what there is now; with them it follows.
 *
 * @module
 */
import type { RunEntry } from "../../store/mod.ts";
import { Moment } from "../components/facts.tsx";
import { readable, WordMark, WORDS } from "../components/verdict.tsx";
import { livePath, runPath } from "../links.ts";

/** A run while it is going on. */
export function LivePage({ entry, last }: { readonly entry: RunEntry; readonly last: string }) {
  const { counts, target, profile } = entry;
  const done = counts.total - counts["not-run"];
  return (
    <>
      <p class="crumbs">
        <a href="/">Start</a> / <a href={runPath(entry.run)}>{profile} on {target}</a>
      </p>
      <h1>{profile} on {target}</h1>
      <p class="lead">
        Begun <Moment at={entry.startedAt} />.{" "}
        <span id="live-state">
          {entry.partial ? "It is going on, or was cut off." : "It has come to its end."}
        </span>
      </p>
      <div id="live" data-events={`/api/runs/${encodeURIComponent(entry.run)}/events`}>
        <p>
          <b class="large" id="live-done">{done}</b> of <span id="live-total">{counts.total}</span> cases
        </p>
        <progress id="live-progress" max={counts.total} value={done} aria-label="Cases that are done">
          {done}
        </progress>
        <ul class="counts">
          {WORDS.filter((word) => word !== "not-run").map((word) => (
            <li>
              <b data-word={word}>{counts[word]}</b>
              <WordMark word={word} />
            </li>
          ))}
        </ul>
        <p class="soft">
          Last case: <span class="mono" id="live-last">{last}</span>
        </p>
        <p class="aloud" role="status" id="live-said">
          {`${done} of ${counts.total} cases, ${counts.fail} ${readable("fail")}`}
        </p>
      </div>
      <p>
        <a href={livePath(entry.run)}>Look again</a> ·{" "}
        <a href={runPath(entry.run)}>The run with every case</a>
      </p>
    </>
  );
}
