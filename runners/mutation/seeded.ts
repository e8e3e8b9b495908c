/**
 * Whether the cases notice a wrong implementation in a kernel: the bugs that can be seeded into the module's reference
 * exporter, each of which is that of a mutant of the simulator.
 *
 * Only cases that kill the mutant are run, each first without the bug, where it must pass. A bug that the target does
 * not own up to in its log was not switched on, and proves nothing.
 *
 * @module
 */
import type { Case } from "../../cases/case.ts";
import { judge } from "../../cases/judge/judge.ts";
import type { Judgement } from "../../cases/judge/judgement.ts";
import { type Program, programOf } from "../../cases/program.ts";
import type { CaseEnd, LogLine, Observation } from "../../spec/observation.ts";
import { runCases } from "../engine.ts";
import { type Baseline, type Kill, killOf, killsOf, type MutantResult, passingOn } from "./kills.ts";
import { shoutOf } from "../native/seeded_bugs.ts";
import { DIALECTS } from "../simulator/mod.ts";
import type { Mutant } from "../simulator/mutants/mod.ts";
import type { Target, TargetDescription } from "../target.ts";

/** How seeded bugs are run. */
export interface SeededOptions {
  /** Is told of each bug before it is run, with how many were. */
  readonly progress?: ((done: number, mutant: Mutant) => void) | undefined;
  /** Ends the run between two cases. */
  readonly signal?: AbortSignal | undefined;
  /** Wall time for one case, in milliseconds. */
  readonly timeoutMs?: number | undefined;
  /** How many cases of those that kill the mutant on the simulator are run at most; 6 unless said otherwise. */
  readonly most?: number | undefined;
  /** After how many cases that kill it a bug is left; 2 unless said otherwise. */
  readonly enough?: number | undefined;
}

/** A case that kills a mutant on the simulator and says nothing of the bug on the target. */
export interface Spared {
  /** The case. */
  readonly case: string;
  /** Why it says nothing: it passes with the bug, or does not pass without it. */
  readonly why: string;
}

/** What became of a seeded bug. */
export interface SeededResult extends MutantResult {
  /** How many cases kill the mutant on the simulator by a step. */
  readonly simulated: number;
  /** The cases that were run and do not kill it here. */
  readonly spared: readonly Spared[];
}

/**
 * Runs bugs on a target whose own exporter can have them.
 *
 * @param mutants the mutants of the same names
 * @param cases the cases
 * @param target the target; it is not closed
 * @param options how
 * @throws {NotSeededError} where the target does not switch a bug on
 */
export async function runSeeded(
  mutants: readonly Mutant[],
  cases: readonly Case[],
  target: Target,
  options: SeededOptions = {},
): Promise<readonly SeededResult[]> {
  const run = new SeededRun(cases, target, await target.describe(), options);
  const results: SeededResult[] = [];
  for (const mutant of mutants) {
    options.progress?.(results.length, mutant);
    results.push(await run.result(mutant));
  }
  return results;
}

/** A target has run a case with a bug and does not say that the bug was on, so that nothing follows from it. */
export class NotSeededError extends Error {
  /** The name of the class. */
  override readonly name = "NotSeededError";

  /** Makes an error of the target and the bug. */
  constructor(target: string, bug: string) {
    super(`${target} did not switch the bug ${bug} on`);
  }
}

class SeededRun {
  readonly #cases: readonly Case[];
  readonly #target: Target;
  readonly #description: TargetDescription;
  readonly #options: SeededOptions;
  readonly #passing = new Map<string, readonly Baseline[]>();
  readonly #clean = new Map<string, Judgement>();

  constructor(
    cases: readonly Case[],
    target: Target,
    description: TargetDescription,
    options: SeededOptions,
  ) {
    this.#cases = cases;
    this.#target = target;
    this.#description = description;
    this.#options = options;
  }

  async result(mutant: Mutant): Promise<SeededResult> {
    const { most = 6, enough = 2 } = this.#options;
    const killers = this.#killersOf(mutant);
    const kills: Kill[] = [];
    const spared: Spared[] = [];
    for (const killer of this.#candidates(killers).slice(0, most)) {
      if (kills.filter(({ by }) => by === "step").length >= enough) break;
      const outcome = await this.#try(mutant, killer);
      if ("why" in outcome) spared.push(outcome);
      else kills.push(outcome);
    }
    return { ...this.#fateOf(mutant, kills, spared), simulated: killers.length, spared };
  }

  #fateOf(mutant: Mutant, kills: readonly Kill[], spared: readonly Spared[]): MutantResult {
    const { id, title, dialect, breaks } = mutant;
    const strongest = (["step", "control", "postcondition", "harness"] as const)
      .find((evidence) => kills.some(({ by }) => by === evidence));
    const fate = strongest === "step" ? "killed" : strongest ?? "survived";
    const reason = fate === "killed" ? undefined : whyNot(kills, spared);
    return { id, title, dialect, breaks, fate, kills, reason, explained: false };
  }

  /** The cases that kill the mutant on the simulator by a step. */
  #killersOf(mutant: Mutant): readonly Case[] {
    const dialect = DIALECTS.get(mutant.dialect);
    if (!dialect) return [];
    const passing = this.#passing.get(dialect.id) ?? passingOn(dialect, this.#cases);
    this.#passing.set(dialect.id, passing);
    const ids = new Set(killsOf(mutant, passing).flatMap((kill) => kill.by === "step" ? [kill.case] : []));
    return passing.flatMap((each) => ids.has(each.case.id) ? [each.case] : []);
  }

  /** Those that the target can run; single threads before races, which may miss the moment, and short before long. */
  #candidates(killers: readonly Case[]): readonly Case[] {
    const operations = new Set<string>(this.#description.operations);
    const able = killers.filter((case_) => callsOf(programOf(case_)).every((each) => operations.has(each)));
    return able.toSorted((one, other) => effort(one) - effort(other));
  }

  async #try(mutant: Mutant, case_: Case): Promise<Kill | Spared> {
    const clean = this.#clean.get(case_.id) ?? (await this.#run(case_, [])).judgement;
    this.#clean.set(case_.id, clean);
    if (clean.verdict !== "pass") {
      return { case: case_.id, why: `does not pass without the bug: ${clean.reasons[0] ?? clean.verdict}` };
    }
    const { judgement, log } = await this.#run(case_, [mutant.id]);
    if (judgement.end === "completed" && !log.some(({ text }) => text.includes(shoutOf(mutant.id)))) {
      throw new NotSeededError(this.#description.id, mutant.id);
    }
    return judgement.verdict === "pass"
      ? { case: case_.id, why: "passes with the bug" }
      : killOf(case_.id, judgement);
  }

  async #run(case_: Case, bugs: readonly string[]) {
    const { signal, timeoutMs } = this.#options;
    signal?.throwIfAborted();
    const observations: Observation[] = [];
    let end: CaseEnd = { end: "infra-error", reason: "the case was not run" };
    await runCases([case_], () => withBugs(this.#target, bugs), { signal, timeoutMs }, {
      begin: () => {},
      step: (_case, _attempt, observation) => void observations.push(observation),
      end: (_case, _attempt, seen) => void (end = seen),
    });
    if (end.end !== "completed") await this.#target.reset();
    const judgement = judge(case_, { observations, end }, { pageSize: this.#description.pageSize });
    const log: readonly LogLine[] = observations.flatMap((each) => each.log);
    return { judgement, log };
  }
}

/** The target with bugs; it stays open when the engine is done with it. */
function withBugs(target: Target, bugs: readonly string[]): Target {
  return {
    describe: () => target.describe(),
    run: (program, observe, signal, log) =>
      target.run(bugs.length === 0 ? program : { ...program, bugs }, observe, signal, log),
    reset: () => target.reset(),
    close: () => {},
  };
}

function callsOf({ steps, race }: Program): readonly string[] {
  const raced = race ? [...race.threads.flatMap((thread) => thread.steps), ...race.then] : [];
  return [...steps, ...raced].flatMap((step) => "operation" in step ? [step.operation] : []);
}

function effort(case_: Case): number {
  const { steps, race } = programOf(case_);
  return steps.length + (race ? 1_000 : 0) + 10 * steps.filter(({ action }) => action === "start").length;
}

function whyNot(kills: readonly Kill[], spared: readonly Spared[]): string {
  const [first] = kills;
  if (first) return `${first.case}: ${first.reason}`;
  if (spared.length === 0) return "the target can do none of the cases that kill the mutant";
  return spared.map((each) => `${each.case} ${each.why}`).join("; ");
}
