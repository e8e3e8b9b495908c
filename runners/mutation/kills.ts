/**
 * Whether the cases notice a wrong implementation.
 *
 * A mutant is killed when the verdict of some case is `pass` on the dialect as it should be and another one on the
 * mutant, and a step of that case decided so. What only the checks after every case notice, what only makes a case
 * say nothing any more, and what only brings the harness down is told apart and does not count. Everything here
 * happens in this thread; `pool.ts` spreads it over workers.
 *
 * @module
 */
import type { Case } from "../../cases/case.ts";
import { judge } from "../../cases/judge/judge.ts";
import type { Judgement } from "../../cases/judge/judgement.ts";
import { type Program, programOf } from "../../cases/program.ts";
import type { Observation } from "../../spec/observation.ts";
import { changes, noting } from "./reads.ts";
import type { Mutant } from "../simulator/mutants/mod.ts";
import { type Dialect, DIALECTS, simulator } from "../simulator/mod.ts";
import { messageOf } from "../../spec/message_of.ts";

/**
 * What shows a mutant, from the strongest:
 *
 * - `step`: a step of the case is not as it must be; only this counts
 * - `control`: a step that the case builds on does not work, so that the case says nothing any more
 * - `postcondition`: something leaked, warned or never returned, which no case may do
 * - `harness`: the simulator threw, or the case did not come to its end
 */
export type Evidence = "step" | "control" | "postcondition" | "harness";

/** What became of a mutant: killed by a step of a case, noticed by something weaker only, or not at all. */
export type Fate = "killed" | Exclude<Evidence, "step"> | "survived";

/** A case that noticed a mutant. */
export interface Kill {
  /** The case; it passes on the dialect as it should be. */
  readonly case: string;
  /** What its verdict became, or for a case that did not come to its end, how it ended. */
  readonly to: string;
  /** What shows the mutant. */
  readonly by: Evidence;
  /** Why the verdict is another one, as a sentence without a final period. */
  readonly reason: string;
}

/** What the cases say of a mutant. */
export interface MutantResult {
  /** The mutant. */
  readonly id: string;
  /** Its bug, in a sentence. */
  readonly title: string;
  /** The dialect that it is a mutant of. */
  readonly dialect: string;
  /** The clauses that it breaks. */
  readonly breaks: readonly string[];
  /** What became of it. */
  readonly fate: Fate;
  /** The cases that noticed it, in their order. */
  readonly kills: readonly Kill[];
  /** Why it was not killed; missing where it was. */
  readonly reason?: string | undefined;
  /** Whether the reason is one that its declaration gives, and not a guess of the machine. */
  readonly explained: boolean;
}

/** Who wants to know how far a mutant is. */
export interface MutantWatch {
  /** Is told before each case. */
  readonly begin?: ((case_: Case) => void) | undefined;
  /** Is told of each kill. */
  readonly kill?: ((kill: Kill) => void) | undefined;
}

/** A case that passes on a dialect, ready to be run on its mutants. */
export interface Baseline {
  /** The case. */
  readonly case: Case;
  /** Its steps as a target gets them. */
  readonly program: Program;
  /** The rules that it asks for on the dialect as it should be. */
  readonly reads: ReadonlySet<string>;
}

/** From the strongest to the weakest. */
const EVIDENCE: readonly Evidence[] = ["step", "control", "postcondition", "harness"];

/** Whether a case passes on a dialect. */
export function passesOn(dialect: Dialect, case_: Case): boolean {
  return judgeOn(dialect, case_, programOf(case_)).verdict === "pass";
}

/**
 * The cases that pass on a dialect.
 *
 * @param begin is told before each case
 */
export function passingOn(
  dialect: Dialect,
  cases: readonly Case[],
  begin?: (case_: Case) => void,
): readonly Baseline[] {
  return cases.flatMap((case_) => {
    begin?.(case_);
    const program = programOf(case_);
    const reads = new Set<string>();
    const watched = { ...dialect, rules: noting(dialect.rules, reads) };
    return judgeOn(watched, case_, program).verdict === "pass" ? [{ case: case_, program, reads }] : [];
  });
}

/**
 * Runs a mutant.
 *
 * @param mutant the mutant
 * @param passing the cases that pass on its dialect
 * @param watch who wants to know how far it is
 */
export function killsOf(
  mutant: Mutant,
  passing: readonly Baseline[],
  watch: MutantWatch = {},
): readonly Kill[] {
  const dialect = DIALECTS.get(mutant.dialect);
  if (!dialect) return [];
  const wrong = mutant.apply(dialect);
  const differs = differenceOf(dialect, wrong);
  return passing.flatMap((each) => {
    if (!differs(each)) return [];
    watch.begin?.(each.case);
    const judgement = judgeOn(wrong, each.case, each.program);
    if (judgement.verdict === "pass") return [];
    const kill = killOf(each.case.id, judgement);
    watch.kill?.(kill);
    return [kill];
  });
}

/** Tells which cases can go differently on a mutant: those that ask for a rule that it has changed. */
function differenceOf(dialect: Dialect, wrong: Dialect): (baseline: Baseline) => boolean {
  try {
    const changed = changes(dialect.rules, wrong.rules);
    return ({ reads }) => !reads.isDisjointFrom(changed);
  } catch {
    return () => true; // a mutant whose rules cannot even be looked at; each case says so
  }
}

/** What became of a mutant, by the cases that noticed it. */
export function resultOf(
  mutant: Omit<Mutant, "apply">,
  kills: readonly Kill[],
  passing: readonly Pick<Case, "id" | "clauses">[],
): MutantResult {
  const { id, title, dialect, breaks, survives } = mutant;
  const strongest = EVIDENCE.find((evidence) => kills.some(({ by }) => by === evidence));
  const fate = strongest === "step" ? "killed" : strongest ?? "survived";
  const reason = fate === "killed" ? undefined : survives ?? whyNotKilled(mutant, fate, passing);
  return { id, title, dialect, breaks, fate, kills, reason, explained: survives !== undefined };
}

function judgeOn(dialect: Dialect, case_: Case, program: Program): Judgement {
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

/**
 * What a verdict other than `pass` says of a mutant.
 *
 * @param id the case, which passes without the mutant's bug
 * @param judgement what was made of it with the bug
 */
export function killOf(id: string, judgement: Judgement): Kill {
  const { verdict, end, reasons } = judgement;
  const to = verdict === "unknown" && end !== "completed" ? end : verdict;
  return { case: id, to, by: evidenceOf(judgement), reason: reasons[0] ?? "" };
}

function evidenceOf({ verdict, end, decidedBy, steps }: Judgement): Evidence {
  if (decidedBy === "postcondition") return "postcondition";
  if (decidedBy === "step" || verdict === "contested") return "step";
  const unmet = steps.some(({ status }) => status === "unmet");
  return unmet && (end === "completed" || end === "not-supported") ? "control" : "harness";
}

function whyNotKilled(
  { dialect, breaks }: Omit<Mutant, "apply">,
  fate: Fate,
  passing: readonly Pick<Case, "id" | "clauses">[],
): string {
  if (!DIALECTS.has(dialect)) return `there is no dialect ${dialect}`;
  if (fate === "harness") return "no case came to its end, so that none of them could say anything";
  const related = passing.filter(({ clauses }) => clauses.some((clause) => breaks.includes(clause)));
  const clauses = breaks.join(", ");
  if (related.length === 0) return `no case that passes verifies ${clauses}`;
  const them = related.length === 1 ? "1 case verifies" : `${related.length} cases verify`;
  const notices = related.length === 1 ? "its steps do not notice" : "no step of them notices";
  return `${them} ${clauses}, but ${notices}: ${related.map(({ id }) => id).join(", ")}`;
}
