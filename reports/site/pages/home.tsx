/**
 * The first page: the newest run of each target and profile, and what changed since the one before.
 *
 * @module
 */
import type { Comparison } from "../../compare/mod.ts";
import type { RunEntry } from "../../store/mod.ts";
import { Moment } from "../components/facts.tsx";
import { RunStrip } from "../components/plots.tsx";
import { Table } from "../components/table.tsx";
import { CountBar, CountLine } from "../components/verdict.tsx";
import { comparePath, profilePath, runPath, runsPath } from "../links.ts";

/** The newest run of a target and profile, with those before it. */
export interface Newest {
  /** From the newest to the oldest. */
  readonly runs: readonly RunEntry[];
  /** What changed since the run before, if there is one. */
  readonly since?: Pick<Comparison, "counts" | "groups"> | undefined;
}

/** The first page. */
export function HomePage(
  { newest, refused, total }: {
    readonly newest: readonly Newest[];
    readonly refused: readonly { readonly name: string; readonly reason: string }[];
    readonly total: number;
  },
) {
  return (
    <>
      <h1>Does an exporter keep its word?</h1>
      <p class="lead">
        What must hold when a shared dma-buf is taken back, and what each kernel and each proposal did. The
        newest run of every target and profile.
      </p>
      {newest.length === 0 ? <NoRuns /> : (
        <>
          <CompareNewest newest={newest} />
          <Table
            class="stack newest"
            columns={[
              ["Target", "target"],
              "Newest run",
              ["Cases", "share"],
              "Since the run before",
              "History",
            ]}
          >
            <tbody>{newest.map((each) => <NewestRow newest={each} />)}</tbody>
          </Table>
          <p>
            <a href={runsPath()}>All {total === 1000 ? "runs" : `${total} runs`}</a>
          </p>
        </>
      )}
      <Refused refused={refused} />
    </>
  );
}

function CompareNewest({ newest }: { readonly newest: readonly Newest[] }) {
  const kernels = newest.flatMap(({ runs }) => runs[0] ?? []);
  const profiles = Map.groupBy(kernels, ({ profile }) => profile);
  const several = [...profiles].filter(([, own]) => own.length > 1);
  if (several.length === 0) return null;
  return (
    <p class="under">
      <span class="soft">Side by side:</span>
      {several.map(([profile, own]) => (
        <a href={comparePath(byKernel(own).map(({ run }) => run))}>
          {own.length} targets held against {profile}
        </a>
      ))}
    </p>
  );
}

/** At most so many runs stand side by side. */
const MOST = 8;

/** Runs by the kernel, the oldest first. */
function byKernel(runs: readonly RunEntry[]): readonly RunEntry[] {
  const collator = new Intl.Collator("en", { numeric: true });
  return runs.toSorted((one, other) => collator.compare(one.kernel, other.kernel)).slice(0, MOST);
}

function NoRuns() {
  return (
    <p class="notice">
      There is no run yet. <code>npm start</code> makes one, and so does <code>npm run conform -- run</code>.
    </p>
  );
}

function NewestRow({ newest: { runs, since } }: { readonly newest: Newest }) {
  const [run, before] = runs;
  if (!run) return null;
  const { target, kernel, profile } = run;
  return (
    <tr>
      <td>
        <a class="mono" href={runPath(run.run)}>{target}</a>
        <div class="soft">kernel {kernel}</div>
        <div class="soft">
          against <a href={profilePath(profile)}>{profile}</a>
        </div>
      </td>
      <td class="whole">
        <Moment at={run.startedAt} />
        {run.partial ? <div class="partial">partial</div> : ""}
      </td>
      <td class="share">
        <CountBar counts={run.counts} />
        <CountLine counts={run.counts} />
      </td>
      <td>
        {before && since
          ? <Since run={run} before={before} since={since} />
          : <span class="soft">first run</span>}
      </td>
      <td>
        <RunStrip runs={runs} label={`The last ${runs.length} runs of ${target}, the newest on the right`} />
      </td>
    </tr>
  );
}

function Since(
  { run, before, since: { counts } }: {
    readonly run: RunEntry;
    readonly before: RunEntry;
    readonly since: NonNullable<Newest["since"]>;
  },
) {
  const changed = counts.verdict + counts.support + counts.behaviour;
  const parts = [
    changed > 0 ? `${changed} changed` : "",
    counts.coverage > 0 ? `${counts.coverage} not in both` : "",
  ].filter((part) => part !== "");
  if (parts.length === 0) return <span class="soft">nothing changed</span>;
  return (
    <a class={changed > 0 ? "changed" : ""} href={comparePath([before.run, run.run])}>{parts.join(", ")}</a>
  );
}

function Refused(
  { refused }: { readonly refused: readonly { readonly name: string; readonly reason: string }[] },
) {
  if (refused.length === 0) return null;
  return (
    <>
      <h2>Records that cannot be read</h2>
      <dl class="problems">
        {refused.map(({ name, reason }) => (
          <>
            <dt class="mono">{name}</dt>
            <dd>{reason}</dd>
          </>
        ))}
      </dl>
    </>
  );
}
