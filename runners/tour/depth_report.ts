/**
 * Every sequence of operations up to a depth, in all universes, as a report.
 *
 * @module
 */
import type { Program } from "../../cases/program.ts";
import { Player, TargetLost } from "../fuzz/play.ts";
import type { Dialect } from "../simulator/mod.ts";
import type { Target } from "../target.ts";
import { enumerate, type Enumeration, type Invariants } from "./depth.ts";
import { describedTarget, type TourDivergence, type TourReport } from "./tour.ts";
import { type Universe, UNIVERSES } from "./universe.ts";
import { messageOf } from "../../spec/message_of.ts";

/** A state of the model that must not be. */
export interface Violation {
  /** What is wrong. */
  readonly what: string;
  /** The operation that led there. */
  readonly operation: string;
  /** The state before. */
  readonly state: string;
  /** The whole history. */
  readonly program: Program;
}

/** What became of the sequences of a universe. */
export interface UniverseDepth {
  /** The universe. */
  readonly universe: string;
  /** What it is about. */
  readonly title: string;
  /** Sequences that were played on the target. */
  readonly sequences: number;
  /** Beginnings of sequences, each a history of the model that was looked at. */
  readonly histories: number;
  /** Ways in which the target is not the model. */
  readonly divergences: readonly TourDivergence[];
  /** States of the model that must not be. */
  readonly violations: readonly Violation[];
}

/** What became of an exhaustive enumeration. */
export interface DepthReport extends Omit<TourReport, "schema" | "universes"> {
  /** The version of this shape. */
  readonly schema: typeof DEPTH_SCHEMA;
  /** How many operations a sequence has. */
  readonly depth: number;
  /** What became of each universe. */
  readonly universes: readonly UniverseDepth[];
}

/** The version of {@link DepthReport}. */
export const DEPTH_SCHEMA = "dmabuf-conform/tour-depth/1";

/** How to enumerate. */
export interface DepthOptions {
  /** How many operations a sequence has. */
  readonly depth: number;
  /** The universes to visit; all unless said otherwise. */
  readonly universes?: readonly Universe[] | undefined;
  /** What is asked of every state of the model; nothing where it is left out. */
  readonly invariants?: Invariants | undefined;
  /** Wall time for one sequence, in milliseconds; 60 seconds unless said otherwise. */
  readonly timeoutMs?: number | undefined;
  /** Wall time to answer an abort, a reset or a close, in milliseconds; 5 seconds unless said otherwise. */
  readonly graceMs?: number | undefined;
  /** Is told how far it is. */
  readonly progress?: ((done: number, what: string) => void) | undefined;
  /** Stops the enumeration. */
  readonly signal?: AbortSignal | undefined;
}

/** Why an enumeration that somebody has ended was not taken to its end. */
const INTERRUPTED = "the enumeration was interrupted";

/**
 * Plays every sequence of operations up to a depth on a target.
 *
 * @param dialect the model
 * @param open opens the target; again when it had to be closed
 * @param options how
 */
export async function tourToDepth(
  dialect: Dialect,
  open: () => Target | Promise<Target>,
  options: DepthOptions,
): Promise<DepthReport> {
  const { timeoutMs = 60_000, graceMs = 5_000, signal, depth } = options;
  const target = describedTarget(open, signal);
  const player = new Player(target.open, { timeoutMs, graceMs, signal });
  const universes: UniverseDepth[] = [];
  const failures: string[] = [];
  let stopped: string | undefined;
  for (const universe of options.universes ?? UNIVERSES) {
    try {
      const { id } = universe;
      const progress = (sequences: number) => options.progress?.(sequences, `${id}: sequences played`);
      const found = await enumerate(dialect, universe, player, { ...options, progress });
      universes.push(reportOf(universe, found));
      failures.push(...new Set(found.failures));
    } catch (error) {
      if (!(error instanceof TargetLost)) throw error;
      if (signal?.aborted) {
        stopped = INTERRUPTED;
        break;
      }
      stopped = messageOf(error);
      failures.push(stopped);
      break;
    }
    if (signal?.aborted) {
      stopped = INTERRUPTED;
      break;
    }
  }
  await player.close();
  const about = { target: target.description(), dialect: dialect.id, depth };
  return { schema: DEPTH_SCHEMA, ...about, universes, stopped, failures };
}

function reportOf({ id, title }: Universe, found: Enumeration): UniverseDepth {
  const { sequences, histories } = found;
  const groups = Map.groupBy(
    found.divergences,
    ({ operation, what: { aspect, kind } }) =>
      [operation.split(" ")[0], aspect, kind.expected, kind.seen].join("\n"),
  );
  const divergences = [...groups.values()].flatMap((group): TourDivergence[] => {
    const [first] = group;
    if (!first) return [];
    const { operation, state, arranged, what } = first;
    return [{ operation, state, divergence: what, edges: group.length, arranged }];
  });
  const violations = found.violations.map(({ what, operation, state, arranged }) => ({
    what,
    operation,
    state,
    program: arranged.program,
  }));
  return { universe: id, title, sequences, histories, divergences, violations };
}
