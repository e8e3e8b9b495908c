/**
 * `conform mutants --target`: whether the cases notice the bugs that can be seeded into a kernel's reference exporter.
 *
 * @module
 */
import { unlessAborted } from "../../runners/deadline.ts";
import { type MutationScore, scoreOf } from "../../runners/mutation/score.ts";
import { NotSeededError, runSeeded, type SeededResult } from "../../runners/mutation/seeded.ts";
import { seededBugs } from "../../runners/native/seeded_bugs.ts";
import { openTarget, parseTarget, TargetNameError } from "../../runners/open.ts";
import type { Mutant } from "../../runners/simulator/mutants/mod.ts";
import { vmName } from "../../runners/vm/mod.ts";
import { Failure, type Io } from "../io.ts";
import { progressOn } from "../progress.ts";
import type { Suite } from "../suite.ts";

/** A score of seeded bugs, with the target that it is of. */
export interface SeededScore extends MutationScore {
  /** The target, by its name. */
  readonly target: string;
  /** The kernel that it ran. */
  readonly kernel: string;
  readonly mutants: readonly SeededResult[];
}

/** Runs the mutants that are seeded bugs as well, on a target that has them. */
export async function scoreSeeded(
  suite: Suite,
  chosen: readonly Mutant[],
  name: string,
  io: Io,
): Promise<SeededScore> {
  const names = new Set(seededBugs());
  const seeded = chosen.filter(({ id }) => names.has(id));
  if (seeded.length === 0) {
    throw new Failure(
      2,
      "None of these mutants is a seeded bug",
      "runners/native/module/bugs.h names those that are",
    );
  }
  const [{ dialect } = { dialect: "" }] = seeded;
  const id = referenceTarget(name, dialect);
  const progress = progressOn(io);
  const target = await openTarget(id)();
  try {
    const { kernel } = await unlessAborted(target.describe(), io.signal);
    const results = await runSeeded(seeded, suite.cases, target, {
      progress: (done, mutant) => progress.update(done, seeded.length, mutant.id),
      signal: io.signal,
    });
    const run = new Set(
      results.flatMap(({ kills, spared }) => [...kills, ...spared].map((each) => each.case)),
    );
    const cases = suite.cases.filter((each) => run.has(each.id));
    return { ...scoreOf(results, cases), target: id, kernel, mutants: results };
  } catch (error) {
    if (io.signal.aborted) {
      throw new Failure(1, "Interrupted: not every bug was run", "Name some to run fewer", error);
    }
    if (!(error instanceof NotSeededError)) throw error;
    const hint =
      "Seeded bugs are in the reference exporter of the suite's module: conform module build makes it";
    throw new Failure(3, error.message, hint, error);
  } finally {
    progress.end();
    await target.close();
  }
}

/** The target, with the reference exporter that the bugs are in. */
function referenceTarget(name: string, dialect: string): string {
  try {
    const { vm, native, kind } = parseTarget(name);
    if (kind === "sim") {
      throw new Failure(
        2,
        "Bugs are seeded into the kernel of a target, and the simulator has none",
        "Leave --target out to run its mutants, or give a kernel, as in vm:7.3",
      );
    }
    if (vm) return vmName({ ...vm, reference: vm.reference ?? dialect });
    if (native && native.reference === undefined) {
      return `${name}${name === "native" ? ":" : ","}reference=${dialect}`;
    }
    return name;
  } catch (error) {
    if (error instanceof TargetNameError) throw new Failure(2, error.message, error.hint, error);
    throw error;
  }
}

/** What became of each bug, as a table. */
export function seededTable({ target, kernel, counts, mutants }: SeededScore): string {
  const rows = mutants.map((each) =>
    `| ${[each.id, each.title, fateText(each), killText(each)].join(" | ")} |`
  );
  const apart = [
    `${counts.control} only by a control`,
    `${counts.postcondition} only by a postcondition`,
    `${counts.harness} only by the harness`,
    `${counts.survived} by none`,
  ].join(", ");
  return [
    `${counts.killed} of ${mutants.length} seeded bugs are killed on ${target} (Linux ${kernel}) by a step of a case ` +
    `that kills the mutant of the same name on the simulator; ${apart}.`,
    "",
    "| bug | what it does | fate | by |",
    "| --- | --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}

function fateText({ fate, kills, spared, simulated }: SeededResult): string {
  const tried = kills.length + spared.length;
  return `${fate}, by ${kills.length} of ${tried} cases run (${simulated} on the simulator)`;
}

function killText({ kills, reason }: SeededResult): string {
  const killers = kills.map((kill) => `\`${kill.case}\``).join(", ");
  return reason === undefined ? killers : reason.replaceAll("|", "\\|").replaceAll("\n", " ");
}
