/**
 * What each target did in the cases of a clause, for `conform show`.
 *
 * @module
 */
import type { Case } from "../cases/case.ts";
import type { CaseFacts, RunFacts } from "../reports/compare/mod.ts";

/** Said where no run tells anything. */
const NOBODY = "No target is known to have run this: name run records, or a history with --store DIR";

/**
 * Says of the newest run of each target how the cases ended in it, and why those that did not pass did not.
 *
 * @param cases the cases
 * @param runs the runs, the newest first
 */
export function targetLines(
  cases: readonly Pick<Case, "id">[],
  runs: readonly RunFacts[],
): readonly string[] {
  if (cases.length === 0) return ["No case shows it, so that no target can be held against it"];
  const newest = newestOfEach(cases, runs);
  return newest.length === 0
    ? [NOBODY]
    : ["What each target did:", ...newest.flatMap((run) => runLines(cases, run))];
}

/** The newest run of each target in which one of the cases was reached. */
function newestOfEach(cases: readonly Pick<Case, "id">[], runs: readonly RunFacts[]): readonly RunFacts[] {
  const reached = runs.filter((run) => factsIn(cases, run).some(({ word }) => word !== "not-run"));
  const byTarget = Map.groupBy(reached, ({ target, kernel }) => JSON.stringify([target, kernel]));
  return [...byTarget.values()].flatMap(([first]) => first ?? []);
}

function factsIn(cases: readonly Pick<Case, "id">[], { cases: facts }: RunFacts): readonly CaseFacts[] {
  return cases.flatMap(({ id }) => facts.get(id) ?? []);
}

function runLines(cases: readonly Pick<Case, "id">[], run: RunFacts): readonly string[] {
  const facts = factsIn(cases, run);
  const words = [...Map.groupBy(facts, ({ word }) => word)].map(([word, those]) => `${those.length} ${word}`);
  return [
    `${run.target} (kernel ${run.kernel}, ${run.startedAt.slice(0, 10)}): ${words.join(", ")}`,
    ...facts.filter(({ word }) => word !== "pass").map((each) =>
      `  ${each.case}: ${each.word}${each.reason === "" ? "" : `, ${each.reason}`}`
    ),
  ];
}
