/**
 * The mutation score: which wrong implementations the cases notice, and by what.
 *
 * @module
 */
import { percent } from "../../formats/mod.ts";
import type { Fate, MutantResult } from "../../../runners/mutation/kills.ts";
import {
  idleCases,
  killersOf,
  type MutationScore,
  unexplained,
  wronglyExcused,
} from "../../../runners/mutation/score.ts";
import { ClauseLinks } from "../components/clause.tsx";
import { KillHistogram } from "../components/plots.tsx";
import { ShareBar } from "../components/share.tsx";
import { Table } from "../components/table.tsx";
import { caseHistoryPath } from "../links.ts";

/** The fates in their order, with their colours. */
export const FATES: readonly {
  readonly fate: Fate;
  readonly kind: string;
  readonly sign: string;
  readonly words: string;
}[] = [
  { fate: "killed", kind: "pass", sign: "✓", words: "killed by a step" },
  { fate: "control", kind: "contested", sign: "≠", words: "noticed by a control only" },
  { fate: "postcondition", kind: "contested", sign: "≠", words: "noticed afterwards only" },
  { fate: "harness", kind: "unknown", sign: "?", words: "bring the harness down" },
  { fate: "survived", kind: "fail", sign: "✗", words: "survive" },
];

/** What became of the mutants. */
export function MutantsPage({ name, score }: { readonly name: string; readonly score: MutationScore }) {
  const { mutants, counts, cases } = score;
  const bad = [...unexplained(score), ...wronglyExcused(score)];
  const excused = mutants.filter((each) => each.fate !== "killed" && !bad.includes(each));
  const idle = idleCases(score);
  const dialects = Map.groupBy(mutants, ({ dialect }) => dialect);
  return (
    <>
      <p class="crumbs">
        <a href="/suite">How good is the suite?</a>
      </p>
      <h1>Mutation score</h1>
      <p class="lead">
        A mutant is a simulator with one realistic bug. It is killed where a step of some case comes out
        otherwise than on the simulator as it should be.
      </p>
      <p class="hero">
        <b class="large">{percent(score)}</b>{" "}
        <span class="soft">
          of the mutants that can be killed are killed: {counts.killed} of{" "}
          {mutants.length - excused.filter(({ explained }) => explained).length}
        </span>
      </p>
      <ul class="counts">
        {FATES.map(({ fate, kind, sign, words }) => (
          <li class={counts[fate] === 0 ? "zero" : ""}>
            <b>{counts[fate]}</b>
            <span class={`word ${kind}`}>
              <span aria-hidden="true">{sign}</span> {words}
            </span>
          </li>
        ))}
      </ul>
      <ShareBar parts={FATES.map(({ fate, kind, words }) => ({ count: counts[fate], kind, words }))} />
      <p class="soft">
        From the file <span class="mono">{name}</span>
      </p>
      {bad.length === 0 ? "" : (
        <>
          <h2>
            To be looked at <span class="soft count">{bad.length}</span>
          </h2>
          <MutantTable mutants={bad} />
        </>
      )}
      {excused.length === 0 ? "" : (
        <>
          <h2>
            Not killed, for a reason <span class="soft count">{excused.length}</span>
          </h2>
          <MutantTable mutants={excused} />
        </>
      )}
      <h2>How many mutants each case kills</h2>
      <KillHistogram kills={cases.map(({ kills }) => kills)} />
      {idle.length === 0 ? "" : (
        <details>
          <summary>
            {idle.length === 1 ? "One case kills" : `${idle.length} cases kill`} none
          </summary>
          <ul class="plain mono">
            {idle.map((id) => (
              <li>
                <a href={caseHistoryPath(id)}>{id}</a>
              </li>
            ))}
          </ul>
        </details>
      )}
      <h2>By dialect</h2>
      <DialectTable dialects={dialects} />
      {[...dialects].map(([dialect, own]) => (
        <details class="case" id={`of-${dialect}`}>
          <summary>
            <span class="mono">{dialect}</span> <span class="soft">{own.length}</span>
          </summary>
          <MutantTable mutants={own} />
        </details>
      ))}
    </>
  );
}

function DialectTable({ dialects }: { readonly dialects: ReadonlyMap<string, readonly MutantResult[]> }) {
  return (
    <Table
      class="areas"
      label="Mutants by dialect"
      columns={["Dialect", [<span class="aloud">Shares</span>, "share"], ["Mutants", "number"], [
        "Killed",
        "number",
      ], ["Clauses broken", "number"]]}
    >
      <tbody>
        {[...dialects].map(([dialect, own]) => {
          const of = (fate: Fate) => own.filter((each) => each.fate === fate).length;
          return (
            <tr>
              <th scope="row" class="mono">{dialect}</th>
              <td class="share">
                <ShareBar
                  parts={FATES.map(({ fate, kind, words }) => ({ count: of(fate), kind, words }))}
                />
              </td>
              <td class="number">{own.length}</td>
              <td class="number">{of("killed")}</td>
              <td class="number">{new Set(own.flatMap(({ breaks }) => breaks)).size}</td>
            </tr>
          );
        })}
      </tbody>
    </Table>
  );
}

function MutantTable({ mutants }: { readonly mutants: readonly MutantResult[] }) {
  return (
    <Table class="stack mutants" columns={["Mutant", ["Breaks", "ids"], "Fate"]}>
      <tbody>{mutants.map((each) => <MutantRow mutant={each} />)}</tbody>
    </Table>
  );
}

/** So many of the cases that kill a mutant are named. */
const KILLERS_NAMED = 2;

function MutantRow({ mutant }: { readonly mutant: MutantResult }) {
  const { id, title, breaks, fate, reason } = mutant;
  const killers = killersOf(mutant);
  const known = FATES.find((each) => each.fate === fate);
  return (
    <tr>
      <td>
        {title}
        <div class="soft mono">{id}</div>
      </td>
      <td>
        <ClauseLinks clauses={breaks} />
      </td>
      <td>
        <span class={`word ${known?.kind ?? ""}`}>
          <span aria-hidden="true">{known?.sign}</span> {fate}
        </span>
        {reason === undefined ? "" : <div class="soft">{reason}</div>}
        {killers.slice(0, KILLERS_NAMED).map((id) => (
          <div>
            <a class="mono" href={caseHistoryPath(id)}>{id}</a>
          </div>
        ))}
        {killers.length > KILLERS_NAMED
          ? <div class="soft">and {killers.length - KILLERS_NAMED} more cases</div>
          : ""}
      </td>
    </tr>
  );
}
