/**
 * What a testee tells its runner, and when it leaves: each message at once, or those that come at once together.
 *
 * @module
 */
import type { CaseEnd, Observation } from "../../spec/observation.ts";
import type { TesteeMessage } from "../protocol/messages.ts";
import type { Connection } from "../transport/connection.ts";

/** When answers leave; see `ServeTargetOptions`. */
export type Departure = "each" | "together";

/** How long answers may wait for more of them where they are sent together, in milliseconds. */
const TOGETHER_MS = 2;

/** How many characters of them may wait. A pipe holds 64 KiB: with less than that, one side works while the other reads. */
const TOGETHER_LENGTH = 48 * 1024;

/** Observations of a run that wait for its end. */
interface Held {
  readonly run: number;
  /** The place of the first of them in the run. */
  readonly seq: number;
  readonly observations: Lean[];
  /** When the first of them came. */
  readonly since: number;
}

/** The answers to a runner that have not left yet. */
export class Answers {
  readonly #connection: Connection;
  readonly #departure: Departure;
  /** Where the observations go that come at once with the end of their run. */
  #rest: "by themselves" | "in the end" = "by themselves";
  #out: string[] = [];
  #length = 0;
  #held: Held | undefined;
  #flushed = 0;
  #leaving: "not yet" | "with this turn" = "not yet";

  /** Makes one that tells over a connection. */
  constructor(connection: Connection, departure: Departure) {
    this.#connection = connection;
    this.#departure = departure;
  }

  /** The runner takes observations in the end of their run. */
  takesRest(): void {
    if (this.#departure === "together") this.#rest = "in the end";
  }

  /** Tells something, now or together with what else comes in this turn. */
  tell(message: TesteeMessage): void {
    this.#release();
    this.#write(JSON.stringify(message));
  }

  /** Tells of a step. */
  observed(run: number, seq: number, observation: Observation): void {
    if (this.#held && this.#held.run !== run) this.#release();
    if (this.#rest === "by themselves") return this.#observation(run, seq, lean(observation));
    if (!this.#held) {
      this.#held = { run, seq, observations: [lean(observation)], since: performance.now() };
      return this.#leave();
    }
    this.#held.observations.push(lean(observation));
    if (performance.now() - this.#held.since >= TOGETHER_MS) this.flush();
  }

  /** Tells of the end of a run. */
  ended(run: number, observations: number, end: CaseEnd): void {
    if (this.#held && this.#held.run !== run) this.#release();
    const rest = this.#held?.observations;
    this.#held = undefined;
    this.#write(JSON.stringify({ type: "end", run, observations, end, rest }));
  }

  /** Sends what waits, unless more of it comes soon that it can go with. */
  flushUnless(more: "more to come" | "nothing to come"): void {
    const early = more === "more to come" && this.#departure === "together" &&
      this.#length < TOGETHER_LENGTH && performance.now() - this.#flushed < TOGETHER_MS;
    if (!early) this.flush();
  }

  /** Sends what waits. */
  flush(): void {
    this.#release();
    if (this.#out.length === 0) return;
    this.#flushed = performance.now();
    const out = this.#out;
    this.#out = [];
    this.#length = 0;
    this.#connection.send(out);
  }

  /** Lets the observations go that wait for the end of their run. */
  #release(): void {
    const held = this.#held;
    this.#held = undefined;
    held?.observations.forEach((each, index) => this.#observation(held.run, held.seq + index, each));
  }

  #observation(run: number, seq: number, observation: Lean): void {
    this.#write(JSON.stringify({ type: "observation", run, seq, observation }));
  }

  #write(text: string): void {
    this.#out.push(text);
    this.#length += text.length;
    if (this.#departure === "each") this.flush();
    else this.#leave();
  }

  /** Whatever waits when this turn is over leaves with it. */
  #leave(): void {
    if (this.#leaving === "with this turn") return;
    this.#leaving = "with this turn";
    queueMicrotask(() => {
      this.#leaving = "not yet";
      this.flush();
    });
  }
}

/** An observation in which lists without anything in them are left out. */
type Lean = { readonly [K in keyof Observation]: Observation[K] | undefined };

function lean({ step, outcome, events, log, pending, durationMs }: Observation): Lean {
  return {
    step,
    outcome,
    events: events.length === 0 ? undefined : events,
    log: log.length === 0 ? undefined : log,
    pending: pending.length === 0 ? undefined : pending,
    durationMs,
  };
}
