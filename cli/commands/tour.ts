/**
 * `conform tour`: takes every edge of the model on a target, or every sequence of operations up to a depth.
 *
 * @module
 */
import { profilesOf } from "../../cases/select.ts";
import { openTarget, parseTarget, TargetNameError } from "../../runners/open.ts";
import type { WriteOptions } from "../../runners/fuzz/case_file.ts";
import { TargetLost } from "../../runners/fuzz/play.ts";
import { watchInvariants } from "../../runners/simulator/explore/invariants.ts";
import type { Dialect } from "../../runners/simulator/mod.ts";
import {
  type DepthReport,
  reproduce,
  tour as takeTour,
  type TourDivergence,
  type TourReport,
  tourToDepth,
  type Universe,
  type UniverseReport,
  UNIVERSES,
} from "../../runners/tour/mod.ts";
import { didYouMean } from "../../spec/nearest.ts";
import { keepCase } from "../found_cases.ts";
import { keepPlays } from "../kept_plays.ts";
import { Failure, type Io } from "../io.ts";
import { progressOn } from "../progress.ts";
import { loadSuite } from "../suite.ts";

/** What `conform tour` is given. */
export interface TourArguments {
  /** The target; the simulator of the dialect where it is left out. */
  readonly target?: string | undefined;
  /** The dialect whose edges are taken; that of the target, or the usual one, where it is left out. */
  readonly dialect?: string | undefined;
  readonly universes: readonly string[];
  readonly depth?: number | undefined;
  /** How many edges a sequence has. */
  readonly length: number;
  /** Seconds for one sequence. */
  readonly timeout: number;
  /** The file that says what was seen of each sequence. */
  readonly plays?: string | undefined;
  /** The folder for the cases made of divergences; none is written where it is left out. */
  readonly out?: string | undefined;
  readonly format: "human" | "json";
}

type Report = TourReport | DepthReport;

/**
 * Carries out `conform tour` and gives the exit status: 1 if the target diverges or was not toured to the end, 3 if it
 * failed as a target, 4 if the model contradicts itself.
 */
export async function tour(args: TourArguments, io: Io): Promise<number> {
  const { dialect, target, open } = opened(args);
  const universes = args.universes.length === 0 ? UNIVERSES : args.universes.map(universeNamed);
  const progress = progressOn(io);
  io.err(`Touring ${target} by the model ${dialect.id}\n`);
  const common = { universes, timeoutMs: args.timeout * 1000, signal: io.signal };
  const stopping = (why: string) => {
    progress.end();
    io.err(`Stopping early: ${why}\n`);
  };
  const report: Report = args.depth === undefined
    ? await takeTour(dialect, open, { ...common, length: args.length, progress: progress.update, stopping })
      .catch(unusable)
    : await tourToDepth(dialect, open, {
      ...common,
      depth: args.depth,
      invariants: watchInvariants,
      progress: (done, what) => progress.update(done, done, what),
    });
  progress.end();
  const saved = args.out === undefined
    ? NOTHING_SAVED
    : await save(report, args.out, { against: dialect, target, open });
  io.out(args.format === "json" ? jsonOf(report, saved) : describe(report, saved));
  return exitStatus(report);
}

/** A target that cannot even be opened leaves nothing to report. */
function unusable(error: unknown): never {
  if (!(error instanceof TargetLost)) throw error;
  throw new Failure(3, sentence(error.message), "conform run says whether the target works at all", error);
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** What became of each divergence: the file of its case, or why there is none. */
type Saved = ReadonlyMap<TourDivergence, { readonly file: string } | { readonly reason: string }>;

const NOTHING_SAVED: Saved = new Map();

async function save(
  report: Report,
  folder: string,
  touring: Pick<WriteOptions, "against" | "target" | "open">,
): Promise<Saved> {
  const { ledger, cases } = loadSuite();
  const own = cases.filter((case_) => profilesOf(case_, ledger).some((id) => id === touring.against.id));
  const options = { ...touring, ledger, cases: own.length > 0 ? own : cases };
  const saved = new Map<TourDivergence, { readonly file: string } | { readonly reason: string }>();
  for (const divergence of report.universes.flatMap(({ divergences }) => divergences)) {
    const written = await reproduce(divergence, options);
    if (written.kind === "unwritable") saved.set(divergence, { reason: written.reason });
    else saved.set(divergence, { file: keepCase(folder, written) });
  }
  return saved;
}

function opened({ target, dialect, plays }: TourArguments) {
  try {
    const named = dialect === undefined ? undefined : parseTarget(`sim:${dialect}`);
    const id = target ?? named?.id ?? "sim";
    const open = keepPlays(openTarget(id), id, plays);
    return { target: id, open, dialect: (named ?? modelOf(id)).dialect };
  } catch (error) {
    if (error instanceof TargetNameError) throw new Failure(2, error.message, error.hint, error);
    throw error;
  }
}

/** The model of a target that is a simulator is its own dialect. */
function modelOf(target: string): { readonly dialect: Dialect } {
  const { kind } = parseTarget(target);
  return parseTarget(kind === "sim" ? target : "sim");
}

function universeNamed(name: string): Universe {
  const found = UNIVERSES.find(({ id }) => id === name);
  if (found) return found;
  const known = UNIVERSES.map(({ id }) => id);
  const hint = didYouMean(name, known, `Take one of ${known.join(", ")}`);
  throw new Failure(2, `There is no universe "${name}"`, hint);
}

function exitStatus(report: Report): number {
  if (contradictions(report).length > 0) return 4;
  if (report.failures.length > 0) return 3;
  const diverges = report.universes.some(({ divergences }) => divergences.length > 0);
  return diverges || report.stopped !== undefined ? 1 : 0;
}

/** What is wrong with the model itself. */
function contradictions(report: Report): readonly string[] {
  if ("depth" in report) {
    return report.universes.flatMap(({ violations }) =>
      violations.map(({ what, operation, state }) => `${what}: after ${operation} in [${state}]`)
    );
  }
  return report.universes.flatMap(({ ambiguous }) =>
    ambiguous.map(({ key, state, gives: [one, other] }) =>
      `${key} in [${state}] depends on what came before: "${one}" or "${other}"`
    )
  );
}

/** The first few of a list that can be very long. */
function someOf(all: readonly string[]): readonly string[] {
  return all.length <= FEW ? all : [...all.slice(0, FEW), `and ${all.length - FEW} times more`];
}

const FEW = 5;

function jsonOf(report: Report, saved: Saved): string {
  const universes = report.universes.map((universe) => ({
    ...universe,
    divergences: universe.divergences.map((each) => ({ ...plain(each), ...caseOf(saved.get(each)) })),
  }));
  return JSON.stringify({ ...report, universes }, undefined, 2) + "\n";
}

function caseOf(saved: { readonly file: string } | { readonly reason: string } | undefined) {
  if (saved === undefined) return {};
  return "file" in saved ? { case: saved.file } : { case: null, reason: saved.reason };
}

/** A divergence as other tools read it. */
function plain({ operation, state, edges, divergence, arranged }: TourDivergence) {
  const { aspect, expected, seen, index } = divergence;
  const steps = arranged.program.steps.map((action) => {
    const step = arranged.steps.get(action.action === "finish" ? action.of : action.id);
    const { id, operation, written, bind = null } = step ?? {};
    return { action: action.action, id, operation, args: written, bind };
  });
  return { operation, state, aspect, expected, seen, edges, step: index, steps };
}

function describe(report: Report, saved: Saved): string {
  const divergences = report.universes.flatMap(({ universe, divergences }) =>
    divergences.map((divergence) => ({ universe, divergence }))
  );
  return [
    ...divergences.map(({ universe, divergence }, index) =>
      describeDivergence(divergence, universe, index + 1, saved)
    ),
    ...("depth" in report ? depthLines(report) : tourLines(report)),
    ...someOf(contradictions(report)).map((each) => `The model contradicts itself: ${each}`),
    ...report.failures.map((each) => `The target failed as a target: ${each}`),
    ...(report.stopped === undefined ? [] : [`Stopped early: ${report.stopped}`]),
    "",
  ].join("\n");
}

function describeDivergence(
  found: TourDivergence,
  universe: string,
  number: number,
  saved: Saved,
): string {
  const written = saved.get(found);
  const { operation, state, edges, divergence: { expected, seen } } = found;
  return [
    `${number}. ${operation} in [${state}]`,
    ...programLines(found).map((line) => `     ${line}`),
    `   expected: ${expected}`,
    `   seen:     ${seen}`,
    `   alike:    ${edges} of ${universe}`,
    ...(written === undefined
      ? []
      : "file" in written
      ? [`   case:     ${written.file}`]
      : [`   no case:  ${written.reason}`]),
    "",
  ].join("\n");
}

/** The steps as one reads them up to the one that differs, which is marked. */
function programLines({ arranged: { program, steps }, divergence: { index } }: TourDivergence): string[] {
  return program.steps.slice(0, index + 1).map((action, at) => {
    const step = steps.get(action.action === "finish" ? action.of : action.id);
    const mark = at === index ? ">" : " ";
    if (action.action === "finish") return `${mark} wait for ${step?.operation} (${action.of})`;
    const name = step?.bind === undefined ? "" : `${step.bind}: `;
    const begun = action.action === "start" ? ` (begun as ${action.id})` : "";
    return `${mark} ${name}${step?.operation} ${JSON.stringify(step?.written)}${begun}`;
  });
}

function tourLines({ universes }: TourReport): readonly string[] {
  const all = {
    universe: "all",
    title: "",
    states: 0,
    edges: 0,
    taken: 0,
    diverged: 0,
    sequences: 0,
    steps: 0,
  };
  for (const each of universes) {
    for (const key of ["states", "edges", "taken", "diverged", "sequences", "steps"] as const) {
      all[key] += each[key];
    }
  }
  return [
    ...row("universe", ["states", "edges", "taken", "diverged", "sequences", "steps"], "coverage"),
    ...[...universes, all].flatMap((each) => {
      const { universe, title, states, edges, taken, diverged, sequences, steps } = each;
      const reached = edges === 0 ? "nothing to take" : `${percent((taken + diverged) / edges)}  ${title}`;
      return row(universe, [states, edges, taken, diverged, sequences, steps], reached);
    }),
    ...universes.flatMap(notTakenLines),
  ];
}

/** Rounded down, so that 100 % is said of nothing less. */
function percent(part: number): string {
  return `${(Math.floor(part * 1000) / 10).toFixed(1)} %`;
}

function row(name: string, cells: readonly (string | number)[], last: string): readonly string[] {
  const padded = cells.map((cell) => String(cell).padStart(10)).join("");
  return [`${name.padEnd(12)}${padded}  ${last}`.trimEnd()];
}

/** How many edges of each operation were not taken, by reason. */
function notTakenLines({ universe, notTaken }: UniverseReport): readonly string[] {
  const groups = Map.groupBy(notTaken, ({ operation, reason }) => `${operation.split(" ")[0]}: ${reason}`);
  return [...groups].map(([what, edges]) => {
    const [first] = edges;
    return `not taken in ${universe}: ${what}, ${edges.length} times, as in [${first?.state}]`;
  });
}

function depthLines({ universes, depth }: DepthReport): readonly string[] {
  return universes.map(({ universe, sequences, histories }) =>
    `${universe}: ${sequences} sequences of up to ${depth} operations, ${histories} histories`
  );
}
