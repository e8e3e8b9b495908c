/**
 * One case in a run: its clauses in words, each step with what was expected and what was seen, and its text.
 *
 * @module
 */
import type { Case } from "../../../cases/case.ts";
import type { Ledger } from "../../../spec/ledger.ts";
import { commandFor } from "../../formats/format.ts";
import type { CaseResult, RunResult } from "../../result.ts";
import { ClauseList, duration, Facts, ResultMark, Steps } from "../components.tsx";
import { runPath } from "../links.ts";

/** One case in a run. */
export function CasePage(props: {
  readonly run: string;
  readonly result: RunResult;
  readonly of: CaseResult;
  readonly case: Case | undefined;
  readonly ledger: Ledger;
}) {
  const { run, result, of } = props;
  return (
    <>
      <p class="crumbs">
        <a href="/">Runs</a> / <a href={runPath(run)}>{result.profile} on {result.target.id}</a>
      </p>
      <h1>{of.title}</h1>
      <p class="mono soft">{of.case}</p>
      <CaseBody {...props} />
    </>
  );
}

/** Everything of a case in a run but its heading. */
export function CaseBody(props: {
  readonly result: RunResult;
  readonly of: CaseResult;
  readonly case: Case | undefined;
  readonly ledger: Ledger;
}) {
  const { result, of, case: case_, ledger } = props;
  const clauses = (case_?.clauses ?? []).flatMap((id) => ledger.clauses.get(id) ?? []);
  return (
    <>
      <p>
        <ResultMark result={of} />
      </p>
      {case_ ? <p>{case_.why}</p> : ""}
      {of.reasons.length === 0 ? "" : (
        <div class={`notice ${of.verdict === "fail" ? "bad" : ""}`}>
          {of.reasons.map((reason) => <p>{reason}</p>)}
        </div>
      )}
      {of.stale === "changed"
        ? <p class="notice">The case has changed since it was run. It is judged as it is now.</p>
        : ""}
      {clauses.length === 0 ? "" : (
        <>
          <h2>What must hold</h2>
          <ClauseList clauses={clauses} />
        </>
      )}
      <h2>What happened</h2>
      <Steps result={of} />
      <Afterwards of={of} />
      <h2>Run it again</h2>
      <pre><code>{commandFor(result, of.case)}</code></pre>
      {case_ ? <CaseText case={case_} /> : ""}
    </>
  );
}

function Afterwards({ of }: { readonly of: CaseResult }) {
  const { post, stability } = of;
  return (
    <>
      <h3>Afterwards</h3>
      <Facts
        facts={[
          ["End", of.end],
          ["Leaks", post ? listed(post.leaks) : ""],
          ["Calls that never returned", post ? listed(post.blocked) : ""],
          ["Kernel log", post ? listed(post.log.map(({ level, text }) => `${level}: ${text}`)) : ""],
          ["Tainted", post ? post.tainted ? "yes" : "no" : ""],
          ["Attempts", stability.attempts > 1 ? attemptsOf(of) : ""],
          ["Time", duration(of.durationMs)],
        ]}
      />
    </>
  );
}

function listed(things: readonly string[]): string {
  return things.length === 0 ? "none" : things.join("; ");
}

function attemptsOf({ stability: { attempts, verdicts, stable } }: CaseResult): string {
  const said = Object.entries(verdicts).map(([verdict, count]) => `${count} ${verdict}`).join(", ");
  return `${attempts}: ${said}${stable ? "" : " (not stable)"}`;
}

function CaseText({ case: case_ }: { readonly case: Case }) {
  return (
    <>
      <h2>The case</h2>
      <p class="soft mono">{case_.source.file}</p>
      <pre><code>{case_.source.text}</code></pre>
    </>
  );
}
