/**
 * Every sequence of operations up to a depth, on the model and on a target.
 *
 * A tour takes each edge once, by one way; this takes every way. Of interchangeable objects only the first is used,
 * and a target is played only the longest sequences, since each of them contains its beginnings. Where the target
 * goes another way, what would follow is left out.
 *
 * @module
 */
import { caseIdSchema } from "../../spec/ids.ts";
import type { Program } from "../../cases/program.ts";
import type { Observation } from "../../spec/observation.ts";
import { compare, type Divergence } from "../fuzz/differ.ts";
import type { Arranged, Played } from "../fuzz/mod.ts";
import type { Player } from "../fuzz/play.ts";
import type { Dialect } from "../simulator/mod.ts";
import type { Session } from "../simulator/session.ts";
import { makeMove } from "./graph.ts";
import type { Move } from "./moves.ts";
import { movesOf } from "./operations.ts";
import { withoutBytes } from "./sequence.ts";
import { viewOf } from "./state.ts";
import type { Universe } from "./universe.ts";
import { World } from "./world.ts";

/**
 * Watches a session of the model over one operation: asked before it, and after it told what must not be.
 *
 * @internal
 */
export type Invariants = (session: Session) => () => readonly string[];

/** How to enumerate. */
export interface DepthOptions {
  /** How many operations a sequence has. */
  readonly depth: number;
  /** What is asked of every state of the model; nothing where it is left out. */
  readonly invariants?: Invariants | undefined;
  /** Is told now and then how many sequences have been played. */
  readonly progress?: ((sequences: number) => void) | undefined;
  /** Stops the enumeration. */
  readonly signal?: AbortSignal | undefined;
}

/** A sequence that shows something. */
export interface Shown<T> {
  readonly what: T;
  /** The operation at which it shows. */
  readonly operation: string;
  /** The state in which that was done. */
  readonly state: string;
  /** The whole program, with what the model saw of it. */
  readonly arranged: Arranged;
}

/** What became of an enumeration. */
export interface Enumeration {
  /** Sequences that were played on the target. */
  readonly sequences: number;
  /** Beginnings of sequences, each a history of the model that was looked at. */
  readonly histories: number;
  readonly divergences: readonly Shown<Divergence>[];
  /** Broken invariants of the model. */
  readonly violations: readonly Shown<string>[];
  /** What the target did wrong as a target. */
  readonly failures: readonly string[];
}

/** Plays every sequence of a universe up to a depth. */
export async function enumerate(
  dialect: Dialect,
  universe: Universe,
  player: Player,
  options: DepthOptions,
): Promise<Enumeration> {
  const enumerator = new Enumerator(dialect, universe, player, options);
  await enumerator.visit([]);
  return enumerator;
}

class Enumerator implements Enumeration {
  sequences = 0;
  histories = 0;
  readonly divergences: Shown<Divergence>[] = [];
  readonly violations: Shown<string>[] = [];
  readonly failures: string[] = [];
  readonly #dialect: Dialect;
  readonly #universe: Universe;
  readonly #player: Player;
  readonly #options: DepthOptions;

  constructor(dialect: Dialect, universe: Universe, player: Player, options: DepthOptions) {
    this.#dialect = dialect;
    this.#universe = universe;
    this.#player = player;
    this.#options = options;
  }

  /**
   * Plays every sequence that begins in a way.
   *
   * @returns how many moves of the way the target goes with; all of them unless it diverges before
   */
  async visit(way: readonly Move[]): Promise<number> {
    const { depth, signal, invariants } = this.#options;
    const history = new History(this.#dialect, this.#universe, way, invariants);
    const { world } = history;
    if (world.pending.length > this.#universe.pending) return way.length;
    this.histories++;
    this.#check(history);
    const moves = way.length < depth ? movesOf(world, viewOf(world)) : [];
    if (moves.length === 0) return await this.#play(history);
    for (const move of moves) {
      if (signal?.aborted) break;
      const agreed = await this.visit([...way, move]);
      if (agreed < way.length) return agreed;
    }
    return way.length;
  }

  #check(history: History): void {
    for (const what of history.broken) {
      if (this.violations.some((known) => known.what === what)) continue;
      this.violations.push({ what, ...history.describe(history.way.length - 1) });
    }
  }

  async #play(history: History): Promise<number> {
    this.sequences++;
    this.#options.progress?.(this.sequences);
    const { program, expected, way } = history;
    const seen = await this.#player.play(program);
    const comparison = compare(program, withoutBytes(program, expected), withoutBytes(program, seen));
    switch (comparison.result) {
      case "same":
        return way.length;
      case "unsupported":
        return history.moveAt(comparison.index);
      case "target-error":
        this.failures.push(comparison.reason);
        return history.moveAt(seen.observations.length);
      case "differs": {
        const move = history.moveAt(comparison.divergence.index);
        this.divergences.push({ what: comparison.divergence, ...history.describe(move) });
        return move;
      }
    }
  }
}

/** A way through a universe, made in a world. */
class History {
  readonly world: World;
  readonly way: readonly Move[];
  /** What the last move broke. */
  readonly broken: readonly string[];
  /** The step with which each move begins. */
  readonly #begins: readonly number[];
  #expected: Played | undefined;

  constructor(dialect: Dialect, universe: Universe, way: readonly Move[], invariants?: Invariants) {
    this.world = new World(dialect, universe);
    this.way = way;
    let broken: readonly string[] = [];
    this.#begins = way.map((move, index) => {
      const begin = this.world.steps.length;
      const isLast = index === way.length - 1;
      const watch = isLast ? invariants?.(this.world.session) : undefined;
      const { observations } = makeMove(this.world, move);
      if (watch) broken = this.#look(watch, observations);
      return begin;
    });
    this.broken = broken;
  }

  /** Asks what is broken. The events have been taken out of the kernel by then, so they are shown once more. */
  #look(watch: () => readonly string[], observations: readonly Observation[]): readonly string[] {
    const { kernel } = this.world.session;
    kernel.events = observations.flatMap(({ events }) => events);
    const broken = watch();
    kernel.events = [];
    return broken;
  }

  get program(): Program {
    return { case: PROGRAM, steps: this.world.steps };
  }

  /** What the model saw; the world is cleaned up by it. */
  get expected(): Played {
    const { observations, session } = this.world;
    return this.#expected ??= { observations, end: { end: "completed", post: session.cleanUp() } };
  }

  /** The move that a step belongs to. */
  moveAt(step: number): number {
    return Math.max(0, this.#begins.findLastIndex((begin) => begin <= step));
  }

  /** The move and the state in which it was made. */
  describe(move: number): Omit<Shown<unknown>, "what"> {
    const { dialect, universe } = this.world;
    const before = new History(dialect, universe, this.way.slice(0, move)).world;
    const { program, expected, world } = this;
    const arranged = { program, steps: world.written, expected };
    return { operation: this.way[move]?.key ?? "", state: viewOf(before).state, arranged };
  }
}

const PROGRAM = caseIdSchema.parse("tour/depth");
