/**
 * The engine: runs cases on a target and tells a sink what was seen.
 *
 * It never judges. A target that is late, lies, throws or dies costs its own case at most: it is reset or opened
 * anew, and where that does not help, the rest is told to be not run, with the reason. A target that answers at once
 * is never waited for.
 *
 * @module
 */
import type { Case } from "../cases/case.ts";
import { type Program, programOf } from "../cases/program.ts";
import type { CaseEnd, Observation } from "../spec/observation.ts";
import { Limit, settled, type Waited, within } from "./deadline.ts";
import { type Attempt, planOf } from "./plan.ts";
import type { Target } from "./target.ts";
import { describeMisreport, Witness } from "./witness.ts";
import { messageOf } from "../spec/message_of.ts";

/** What the engine tells while cases run. With several jobs, the attempts of different cases are interleaved. */
export interface Sink {
  /** An attempt begins; attempts of a case are counted from 1. */
  begin(case_: Case, attempt: number): void;
  /** A step is over. */
  step(case_: Case, attempt: number, observation: Observation): void;
  /** An attempt is over; `durationMs` is wall time. */
  end(case_: Case, attempt: number, end: CaseEnd, durationMs: number): void;
}

/** An attempt that is over. */
export interface FinishedAttempt {
  /** The case. */
  readonly case: Case;
  /** Which attempt at it, counted from 1. */
  readonly attempt: number;
  /** What was seen, in order. */
  readonly observations: readonly Observation[];
  /** How it ended. */
  readonly end: CaseEnd;
  /** Wall time in milliseconds. */
  readonly durationMs: number;
}

/** How to run. */
export interface RunOptions {
  /** How many targets to open and use side by side; 1 unless said otherwise. */
  readonly jobs?: number | undefined;
  /** Wall time for one case, in milliseconds; 60 seconds unless said otherwise. */
  readonly timeoutMs?: number | undefined;
  /** How long a target may take to be made ready for a case, in milliseconds; an hour unless said otherwise. */
  readonly readyMs?: number | undefined;
  /** How long a target may take to answer an abort, a reset or a close, in milliseconds; 5 seconds unless said otherwise. */
  readonly graceMs?: number | undefined;
  /** How often a target may be opened anew in this run; 3 unless said otherwise. */
  readonly maxRestarts?: number | undefined;
  /** How often each case is run; 1 unless said otherwise. */
  readonly repeat?: number | undefined;
  /** Shuffles the order; the same seed gives the same order. */
  readonly seed?: number | undefined;
  /** Tells of attempts that an earlier run has finished. */
  readonly isDone?: ((caseId: string, attempt: number) => boolean) | undefined;
  /** Is shown every attempt that is over, after the sink; `stop` leaves the rest. */
  readonly next?: ((finished: FinishedAttempt) => "go on" | "stop") | undefined;
  /** Ends the run early: the attempts under way are aborted, the rest is left. */
  readonly signal?: AbortSignal | undefined;
}

/** An attempt that was not run, or that was cut short and has no end. */
export interface LeftOut {
  /** The case. */
  readonly case: Case;
  /** Which attempt at it, counted from 1. */
  readonly attempt: number;
  /** Why it has no end. */
  readonly reason: string;
}

/** Why a run stopped before its last attempt. */
export type Stop = "asked" | "interrupted" | "target" | "sink";

/** What became of a run. */
export interface Summary {
  /** Attempts with an end. */
  readonly finished: number;
  /** Attempts without one, in order. */
  readonly notRun: readonly LeftOut[];
  /** How often a target was opened anew. */
  readonly restarts: number;
  /** Why the run stopped early; missing where it did not. */
  readonly stopped?: Stop | undefined;
  /** Wall time in milliseconds. */
  readonly durationMs: number;
}

/** How long the engine runs before it lets timers and signals have their turn, in milliseconds. */
const SLICE_MS = 10;

/**
 * Runs cases on a target.
 *
 * @param cases the cases, in order
 * @param open opens the target; it is called once for each job, and again for each restart
 * @param options how to run
 * @param sink is told of everything as it happens
 * @throws what the sink throws, after the targets have been closed
 */
export async function runCases(
  cases: readonly Case[],
  open: () => Target | Promise<Target>,
  options: RunOptions,
  sink: Sink,
): Promise<Summary> {
  const begin = performance.now();
  const run = new Run(planOf(cases, options), options, sink);
  const workers = Array.from({ length: run.jobs }, () => new Worker(run, open));
  await Promise.all(workers.map((worker) => worker.work()));
  if (run.sinkError) throw run.sinkError.error;
  return run.summary(performance.now() - begin);
}

/** What the workers of a run share. */
class Run {
  /** What the sink threw first. */
  sinkError: { readonly error: unknown } | undefined;
  readonly timeoutMs: number;
  readonly readyMs: number;
  readonly graceMs: number;
  readonly signal: AbortSignal | undefined;
  readonly jobs: number;
  readonly #sink: Sink;
  readonly #plan: readonly Attempt[];
  readonly #next: RunOptions["next"];
  readonly #maxRestarts: number;
  readonly #cutShort: LeftOut[] = [];
  #reached = 0;
  #finished = 0;
  #restarts = 0;
  #stop: { readonly why: Stop; readonly reason: string } | undefined;
  #slice = performance.now();

  constructor(plan: readonly Attempt[], options: RunOptions, sink: Sink) {
    this.#plan = plan;
    this.#sink = sink;
    this.jobs = Math.max(1, Math.min(options.jobs ?? 1, plan.length));
    this.timeoutMs = options.timeoutMs ?? 60_000;
    this.readyMs = options.readyMs ?? 3_600_000;
    this.graceMs = options.graceMs ?? 5_000;
    this.signal = options.signal;
    this.#next = options.next;
    this.#maxRestarts = options.maxRestarts ?? 3;
  }

  /** How many attempts a worker may take ahead: of several workers, none takes what others could begin with now. */
  get ahead(): number {
    if (this.jobs === 1) return AHEAD;
    return Math.min(AHEAD, Math.ceil((this.#plan.length - this.#reached) / (2 * this.jobs)));
  }

  get interrupted(): boolean {
    return this.signal?.aborted ?? false;
  }

  /** Whether nothing is to be begun any more. */
  get isStopped(): boolean {
    if (this.interrupted) this.stop("interrupted", "the run was interrupted");
    return this.#stop !== undefined;
  }

  /** Whether the end of a case may stop the run. */
  get mayStop(): boolean {
    return this.#next !== undefined;
  }

  /** The next attempt, or `undefined` where nothing is to be begun any more. */
  take(): Attempt | undefined {
    return this.isStopped ? undefined : this.#plan[this.#reached++];
  }

  stop(why: Stop, reason: string): void {
    this.#stop ??= { why, reason };
  }

  /** Asks for leave to open a target anew. */
  mayRestart(): boolean {
    if (this.#restarts >= this.#maxRestarts) return false;
    this.#restarts++;
    return true;
  }

  begin({ case: case_, number }: Attempt): void {
    this.#tell((sink) => sink.begin(case_, number));
  }

  step({ case: case_, number }: Attempt, observation: Observation): void {
    this.#tell((sink) => sink.step(case_, number, observation));
  }

  finish(finished: FinishedAttempt): void {
    this.#finished++;
    this.#tell((sink) => sink.end(finished.case, finished.attempt, finished.end, finished.durationMs));
    if (this.#next?.(finished) === "stop") {
      this.stop("asked", `the run was to stop after ${finished.case.id}`);
    }
  }

  /** A sink that throws must not look like a target that throws. */
  #tell(what: (sink: Sink) => void): void {
    if (this.sinkError) return;
    try {
      what(this.#sink);
    } catch (error) {
      this.sinkError = { error };
      this.stop("sink", messageOf(error));
    }
  }

  cutShort(attempt: Attempt, reason: string): void {
    this.#cutShort.push({ case: attempt.case, attempt: attempt.number, reason });
  }

  /** An attempt that was taken is not begun after all. */
  leave(attempt: Attempt): void {
    this.cutShort(attempt, this.#stop?.reason ?? "the run stopped");
  }

  /** Lets timers and signals have their turn, where the last time was long ago. */
  breathe(): Promise<void> | undefined {
    if (performance.now() - this.#slice < SLICE_MS) return undefined;
    return new Promise((resolve) =>
      setTimeout(() => {
        this.#slice = performance.now();
        resolve();
      }, 0)
    );
  }

  summary(durationMs: number): Summary {
    const reason = this.#stop?.reason ?? "the run stopped";
    const left = this.#plan.slice(this.#reached).map((attempt) => ({
      case: attempt.case,
      attempt: attempt.number,
      reason,
    }));
    return {
      finished: this.#finished,
      notRun: [...this.#cutShort, ...left],
      restarts: this.#restarts,
      stopped: left.length + this.#cutShort.length > 0 ? this.#stop?.why : undefined,
      durationMs,
    };
  }
}

/** An attempt under way. */
interface UnderWay {
  readonly attempt: Attempt;
  readonly witness: Witness;
  readonly begin: number;
}

/** How a target must be treated before the next case. */
type Care = "none" | "reset" | "reopen";

/** How many attempts a worker announces to a target that wants to know. */
const AHEAD = 256;

/** How many of them in one turn: the target begins with them while the next are made ready. */
const AHEAD_AT_ONCE = 64;

/** An attempt to come, and what the target is asked to do for it. */
interface Planned {
  readonly attempt: Attempt;
  readonly program: Program;
}

/** Runs one attempt after the other on a target of its own. */
class Worker {
  readonly #run: Run;
  readonly #open: () => Target | Promise<Target>;
  #controller = new AbortController();
  /** A report that came after the end of its case; it makes the next case suspect. */
  #late: string | undefined;
  /** What comes next; more than one only for a target to which it is announced. */
  #planned: Planned[] = [];
  /** How many of them have been announced. */
  #announced = 0;

  constructor(run: Run, open: () => Target | Promise<Target>) {
    this.#run = run;
    this.#open = open;
  }

  async work(): Promise<void> {
    let target: Target | undefined = undefined;
    for (let planned = this.#next(); planned; planned = this.#next()) {
      target ??= await this.#opened(planned.attempt);
      if (!target) return this.#giveBack();
      if (target.ready && await this.#ready(target) === "stopped") {
        this.#run.leave(planned.attempt);
        break;
      }
      const care = this.#attempt(target, planned);
      if (target.announce) this.#announce(target);
      const needed: Care = typeof care === "string" ? care : await care;
      if (needed !== "none") {
        this.#announced = 0;
        target = await this.#cared(target, needed);
      }
      const pause = this.#run.breathe();
      if (pause) await pause;
    }
    if (target) await this.#close(target);
  }

  /** Waits until a case can begin; whatever keeps it from that, the case shows it. */
  async #ready(target: Target): Promise<"ready" | "stopped"> {
    const { signal, readyMs } = this.#run;
    const interrupted = Promise.withResolvers<void>();
    const interrupt = () => interrupted.resolve();
    signal?.addEventListener("abort", interrupt, { once: true });
    await within(Promise.race([attempted(() => target.ready?.()), interrupted.promise]), readyMs);
    signal?.removeEventListener("abort", interrupt);
    if (!this.#run.isStopped) return "ready";
    this.#giveBack();
    return "stopped";
  }

  #next(): Planned | undefined {
    if (this.#run.isStopped) this.#giveBack();
    this.#announced = Math.max(0, this.#announced - 1);
    return this.#planned.shift() ?? this.#taken();
  }

  #taken(): Planned | undefined {
    const attempt = this.#run.take();
    return attempt && { attempt, program: programOf(attempt.case) };
  }

  /** Tells a target what comes next. Where each end may stop the run, nothing is begun before it is known. */
  #announce(target: Target): void {
    if (this.#run.mayStop) return;
    const most = Math.min(this.#run.ahead, this.#planned.length + AHEAD_AT_ONCE);
    while (this.#planned.length < most) {
      const next = this.#taken();
      if (!next) break;
      this.#planned.push(next);
    }
    for (const { program } of this.#planned.slice(this.#announced)) target.announce?.(program);
    this.#announced = this.#planned.length;
  }

  /** Leaves what was taken and has not begun. */
  #giveBack(): void {
    for (const { attempt } of this.#planned) this.#run.leave(attempt);
    this.#planned = [];
  }

  /** Opens a target for an attempt; where that fails, nothing more can be run. */
  async #opened(attempt: Attempt): Promise<Target | undefined> {
    try {
      return await this.#open();
    } catch (error) {
      const reason = `the target could not be opened: ${messageOf(error)}`;
      this.#run.cutShort(attempt, reason);
      this.#run.stop("target", reason);
      return undefined;
    }
  }

  /** Runs one attempt; a promise only where the target gives one. */
  #attempt(target: Target, { attempt, program }: Planned): Care | Promise<Care> {
    const controller = this.#controller;
    const witness = new Witness(
      program,
      (observation) => this.#run.step(attempt, observation),
      (misreport) => {
        if (misreport.kind === "after-the-end") this.#late ??= describeMisreport(misreport);
        else controller.abort(describeMisreport(misreport));
      },
    );
    const underWay = { attempt, witness, begin: performance.now() };
    this.#run.begin(attempt);
    try {
      const answer = target.run(program, witness.observe, controller.signal);
      return answer instanceof Promise ? this.#wait(underWay, answer) : this.#end(underWay, answer);
    } catch (error) {
      return this.#end(underWay, thrown(error));
    }
  }

  #end(underWay: UnderWay, answer: CaseEnd): Care {
    const { attempt: { case: case_, number }, witness, begin } = underWay;
    if (this.#controller.signal.aborted) this.#controller = new AbortController();
    const end = this.#suspect(witness.end(answer));
    this.#run.finish({
      case: case_,
      attempt: number,
      observations: witness.observations,
      end,
      durationMs: performance.now() - begin,
    });
    return end.end === "completed" ? "none" : "reset";
  }

  #suspect(end: CaseEnd): CaseEnd {
    if (this.#late === undefined) return end;
    const reason = this.#late;
    this.#late = undefined;
    return { end: "infra-error", reason };
  }

  /** Waits for a target that does not answer at once. */
  async #wait(underWay: UnderWay, answer: Promise<CaseEnd>): Promise<Care> {
    const { timeoutMs, graceMs } = this.#run;
    const controller = this.#controller;
    const interrupt = () => controller.abort("the run was interrupted");
    this.#run.signal?.addEventListener("abort", interrupt, { once: true });
    const limit = new Limit(timeoutMs);
    const replied = settled(answer);
    let reply: Waited<CaseEnd> = await Promise.race([replied, limit.passed, aborted(controller.signal)]);
    const late = reply.kind === "silent";
    if (late) {
      if (!controller.signal.aborted) controller.abort(`no end within ${timeoutMs} ms`);
      reply = await within(answer, graceMs);
    }
    limit.clear();
    this.#run.signal?.removeEventListener("abort", interrupt);
    this.#controller = new AbortController();
    return this.#conclude(underWay, reply, late);
  }

  #conclude(underWay: UnderWay, reply: Waited<CaseEnd>, late: boolean): Care {
    const misreported = underWay.witness.misreport !== undefined;
    if (late && this.#run.interrupted && !isWhole(reply)) {
      this.#run.cutShort(underWay.attempt, "the run was interrupted while it ran");
      return "none";
    }
    if (reply.kind === "silent") {
      const silence = `no answer to the abort within ${this.#run.graceMs} ms`;
      this.#end(underWay, {
        end: "timeout",
        reason: `no end within ${this.#run.timeoutMs} ms, and ${silence}`,
      });
      return "reopen";
    }
    const inTime = !late || misreported || this.#run.interrupted;
    const end = reply.kind === "rejected" ? thrown(reply.error) : reply.value;
    return this.#end(underWay, inTime ? end : tooLate(end, reply.kind, this.#run.timeoutMs));
  }

  /** Brings a target back into a state in which it can run the next case. */
  async #cared(target: Target, care: Care): Promise<Target | undefined> {
    if (this.#run.interrupted) return target;
    if (care === "reset") {
      const reset = await within(attempted(() => target.reset()), this.#run.graceMs);
      if (reset.kind === "value") return target;
    }
    await this.#close(target);
    if (this.#run.mayRestart()) return undefined;
    this.#run.stop("target", "the target had to be restarted too often");
    return undefined;
  }

  /** Lets go of a target; one that cannot even do that is left behind. */
  async #close(target: Target): Promise<void> {
    await within(attempted(() => target.close()), this.#run.graceMs);
  }
}

async function attempted(action: () => void | Promise<void> | undefined): Promise<void> {
  await action();
}

function aborted(signal: AbortSignal): Promise<{ readonly kind: "silent" }> {
  if (signal.aborted) return Promise.resolve({ kind: "silent" });
  return new Promise((resolve) =>
    signal.addEventListener("abort", () => resolve({ kind: "silent" }), { once: true })
  );
}

function thrown(error: unknown): CaseEnd {
  return { end: "infra-error", reason: `the target threw: ${messageOf(error)}` };
}

function isWhole(reply: Waited<CaseEnd>): boolean {
  return reply.kind === "value" && reply.value.end === "completed";
}

/** What a late answer is worth: a target that says what went wrong is believed, any other timed out. */
function tooLate(end: CaseEnd, kind: "value" | "rejected", timeoutMs: number): CaseEnd {
  if (kind === "value" && end.end !== "completed") return end;
  return {
    end: "timeout",
    reason: `no end within ${timeoutMs} ms; the target answered when it was told to stop`,
  };
}
