/**
 * The badges: the newest run of each target and profile in one small picture, to be put into a page or a README.
 *
 * @module
 */
import type { RunEntry } from "../../store/mod.ts";
import { CanAsk } from "../components/ref.tsx";
import { badgePath, runPath } from "../links.ts";

/** Every badge. */
export function BadgesPage({ newest }: { readonly newest: readonly RunEntry[] }) {
  return (
    <>
      <p class="crumbs">
        <a href="/runs">Runs</a>
      </p>
      <h1>Badges</h1>
      <p class="lead">
        The newest run of each target and profile in one small picture. It says no more than the run does, and
        leads to it.
      </p>
      {newest.length === 0
        ? <p class="notice">There is no run yet.</p>
        : <ul class="badges">{newest.map((entry) => <Badge entry={entry} />)}</ul>}
    </>
  );
}

function Badge({ entry: { run, target, profile, kernel } }: { readonly entry: RunEntry }) {
  const picture = badgePath(target, profile);
  return (
    <li>
      <a href={runPath(run)}>
        <img src={picture} height="20" alt={`${profile} on ${target}`} loading="lazy" />
      </a>
      <span>
        <span class="mono">{target}</span> <span class="soft">kernel {kernel}, against {profile}</span>
      </span>
      <CanAsk then={<code class="soft">{`[![${profile}](${picture})](${runPath(run)})`}</code>} />
    </li>
  );
}
