/**
 * A run as one HTML file: everything in it, no script, no other file.
 *
 * @module
 */
import { html as markup, raw } from "hono/html";
import type { Case } from "../../cases/case.ts";
import type { Ledger } from "../../spec/ledger.ts";
import { wordOf } from "../formats/format.ts";
import type { RunResult } from "../result.ts";
import { CountBar, CountList, LinksToPages, ResultMark } from "./components.tsx";
import { CaseBody } from "./pages/case.tsx";
import { areaOf, RunFacts } from "./pages/run.tsx";
import { STYLE } from "./style.ts";

/** What the texts of a report come from. */
export interface ReportSources {
  /** The clauses. */
  readonly ledger: Ledger;
  /** The suite's cases, by id. */
  readonly cases: ReadonlyMap<string, Case>;
}

/** Writes a run as one HTML file. */
export async function htmlReport(result: RunResult, { ledger, cases }: ReportSources): Promise<string> {
  const areas = Map.groupBy(result.results, (each) => areaOf(each.case));
  const title = `${result.profile} on ${result.target.id}`;
  const document = (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{title} · dmabuf-conform</title>
        <style>{raw(STYLE)}</style>
      </head>
      <body>
        <LinksToPages.Provider value={false}>
          <main>
            <h1>{title}</h1>
            <RunFacts result={result} />
            {result.partial ? <p class="notice">This run is partial: it did not come to its end.</p> : ""}
            <CountList counts={result.counts} />
            <CountBar counts={result.counts} />
            {[...areas].map(([area, results]) => (
              <section>
                <h2>{area}</h2>
                {results.map((of) => (
                  <details open={["fail", "unknown"].includes(wordOf(of))}>
                    <summary>
                      <ResultMark result={of} /> {of.title}
                    </summary>
                    <CaseBody result={result} of={of} case={cases.get(of.case)} ledger={ledger} />
                  </details>
                ))}
              </section>
            ))}
          </main>
        </LinksToPages.Provider>
      </body>
    </html>
  );
  return `${await markup`<!DOCTYPE html>${document}`}\n`;
}
