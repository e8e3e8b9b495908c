/**
 * Plays one schedule of a race step by step, for people who want to see how it came about.
 *
 * @module
 */
import type { Program } from "../../../cases/program.ts";
import type { Event, LogLine, Outcome } from "../../../spec/observation.ts";
import { renumber } from "../kernel/shared.ts";
import { blockedOutcome, type Session } from "../session.ts";
import { RaceExecution } from "./race.ts";
import type { Schedule } from "./schedule.ts";

/** One step of a schedule. */
export interface Played {
  /** The thread that took it. */
  readonly thread: string;
  /** What it went on from: what it had waited for, or `start`. */
  readonly from: string;
  /** What it waits for after the step, or that it is over. */
  readonly to: string;
  /** The calls that returned in the step, by the ids of their steps. */
  readonly returned: Readonly<Record<string, Outcome>>;
  /** What happened meanwhile. */
  readonly events: readonly Event[];
  /** What the kernel logged meanwhile. */
  readonly log: readonly LogLine[];
  /** Invariants that do not hold after the step. */
  readonly broken: readonly string[];
}

/** A schedule that was played. */
export interface Replay {
  /** Its steps, as far as they could be taken. */
  readonly steps: readonly Played[];
  /** Why the schedule could not be played to its end, if it could not. */
  readonly stuck?: string | undefined;
  /** Calls that wait for something, by the names of their threads. */
  readonly waiting: Readonly<Record<string, Outcome>>;
  /** Threads that can go on where the schedule ends. */
  readonly ready: readonly string[];
}

/**
 * Plays a schedule.
 *
 * @param program the race and what comes before it
 * @param start makes a session in a kernel of its own
 * @param schedule the place of the thread for each step
 */
export function replay(program: Program, start: () => Session, schedule: Schedule): Replay {
  renumber();
  const execution = new RaceExecution(program, start());
  const steps: Played[] = [];
  let stuck: string | undefined;
  for (const [index, place] of schedule.entries()) {
    stuck = whyStuck(execution, place, index);
    if (stuck !== undefined) break;
    steps.push(play(execution, place));
  }
  const open = execution.threads().filter(({ done }) => !done);
  const waiting = open.filter((each) => !each.canRun()).map((each) => [each.name, blockedOutcome(each)]);
  const ready = open.filter((each) => each.canRun()).map(({ name }) => name);
  return { steps, stuck, waiting: Object.fromEntries(waiting), ready };
}

function whyStuck(execution: RaceExecution, place: number, index: number): string | undefined {
  const thread = execution.threads()[place];
  if (!thread) return `at step ${index + 1} there is no thread number ${place + 1}`;
  if (thread.done) return `at step ${index + 1} ${thread.name} has nothing left to do`;
  return thread.canRun() ? undefined : `at step ${index + 1} ${thread.name} waits for ${thread.waiting?.on}`;
}

function play(execution: RaceExecution, place: number): Played {
  const { kernel } = execution.session;
  const thread = execution.threads()[place];
  if (!thread) throw new Error("Cannot play a thread that is not there");
  const from = thread.waiting?.on ?? "start";
  const before = new Set(execution.results.keys());
  const broken = execution.watch();
  execution.step(thread);
  const { events, log } = kernel;
  kernel.events = [];
  kernel.log = [];
  return {
    thread: thread.name,
    from,
    to: thread.done ? "returned" : thread.waiting?.on ?? "nothing",
    returned: Object.fromEntries([...execution.results].filter(([id]) => !before.has(id))),
    events,
    log,
    broken: broken(),
  };
}
