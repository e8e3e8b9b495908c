/**
 * The mutation score: whether the cases notice wrong implementations.
 *
 * A mutant is killed when the verdict of some case is `pass` on the dialect as it should be and another one on the
 * mutant. Everything happens in this process and nothing is recorded.
 *
 * @module
 */
import type { Case } from "../cases/case.ts";
import { judge, type Judgement } from "../cases/judge.ts";
import { type Program, programOf } from "../cases/program.ts";
import type { Observation } from "../spec/observation.ts";
import { messageOf } from "./deadline.ts";
import type { Mutant } from "./simulator/mutants/mod.ts";
import { type Dialect, DIALECTS, simulator } from "./simulator/mod.ts";

/** A mutant that no case notices. */
export interface Survivor {
  /** The mutant. */
  readonly id: string;
  /** Why: which cases should have noticed it, as far as one can tell. */
  readonly reason: string;
}

/** What became of the mutants. */
export interface MutationScore {
  /** How many there are. */
  readonly mutants: number;
  /** How many of them some case noticed. */
  readonly killed: number;
  /** Those that none did. */
  readonly survivors: readonly Survivor[];
  /** For each mutant the cases whose verdict changed, and how, as in `pass -> fail`. */
  readonly matrix: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Mutants that no step of a case shows, only what holds after every case, or that the case did not end well. */
  readonly byPostcondition: readonly string[];
}

/** How to run mutants. */
export interface MutationOptions {
  /** The cases for a dialect; all of them where it is left out. */
  readonly casesOf?: ((dialect: string) => readonly Case[]) | undefined;
  /** Is told before each mutant how many are done. */
  readonly progress?: ((done: number, mutant: Mutant) => void) | undefined;
}

/** A case that passes on the dialect as it should be. */
interface Baseline {
  readonly case: Case;
  readonly program: Program;
}

/** A case that noticed a mutant. */
interface Kill {
  readonly case: string;
  readonly judgement: Judgement;
}

/**
 * Runs cases on wrong implementations.
 *
 * @param cases the cases
 * @param mutants the wrong implementations
 * @param options which cases belong to a dialect, and who wants to know how far it is
 */
export function runMutants(
  cases: readonly Case[],
  mutants: readonly Mutant[],
  options: MutationOptions = {},
): MutationScore {
  const baselines = new Map<string, readonly Baseline[]>();
  const kills = mutants.map((mutant, done) => {
    options.progress?.(done, mutant);
    const dialect = DIALECTS.get(mutant.dialect);
    if (!dialect) return { mutant, passing: [], kills: [] };
    const passing = baselines.get(dialect.id) ??
      passingOn(dialect, options.casesOf?.(dialect.id) ?? cases);
    baselines.set(dialect.id, passing);
    return { mutant, passing, kills: killsOf(mutant.apply(dialect), passing) };
  });
  const survivors = kills.filter((each) => each.kills.length === 0);
  return {
    mutants: mutants.length,
    killed: mutants.length - survivors.length,
    survivors: survivors.map(({ mutant, passing }) => ({
      id: mutant.id,
      reason: whySurvived(mutant, passing),
    })),
    matrix: Object.fromEntries(kills.map((each) => [each.mutant.id, changesOf(each.kills)])),
    byPostcondition: kills
      .filter((each) =>
        each.kills.length > 0 &&
        each.kills.every(({ judgement: { decidedBy } }) =>
          decidedBy === "postcondition" || decidedBy === "end"
        )
      )
      .map(({ mutant }) => mutant.id),
  };
}

/** Whether a case passes on a dialect. */
export function passesOn(dialect: Dialect, case_: Case): boolean {
  return judgeOn(dialect, { case: case_, program: programOf(case_) }).verdict === "pass";
}

function passingOn(dialect: Dialect, cases: readonly Case[]): readonly Baseline[] {
  return cases
    .map((case_) => ({ case: case_, program: programOf(case_) }))
    .filter((each) => judgeOn(dialect, each).verdict === "pass");
}

function killsOf(mutant: Dialect, passing: readonly Baseline[]): readonly Kill[] {
  return passing
    .map((each) => ({ case: each.case.id, judgement: judgeOn(mutant, each) }))
    .filter(({ judgement }) => judgement.verdict !== "pass");
}

function judgeOn(dialect: Dialect, { case: case_, program }: Baseline): Judgement {
  const target = simulator(dialect);
  const observations: Observation[] = [];
  const context = { pageSize: target.describe().pageSize };
  try {
    const end = target.run(program, (observation) => observations.push(observation));
    return judge(case_, { observations, end }, context);
  } catch (error) {
    const end = { end: "infra-error", reason: messageOf(error) } as const;
    return judge(case_, { observations, end }, context);
  }
}

function changesOf(kills: readonly Kill[]): Record<string, string> {
  return Object.fromEntries(kills.map((kill) => [kill.case, `pass -> ${changeTo(kill.judgement)}`]));
}

/** The verdict, or for a case that says nothing any more, why it does not. */
function changeTo({ verdict, end }: Judgement): string {
  return verdict === "unknown" && end !== "completed" ? end : verdict;
}

function whySurvived(mutant: Mutant, passing: readonly Baseline[]): string {
  if (!DIALECTS.has(mutant.dialect)) return `there is no dialect ${mutant.dialect}`;
  const related = passing.filter((each) =>
    each.case.clauses.some((clause) => mutant.breaks.includes(clause))
  );
  const clauses = mutant.breaks.join(", ");
  if (related.length === 0) return `no case that passes verifies ${clauses}`;
  return `${related.length} cases verify ${clauses}, but none of them notices: ${
    related.map((each) => each.case.id).join(", ")
  }`;
}
