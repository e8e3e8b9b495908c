/**
 * Runs mutants in workers, side by side.
 *
 * A worker takes the next mutant when it has done one, so no worker waits for another; what comes out does not
 * depend on how many there are. A mutant that never ends or that takes its worker down costs itself alone: it is
 * told what happened to it, and a new worker goes on with the rest. What a worker computes cannot be ended from
 * outside, so the model itself gives up where it does not come to an end.
 *
 * @module
 */
import type { Case } from "../../cases/case.ts";
import { unlessAborted, within } from "../deadline.ts";
import { onAbort } from "../on_abort.ts";
import { type Kill, type MutantResult, resultOf } from "./kills.ts";
import { type MutationScore, scoreOf } from "./score.ts";
import type { WorkerReply, WorkerStart } from "./worker.ts";
import type { Mutant } from "../simulator/mutants/mod.ts";
import { messageOf } from "../../spec/message_of.ts";

/** How to run mutants. */
export interface MutationOptions {
  /** How many workers to use side by side; as many as the machine has cores unless said otherwise. */
  readonly jobs?: number | undefined;
  /** How long one case may take on a mutant, in milliseconds of wall time; 20 seconds unless said otherwise. */
  readonly limitMs?: number | undefined;
  /** How long a worker may take to load what it needs, in milliseconds; two minutes unless said otherwise. */
  readonly startMs?: number | undefined;
  /** The cases for a dialect; all of them where it is left out. */
  readonly casesOf?: ((dialect: string) => readonly Pick<Case, "id">[]) | undefined;
  /** The module whose `MUTANTS` the mutants are of; those of the suite unless said otherwise. */
  readonly module?: string | undefined;
  /** Is told after each mutant how many are done. */
  readonly progress?: ((done: number, mutant: Mutant) => void) | undefined;
  /** Ends the run early. */
  readonly signal?: AbortSignal | undefined;
}

/** What every worker of a run is told. */
type WorkerPlan = Omit<WorkerStart, "port" | "beat">;

const OWN_MUTANTS = new URL("../simulator/mutants/mod.ts", import.meta.url).href;

const WORKER = new URL("./worker.ts", import.meta.url).href;

const LIMIT_MS = 20_000;

const START_MS = 120_000;

/** How often a worker is looked at, in milliseconds. */
const LOOK_MS = 250;

/**
 * Runs cases on wrong implementations.
 *
 * @param cases the cases
 * @param mutants the wrong implementations
 * @param options how to run them
 * @throws the reason of `options.signal`, if it is aborted before the last mutant is done; or if no worker can start
 */
export async function runMutants(
  cases: readonly Case[],
  mutants: readonly Mutant[],
  options: MutationOptions = {},
): Promise<MutationScore> {
  options.signal?.throwIfAborted();
  const run = new Run(cases, mutants, options);
  const jobs = Math.max(1, Math.min(options.jobs ?? navigator.hardwareConcurrency, mutants.length));
  const ends = await Promise.allSettled(Array.from({ length: jobs }, () => takeMutants(run)));
  options.signal?.throwIfAborted();
  for (const end of ends) if (end.status === "rejected") throw end.reason;
  return scoreOf(run.results.flatMap((result) => result ?? []), cases);
}

/** What the workers share. */
class Run {
  readonly mutants: readonly Mutant[];
  /** What became of each mutant, at its place. */
  readonly results: (MutantResult | undefined)[];
  readonly options: MutationOptions;
  readonly plan: WorkerPlan;
  /** The places of mutants that nobody has taken yet. */
  readonly #open: Set<number>;
  /** The dialects of which somebody has taken a mutant. */
  readonly #begun = new Set<string>();
  #done = 0;

  constructor(cases: readonly Case[], mutants: readonly Mutant[], options: MutationOptions) {
    this.mutants = mutants;
    this.options = options;
    this.results = mutants.map(() => undefined);
    this.#open = new Set(mutants.keys());
    const dialects = new Set(mutants.map(({ dialect }) => dialect));
    const idsOf = (dialect: string) => new Set((options.casesOf?.(dialect) ?? cases).map(({ id }) => id));
    const casesOf = new Map([...dialects].map((dialect) => [dialect, idsOf(dialect)]));
    this.plan = { mutants: options.module ?? OWN_MUTANTS, cases, casesOf };
  }

  /**
   * Takes the place of a mutant that nobody has taken yet, if there is one. A worker goes on with the dialects that
   * it knows, then with one that nobody has begun, since it has to run every case on a dialect that is new to it.
   */
  take(known: ReadonlySet<string>): number | undefined {
    if (this.options.signal?.aborted) return undefined;
    const place = this.#find((dialect) => known.has(dialect)) ??
      this.#find((dialect) => !this.#begun.has(dialect)) ?? this.#find(() => true);
    if (place === undefined) return undefined;
    this.#open.delete(place);
    this.#begun.add(this.#dialectAt(place));
    return place;
  }

  #find(suits: (dialect: string) => boolean): number | undefined {
    return [...this.#open].find((place) => suits(this.#dialectAt(place)));
  }

  #dialectAt(place: number): string {
    return this.mutants[place]?.dialect ?? "";
  }

  /** Lets nobody take another mutant. */
  stop(): void {
    this.#open.clear();
  }

  /** Notes what became of a mutant. */
  note(index: number, mutant: Mutant, ending: Ending): void {
    this.results[index] = ending.kind === "done" ? ending.result : this.#brokenBy(mutant, ending);
    this.options.progress?.(++this.#done, mutant);
  }

  /** What became of a mutant that took its worker down; the cases before that count. */
  #brokenBy(mutant: Mutant, { kills, during, reason }: Extract<Ending, { kind: "broken" }>): MutantResult {
    const broken: Kill = { case: during, to: "hang", by: "harness", reason };
    return resultOf(mutant, [...kills, broken], []);
  }
}

/** How a mutant ended: every case was run on it, or its worker was lost. */
type Ending =
  | { readonly kind: "done"; readonly result: MutantResult }
  | {
    readonly kind: "broken";
    readonly kills: readonly Kill[];
    readonly during: string;
    readonly reason: string;
  };

async function takeMutants(run: Run): Promise<void> {
  let crew: Crew | undefined;
  const known = new Set<string>();
  try {
    for (let index = run.take(known); index !== undefined; index = run.take(known)) {
      const mutant = run.mutants[index];
      if (!mutant) break;
      known.add(mutant.dialect);
      crew ??= await Crew.start(run.plan, run.options);
      const ending = await crew.run(mutant);
      if (run.options.signal?.aborted) break;
      run.note(index, mutant, ending);
      if (ending.kind === "done") continue;
      crew.close();
      crew = undefined;
      known.clear();
    }
  } catch (error) {
    run.stop();
    throw error;
  } finally {
    crew?.close();
  }
}

/** One worker with what is needed to watch it. */
class Crew {
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #beat = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
  readonly #cases: readonly Case[];
  readonly #limitMs: number;
  readonly #signal: AbortSignal | undefined;

  private constructor(plan: WorkerPlan, { limitMs = LIMIT_MS, signal }: MutationOptions) {
    this.#cases = plan.cases;
    this.#limitMs = limitMs;
    this.#signal = signal;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#worker = new Worker(WORKER, { type: "module" });
    const all: WorkerStart = { ...plan, port: port2, beat: this.#beat };
    this.#worker.postMessage(all, [port2]);
  }

  /**
   * Starts a worker.
   *
   * @throws if it cannot start, which is nobody's mutant's fault; or the reason of the signal, if it is aborted first
   */
  static async start(plan: WorkerPlan, options: MutationOptions): Promise<Crew> {
    const crew = new Crew(plan, options);
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    crew.#port.onmessage = () => resolve(undefined);
    crew.#onDeath(resolve);
    try {
      const { startMs = START_MS, signal } = options;
      const started = await within(unlessAborted(promise, signal), startMs);
      signal?.throwIfAborted();
      const reason = started.kind === "value" ? started.value : `not within ${startMs / 1000} s`;
      if (reason === undefined) return crew;
      throw new Error(`The workers that run mutants cannot start: ${reason}`);
    } catch (error) {
      crew.close();
      throw error;
    }
  }

  /** Runs a mutant; after an ending that is not `done`, this worker is of no more use. */
  async run(mutant: Mutant): Promise<Ending> {
    const kills: Kill[] = [];
    const { promise, resolve } = Promise.withResolvers<Ending>();
    const breakOff = (reason: string) => resolve({ kind: "broken", kills, during: this.#case(), reason });
    this.#port.onmessage = ({ data }: MessageEvent<WorkerReply>) => {
      if (data.kind === "kill") kills.push(data.kill);
      else if (data.kind === "done") resolve(data);
    };
    this.#onDeath((reason) => breakOff(`the worker died: ${reason}`));
    using _watched = onAbort(this.#signal, () => breakOff("the run was ended"));
    const look = this.#watch(() => breakOff(`a case did not end within ${this.#limitMs / 1000} s`));
    this.#port.postMessage(mutant.id);
    try {
      return await promise;
    } finally {
      clearInterval(look);
    }
  }

  /** Ends the worker, whatever it does. */
  close(): void {
    this.#port.close();
    this.#worker.terminate();
  }

  #onDeath(tell: (reason: string) => void): void {
    this.#worker.onerror = (event) => {
      event.preventDefault();
      tell(messageOf(event.error ?? event.message));
    };
  }

  /** The case that the worker began last. */
  #case(): string {
    return this.#cases[Atomics.load(this.#beat, 1)]?.id ?? "";
  }

  /** Looks now and then whether the worker has begun another case. */
  #watch(stuck: () => void): ReturnType<typeof setInterval> {
    let seen = Atomics.load(this.#beat, 0);
    let since = performance.now();
    return setInterval(() => {
      const beat = Atomics.load(this.#beat, 0);
      if (beat !== seen) {
        seen = beat;
        since = performance.now();
      } else if (performance.now() - since > this.#limitMs) stuck();
    }, Math.min(LOOK_MS, this.#limitMs));
  }
}
