/**
 * A run as one HTML file: everything in it, no script, no other file.
 *
 * @module
 */
import { raw } from "hono/html";
import type { Case } from "../../cases/case.ts";
import type { Ledger } from "../../spec/ledger.ts";
import { alonePage } from "../alone.tsx";
import { type CaseResult, isExpected, type RunResult } from "../result.ts";
import { renderedIn } from "./components/ref.tsx";
import { ResultMark } from "./components/verdict.tsx";
import { CaseBody } from "./pages/case.tsx";
import { areaOf, RunHead } from "./pages/run.tsx";
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
  const title = `${result.profile} on ${result.target.id}`;
  const groups = Map.groupBy(result.results, groupOf);
  const body = () => (
    <>
      <RunHead result={result} href={() => ""} />
      {[...groups].toSorted(unexpectedFirst).map(([group, results]) => (
        <section>
          <h2>{group}</h2>
          {results.map((of) => (
            <details class="case" open={group === UNEXPECTED}>
              <summary>
                <ResultMark result={of} /> <span>{of.title}</span> <span class="soft mono">{of.case}</span>
              </summary>
              <CaseBody
                result={result}
                of={of}
                case={cases.get(of.case)}
                ledger={ledger}
                place={`case-${result.results.indexOf(of)}-`}
              />
            </details>
          ))}
        </section>
      ))}
    </>
  );
  return await alonePage({
    title,
    style: STYLE,
    body: raw(renderedIn({ pages: "no", answers: "no" }, body)),
  });
}

const UNEXPECTED = "Not as expected";

function groupOf(result: CaseResult): string {
  return isExpected(result) ? areaOf(result.case) : UNEXPECTED;
}

function unexpectedFirst([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return Number(b === UNEXPECTED) - Number(a === UNEXPECTED);
}
