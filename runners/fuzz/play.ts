/**
 * Plays a program on a target and tells apart what the target saw and what the target itself did wrong.
 *
 * @module
 */
import type { Program } from "../../cases/program.ts";
import type { CaseEnd, Observation } from "../../spec/observation.ts";
import { Limit, settled, unlessAborted, within } from "../deadline.ts";
import { onAbort } from "../on_abort.ts";
import type { Target, TargetDescription } from "../target.ts";
import { describeMisreport, type Misreport, Witness } from "../witness.ts";
import { messageOf } from "../../spec/message_of.ts";

/** What became of a program. */
export interface Played {
  /** What was seen, in order. */
  readonly observations: readonly Observation[];
  /** How it ended. */
  readonly end: CaseEnd;
}

/** How long a target may take. */
export interface PlayOptions {
  /** Wall time for one program, in milliseconds. */
  readonly timeoutMs: number;
  /** Wall time to answer an abort, a reset or a close, in milliseconds. */
  readonly graceMs: number;
  /** Wall time to say what it is, in milliseconds: a machine may have to be made and booted for that. */
  readonly describeMs?: number | undefined;
  /** Aborts the program under way. */
  readonly signal?: AbortSignal | undefined;
}

/** How long a target may take to say what it is, unless said otherwise, in milliseconds. */
const DESCRIBE_MS = 600_000;

/** How long programs are played before timers and signals have their turn, in milliseconds. */
const SLICE_MS = 20;

/** How often a target may be opened anew. */
const MAX_RESTARTS = 3;

/** Why a program is aborted when the fuzzing or the tour is stopped; what the target says of it then tells nothing. */
export const INTERRUPTED = "the fuzzer was interrupted";

/** The target can no longer be used; nothing more can be played. */
export class TargetLost extends Error {
  override readonly name = "TargetLost";
}

/** A target with everything that is needed to play one program after the other. */
export class Player {
  readonly #open: () => Target | Promise<Target>;
  readonly #options: PlayOptions;
  #target: Target | undefined;
  #restarts = 0;
  #slice = performance.now();
  /** A report that came after the end of its program; it makes the next program suspect. */
  #late: Misreport | undefined;

  constructor(open: () => Target | Promise<Target>, options: PlayOptions) {
    this.#open = open;
    this.#options = options;
  }

  /**
   * Plays a program. What the target does wrong becomes an end that is not `completed`.
   *
   * @throws {TargetLost} if the target cannot be opened, or had to be opened anew too often
   */
  async play(program: Program): Promise<Played> {
    await this.#breathe();
    const target = this.#target ??= await this.#opened();
    const controller = new AbortController();
    const witness = new Witness(program, () => {}, (misreport) => {
      if (misreport.kind === "after-the-end") this.#late ??= misreport;
      else controller.abort(describeMisreport(misreport));
    });
    const answer = await this.#answer(target, program, witness, controller);
    const end = this.#suspect(witness.end(answer ?? noAnswer(this.#options)));
    if (!answer) await this.close();
    else if (end.end !== "completed") await this.#reset(target);
    return { observations: witness.observations, end };
  }

  /**
   * What the target says of itself.
   *
   * @throws {TargetLost} if it cannot be opened or does not say; the reason of the signal where that is aborted first
   */
  async describe(): Promise<TargetDescription> {
    const { describeMs = DESCRIBE_MS, signal } = this.#options;
    const target = this.#target ??= await this.#opened().catch((error: unknown) => {
      signal?.throwIfAborted();
      throw error;
    });
    const asked = unlessAborted(answerOf(() => target.describe()), signal);
    const told = await within(asked, describeMs);
    if (told.kind === "value") return told.value;
    await this.close();
    signal?.throwIfAborted();
    const why = told.kind === "rejected" ? messageOf(told.error) : "no answer";
    throw new TargetLost(`the target does not say what it is: ${why}`);
  }

  /** Lets timers and signals have their turn now and then: a target that answers at once keeps them from it. */
  async #breathe(): Promise<void> {
    if (performance.now() - this.#slice < SLICE_MS) return;
    await new Promise((resolve) => setTimeout(resolve, 0));
    this.#slice = performance.now();
  }

  /** Lets go of the target. */
  async close(): Promise<void> {
    const target = this.#target;
    this.#target = undefined;
    if (target) await within(answerOf(() => target.close()), this.#options.graceMs);
  }

  async #opened(): Promise<Target> {
    if (this.#restarts++ > MAX_RESTARTS) throw new TargetLost("the target had to be opened anew too often");
    try {
      return await this.#open();
    } catch (error) {
      throw new TargetLost(`the target could not be opened: ${messageOf(error)}`, { cause: error });
    }
  }

  /** What the target answers; nothing where it does not answer even to the abort. */
  #answer(
    target: Target,
    program: Program,
    witness: Witness,
    controller: AbortController,
  ): CaseEnd | Promise<CaseEnd | undefined> {
    try {
      const answer = target.run(program, witness.observe, controller.signal);
      return answer instanceof Promise ? this.#wait(answer, controller) : answer;
    } catch (error) {
      return thrown(error);
    }
  }

  async #wait(answer: Promise<CaseEnd>, controller: AbortController): Promise<CaseEnd | undefined> {
    const { timeoutMs, graceMs, signal } = this.#options;
    using _watched = onAbort(signal, () => controller.abort(INTERRUPTED));
    const limit = new Limit(timeoutMs);
    try {
      const reply = await Promise.race([settled(answer), limit.passed, aborted(controller.signal)]);
      if (reply.kind === "value") return reply.value;
      if (reply.kind === "rejected") return thrown(reply.error);
      controller.abort(`no end within ${timeoutMs} ms`);
      const late = await within(answer, graceMs);
      if (late.kind === "silent") return undefined;
      const ended = late.kind === "value" && late.value.end !== "completed";
      return ended ? late.value : { end: "timeout", reason: `no end within ${timeoutMs} ms` };
    } finally {
      limit.clear();
    }
  }

  #suspect(end: CaseEnd): CaseEnd {
    if (!this.#late) return end;
    const reason = describeMisreport(this.#late);
    this.#late = undefined;
    return { end: "infra-error", reason };
  }

  async #reset(target: Target): Promise<void> {
    const reset = await within(answerOf(() => target.reset()), this.#options.graceMs);
    if (reset.kind !== "value") await this.close();
  }
}

async function answerOf<T>(action: () => T | Promise<T>): Promise<T> {
  return await action();
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

function noAnswer({ timeoutMs, graceMs }: PlayOptions): CaseEnd {
  const reason = `no end within ${timeoutMs} ms, and no answer to the abort within ${graceMs} ms`;
  return { end: "timeout", reason };
}
