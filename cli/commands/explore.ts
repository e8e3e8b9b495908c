/**
 * `conform explore`: runs the race of a case over all schedules of the simulator, or plays one of them step by step.
 *
 * @module
 */
import type { Case } from "../../cases/case.ts";
import { describeEvent, describeOutcome } from "../../cases/describe.ts";
import { judge } from "../../cases/judge/judge.ts";
import type { Judgement } from "../../cases/judge/judgement.ts";
import { programOf, RACE_ID } from "../../cases/program.ts";
import { selectCases, SelectionError } from "../../cases/select.ts";
import { profileIdSchema } from "../../spec/ids.ts";
import type { Profile } from "../../spec/profile.ts";
import type { RaceEnd } from "../../spec/observation.ts";
import { parseDialect, TargetNameError } from "../../runners/open.ts";
import { type Raced, runRace } from "../../runners/simulator/explore/race.ts";
import { type Played, type Replay, replay } from "../../runners/simulator/explore/replay.ts";
import { parseSchedule } from "../../runners/simulator/explore/schedule.ts";
import { PAGE_SIZE } from "../../runners/simulator/kernel/kernel.ts";
import type { Dialect } from "../../runners/simulator/mod.ts";
import { newSession } from "../../runners/simulator/simulator.ts";
import { Failure, type Io } from "../io.ts";
import { loadSuite, tellDiagnostics } from "../suite.ts";

/** What `conform explore` is given. */
export interface ExploreArguments {
  readonly selectors: readonly string[];
  readonly target: string;
  readonly schedule?: string | undefined;
  /** How many schedules of a case to run at most. */
  readonly most?: number | undefined;
  readonly format: "human" | "json";
}

/** A case with what its race gave. */
interface Explored {
  readonly case: Case;
  readonly raced: Raced;
  readonly judgement: Judgement;
  readonly durationMs: number;
}

/**
 * Carries out `conform explore` and gives the exit status: 1 if an outcome is not allowed, an allowed one is not
 * reached, or a schedule shows what must not be.
 */
export function explore(args: ExploreArguments, io: Io): number {
  const dialect = dialectOf(args.target);
  const suite = loadSuite();
  tellDiagnostics(suite, io);
  const profile = suite.ledger.profiles.get(profileIdSchema.parse(dialect.id));
  const races = racesAmong(suite.cases, args.selectors, profile);
  if (args.schedule !== undefined) return play(races, args.schedule, dialect, io);
  const explored = races.map((case_) => exploreCase(case_, dialect, args.most));
  io.out(
    args.format === "json"
      ? JSON.stringify(explored.map(plainly), undefined, 2) + "\n"
      : explored.map(describe).join("\n") + summaryOf(explored),
  );
  return explored.every(({ judgement }) => judgement.verdict !== "fail" && judgement.verdict !== "unknown")
    ? 0
    : 1;
}

function dialectOf(target: string): Dialect {
  try {
    return parseDialect(target);
  } catch (error) {
    if (error instanceof TargetNameError) throw new Failure(2, error.message, error.hint, error);
    throw error;
  }
}

/** Without a name, the races of the dialect's own profile. */
function racesAmong(
  cases: readonly Case[],
  selectors: readonly string[],
  profile: Profile | undefined,
): readonly Case[] {
  try {
    const chosen = selectCases(cases, selectors, selectors.length === 0 ? { profile } : {});
    const races = chosen.filter(({ race }) => race);
    if (races.length > 0) return races;
    const [only] = chosen;
    const what = chosen.length === 1 && only ? `${only.id} has no race` : "None of these cases has a race";
    throw new Failure(2, what, "conform explore without a name explores every race");
  } catch (error) {
    if (error instanceof SelectionError) throw new Failure(2, error.message, error.hint, error);
    throw error;
  }
}

function exploreCase(case_: Case, dialect: Dialect, most: number | undefined): Explored {
  const begin = performance.now();
  const raced = runRace(programOf(case_), () => newSession(dialect), { most });
  const race = { step: RACE_ID, outcome: raced.outcome, events: [], log: [], pending: [], durationMs: 0 };
  const end = { end: "completed", post: { leaks: [], blocked: [], log: [], tainted: false } } as const;
  const judgement = judge(case_, { observations: [...raced.before, race], end }, { pageSize: PAGE_SIZE });
  return { case: case_, raced, judgement, durationMs: performance.now() - begin };
}

function plainly({ case: { id }, raced: { outcome, explored }, judgement, durationMs }: Explored) {
  const { verdict, reasons } = judgement;
  const { redundant, steps } = explored;
  return { case: id, verdict, reasons, ...outcome, redundant, steps, durationMs: Math.round(durationMs) };
}

function describe({ case: case_, raced: { outcome, explored }, judgement }: Explored): string {
  const { runs, states, ends, exhaustive } = outcome;
  const all = exhaustive ? "" : ", and there are more schedules: raise --most";
  const lines = [
    `${case_.id}: ${judgement.end === "not-supported" ? "not supported" : judgement.verdict}`,
    `  ${case_.title}`,
    `  ${counted(runs, "schedule")}, ${counted(states ?? 0, "state")}, ` +
    `${counted(explored.redundant, "redundant start")}, ${counted(ends.length, "outcome")}${all}`,
    ...ends.toSorted((one, other) => other.count - one.count).map((end) =>
      `  ${describeEnd(end, case_, runs)}`
    ),
    ...judgement.reasons.map((reason) => `  ! ${reason}`),
  ];
  return lines.join("\n") + "\n";
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

function describeEnd({ results, told, count, schedule }: RaceEnd, { race }: Case, runs: number): string {
  const threads = (race?.threads ?? []).map(({ name, steps }) =>
    `${name} ${steps.map(({ id }) => shortly(results[id])).join(", ")}`
  );
  const calls = Object.entries(told).map(([name, times]) => `${name} told ${times}`);
  const width = String(runs).length;
  return `${String(count).padStart(width)}  ${[...threads, ...calls].join("; ")}  [${schedule}]`;
}

function shortly(outcome: RaceEnd["results"][string] | undefined): string {
  if (!outcome) return "nothing";
  if (outcome.kind === "failed") return outcome.errno;
  if (outcome.kind === "faulted") return outcome.signal;
  if (outcome.kind === "returned") {
    return outcome.value === null ? "ok" : `ok (${JSON.stringify(outcome.value)})`;
  }
  return outcome.kind;
}

function summaryOf(explored: readonly Explored[]): string {
  const sum = (of: (each: Explored) => number) => explored.reduce((total, each) => total + of(each), 0);
  const states = sum(({ raced }) => raced.explored.states);
  const seconds = sum(({ durationMs }) => durationMs) / 1000;
  return `\n${counted(explored.length, "race")}, ${
    counted(sum(({ raced }) => raced.outcome.runs), "schedule")
  }, ` +
    `${counted(states, "state")} in ${seconds.toFixed(2)} s\n`;
}

function play(races: readonly Case[], text: string, dialect: Dialect, io: Io): number {
  const [only] = races;
  if (!only || races.length > 1) {
    throw new Failure(2, "A schedule belongs to one case", "Name the case as well");
  }
  const schedule = parseSchedule(text);
  if (!schedule) {
    throw new Failure(2, `"${text}" is not a schedule`, "It looks like a3ba2; conform explore shows some");
  }
  const played = replay(programOf(only), () => newSession(dialect), schedule);
  io.out(describeReplay(only, played));
  if (played.stuck === undefined) return 0;
  throw new Failure(
    2,
    `The schedule cannot be played: ${played.stuck}`,
    `conform explore ${only.id} shows some`,
  );
}

function describeReplay(case_: Case, { steps, waiting, ready }: Replay): string {
  const width = Math.max(...steps.map(({ thread }) => thread.length), 0);
  const open = Object.entries(waiting).map(([thread, outcome]) => `${thread} ${describeOutcome(outcome)}`);
  return [
    case_.id,
    ...steps.flatMap((step, index) => describePlayed(step, index, width, case_)),
    ...open,
    ...ready.map((thread) => `${thread} can go on`),
    "",
  ].join("\n");
}

function describePlayed(step: Played, index: number, width: number, case_: Case): readonly string[] {
  const operations = new Map(case_.sections.race.map(({ id, operation }) => [id, operation]));
  const indent = " ".repeat(width + 6);
  return [
    `${String(index + 1).padStart(3)}  ${step.thread.padEnd(width)}  ${step.from} -> ${step.to}`,
    ...step.events.map((event) => `${indent} ${describeEvent(event)}`),
    ...Object.entries(step.returned).map(([id, outcome]) =>
      `${indent} ${operations.get(id) ?? id} ${describeOutcome(outcome)}`
    ),
    ...step.log.map(({ level, text }) => `${indent} ${level}: ${text}`),
    ...step.broken.map((what) => `${indent} broken: ${what}`),
  ];
}
