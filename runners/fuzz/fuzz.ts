/**
 * The fuzzer: plays random programs on a target and on the model until something differs, shortens the program, and
 * goes on to look for another difference.
 *
 * Generation and shrinking are those of fast-check. A difference is found once: while the program that shows it is
 * shortened only the same difference counts, and afterwards it is passed over.
 *
 * @module
 */
import fc from "fast-check";
import { messageOf } from "../deadline.ts";
import { type Dialect, simulator } from "../simulator/mod.ts";
import type { Target } from "../target.ts";
import { arrange, type Arranged, operationAt } from "./arrange.ts";
import { compare, type Comparison, type Divergence } from "./differ.ts";
import { drawsOf } from "./draw.ts";
import { type Played, Player, TargetLost } from "./play.ts";
import { type Vocabulary, vocabularyOf } from "./vocabulary.ts";
import { weave, withoutStep, type Woven, type WovenStep } from "./weave.ts";

/** How to fuzz. */
export interface FuzzOptions {
  /** Opens the target; called again where it has to be opened anew. */
  readonly open: () => Target | Promise<Target>;
  /** The model that the target is held against. */
  readonly against: Dialect;
  /** Decides everything that is random. */
  readonly seed: number;
  /** Plays only the program of this path of the seed, and shortens it if it can. */
  readonly path?: string | undefined;
  /** How many programs are played at most; no limit where it is left out. */
  readonly runs?: number | undefined;
  /** How long to go on, in milliseconds; no limit where it is left out. */
  readonly timeMs?: number | undefined;
  /** How many steps are drawn for a program at most. */
  readonly maxSteps?: number | undefined;
  /** Wall time for one program on the target, in milliseconds; 60 seconds unless said otherwise. */
  readonly timeoutMs?: number | undefined;
  /** How long the target may take to answer an abort, a reset or a close, in milliseconds. */
  readonly graceMs?: number | undefined;
  /** Ends the fuzzing; what was found is given. */
  readonly signal?: AbortSignal | undefined;
  /** Is told now and then how many programs have been played. */
  readonly progress?: ((runs: number, findings: number) => void) | undefined;
  /** Is told of each finding as soon as it is shortened; the fuzzer goes on when it is done. */
  readonly found?: ((finding: Finding) => void | Promise<void>) | undefined;
}

/** A difference between target and model, with a short program that shows it. */
export interface Finding {
  /** The operation that shows it, or `after the program`. */
  readonly operation: string;
  /** Where and what. */
  readonly divergence: Divergence;
  /** The program, with what the model saw. */
  readonly arranged: Arranged;
  /** What the target saw. */
  readonly seen: Played;
  /** What makes the program again, together with the path and the greatest number of steps. */
  readonly seed: number;
  /** The way from the seed to the program. */
  readonly path: string;
  /** The greatest number of steps that the program was drawn with. */
  readonly maxSteps: number;
}

/** Something that target or model did wrong, and the program that showed it first, where it was a program. */
export interface Trouble {
  /** What was wrong. */
  readonly reason: string;
  /** What makes the program again, together with the path. */
  readonly seed?: number | undefined;
  /** The way from the seed to the program. */
  readonly path?: string | undefined;
}

/** Why fuzzing ended. */
export type FuzzEnd = "runs" | "time" | "interrupted" | "target";

/** What came of fuzzing. */
export interface FuzzResult {
  /** The findings, in the order in which they came. */
  readonly findings: readonly Finding[];
  /** How many programs were played, those of the shortening not counted. */
  readonly runs: number;
  /** What the target did wrong as a target, each once. */
  readonly targetErrors: readonly Trouble[];
  /** What the model did wrong, each once; mistakes in the suite. */
  readonly modelErrors: readonly Trouble[];
  /** Why it ended. */
  readonly ended: FuzzEnd;
  /** Wall time in milliseconds. */
  readonly durationMs: number;
}

/** How many steps are drawn for a program at most, unless said otherwise. */
export const MAX_STEPS = 24;

/** How many programs share a seed. */
const ROUND = 100;

/** After how many errors of the target in a row there is no use in going on. */
const MAX_TARGET_ERRORS = 10;

/** How long the fuzzer runs before it lets timers and signals have their turn, in milliseconds. */
const SLICE_MS = 20;

/** Plays random programs on a target and on a model, and collects in what they differ. */
export async function fuzz(options: FuzzOptions): Promise<FuzzResult> {
  const fuzzer = new Fuzzer(options);
  try {
    return await fuzzer.run();
  } finally {
    await fuzzer.close();
  }
}

/** What one program showed. */
interface Shown {
  readonly woven: Woven;
  readonly arranged: Arranged;
  readonly seen: Played;
  readonly divergence: Divergence;
  /** What tells the finding from others. */
  readonly key: string;
  readonly operation: string;
}

/** What decides the programs of a round. */
interface Round {
  readonly seed: number;
  readonly numRuns: number;
  readonly path?: string;
}

class Fuzzer {
  readonly #options: FuzzOptions;
  readonly #maxSteps: number;
  readonly #model;
  readonly #player: Player;
  readonly #begin = performance.now();
  readonly #findings: Finding[] = [];
  readonly #known = new Set<string>();
  readonly #targetErrors = new Map<string, Trouble>();
  readonly #modelErrors = new Map<string, Trouble>();
  #runs = 0;
  #errorsInARow = 0;
  #ended: FuzzEnd | undefined;
  #slice = performance.now();
  /** The round, and which of its programs is played; -1 before the first. */
  #round: Round | undefined;
  #index = -1;
  /** What is being shortened, and the shortest program so far. */
  #chased: Shown | undefined = undefined;

  constructor(options: FuzzOptions) {
    this.#options = options;
    this.#maxSteps = options.maxSteps ?? MAX_STEPS;
    this.#model = simulator(options.against);
    const { timeoutMs = 60_000, graceMs = 5_000, signal } = options;
    this.#player = new Player(options.open, { timeoutMs, graceMs, signal });
  }

  async run(): Promise<FuzzResult> {
    const vocabulary = await this.#vocabulary();
    if (vocabulary) await this.#rounds(vocabulary);
    return {
      findings: this.#findings,
      runs: this.#runs,
      targetErrors: [...this.#targetErrors.values()],
      modelErrors: [...this.#modelErrors.values()],
      ended: this.#ended ?? "runs",
      durationMs: performance.now() - this.#begin,
    };
  }

  /** What the target and the model both have. */
  async #vocabulary(): Promise<Vocabulary | undefined> {
    const model = this.#model.describe().operations;
    const target = await this.#lost(async () => (await this.#player.describe()).operations);
    if (!target) return undefined;
    const vocabulary = vocabularyOf(model.filter((operation) => target.includes(operation)));
    if (vocabulary.operations.length > 0) return vocabulary;
    this.#trouble(this.#targetErrors, "the target and the model have no operation in common");
    this.#ended = "target";
    return undefined;
  }

  async #rounds(vocabulary: Vocabulary): Promise<void> {
    const { seed, path, runs = Infinity } = this.#options;
    const programs = drawsOf(this.#maxSteps, vocabulary).map((draws) => weave(draws, vocabulary));
    if (path !== undefined) return await this.#playRound(programs, { seed, path, numRuns: 1 });
    for (let round = 0; !this.#isOver(runs); round++) {
      const numRuns = Math.min(ROUND, runs - this.#runs);
      await this.#playRound(programs, { seed: (seed + round) % 2 ** 31, numRuns });
    }
  }

  async close(): Promise<void> {
    await this.#player.close();
  }

  #isOver(runs: number): boolean {
    const { timeMs = Infinity, signal } = this.#options;
    if (signal?.aborted) this.#ended ??= "interrupted";
    else if (performance.now() - this.#begin >= timeMs) this.#ended ??= "time";
    else if (this.#runs >= runs) this.#ended ??= "runs";
    return this.#ended !== undefined;
  }

  /** Plays programs of one seed up to the first new finding, and shortens that. */
  async #playRound(programs: fc.Arbitrary<Woven>, round: Round): Promise<void> {
    this.#chased = undefined;
    this.#round = round;
    this.#index = -1;
    const property = fc.asyncProperty(programs, (woven) => this.#holds(woven));
    const { counterexamplePath, errorInstance } = await fc.check(property, round);
    if (errorInstance && !isFalsified(errorInstance)) throw errorInstance;
    if (this.#chased && counterexamplePath !== null) {
      await this.#keep(await this.#thinned(this.#chased), round.seed, counterexamplePath);
    }
  }

  /**
   * Leaves out every step without which the same shows, those included that were only added so that nothing stays
   * blocked. The shortening by draws cannot: it leaves nothing out any more once it has made draws simpler.
   */
  async #thinned(shown: Shown): Promise<Shown> {
    const { closing } = shown.woven;
    const { program, steps } = shown.arranged;
    const played = program.steps.flatMap(({ id }) => steps.get(id) ?? []);
    let best = await this.#likewise(shown, closedBy(closing, played)) ?? shown;
    for (let index = best.woven.steps.length - 1; index >= 0; index--) {
      const without = await this.#likewise(best, closedBy(closing, withoutStep(best.woven.steps, index)));
      if (without && lengthOf(without) < lengthOf(best)) best = without;
    }
    return best;
  }

  /** What a program shows, if that is the same. */
  async #likewise({ key }: Shown, woven: Woven): Promise<Shown | undefined> {
    const shown = await this.#show(woven);
    return shown?.key === key ? shown : undefined;
  }

  async #keep({ key, woven: _, ...shown }: Shown, seed: number, path: string): Promise<void> {
    this.#known.add(key);
    const finding = { ...shown, seed, path, maxSteps: this.#maxSteps };
    this.#findings.push(finding);
    await this.#options.found?.(finding);
  }

  /** Whether a program shows nothing new. Once it is over, nothing is played and everything holds. */
  async #holds(woven: Woven): Promise<boolean> {
    await this.#breathe();
    if (this.#isOver(Infinity)) return true;
    if (!this.#chased) {
      this.#runs++;
      this.#index++;
    }
    const shown = await this.#show(woven);
    if (!shown || this.#known.has(shown.key)) return true;
    if (this.#chased && this.#chased.key !== shown.key) return true;
    this.#chased = shown;
    return false;
  }

  async #show(woven: Woven): Promise<Shown | undefined> {
    const arranged = this.#arranged(() => arrange(woven, this.#model));
    if (!arranged) return undefined;
    const seen = await this.#played(arranged);
    if (!seen) return undefined;
    return this.#judged(compare(arranged.program, arranged.expected, seen), { woven, arranged, seen });
  }

  #arranged(action: () => Arranged): Arranged | undefined {
    try {
      return action();
    } catch (error) {
      this.#trouble(this.#modelErrors, messageOf(error));
      return undefined;
    }
  }

  #played({ program }: Arranged): Promise<Played | undefined> {
    return this.#lost(() => this.#player.play(program));
  }

  /** Does something with the target, or ends the fuzzing where the target is lost. */
  async #lost<T>(action: () => Promise<T>): Promise<T | undefined> {
    try {
      return await action();
    } catch (error) {
      if (!(error instanceof TargetLost)) throw error;
      this.#trouble(this.#targetErrors, error.message);
      this.#ended = "target";
      return undefined;
    }
  }

  #judged(
    comparison: Comparison,
    played: Pick<Shown, "woven" | "arranged" | "seen">,
  ): Shown | undefined {
    if (comparison.result === "target-error") return this.#targetError(comparison.reason);
    this.#errorsInARow = 0;
    if (comparison.result !== "differs") return undefined;
    const { divergence } = comparison;
    const operation = operationAt(played.arranged, divergence.index);
    const key = JSON.stringify([operation, divergence.kind.expected, divergence.kind.seen]);
    return { ...played, divergence, key, operation };
  }

  #targetError(reason: string): undefined {
    if (this.#options.signal?.aborted) return;
    this.#trouble(this.#targetErrors, reason);
    if (++this.#errorsInARow >= MAX_TARGET_ERRORS) this.#ended = "target";
  }

  /** Remembers what was wrong, and which program of the round showed it; that of a replay is known already. */
  #trouble(troubles: Map<string, Trouble>, reason: string): void {
    if (troubles.has(reason)) return;
    const { seed, path = this.#index < 0 ? undefined : String(this.#index) } = this.#round ?? {};
    troubles.set(reason, path === undefined ? { reason } : { reason, seed, path });
  }

  #breathe(): Promise<void> | undefined {
    if (performance.now() - this.#slice < SLICE_MS) return undefined;
    this.#options.progress?.(this.#runs, this.#findings.length);
    return new Promise((resolve) =>
      setTimeout(() => {
        this.#slice = performance.now();
        resolve();
      }, 0)
    );
  }
}

function lengthOf({ arranged: { program } }: Shown): number {
  return program.steps.length;
}

/** A program of some steps, with those of the closing ones that it has not and that can be added to it. */
function closedBy(closing: readonly WovenStep[], steps: readonly WovenStep[]): Woven {
  const isGiven = (name: string) => steps.some(({ bind }) => bind === name);
  return { steps, closing: closing.filter((step) => !steps.includes(step) && step.uses.every(isGiven)) };
}

/** The property does not throw by itself; fast-check makes an error of every `false`. */
function isFalsified(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("Property failed by returning false");
}
