/**
 * Behaviour windows as a page for people: one file without scripts.
 *
 * @module
 */
import { alonePage } from "../alone.tsx";
import { behaviourText, changedIn, clauseCounts, traceLog, traceText } from "./formats.ts";
import { WINDOWS_STYLE } from "./style.ts";
import type { ClauseWindows, Standing, Windows } from "./windows.ts";

const STANDINGS: readonly Standing[] = [
  "holds",
  "broken",
  "left open",
  "contested",
  "holds, not owed",
  "not owed",
];

const SIGNS: Readonly<Record<Standing, string>> = {
  holds: "✓",
  broken: "✗",
  "left open": "?",
  contested: "≠",
  "holds, not owed": "(✓)",
  "not owed": "·",
  "not shown": "",
};

/** Writes behaviour windows as one HTML file. */
export async function windowsPage(windows: Windows): Promise<string> {
  const labels = windows.runs.map(({ label }) => label);
  const changed = changedIn(windows, "behaviour");
  return await alonePage({
    title: "Behaviour windows",
    style: WINDOWS_STYLE,
    body: (
      <>
        <h1>
          Behaviour windows <span>{labels.join(" · ")}</span>
        </h1>
        <p>{clauseCounts(windows)}.</p>
        <Runs windows={windows} />
        <Matrix windows={windows} />
        <h2>What changes</h2>
        {changed.map((each) => <Clause clause={each} />)}
      </>
    ),
  });
}

function Runs({ windows: { runs } }: { readonly windows: Windows }) {
  return (
    <div class="wide" role="region" aria-label="Runs" tabindex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">Here called</th>
            <th scope="col">Target</th>
            <th scope="col">Kernel</th>
            <th scope="col">Owes</th>
            <th scope="col">Begun (UTC)</th>
          </tr>
        </thead>
        <tbody>
          {runs.map(({ label, target, kernel, owes, startedAt, partial }) => (
            <tr>
              <th scope="row">{label}</th>
              <td>
                <code>{target}</code>
              </td>
              <td>{kernel}</td>
              <td>{owes ?? "nothing that the ledger has"}</td>
              <td>
                <time datetime={startedAt}>{startedAt.slice(0, 16).replace("T", " ")}</time>
                {partial ? " partial" : ""}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Matrix({ windows: { runs, clauses } }: { readonly windows: Windows }) {
  return (
    <>
      <h2>Every clause</h2>
      <p class="key">
        {STANDINGS.map((standing) => (
          <span>
            <b class={kindOf(standing)}>{SIGNS[standing]}</b> {standing}
          </span>
        ))}
        <span>An empty cell: no case was answered</span>
      </p>
      <div class="wide" role="region" aria-label="Every clause" tabindex={0}>
        <table class="matrix">
          <thead>
            <tr>
              <th scope="col">Clause</th>
              {runs.map(({ label }) => <th scope="col" class="cell">{label}</th>)}
            </tr>
          </thead>
          <tbody>
            {clauses.map(({ clause, title, standings, traces }) => (
              <tr>
                <th scope="row">
                  {traces.some(({ kind }) => kind === "behaviour")
                    ? <a href={`#${clause}`}>{clause}</a>
                    : clause} <span>{title}</span>
                </th>
                {standings.map((standing) => (
                  <td class={`cell ${kindOf(standing)}`} title={standing}>
                    <span aria-hidden="true">{SIGNS[standing]}</span>
                    <span class="aloud">{standing}</span>
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

/** The class of a standing, for the style sheet. */
function kindOf(standing: Standing): string {
  return standing.replaceAll(/\W+/g, "-");
}

function Clause({ clause: { clause, title, behaviours, traces } }: { readonly clause: ClauseWindows }) {
  return (
    <section id={clause}>
      <h3>
        {clause} <span>{title}</span>
      </h3>
      <ul>
        {behaviours.map((behaviour) => (
          <li>
            {behaviour.cases.length === 1 ? behaviourText(behaviour) : (
              <details>
                <summary>{behaviourText(behaviour)}</summary>
                {behaviour.cases.map((each) => (
                  <div>
                    <code>{each}</code>
                  </div>
                ))}
              </details>
            )}
            {behaviour.cases.length === 1
              ? (
                <div>
                  <code>{behaviour.cases[0]}</code>
                </div>
              )
              : ""}
          </li>
        ))}
      </ul>
      {traces.map((trace) => {
        const log = traceLog(trace);
        return (
          <p class="trace">
            {traceText(trace)} {log === undefined ? "" : <code>{log}</code>}
          </p>
        );
      })}
    </section>
  );
}
