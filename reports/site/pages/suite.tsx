/**
 * How good the suite itself is: what its cases notice, what of the model was walked, what of the ledger they show.
 *
 * @module
 */
import type { Case } from "../../../cases/case.ts";
import { percent } from "../../formats/mod.ts";
import type { Ledger } from "../../../spec/ledger.ts";
import { ShareBar } from "../components/share.tsx";
import { suitePath } from "../links.ts";
import type { Shelved } from "../papers/shelf.ts";
import { casesByClause } from "./clauses.tsx";
import { FATES } from "./mutants.tsx";
import { ratio } from "./tours.tsx";

/** How good the suite is. */
export function SuitePage(
  { papers, ledger, cases }: {
    readonly papers: readonly Shelved[];
    readonly ledger: Ledger;
    readonly cases: readonly Case[];
  },
) {
  const suiteOnes = papers.filter(({ kind }) => kind !== "certificate");
  return (
    <>
      <h1>How good is the suite?</h1>
      <p class="lead">
        A suite that passes everything proves nothing. So wrong implementations are run on its cases, every
        way through its model is walked, and every clause without a case says why.
      </p>
      <div class="tiles">
        <ClauseTile ledger={ledger} cases={cases} />
        {suiteOnes.map((paper) => <PaperTile paper={paper} />)}
      </div>
      {suiteOnes.length > 0 ? "" : (
        <p class="notice">
          <code>conform mutants --matrix runs/mutants.json</code> and{" "}
          <code>conform tour --format json &gt; runs/tour.json</code>{" "}
          put what they find beside the records, and what lies there is shown here.
        </p>
      )}
    </>
  );
}

function ClauseTile({ ledger, cases }: { readonly ledger: Ledger; readonly cases: readonly Case[] }) {
  const shown = casesByClause(cases);
  const clauses = [...ledger.clauses.values()];
  const covered = clauses.filter(({ id }) => shown.has(id)).length;
  const explained = clauses.filter(({ id, notTested }) => !shown.has(id) && notTested).length;
  return (
    <section class="tile">
      <h2>
        <a href="/coverage">Clauses</a>
      </h2>
      <p class="large">{covered}</p>
      <p class="soft">of {clauses.length} clauses are shown by {cases.length} cases</p>
      <ShareBar
        parts={[
          { count: covered, kind: "pass", words: "with a case" },
          { count: explained, kind: "not-supported", words: "without, for a reason" },
          {
            count: clauses.length - covered - explained,
            kind: "fail",
            words: "without, and without a reason",
          },
        ]}
      />
      <p class="soft">
        {explained} have none for a written reason, {clauses.length - covered - explained} without one
      </p>
    </section>
  );
}

function PaperTile({ paper }: { readonly paper: Shelved }) {
  switch (paper.kind) {
    case "certificate":
      return null;
    case "mutants": {
      const { mutants, counts } = paper.score;
      return (
        <section class="tile">
          <h2>
            <a href={suitePath("mutants", paper.name)}>Mutation score</a>
          </h2>
          <p class="large">{percent(paper.score)}</p>
          <p class="soft">
            {counts.killed} of {mutants.length} wrong implementations are killed by a step of a case
          </p>
          <ShareBar parts={FATES.map(({ fate, kind, words }) => ({ count: counts[fate], kind, words }))} />
          <p class="soft">
            From <span class="mono">{paper.name}</span>
          </p>
        </section>
      );
    }
    case "tour": {
      const { universes, target } = paper.tour;
      const sum = (of: (each: typeof universes[number]) => number) =>
        universes.reduce((total, each) => total + of(each), 0);
      const [edges, taken, diverged] = [sum((u) => u.edges), sum((u) => u.taken), sum((u) => u.diverged)];
      return (
        <section class="tile">
          <h2>
            <a href={suitePath("tours", paper.name)}>Model coverage</a>
          </h2>
          <p class="large">{ratio(taken + diverged, edges)}</p>
          <p class="soft">
            of {edges} edges were taken on <span class="mono">{target.id}</span>
          </p>
          <ShareBar
            parts={[
              { count: taken, kind: "pass", words: "led where the model says" },
              { count: diverged, kind: "fail", words: "diverged" },
              { count: edges - taken - diverged, kind: "not-run", words: "not taken" },
            ]}
          />
          <p class="soft">
            From <span class="mono">{paper.name}</span>
          </p>
        </section>
      );
    }
    case "depth": {
      const { universes, depth, target } = paper.tour;
      return (
        <section class="tile">
          <h2>
            <a href={suitePath("tours", paper.name)}>Every sequence</a>
          </h2>
          <p class="large">{universes.reduce((total, { sequences }) => total + sequences, 0)}</p>
          <p class="soft">
            sequences of up to {depth} operations on <span class="mono">{target.id}</span>
          </p>
          <p class="soft">
            From <span class="mono">{paper.name}</span>
          </p>
        </section>
      );
    }
    case "races":
      return (
        <section class="tile">
          <h2>
            <a href={suitePath("races", paper.name)}>Races</a>
          </h2>
          <p class="large">{paper.races.reduce((total, { runs }) => total + runs, 0)}</p>
          <p class="soft">schedules of {paper.races.length} races</p>
          <p class="soft">
            From <span class="mono">{paper.name}</span>
          </p>
        </section>
      );
  }
}
