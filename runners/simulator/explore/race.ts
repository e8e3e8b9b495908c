/**
 * Runs the race of a case over all schedules.
 *
 * Each schedule begins with a kernel of its own and does the whole case: what comes before the race, the race, what
 * comes after it, the clean-up.
 *
 * @module
 */
import type { Program, ProgramRace } from "../../../cases/program.ts";
import type {
  Observation,
  Outcome,
  Postconditions,
  RaceEnd,
  RaceFinding,
  RaceOutcome,
} from "../../../spec/observation.ts";
import type { Thread } from "../kernel/sched.ts";
import { blockedOutcome, type Session } from "../session.ts";
import { type Execution, explore, type Explored, type Search } from "./explore.ts";
import { watchInvariants } from "./invariants.ts";

/** What a race gave, and what the search went through. */
export interface Raced {
  /** What was seen of the steps before the race, which is the same each time. */
  readonly before: readonly Observation[];
  /** What was seen of the race. */
  readonly outcome: RaceOutcome;
  /** What the search went through. */
  readonly explored: Explored;
}

/**
 * Runs a race over all schedules.
 *
 * @param program the race and what comes before it
 * @param start makes a session in a kernel of its own
 * @param limits how many schedules to run at most, and whether those that differ in nothing that matters are run once
 */
export function runRace(
  program: Program,
  start: () => Session,
  limits: Pick<Search<RaceExecution>, "most" | "reduce"> = {},
): Raced {
  const collected = new Collected(program.race ?? NO_RACE);
  const explored = explore({
    ...limits,
    start: () => new RaceExecution(program, start()),
    end: (execution, schedule) => collected.add(execution, schedule),
  });
  for (const { what, schedule } of explored.findings) {
    collected.find(what.startsWith("a schedule does not") ? "endless" : "invariant", what, schedule);
  }
  for (const { classes, schedules } of explored.inversions) {
    const [one, other] = classes;
    const what = one === other ? `${one} is taken twice` : `${one} before ${other}, and the other way round`;
    collected.find("lock-order", what, schedules.join(" and "));
  }
  const { schedules: runs, states, exhaustive } = explored;
  const outcome = {
    kind: "raced",
    ends: collected.ends,
    runs,
    exhaustive,
    states,
    findings: collected.findings,
  } as const;
  return { before: collected.before, outcome, explored };
}

/** One run of a race. */
export class RaceExecution implements Execution {
  /** The case in its kernel. */
  readonly session: Session;
  /** What was seen before the race. */
  readonly before: readonly Observation[];
  /** How the steps of the threads ended, as far as they have. */
  readonly results = new Map<string, Outcome>();

  /** Does what comes before the race, and makes its threads. */
  constructor({ steps, race }: Program, session: Session) {
    this.session = session;
    this.before = steps.map((step) => session.perform(step));
    session.kernel.timeIsFree = true;
    for (const { name, steps: calls } of race?.threads ?? []) {
      session.kernel.adopt(session.userThread(name, calls, this.results));
    }
  }

  /** The threads of the race, and those that the kernel has started. */
  threads(): readonly Thread[] {
    return this.session.kernel.threads();
  }

  /** Lets a thread take its next step. */
  step(thread: Thread): void {
    this.session.kernel.step(thread);
  }

  /** Tells after a step which invariants do not hold. */
  watch(): () => readonly string[] {
    return watchInvariants(this.session);
  }
}

const NO_RACE: ProgramRace = { threads: [], then: [] };

/** The outcomes and findings of all schedules. */
class Collected {
  readonly #race: ProgramRace;
  readonly #ends = new Map<string, RaceEnd>();
  readonly #findings = new Map<string, RaceFinding>();
  /** What was seen before the race. */
  before: readonly Observation[] = [];

  constructor(race: ProgramRace) {
    this.#race = race;
  }

  get ends(): readonly RaceEnd[] {
    return [...this.#ends.values()];
  }

  get findings(): readonly RaceFinding[] {
    return [...this.#findings.values()];
  }

  find(kind: RaceFinding["kind"], what: string, schedule: string): void {
    const key = `${kind} ${what}`;
    if (!this.#findings.has(key)) this.#findings.set(key, { kind, what, schedule });
  }

  /** Brings a schedule to its end and sorts it in. */
  add(
    { session, before, results }: RaceExecution,
    schedule: string,
  ): void {
    const { kernel } = session;
    this.before = before;
    kernel.timeIsFree = false;
    const all = resultsOf(this.#race, results, kernel.threads());
    const told = toldIn(kernel.events);
    for (const { level, text } of kernel.log) if (level === "warn") this.find("warning", text, schedule);
    kernel.events = [];
    kernel.log = [];
    const then = this.#race.then.map((step) => session.perform(step));
    for (const { text } of then.flatMap(({ log }) => log)) this.find("warning", text, schedule);
    this.#look(session.cleanUp(), schedule);
    const key = keyOf(all, told, then);
    const end = this.#ends.get(key) ?? { results: all, told, then, count: 0, schedule };
    this.#ends.set(key, { ...end, count: end.count + 1 });
  }

  #look({ leaks, blocked, log }: Postconditions, schedule: string): void {
    for (const what of leaks) this.find("leak", what, schedule);
    for (const what of blocked) {
      this.find(what.includes("lock:") ? "deadlock" : "lost-wake-up", what, schedule);
    }
    for (const { level, text } of log) if (level === "warn") this.find("warning", text, schedule);
  }
}

/** How every step of the threads ended; a thread that waits does not do its later steps. */
function resultsOf(
  race: ProgramRace,
  results: ReadonlyMap<string, Outcome>,
  threads: readonly Thread[],
): Record<string, Outcome> {
  return Object.fromEntries(race.threads.flatMap(({ name, steps }) => {
    const thread = threads.find((each) => each.name === name);
    const at = steps.findIndex(({ id }) => !results.has(id));
    return steps.map(({ id }, index) => {
      const outcome = results.get(id) ??
        (index === at && thread
          ? blockedOutcome(thread)
          : { kind: "skipped", reason: `${name} still waits` } as const);
      return [id, outcome];
    });
  }));
}

function toldIn(
  events: readonly { readonly event: string; readonly attachment?: string }[],
): Record<string, number> {
  const told: Record<string, number> = {};
  for (const { event, attachment } of events) {
    if (event === "invalidate" && attachment !== undefined) told[attachment] = (told[attachment] ?? 0) + 1;
  }
  return told;
}

/** Outcomes are told apart by what a case can see, not by reasons in words. */
function keyOf(
  results: Readonly<Record<string, Outcome>>,
  told: Readonly<Record<string, number>>,
  then: readonly Observation[],
): string {
  const ends = Object.values(results).map(essenceOf);
  const names = Object.entries(told).sort(([one], [other]) => one < other ? -1 : 1);
  return JSON.stringify([ends, names, then.map(({ outcome, events }) => [essenceOf(outcome), events])]);
}

function essenceOf(outcome: Outcome): unknown {
  return outcome.kind === "blocked" || outcome.kind === "skipped" ? outcome.kind : outcome;
}
