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
  type Shortening,
  type Trouble,
} from "../../runners/fuzz/fuzz.ts";
import type { WriteOptions } from "../../runners/fuzz/case_file.ts";
import { type Tally, tallyOf } from "../../runners/fuzz/fate.ts";
import { replayCommand, writeFinding } from "../../runners/fuzz/finding.ts";
import { openTarget, parseDialect, parseTarget, TargetNameError } from "../../runners/open.ts";
import type { Target } from "../../runners/target.ts";
import { profilesOf } from "../../cases/select.ts";
import { keepCase } from "../found_cases.ts";
import { openFuzzRecord } from "../fuzz_record.ts";
import { keepPlays } from "../kept_plays.ts";
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
  /** The number of the first program. */
  readonly from?: number | undefined;
  /** The file that says what became of each program. */
  readonly record?: string | undefined;
  /** The file that says what was seen of each program. */
  readonly plays?: string | undefined;
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
  if (args.from !== undefined && args.seed === undefined) {
    throw new Failure(2, "A number leads nowhere without the seed", "Give both --seed and --from");
  }
  if (args.path !== undefined && args.record !== undefined) {
    throw new Failure(2, "A record is of a whole fuzzing, not of one path", "Leave out --record or --path");
  }
  if (args.path !== undefined && args.seed === undefined) {
    throw new Failure(2, "A path leads nowhere without its seed", "Give both --seed and --path");
  }
  const { open, against, seed, shorten } = opened(args);
  const kept = openFuzzRecord(args, seed);
  const from = args.from ?? (kept.fates.at(-1)?.number ?? -1) + 1;
  const shared = shareTarget(open);
  const writing = writeOptions(args, shared.borrow);
  const saved: Saved[] = [];
  const progress = progressOn(io);
  const total = args.runs ?? (args.time === undefined ? USUAL_RUNS : undefined);
  io.err(
    `Fuzzing ${args.target} against ${args.against} with seed ${seed}${from === 0 ? "" : ` from ${from}`}\n`,
  );
  try {
    const result = await runFuzz({
      open: shared.open,
      against,
      seed,
      path: args.path,
      from,
      known: kept.fates.flatMap(({ differences }) => differences),
      runs: total === undefined ? undefined : Math.max(total - kept.fates.length, 0),
      timeMs: args.time === undefined ? undefined : args.time * 1000,
      maxSteps: args.maxSteps,
      timeoutMs: args.timeout * 1000,
      shorten,
      signal: io.signal,
      played: kept.add,
      progress: (runs, findings) =>
        progress.update(kept.fates.length + runs, total ?? runs, `${findings} findings`),
      found: async (finding) => {
        saved.push(await save(finding, args, writing));
        progress.end();
        const last = saved.at(-1);
        if (last && args.format === "human") io.out(describe(last, saved.length, args));
      },
    });
    progress.end();
    const tally = tallyOf([...kept.fates, ...result.fates]);
    io.out(
      args.format === "json" ? jsonOf(result, saved, args, { seed, tally }) : summaryOf(result, seed, tally),
    );
    return exitStatus(result);
  } finally {
    await shared.close();
    kept.close();
  }
}

function opened({ target, against, seed, plays }: FuzzArguments) {
  try {
    const open = keepPlays(openTarget(target), target, plays);
    const shorten: Shortening = parseTarget(target).kind === "sim" ? "by draws" : "by steps";
    return {
      open,
      against: parseDialect(against),
      shorten,
      seed: seed ?? Math.floor(Math.random() * 2 ** 31),
    };
  } catch (error) {
    if (error instanceof TargetNameError) throw new Failure(2, error.message, error.hint, error);
    throw error;
  }
}

/** Guessing a clause needs the cases of the model's profile, or all where there is none. */
function writeOptions({ target, against }: FuzzArguments, open: WriteOptions["open"]): WriteOptions {
  const { ledger, cases } = loadSuite();
  const dialect = parseDialect(against);
  const own = cases.filter((case_) => profilesOf(case_, ledger).some((id) => id === dialect.id));
  return { open, against: dialect, target, ledger, cases: own.length > 0 ? own : cases };
}

async function save(finding: Finding, { out }: FuzzArguments, options: WriteOptions): Promise<Saved> {
  const written = await writeFinding(finding, options);
  if (written.kind === "unwritable") return { finding, reason: written.reason };
  return { finding, file: keepCase(out, written) };
}

/** What opens a target, and what lends the one that was opened last, so that nobody boots a second machine for a case. */
function shareTarget(open: () => Target | Promise<Target>) {
  let current: Target | undefined;
  return {
    async open(): Promise<Target> {
      const target = current = await open();
      return withClose(target, () => {
        if (current === target) current = undefined;
        return target.close();
      });
    },
    async borrow(): Promise<Target> {
      const target = current ??= await open();
      return withClose(target, () => {});
    },
    /** Lets go of one that was opened to be lent. */
    close: () => current?.close(),
  };
}

function withClose(target: Target, close: Target["close"]): Target {
  return {
    describe: () => target.describe(),
    run: (program, observe, signal, log) => target.run(program, observe, signal, log),
    reset: () => target.reset(),
    close,
  };
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

function summaryOf(
  { runs, findings, targetErrors, modelErrors, ended }: FuzzResult,
  seed: number,
  tally: Tally,
): string {
  return [
    ...targetErrors.map((error) => `The target failed as a target: ${troubleText(error)}`),
    ...modelErrors.map((error) => `The model failed, which is a mistake in the suite: ${troubleText(error)}`),
    ...tallyLines(tally),
    `${runs} programs, ${findings.length} ${findings.length === 1 ? "finding" : "findings"}, seed ${seed}` +
    (ended === "interrupted" ? ", interrupted" : ended === "target" ? ", ended because of the target" : ""),
    "",
  ].join("\n");
}

/** How much was compared, where that is not every program to its end. */
function tallyLines(
  { whole, part, different, nothingLeft, failed, steps, leftOut }: Tally,
): readonly string[] {
  if (part + different + nothingLeft + failed === 0) return [];
  const left = Object.entries(leftOut).map(([operation, times]) => `${operation} ${times}`);
  return [
    `${steps} steps compared; the same to the end: ${whole} programs, and ${part} without what cannot be done; ` +
    `different: ${different}; nothing to compare: ${nothingLeft}; failed: ${failed}`,
    ...(left.length === 0 ? [] : [`left out: ${left.join(", ")}`]),
  ];
}

function troubleText({ reason, seed, path }: Trouble): string {
  return path === undefined ? reason : `${reason} (--seed ${seed} --path ${path})`;
}

function jsonOf(
  result: FuzzResult,
  saved: readonly Saved[],
  args: FuzzArguments,
  { seed, tally }: { readonly seed: number; readonly tally: Tally },
): string {
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
    tally,
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
