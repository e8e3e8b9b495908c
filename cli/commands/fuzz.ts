/**
 * `conform fuzz`: plays random programs on a target and on the model, and saves what they differ in as cases.
 *
 * @module
 */
import {
  type Finding,
  fuzz as runFuzz,
  type FuzzResult,
  MAX_STEPS,
  type Trouble,
} from "../../runners/fuzz/fuzz.ts";
import type { WriteOptions } from "../../runners/fuzz/case_file.ts";
import { replayCommand, writeFinding } from "../../runners/fuzz/finding.ts";
import { openTarget, parseDialect, TargetNameError } from "../../runners/open.ts";
import { profilesOf } from "../../cases/select.ts";
import { keepCase } from "../found_cases.ts";
import { Failure, type Io } from "../io.ts";
import { progressOn } from "../progress.ts";
import { loadSuite } from "../suite.ts";

/** How many programs are played where neither a number nor a time is given. */
const USUAL_RUNS = 5000;

/** What `conform fuzz` is given. */
export interface FuzzArguments {
  readonly target: string;
  readonly against: string;
  readonly runs?: number | undefined;
  /** Seconds. */
  readonly time?: number | undefined;
  readonly seed?: number | undefined;
  readonly path?: string | undefined;
  readonly maxSteps?: number | undefined;
  /** Seconds for one program. */
  readonly timeout: number;
  readonly out: string;
  readonly format: "human" | "json";
}

/** A finding and what became of it. */
interface Saved {
  readonly finding: Finding;
  /** The file of the case; missing where there is none. */
  readonly file?: string | undefined;
  /** Why there is no file. */
  readonly reason?: string | undefined;
}

/**
 * Carries out `conform fuzz` and gives the exit status: 1 if something differs, 3 if the target failed as a target, 4
 * if the model did.
 */
export async function fuzz(args: FuzzArguments, io: Io): Promise<number> {
  if (args.path !== undefined && args.seed === undefined) {
    throw new Failure(2, "A path leads nowhere without its seed", "Give both --seed and --path");
  }
  const { open, against, seed } = opened(args);
  const writing = writeOptions(args);
  const saved: Saved[] = [];
  const progress = progressOn(io);
  io.err(`Fuzzing ${args.target} against ${args.against} with seed ${seed}\n`);
  const result = await runFuzz({
    open,
    against,
    seed,
    path: args.path,
    runs: args.runs ?? (args.time === undefined ? USUAL_RUNS : undefined),
    timeMs: args.time === undefined ? undefined : args.time * 1000,
    maxSteps: args.maxSteps,
    timeoutMs: args.timeout * 1000,
    signal: io.signal,
    progress: (runs, findings) => progress.update(runs, args.runs ?? runs, `${findings} findings`),
    found: async (finding) => {
      saved.push(await save(finding, args, writing));
      progress.end();
      const last = saved.at(-1);
      if (last && args.format === "human") io.out(describe(last, saved.length, args));
    },
  });
  progress.end();
  io.out(args.format === "json" ? jsonOf(result, saved, args, seed) : summaryOf(result, seed));
  return exitStatus(result);
}

function opened({ target, against, seed }: FuzzArguments) {
  try {
    const open = openTarget(target);
    return { open, against: parseDialect(against), seed: seed ?? Math.floor(Math.random() * 2 ** 31) };
  } catch (error) {
    if (error instanceof TargetNameError) throw new Failure(2, error.message, error.hint, error);
    throw error;
  }
}

/** Guessing a clause needs the cases of the model's profile, or all where there is none. */
function writeOptions({ target, against }: FuzzArguments): WriteOptions {
  const { ledger, cases } = loadSuite();
  const dialect = parseDialect(against);
  const own = cases.filter((case_) => profilesOf(case_, ledger).some((id) => id === dialect.id));
  return { open: openTarget(target), against: dialect, target, ledger, cases: own.length > 0 ? own : cases };
}

async function save(finding: Finding, { out }: FuzzArguments, options: WriteOptions): Promise<Saved> {
  const written = await writeFinding(finding, options);
  if (written.kind === "unwritable") return { finding, reason: written.reason };
  return { finding, file: keepCase(out, written) };
}

function describe({ finding, file, reason }: Saved, number: number, args: FuzzArguments): string {
  const { operation, divergence: { expected, seen, kind } } = finding;
  return [
    `${number}. ${operation}: expected "${kind.expected}", seen "${kind.seen}"`,
    ...programLines(finding).map((line) => `     ${line}`),
    `   expected: ${expected}`,
    `   seen:     ${seen}`,
    file === undefined ? `   no case:  ${reason}` : `   case:     ${file}`,
    `   again:    ${replayCommand(finding, args.target, args.against)}`,
    "",
    "",
  ].join("\n");
}

/** The steps as one reads them, the one that differs marked. */
function programLines({ arranged: { program, steps }, divergence }: Finding): string[] {
  return program.steps.map((action, index) => {
    const step = steps.get(action.action === "finish" ? action.of : action.id);
    const name = step?.bind === undefined ? "" : `${step.bind}: `;
    const what = action.action === "finish"
      ? `wait for ${step?.operation ?? action.of}`
      : `${name}${step?.operation ?? ""} ${JSON.stringify(step?.written ?? {})}`;
    const begun = action.action === "start" ? " (begun)" : "";
    return `${index === divergence.index ? ">" : " "} ${what}${begun}`;
  });
}

function summaryOf({ runs, findings, targetErrors, modelErrors, ended }: FuzzResult, seed: number): string {
  return [
    ...targetErrors.map((error) => `The target failed as a target: ${troubleText(error)}`),
    ...modelErrors.map((error) => `The model failed, which is a mistake in the suite: ${troubleText(error)}`),
    `${runs} programs, ${findings.length} ${findings.length === 1 ? "finding" : "findings"}, seed ${seed}` +
    (ended === "interrupted" ? ", interrupted" : ended === "target" ? ", ended because of the target" : ""),
    "",
  ].join("\n");
}

function troubleText({ reason, seed, path }: Trouble): string {
  return path === undefined ? reason : `${reason} (--seed ${seed} --path ${path})`;
}

function jsonOf(result: FuzzResult, saved: readonly Saved[], args: FuzzArguments, seed: number): string {
  const { runs, ended, targetErrors, modelErrors, durationMs } = result;
  const findings = saved.map(({ finding, file = null, reason = null }) => {
    const { operation, divergence: { aspect, index, expected, seen, kind }, arranged } = finding;
    const steps = arranged.program.steps.map((action) => {
      const step = arranged.steps.get(action.action === "finish" ? action.of : action.id);
      const { operation, written, bind = null } = step ?? {};
      return { action: action.action, operation, args: written, bind };
    });
    const again = replayCommand(finding, args.target, args.against);
    const { seed, path } = finding;
    return {
      operation,
      aspect,
      expected,
      seen,
      kind,
      step: index,
      steps,
      seed,
      path,
      again,
      case: file,
      reason,
    };
  });
  const schema = "dmabuf-conform/fuzz/1";
  const { target, against, maxSteps = MAX_STEPS } = args;
  const report = {
    schema,
    target,
    against,
    seed,
    maxSteps,
    runs,
    ended,
    durationMs,
    targetErrors,
    modelErrors,
  };
  return JSON.stringify({ ...report, findings }, undefined, 2) + "\n";
}

function exitStatus({ findings, targetErrors, modelErrors }: FuzzResult): number {
  if (findings.length > 0) return 1;
  if (targetErrors.length > 0) return 3;
  return modelErrors.length > 0 ? 4 : 0;
}
