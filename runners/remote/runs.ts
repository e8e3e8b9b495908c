/**
 * The runs that were sent to a testee and what has come of them, in order.
 *
 * @module
 */
import type { Program } from "../../cases/program.ts";
import type { CaseEnd, LogLine, Observation } from "../../spec/observation.ts";
import { endOf, OrderError, type ProtocolFault } from "../protocol/errors.ts";
import type { EndMessage, LogMessage, ObservationMessage } from "../protocol/messages.ts";

/** A run that was sent. */
export interface SentRun {
  /** Its number. */
  readonly id: number;
  /** What it does. */
  readonly program: Program;
  /** Resolves with its end. */
  readonly over: Promise<CaseEnd>;
  /** Its end, as soon as that has come. */
  end?: CaseEnd | undefined;
}

interface Entry extends SentRun {
  readonly finish: (end: CaseEnd) => void;
  /** What was seen, while nobody takes it. */
  waiting: Observation[];
  /** Who takes it. */
  observe?: ((observation: Observation) => void) | undefined;
  /** How many observations have come. */
  seen: number;
  /** What the kernel has logged since the last of them. */
  log: LogLine[];
}

/** How many lines of the log go into the reason of an end. */
const LAST_LINES = 5;

/** The hint of everything that is out of order. */
const HINT =
  "Answer each run with its observations, counted from 0, and then one end; runners/protocol/README.md";

/** The runs that were sent and have not ended, and a check that everything comes in its turn. */
export class SentRuns {
  #next = 1;
  #open: Entry[] = [];
  /** The runs that nobody has taken yet, whether they have ended or not. */
  #untaken: Entry[] = [];
  /** Up to this run, what still comes belongs to runs that nobody wants any more. */
  #dropped = 0;
  #ended = 0;

  /** The number that the next run gets. */
  get next(): number {
    return this.#next;
  }

  /** The last run whose end has come. */
  get ended(): number {
    return this.#ended;
  }

  /** The runs that have not ended, in order. */
  get open(): readonly SentRun[] {
    return this.#open;
  }

  /** The run under way, and how many of its observations have come. */
  get underWay(): { readonly id: number; readonly seen: number } | undefined {
    return this.#open[0];
  }

  /** Enters a run. */
  add(program: Program): SentRun {
    const { promise, resolve } = Promise.withResolvers<CaseEnd>();
    const run: Entry = {
      id: this.#next++,
      program,
      over: promise,
      finish: resolve,
      waiting: [],
      seen: 0,
      log: [],
    };
    this.#open.push(run);
    this.#untaken.push(run);
    return run;
  }

  /** The run of a program that was sent before it was asked for, whether it has ended or not. */
  announced(program: Program): SentRun | undefined {
    return this.#untaken.find((run) => run.program === program);
  }

  /** Hands over what has been seen of a run and what will be. */
  take(run: SentRun, observe: (observation: Observation) => void): void {
    const at = this.#untaken.findIndex((each) => each === run);
    const [entry] = at < 0 ? [] : this.#untaken.splice(at, 1);
    if (!entry) return;
    for (const observation of entry.waiting) observe(observation);
    entry.waiting = [];
    entry.observe = observe;
  }

  /** Takes an observation. */
  observation({ run: id, seq, observation }: ObservationMessage): void {
    const entry = this.#turn(id, "an observation");
    if (!entry) return;
    if (seq !== entry.seen) {
      const what = seq < entry.seen ? "came twice" : `came when ${entry.seen} was next`;
      throw new OrderError(`Observation ${seq} of run ${id} (${entry.program.case}) ${what}`, HINT);
    }
    saw(entry, observation);
  }

  /** Takes a slice of the log. */
  log({ run: id, lines }: LogMessage): void {
    this.#turn(id, "a slice of the log")?.log.push(...lines);
  }

  /** Takes an end. */
  end({ run: id, observations, end, rest = [] }: EndMessage): void {
    const entry = this.#turn(id, "an end");
    if (!entry) return;
    const came = entry.seen + rest.length;
    if (observations !== came) {
      throw new OrderError(
        `The end of run ${id} (${entry.program.case}) counts ${observations} observations, but ${came} came`,
        HINT,
      );
    }
    for (const observation of rest) saw(entry, observation);
    this.#finish(entry, end);
  }

  /** Ends a run that the testee refused. */
  refused(id: number, fault: ProtocolFault): void {
    const entry = this.#turn(id, "an error");
    if (entry) this.#finish(entry, endOf(fault));
  }

  /**
   * Ends the run under way with what went wrong, if somebody has taken it, and forgets all others that have not ended.
   *
   * @returns whether there was such a run
   */
  fail(fault: ProtocolFault): boolean {
    const entry = this.#open.find(({ observe }) => observe !== undefined);
    if (entry) this.#finish(entry, withLog(endOf(fault), entry.log));
    this.#dropOpen();
    return entry !== undefined;
  }

  /** Forgets every run. */
  drop(): void {
    this.#dropOpen();
    this.#untaken = [];
  }

  #dropOpen(): void {
    this.#open = [];
    this.#untaken = this.#untaken.filter(({ end }) => end);
    this.#dropped = this.#next - 1;
  }

  /** After the connection was cut: what has come of runs that nobody has taken will come again. */
  rewind(): void {
    for (const entry of this.#open.slice(1)) {
      entry.waiting = [];
      entry.seen = 0;
      entry.log = [];
    }
  }

  /** The run whose turn it is; `undefined` where it is of a run that nobody wants any more. */
  #turn(id: number, what: string): Entry | undefined {
    const [entry] = this.#open;
    if (entry?.id === id) return entry;
    if (id > this.#ended && id <= this.#dropped) return undefined;
    if (id <= this.#ended) throw new OrderError(`There came ${what} of run ${id} after its end`, HINT);
    const now = entry ? `run ${entry.id} is under way` : "no run is under way";
    throw new OrderError(`There came ${what} of run ${id}, but ${now}`, HINT);
  }

  #finish(entry: Entry, end: CaseEnd): void {
    this.#open.shift();
    this.#ended = entry.id;
    entry.end = end;
    entry.finish(end);
    if (end.end !== "completed") this.#dropOpen();
  }
}

/** Hands an observation to whoever takes it, or keeps it for them. */
function saw(entry: Entry, observation: Observation): void {
  entry.seen++;
  entry.log = [];
  if (entry.observe) entry.observe(observation);
  else entry.waiting.push(observation);
}

/** Adds to the reason of an end what the kernel logged last. */
function withLog(end: CaseEnd, log: readonly LogLine[]): CaseEnd {
  if (log.length === 0) return end;
  const lines = log.slice(-LAST_LINES).map(({ text }) => text).join(" / ");
  return { ...end, reason: `${end.reason}. The kernel logged last: ${lines}` };
}
