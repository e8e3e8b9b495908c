/**
 * The fuzzer: plays random programs on a target and on the model; where something differs it shortens the program, and
 * goes on to look for another difference.
 *
 * Generation and shrinking are those of fast-check. Which programs are played is decided by the seed alone, so that a
 * fuzzing can go on later where it ended. A difference is found once: while the program that shows it is shortened only
 * the same difference counts. Afterwards the steps that show it are left out, and so are those that the target cannot
 * do, so that the rest of a program is compared all the same.
 *
 * @module
 */
import fc from "fast-check";
import { type Dialect, simulator } from "../simulator/mod.ts";
import type { Target } from "../target.ts";
import { arrange, type Arranged, operationAt } from "./arrange.ts";
import { compare, type Comparison, type Divergence } from "./differ.ts";
import { drawsOf } from "./draw.ts";
import type { Fate } from "./fate.ts";
import { Hopeless } from "./hopeless.ts";
import { type Played, Player, TargetLost } from "./play.ts";
import { cut, type Likewise, simplify, thin } from "./shorten.ts";
import { type Vocabulary, vocabularyOf } from "./vocabulary.ts";
import { weave, withoutSteps, type Woven } from "./weave.ts";
import { messageOf } from "../../spec/message_of.ts";

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
  /** The number of the first program, where an earlier fuzzing with the same seed has played those before it. */
  readonly from?: number | undefined;
  /** Differences that were found before, as {@link Fate} names them; they are passed over. */
  readonly known?: readonly string[] | undefined;
  /**
   * How a program is shortened: by draws takes hundreds of plays and makes arguments simple as well; by steps takes a
   * few dozen. By draws unless said otherwise.
   */
  readonly shorten?: Shortening | undefined;
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
  /** Is told what became of each program, those of the shortening not counted. */
  readonly played?: ((fate: Fate) => void) | undefined;
  /** Is told of each finding as soon as it is shortened; the fuzzer goes on when it is done. */
  readonly found?: ((finding: Finding) => void | Promise<void>) | undefined;
}

/** How a program is shortened. */
export type Shortening = "by draws" | "by steps";

/** A difference between target and model, with a short program that shows it. */
export interface Finding {
  /** The operation that shows it, or `after the program`. */
  readonly operation: string;
  /** What tells the difference from others. */
  readonly key: string;
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
  /** What became of each of them, in order. */
  readonly fates: readonly Fate[];
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

/** What decides a program. */
interface Origin {
  readonly number: number;
  readonly seed: number;
  readonly path: string;
}

/** What is known of the program that is played, while it is. */
interface Account {
  steps: number;
  readonly leftOut: Fate["leftOut"][number][];
  readonly differences: Set<string>;
  reason?: string | undefined;
}

/** What became of one play of a program. */
type Play =
  | { readonly kind: "same"; readonly steps: number }
  | { readonly kind: "shown"; readonly shown: Shown }
  | { readonly kind: "failed"; readonly reason: string };

class Fuzzer {
  readonly #options: FuzzOptions;
  readonly #maxSteps: number;
  readonly #model;
  readonly #player: Player;
  readonly #begin = performance.now();
  readonly #findings: Finding[] = [];
  readonly #fates: Fate[] = [];
  readonly #known: Set<string>;
  readonly #hopeless = new Hopeless();
  readonly #targetErrors = new Map<string, Trouble>();
  readonly #modelErrors = new Map<string, Trouble>();
  #errorsInARow = 0;
  #ended: FuzzEnd | undefined;
  #slice = performance.now();
  /** Which program is played; none before the first. */
  #origin: Origin | undefined;
  /** What is known of it; nothing while a program is shortened. */
  #account: Account | undefined;
  /** What is being shortened, and the shortest program so far. */
  #chased: Shown | undefined = undefined;

  constructor(options: FuzzOptions) {
    this.#options = options;
    this.#maxSteps = options.maxSteps ?? MAX_STEPS;
    this.#known = new Set(options.known);
    this.#model = simulator(options.against);
    const { timeoutMs = 60_000, graceMs = 5_000, signal } = options;
    this.#player = new Player(options.open, { timeoutMs, graceMs, signal });
  }

  async run(): Promise<FuzzResult> {
    const vocabulary = await this.#vocabulary();
    if (vocabulary) await this.#programs(vocabulary);
    return {
      findings: this.#findings,
      runs: this.#fates.length,
      fates: this.#fates,
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

  async #programs(vocabulary: Vocabulary): Promise<void> {
    const { seed, path, runs = Infinity, from = 0 } = this.#options;
    const programs = drawsOf(this.#maxSteps, vocabulary).map((draws) => weave(draws, vocabulary));
    if (path !== undefined) return await this.#playProgram(programs, { number: from, seed, path });
    for (let number = from; !this.#isOver(runs); number++) {
      await this.#playProgram(programs, { number, ...programOfSeed(seed, number) });
    }
  }

  async close(): Promise<void> {
    await this.#player.close();
  }

  #isOver(runs: number): boolean {
    const { timeMs = Infinity, signal } = this.#options;
    if (signal?.aborted) this.#ended ??= "interrupted";
    else if (performance.now() - this.#begin >= timeMs) this.#ended ??= "time";
    else if (this.#fates.length >= runs) this.#ended ??= "runs";
    return this.#ended !== undefined;
  }

  /** Plays a program again and again until it shows nothing new. */
  async #playProgram(programs: fc.Arbitrary<Woven>, origin: Origin): Promise<void> {
    this.#origin = origin;
    const account: Account = { steps: 0, leftOut: [], differences: new Set() };
    while (await this.#findsMore(programs, origin, account));
    if (account.steps === 0 && this.#ended !== undefined && account.reason === undefined) return;
    const fate = { ...origin, ...account, fate: fateOf(account), differences: [...account.differences] };
    this.#fates.push(fate);
    this.#options.played?.(fate);
  }

  /** Plays a program up to its first new difference, shortens that and keeps it, if there is one. */
  async #findsMore(programs: fc.Arbitrary<Woven>, origin: Origin, account: Account): Promise<boolean> {
    this.#chased = undefined;
    this.#account = Object.assign(account, { steps: 0, leftOut: [] });
    const found = await this.#checked(programs, origin);
    this.#account = undefined;
    if (!found) return false;
    account.differences.add(found.shown.key);
    await this.#keep(await this.#shortened(found.shown), origin.seed, found.path);
    return this.#ended === undefined;
  }

  /** Has fast-check make a program, play it, and shorten it by draws where it is to. */
  async #checked(
    programs: fc.Arbitrary<Woven>,
    { seed, path }: Origin,
  ): Promise<{ readonly shown: Shown; readonly path: string } | undefined> {
    const endOnFailure = this.#options.shorten === "by steps";
    const property = fc.asyncProperty(programs, (woven) => this.#holds(woven));
    const checked = await fc.check(property, { seed, path, numRuns: 1, endOnFailure });
    const { counterexamplePath, errorInstance } = checked;
    if (errorInstance && !isFalsified(errorInstance)) throw errorInstance;
    const shown = this.#chased;
    return shown && counterexamplePath !== null ? { shown, path: counterexamplePath } : undefined;
  }

  async #shortened(shown: Shown): Promise<Shown> {
    const likewise: Likewise<Shown> = async (woven) => {
      if (this.#isOver(Infinity)) return undefined;
      const play = await this.#play(woven);
      return play?.kind === "shown" && play.shown.key === shown.key ? play.shown : undefined;
    };
    if (this.#options.shorten !== "by steps") return await thin(shown, likewise);
    return await simplify(await thin(await cut(shown, likewise), likewise), likewise);
  }

  async #keep({ key, woven: _, ...shown }: Shown, seed: number, path: string): Promise<void> {
    this.#known.add(key);
    const finding = { ...shown, key, seed, path, maxSteps: this.#maxSteps };
    this.#findings.push(finding);
    await this.#options.found?.(finding);
  }

  /** Whether a program shows nothing new. Once it is over, nothing is played and everything holds. */
  async #holds(woven: Woven): Promise<boolean> {
    await this.#breathe();
    if (this.#isOver(Infinity)) return true;
    const shown = this.#chased ? await this.#shownBy(woven) : await this.#newIn(woven);
    if (!shown || (this.#chased && this.#chased.key !== shown.key)) return true;
    this.#chased = shown;
    this.#account = undefined;
    return false;
  }

  async #shownBy(woven: Woven): Promise<Shown | undefined> {
    const play = await this.#play(woven);
    return play?.kind === "shown" ? play.shown : undefined;
  }

  /** What a program shows that is new; the steps that show what is known are left out, and the rest is played anew. */
  async #newIn(woven: Woven): Promise<Shown | undefined> {
    const account = this.#account;
    for (let rest = woven;;) {
      const play = await this.#play(rest);
      if (account && play?.kind === "same") account.steps = play.steps;
      if (account && play?.kind === "failed") account.reason = play.reason;
      if (play?.kind !== "shown") return undefined;
      const { shown } = play;
      if (!this.#known.has(shown.key)) return shown;
      account?.differences.add(shown.key);
      if (account) account.steps = shown.divergence.index;
      const without = withoutShown(shown);
      if (!without) return undefined;
      rest = without;
    }
  }

  /** Plays a program, without the steps that target or model cannot do; nothing where the target is lost. */
  async #play(woven: Woven): Promise<Play | undefined> {
    for (let rest = this.#withoutHopeless(woven);;) {
      const arranged = this.#arranged(() => arrange(rest, this.#model));
      if ("reason" in arranged) return { kind: "failed", ...arranged };
      const seen = await this.#played(arranged);
      if (!seen) return undefined;
      this.#learn(arranged, seen);
      const comparison = compare(arranged.program, arranged.expected, seen);
      if (comparison.result !== "unsupported") {
        return this.#judged(comparison, { woven: rest, arranged, seen });
      }
      rest = this.#withoutUnable(rest, arranged, seen);
    }
  }

  /** Notes which steps the target can do. */
  #learn({ program, steps }: Arranged, { observations }: Played): void {
    for (const { step: id, outcome } of observations) {
      const action = program.steps.find((each) => each.id === id);
      const step = action && steps.get(action.action === "finish" ? action.of : action.id);
      if (!step || outcome.kind === "skipped") continue;
      if (outcome.kind === "unsupported") this.#hopeless.cannot(step, outcome.reason);
      else this.#hopeless.did(step);
    }
  }

  /** A program without the steps that the target has never been able to do. */
  #withoutHopeless(woven: Woven): Woven {
    const hopeless = new Set<string>();
    for (const step of [...woven.steps, ...woven.closing]) {
      const reason = this.#hopeless.reason(step);
      if (reason === undefined) continue;
      hopeless.add(step.id);
      if (woven.steps.includes(step)) this.#account?.leftOut.push({ operation: step.operation, reason });
    }
    return hopeless.size === 0 ? woven : withoutSteps(woven, hopeless);
  }

  /** A program without the steps that target or model cannot do. */
  #withoutUnable(woven: Woven, { program, steps, expected }: Arranged, seen: Played): Woven {
    const unable = new Set<string>();
    for (const [index, action] of program.steps.entries()) {
      const id = action.action === "finish" ? action.of : action.id;
      const outcome = [seen, expected].map(({ observations }) => observations[index]?.outcome)
        .find((each) => each?.kind === "unsupported");
      if (outcome?.kind !== "unsupported" || unable.has(id)) continue;
      unable.add(id);
      this.#account?.leftOut.push({ operation: steps.get(id)?.operation ?? id, reason: outcome.reason });
    }
    return withoutSteps(woven, unable);
  }

  #arranged(action: () => Arranged): Arranged | { readonly reason: string } {
    try {
      return action();
    } catch (error) {
      const reason = messageOf(error);
      this.#trouble(this.#modelErrors, reason);
      return { reason };
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
      if (this.#options.signal?.aborted) {
        this.#ended = "interrupted";
        return undefined;
      }
      if (!(error instanceof TargetLost)) throw error;
      this.#trouble(this.#targetErrors, error.message);
      this.#ended = "target";
      return undefined;
    }
  }

  #judged(
    comparison: Exclude<Comparison, { readonly result: "unsupported" }>,
    played: Pick<Shown, "woven" | "arranged" | "seen">,
  ): Play | undefined {
    if (comparison.result === "target-error") return this.#targetError(comparison.reason);
    this.#errorsInARow = 0;
    if (comparison.result === "same") return { kind: "same", steps: played.arranged.program.steps.length };
    const { divergence } = comparison;
    const operation = operationAt(played.arranged, divergence.index);
    const key = JSON.stringify([operation, divergence.kind.expected, divergence.kind.seen]);
    return { kind: "shown", shown: { ...played, divergence, key, operation } };
  }

  #targetError(reason: string): Play | undefined {
    if (this.#options.signal?.aborted) return undefined;
    this.#trouble(this.#targetErrors, reason);
    if (++this.#errorsInARow >= MAX_TARGET_ERRORS) this.#ended = "target";
    return { kind: "failed", reason };
  }

  /** Remembers what was wrong, and which program showed it. */
  #trouble(troubles: Map<string, Trouble>, reason: string): void {
    if (troubles.has(reason)) return;
    const { seed, path } = this.#origin ?? {};
    troubles.set(reason, path === undefined ? { reason } : { reason, seed, path });
  }

  #breathe(): Promise<void> | undefined {
    if (performance.now() - this.#slice < SLICE_MS) return undefined;
    this.#options.progress?.(this.#fates.length, this.#findings.length);
    return new Promise((resolve) =>
      setTimeout(() => {
        this.#slice = performance.now();
        resolve();
      }, 0)
    );
  }
}

/** The seed and the path of a program, by its number. */
function programOfSeed(seed: number, number: number): Pick<Origin, "seed" | "path"> {
  return { seed: (seed + Math.floor(number / ROUND)) % 2 ** 31, path: String(number % ROUND) };
}

function fateOf({ steps, differences, reason }: Account): Fate["fate"] {
  if (reason !== undefined) return "failed";
  if (differences.size > 0) return "different";
  return steps === 0 ? "nothing left" : "same";
}

/** A program without the step that shows something, or nothing where no step does. */
function withoutShown({ woven, arranged: { program }, divergence: { index } }: Shown): Woven | undefined {
  const step = program.steps[index];
  if (!step) return undefined;
  const without = withoutSteps(woven, new Set([step.action === "finish" ? step.of : step.id]));
  return without.steps.length < woven.steps.length ? without : undefined;
}

/** The property does not throw by itself; fast-check makes an error of every `false`. */
function isFalsified(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("Property failed by returning false");
}
