/**
 * `conform run`: runs cases on a target, writes the record as it goes, and prints what it shows.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { shellLine } from "../../reports/formats/format.ts";
import { readRecordFile, type RunRecord } from "../../reports/record_reader.ts";
import { RecordWriteError, RecordWriter } from "../../reports/record_writer.ts";
import { exitStatus, resultOf, type RunResult } from "../../reports/result.ts";
import type { Case } from "../../cases/case.ts";
import { judge } from "../../cases/judge/judge.ts";
import { selectCases, SelectionError, type Shard } from "../../cases/select.ts";
import { unlessAborted } from "../../runners/deadline.ts";
import { type FinishedAttempt, runCases, type RunOptions, type Stop } from "../../runners/engine.ts";
import { modelOfTarget, openTarget, TargetNameError } from "../../runners/open.ts";
import type { Target, TargetDescription } from "../../runners/target.ts";
import { clauseIdSchema } from "../../spec/ids.ts";
import type { Profile } from "../../spec/profile.ts";
import { didYouMean } from "../../spec/nearest.ts";
import { baselineAt, heldAgainst } from "../baseline_at.ts";
import { type FormatName, writeResult } from "../formats.ts";
import { Failure, type Io } from "../io.ts";
import { type Progress, progressOn } from "../progress.ts";
import { recordAt } from "../record_at.ts";
import {
  DEFAULT_PROFILE,
  identityOf,
  loadSuite,
  profileNamed,
  type Suite,
  tellDiagnostics,
} from "../suite.ts";

/** What `conform run` is given. */
export interface RunArguments {
  readonly selectors: readonly string[];
  readonly target: string;
  readonly profile?: string | undefined;
  readonly clause?: string | undefined;
  readonly out?: string | undefined;
  readonly format: FormatName;
  readonly shard?: Shard | undefined;
  readonly jobs: number;
  /** Seconds for one case. */
  readonly timeout: number;
  readonly repeat: number;
  readonly seed?: number | undefined;
  readonly resume?: string | undefined;
  /** The file with the known failures. */
  readonly baseline?: string | undefined;
  readonly failFast: boolean;
  readonly dryRun: boolean;
  readonly dangerous: boolean;
  /** The arguments as they were given, for the record. */
  readonly command: readonly string[];
}

/** Carries out `conform run` and gives the exit status. */
export async function run(given: RunArguments, io: Io): Promise<number> {
  const suite = loadSuite();
  tellDiagnostics(suite, io);
  await using target = opened(given, io);
  const args = {
    ...given,
    profile: given.profile ?? await ownProfile(suite, given, target.first, io.signal),
  };
  const known = args.baseline === undefined ? undefined : baselineAt(args.baseline);
  const cases = args.resume === undefined ? selected(suite, args, io) : [];
  if (args.dryRun) {
    io.out(cases.map(({ id, title }) => `${id}  ${title}\n`).join(""));
    return suite.diagnostics.length > 0 ? 4 : 0;
  }
  const { result: judged } = await recorded(suite, cases, args, target, { io, progress: progressOn(io) });
  const result = heldAgainst(judged, known, suite);
  io.out(await writeResult(args.format, result, suite, io));
  return suite.diagnostics.length > 0 ? 4 : exitStatus(result);
}

/**
 * Runs cases into a record and judges the record; a resumed run takes its cases from the record. Whoever runs several
 * side by side gives each a progress of its own.
 */
export async function runToRecord(
  suite: Suite,
  cases: readonly Case[],
  args: RunArguments,
  io: Io,
  progress: Progress = progressOn(io),
): Promise<Recorded> {
  await using target = opened(args, io);
  return await recorded(suite, cases, args, target, { io, progress });
}

/** What was run, and where it is written. */
interface Recorded {
  readonly result: RunResult;
  readonly path: string;
}

/** Whom to tell how far it is. */
interface Listeners {
  readonly io: Io;
  readonly progress: Progress;
}

async function recorded(
  suite: Suite,
  cases: readonly Case[],
  args: RunArguments,
  { first, open }: OpenedTarget,
  { io, progress }: Listeners,
): Promise<Recorded> {
  const description = await unlessAborted(first.describe(), io.signal);
  const plan = args.resume === undefined
    ? newRun(suite, cases, args, description)
    : continuedRun(suite, args.resume, description);
  io.err(`Writing ${plan.writer.path}\n`);
  await runPlan(plan, args, open, description, { io, progress });
  return { result: resultOf(readRecordFile(plan.writer.path), suite.byId), path: plan.writer.path };
}

/** A target that is opened once to be asked what it is and to run cases. */
interface OpenedTarget extends AsyncDisposable {
  /** The one that was opened. */
  readonly first: Target;
  /** Opens targets to run cases on; the first of them is open already. */
  readonly open: () => Target;
}

function opened({ target }: Pick<RunArguments, "target">, io: Io): OpenedTarget {
  const open = usage(() => openTarget(target, (text) => io.err(`${text}\n`)));
  const first = open();
  const ready = [first];
  return {
    first,
    open: () => ready.pop() ?? open(),
    [Symbol.asyncDispose]: async () => await first.close(),
  };
}

/** Why cases are left that can be run later. */
const LEFT: Partial<Record<Stop, string>> = {
  interrupted: "Interrupted",
  target: "The target is gone, and cases are left",
};

/** What is to be run, and where it is written. */
interface Plan {
  readonly cases: readonly Case[];
  readonly writer: RecordWriter;
  readonly repeat: number;
  readonly seed: number | undefined;
  /** The attempts that the record has already, as `case attempt`. */
  readonly done: ReadonlySet<string>;
}

function newRun(suite: Suite, cases: readonly Case[], args: RunArguments, target: TargetDescription): Plan {
  const path = args.out ?? defaultPath(args.target);
  const writer = usage(() => RecordWriter.open(path));
  writer.header({
    suite: identityOf(suite.ledger, cases),
    target,
    profile: profileOf(suite, args).id,
    selection: cases.map(({ id }) => id),
    repeat: args.repeat,
    seed: args.seed,
    command: args.command,
    startedAt: new Date().toISOString(),
  });
  return { cases, writer, repeat: args.repeat, seed: args.seed, done: new Set() };
}

function continuedRun(suite: Suite, path: string, target: TargetDescription): Plan {
  const record = recordAt(path);
  const { header } = record;
  const cases = header.selection.flatMap((id) => suite.byId.get(id) ?? []);
  refuseOther(path, record, target.id, identityOf(suite.ledger, cases));
  const done = record.attempts.filter(({ end }) => end).map(({ case: id, attempt }) => `${id} ${attempt}`);
  const writer = usage(() => RecordWriter.open(path, { mode: "continue", length: record.wholeBytes }));
  return { cases, writer, repeat: header.repeat, seed: header.seed, done: new Set(done) };
}

/** A record can only be continued by the run that began it: mixing two would make a record of neither. */
function refuseOther(
  path: string,
  record: RunRecord,
  target: string,
  suite: { ledger: string; cases: string },
): void {
  const { header, footer } = record;
  if (footer && footer.notRun.length === 0) {
    throw new Failure(2, `The run in "${path}" has come to its end`, "Start a new one without --resume");
  }
  const same = header.target.id === target && header.suite.ledger === suite.ledger &&
    header.suite.cases === suite.cases;
  if (same) return;
  const why = header.target.id === target
    ? "the ledger or the cases have changed since"
    : `it was run on ${header.target.id} and not on ${target}`;
  throw new Failure(2, `The run in "${path}" cannot go on: ${why}`, "Start a new one without --resume");
}

async function runPlan(
  plan: Plan,
  args: RunArguments,
  open: () => Target,
  { pageSize }: TargetDescription,
  { io, progress }: Listeners,
): Promise<void> {
  const { writer, cases } = plan;
  const total = cases.length * plan.repeat;
  let finished = plan.done.size;
  const options: RunOptions = {
    jobs: args.jobs,
    timeoutMs: args.timeout * 1000,
    repeat: plan.repeat,
    seed: plan.seed,
    isDone: (id, attempt) => plan.done.has(`${id} ${attempt}`),
    signal: io.signal,
    next: args.failFast ? (attempt) => failed(attempt, pageSize) ? "stop" : "go on" : undefined,
  };
  const summary = await runCases(cases, open, options, {
    begin(case_, attempt) {
      progress.update(finished, total, case_.id);
      writer.begin(case_.id, attempt, case_.source.digest);
    },
    step: (case_, attempt, observation) => writer.step(case_.id, attempt, observation),
    end(case_, attempt, end, durationMs) {
      finished++;
      writer.end(case_.id, attempt, end, durationMs);
    },
  });
  progress.end();
  const notRun = summary.notRun.map(({ case: { id }, attempt, reason }) => ({ case: id, attempt, reason }));
  if (summary.stopped !== "interrupted") writer.footer(new Date(), notRun, plan.done.size);
  writer.close();
  const why = summary.stopped === undefined ? undefined : LEFT[summary.stopped];
  if (!why) return;
  const command = shellLine(["conform", "run", "--target", args.target, "--resume", writer.path]);
  io.err(`${why}. Go on with: ${command}\n`);
}

function failed({ case: case_, observations, end }: FinishedAttempt, pageSize: number): boolean {
  const { verdict, end: ended } = judge(case_, { observations, end }, { pageSize });
  return ended !== "not-supported" && (verdict === "fail" || verdict === "unknown");
}

/** The cases that the arguments select. */
export function selected(suite: Suite, args: RunArguments, io: Io): readonly Case[] {
  const profile = profileOf(suite, args);
  const clause = args.clause === undefined ? undefined : clauseNamed(suite, args.clause);
  const cases = usage(() => selectCases(suite.cases, args.selectors, { profile, clause, shard: args.shard }));
  const safe = args.dangerous ? cases : cases.filter(({ dangerous }) => dangerous === undefined);
  if (safe.length < cases.length) {
    io.err(leftOut(cases.length - safe.length));
  }
  if (safe.length === 0) throw new Failure(2, "There is no case to run", "conform list shows what there is");
  return safe;
}

/** What is told where cases are not run that can harm the machine. */
export function leftOut(cases: number): string {
  return cases === 1
    ? "1 dangerous case is left out; --dangerous runs it\n"
    : `${cases} dangerous cases are left out; --dangerous runs them\n`;
}

function clauseNamed({ ledger }: Suite, name: string) {
  const id = clauseIdSchema.safeParse(name);
  if (id.success && ledger.clauses.has(id.data)) return id.data;
  const hint = didYouMean(name, ledger.clauses.keys(), "conform serve shows every clause");
  throw new Failure(2, `There is no clause "${name}"`, hint);
}

/** The profile that a target is held against unless another one is named; a run that is resumed has one already. */
async function ownProfile(
  { ledger }: Suite,
  { target, resume }: RunArguments,
  open: Target,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (resume !== undefined) return undefined;
  try {
    const { base, id } = await modelOfTarget(target, { open, signal });
    return [...ledger.profiles.values()].find((profile) => profile.id === (base ?? id))?.id;
  } catch (error) {
    if (error instanceof TargetNameError) throw new Failure(2, error.message, error.hint, error);
    throw error;
  }
}

/** The profile: the one that is named, or the default one. */
function profileOf({ ledger }: Suite, { profile }: RunArguments): Profile {
  return profileNamed(ledger, profile ?? DEFAULT_PROFILE);
}

function defaultPath(target: string): string {
  const stamp = new Date().toISOString().slice(0, 19).replaceAll(":", "-");
  const stem = `runs/${stamp}-${target.replaceAll(/[^a-zA-Z0-9.]+/g, "-")}`;
  for (let count = 1;; count++) {
    const path = count === 1 ? `${stem}.jsonl` : `${stem}-${count}.jsonl`;
    if (!existsSync(path)) return path;
  }
}

/** Turns what is wrong with the arguments into a usage error. */
function usage<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof TargetNameError || error instanceof SelectionError) {
      throw new Failure(2, error.message, error.hint, error);
    }
    if (error instanceof RecordWriteError) throw new Failure(2, error.message, undefined, error);
    throw error;
  }
}
