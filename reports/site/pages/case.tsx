/**
 * One case in a run: its clauses in words, each step with what was expected and what was seen, and its text.
 *
 * @module
 */
import type { Case } from "../../../cases/case.ts";
import type { Ledger } from "../../../spec/ledger.ts";
import { commandFor, wordOf } from "../../formats/format.ts";
import type { CaseResult, RunResult } from "../../result.ts";
import type { CaseInRun } from "../../store/mod.ts";
import { stepAnchor } from "../components/anchors.ts";
import { ClauseList } from "../components/clause.tsx";
import { duration, Facts } from "../components/facts.tsx";
import { Steps } from "../components/steps.tsx";
import { ResultMark } from "../components/verdict.tsx";
import { CaseStrip } from "../components/plots.tsx";
import { RaceTable } from "../components/race.tsx";
import { caseHistoryPath, casePath, runPath } from "../links.ts";
import { SequenceDrawing } from "../sequence/drawing.tsx";
import { sequenceOf } from "../sequence/model.ts";

/** One case in a run. */
export function CasePage(props: {
  readonly run: string;
  readonly result: RunResult;
  readonly of: CaseResult;
  readonly case: Case | undefined;
  readonly ledger: Ledger;
  readonly history: readonly CaseInRun[];
}) {
  const { run, result, of, history } = props;
  return (
    <>
      <p class="crumbs">
        <a href="/">Start</a> / <a href={runPath(run)}>{result.profile} on {result.target.id}</a>
      </p>
      <h1>{of.title}</h1>
      <p class="under">
        <ResultMark result={of} /> <span class="mono soft">{of.case}</span>
      </p>
      <CaseBody {...props} place="" />
      {history.length === 0 ? "" : (
        <>
          <h2>Over the runs</h2>
          <div class="scroll">
            <CaseStrip history={history} />
          </div>
          <p>
            <a href={caseHistoryPath(of.case)}>Every run with this case</a>
          </p>
        </>
      )}
      <Neighbours run={run} result={result} of={of} />
    </>
  );
}

/** The cases before and after, in the order in which they were run. */
function Neighbours(
  { run, result, of }: { readonly run: string; readonly result: RunResult; readonly of: CaseResult },
) {
  const index = result.results.indexOf(of);
  const before = result.results[index - 1];
  const after = result.results[index + 1];
  return (
    <nav class="neighbours" aria-label="Other cases of the run">
      {before ? <a rel="prev" href={casePath(run, before.case)}>← {before.title}</a> : <span />}
      {after ? <a rel="next" href={casePath(run, after.case)}>{after.title} →</a> : <span />}
    </nav>
  );
}

/** Everything of a case in a run but its heading; `place` is what its anchors begin with. */
export function CaseBody(props: {
  readonly result: RunResult;
  readonly of: CaseResult;
  readonly case: Case | undefined;
  readonly ledger: Ledger;
  readonly place: string;
}) {
  const { result, of, case: case_, ledger, place } = props;
  const sequence = sequenceOf(of);
  const clauses = (case_?.clauses ?? []).flatMap((id) => ledger.clauses.get(id) ?? []);
  return (
    <>
      {case_ ? <p class="why">{case_.why}</p> : ""}
      <Reasons of={of} place={place} />
      <Known of={of} />
      {of.stale === "changed"
        ? <p class="notice">The case has changed since it was run. It is judged as it is now.</p>
        : ""}
      {clauses.length === 0 ? "" : (
        <>
          <h2>What must hold</h2>
          <ClauseList clauses={clauses} />
        </>
      )}
      {of.steps.length === 0 ? "" : (
        <>
          <h2>What happened</h2>
          <div class={`happened ${wordOf(of)}`}>
            {sequence ? <SequenceDrawing sequence={sequence} place={place} /> : ""}
            <Steps result={of} place={place} />
          </div>
        </>
      )}
      {of.raced
        ? (
          <>
            <h2>How the race ended</h2>
            <RaceTable raced={of.raced} case={case_} />
          </>
        )
        : ""}
      <KernelLog of={of} place={place} />
      <h2>Afterwards</h2>
      <Afterwards of={of} />
      <h2>Run it again</h2>
      <pre class="wrap"><code>{commandFor(result, of.case)}</code></pre>
      {case_ ? <CaseText case={case_} /> : ""}
    </>
  );
}

/** Why the verdict is what it is; a step that is named is a link to it. */
function Reasons({ of, place }: { readonly of: CaseResult; readonly place: string }) {
  if (of.reasons.length === 0) return null;
  return (
    <ul class={`notice ${of.verdict === "fail" ? "bad" : ""}`}>
      {of.reasons.map((reason) => {
        const step = of.steps.find(({ step }) => reason.startsWith(`${step}: `))?.step;
        if (step === undefined) return <li>{reason}</li>;
        return (
          <li>
            <a class="mono" href={`#${stepAnchor(place, step)}`}>{step}</a>
            {reason.slice(step.length)}
          </li>
        );
      })}
    </ul>
  );
}

/** What the baseline says of the result: a failure that was known, or that is let pass and where that was agreed. */
function Known({ of: { known, baseline } }: { readonly of: CaseResult }) {
  if (!known) return null;
  const { waiver, note, at } = known;
  return (
    <p class="notice">
      {baseline.replaceAll("-", " ")} ({at}){note === undefined ? "" : `: ${note}`}
      {waiver
        ? (
          <>
            {" "}
            <a href={waiver.url}>{waiver.why ?? waiver.url}</a>
          </>
        )
        : ""}
    </p>
  );
}

/** The slice of the kernel log that was written meanwhile, each line with the step at which it was. */
function KernelLog({ of, place }: { readonly of: CaseResult; readonly place: string }) {
  const lines = [
    ...of.steps.flatMap(({ step, log }) => log.map((line) => ({ ...line, step }))),
    ...(of.post?.log ?? []).map((line) => ({ ...line, step: undefined })),
  ];
  if (of.steps.length === 0 && lines.length === 0) return null;
  return (
    <>
      <h2>
        Kernel log {lines.length === 0 ? "" : <span class="soft count">{lines.length}</span>}
      </h2>
      {lines.length === 0 ? <p class="soft">The kernel said nothing.</p> : (
        <ul class="plain log">
          {lines.map(({ level, text, step }) => (
            <li>
              <span class={`level ${level}`}>{level}</span> {step === undefined
                ? <span class="soft">afterwards</span>
                : <a class="mono" href={`#${stepAnchor(place, step)}`}>{step}</a>} <code>{text}</code>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function Afterwards({ of }: { readonly of: CaseResult }) {
  const { post, stability } = of;
  return (
    <Facts
      facts={[
        ["End", of.end.replaceAll("-", " ")],
        ["Leaks", post ? listed(post.leaks) : ""],
        ["Calls that never returned", post ? listed(post.blocked) : ""],
        ["Tainted", post ? post.tainted ? "yes" : "no" : ""],
        ["Attempts", stability.attempts > 1 ? attemptsOf(of) : ""],
        ["Time", stability.attempts > 0 ? duration(of.durationMs) : ""],
      ]}
    />
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
      <h2>The case as it is written</h2>
      <p class="soft mono">{case_.source.file}</p>
      <pre tabindex={0}><code>{case_.source.text}</code></pre>
    </>
  );
}
