/**
 * `conform matrix`: runs the same cases on several targets, and says which behaviour was seen in which of them.
 *
 * @module
 */
import { mkdirSync } from "node:fs";
import { isProtocolFault } from "../../runners/protocol/errors.ts";
import { modelOfTarget } from "../../runners/open.ts";
import { selectCases, SelectionError, type Shard } from "../../cases/select.ts";
import type { Case } from "../../cases/case.ts";
import type { Profile } from "../../spec/profile.ts";
import { Failure, type Io } from "../io.ts";
import {
  DEFAULT_PROFILE,
  identityOf,
  loadSuite,
  profileNamed,
  type Suite,
  tellDiagnostics,
} from "../suite.ts";
import { type TargetsGiven, targetsGiven } from "../target_list.ts";
import { type MatrixPlan, type Part, partsOf } from "./matrix_parts.ts";
import { SideBySide } from "./matrix_progress.ts";
import { type MatrixFormat, readMatrix, writeMatrix } from "./matrix_report.ts";
import { leftOut, runToRecord } from "./run.ts";
import { messageOf } from "../../spec/message_of.ts";

/** What `conform matrix` is given. */
export interface MatrixArguments extends TargetsGiven {
  readonly selectors: readonly string[];
  /** The profiles whose cases are run; those of all releases of the kernel where there are none. */
  readonly profiles: readonly string[];
  /** The folder of the records and the reports. */
  readonly out: string;
  readonly format: MatrixFormat;
  readonly shard?: Shard | undefined;
  /** How many targets to run side by side. */
  readonly jobs: number;
  /** Seconds for one case. */
  readonly timeout: number;
  /** Whether cases are run that can harm the machine, too. */
  readonly dangerous: boolean;
  /** Whether the site of all runs is written, too. */
  readonly site: "write" | "leave";
  /** The arguments as they were given, for the records. */
  readonly command: readonly string[];
}

/**
 * Carries out `conform matrix` and gives the exit status: 0 if every target was run to its end, 1 if cases are left, 3
 * if a target could not be run.
 */
export async function matrix(args: MatrixArguments, io: Io): Promise<number> {
  const suite = loadSuite();
  tellDiagnostics(suite, io);
  const targets = await targetsGiven(args);
  if (targets.length < 2) {
    throw new Failure(2, "There is nothing to compare", "Name two kernels or more, as in --kernels 7.2,7.3");
  }
  const plan = await planOf(args, targets, suite, io);
  makeFolder(plan.folder);
  const failures = await runParts(partsOf(plan), plan, args, suite, io);
  const report = readMatrix(plan, suite, failures);
  io.out(await writeMatrix(report, suite, args, io));
  if (failures.length > 0) return 3;
  const left = report.runs.some(({ counts, partial }) => partial || counts["not-run"] > 0);
  return left || report.runs.length < targets.length ? 1 : 0;
}

async function planOf(
  args: MatrixArguments,
  targets: readonly string[],
  suite: Suite,
  io: Io,
): Promise<MatrixPlan> {
  const profiles = await profilesFor(args, targets, suite, io.signal);
  const cases = casesOf(args, profiles, suite, io);
  return {
    folder: args.out,
    targets,
    cases,
    shard: args.shard,
    profile: profiles.at(-1)?.id ?? DEFAULT_PROFILE,
    suite: identityOf(suite.ledger, cases),
  };
}

/** The profiles that are named; otherwise those of the releases of the kernel up to that of the last target. */
async function profilesFor(
  { profiles }: MatrixArguments,
  targets: readonly string[],
  { ledger }: Suite,
  signal: AbortSignal,
): Promise<readonly Profile[]> {
  if (profiles.length > 0) return profiles.map((name) => profileNamed(ledger, name));
  const models = (await Promise.all(targets.map((target) => modelIn(target, signal)))).flat();
  const own = [...new Set(models)].map((id) => profileNamed(ledger, id));
  return own.every(({ kind }) => kind === "kernel")
    ? [...ledger.profiles.values()].filter(({ kind }) => kind === "kernel")
    : own;
}

/** The model that a target is held to; none where it cannot be asked, which its part will tell. */
async function modelIn(target: string, signal: AbortSignal): Promise<readonly string[]> {
  try {
    const { base, id } = await modelOfTarget(target, { signal });
    return [base ?? id];
  } catch (error) {
    if (isProtocolFault(error)) return [];
    throw error;
  }
}

/** The cases of any of the profiles, each once. */
function casesOf(
  { selectors, shard, dangerous }: MatrixArguments,
  profiles: readonly Profile[],
  { cases }: Suite,
  io: Io,
): readonly Case[] {
  const wanted = usage(() => selectCases(cases, selectors)).filter(({ clauses }) =>
    profiles.some((profile) => clauses.every((clause) => profile.clauses.has(clause)))
  );
  const safe = dangerous ? wanted : wanted.filter((each) => each.dangerous === undefined);
  if (safe.length < wanted.length) {
    io.err(leftOut(wanted.length - safe.length));
  }
  if (safe.length === 0) {
    const names = profiles.map(({ id }) => id).join(", ");
    throw new Failure(
      2,
      `None of the selected cases belongs to ${names}`,
      "See what there is with: conform list",
    );
  }
  return shard ? usage(() => selectCases(safe, [], { shard })) : safe;
}

function usage<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof SelectionError) throw new Failure(2, error.message, error.hint, error);
    throw error;
  }
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    const reason = messageOf(error);
    throw new Failure(2, `Cannot write to "${folder}": ${reason}`, "Take another --out", error);
  }
}

/** A target that could not be run, and why. */
export interface TargetFailure {
  /** The name of the target. */
  readonly target: string;
  /** Why. */
  readonly reason: string;
  /** What to do about it. */
  readonly hint: string | undefined;
}

/** Runs what is left of each part, some side by side, the newest target first: it can answer most and takes longest. */
async function runParts(
  parts: readonly Part[],
  plan: MatrixPlan,
  args: MatrixArguments,
  suite: Suite,
  io: Io,
): Promise<readonly TargetFailure[]> {
  const open = parts.filter(({ progress }) => progress !== "finished").toReversed();
  const progress = new SideBySide(io, parts.length, parts.length - open.length);
  for (const { target, path, givenUp } of parts.filter((part) => part.progress === "finished")) {
    const but = givenUp === 0 ? "" : `, without ${givenUp} of its cases; remove the file to run it again`;
    progress.tell(`${target}: was finished before, in ${path}${but}`);
  }
  const failures: TargetFailure[] = [];
  const left = open.values();
  await Promise.all(Array.from({ length: Math.min(args.jobs, open.length) }, async () => {
    for (const part of left) {
      if (io.signal.aborted) return;
      const failure = await runPart(part, plan, { args, suite, io, progress });
      if (failure) failures.push(failure);
    }
  }));
  if (io.signal.aborted) io.err("Interrupted. The same command goes on with the rest\n");
  return failures;
}

/** What running a part needs beside the part. */
interface Means {
  readonly args: MatrixArguments;
  readonly suite: Suite;
  readonly io: Io;
  readonly progress: SideBySide;
}

async function runPart(
  { target, path, progress: before, done }: Part,
  plan: MatrixPlan,
  { args, suite, io, progress }: Means,
): Promise<TargetFailure | undefined> {
  const begin = performance.now();
  progress.tell(
    before === "cut"
      ? `${target}: goes on after ${done} of ${plan.cases.length} cases`
      : `${target}: ${plan.cases.length} cases`,
  );
  try {
    const { result } = await runToRecord(
      suite,
      plan.cases,
      {
        selectors: [],
        target,
        profile: plan.profile,
        out: path,
        ...(before === "cut" ? { resume: path } : {}),
        format: "human",
        jobs: 1,
        timeout: args.timeout,
        repeat: 1,
        failFast: false,
        dryRun: false,
        dangerous: args.dangerous,
        command: args.command,
      },
      { ...io, err: () => {}, columns: undefined },
      progress.of(target),
    );
    const seconds = ((performance.now() - begin) / 1000).toFixed(0);
    const { pass, fail, total, "not-supported": lacking } = result.counts;
    progress.finish(
      `${target}: ${pass} of ${total} pass, ${fail} fail, ${lacking} are not supported, in ${seconds} s`,
    );
    return undefined;
  } catch (error) {
    if (error === io.signal.reason) return undefined;
    const failure = failureOf(target, error);
    progress.finish(`${target}: could not be run: ${failure.reason}`);
    return failure;
  }
}

/** A target that fails costs no other one anything. */
function failureOf(target: string, error: unknown): TargetFailure {
  if (isProtocolFault(error)) return { target, reason: error.message, hint: error.hint };
  if (error instanceof Failure && error.status === 3) {
    return { target, reason: error.message, hint: error.hint };
  }
  throw error;
}
