/**
 * The tour: takes every edge of the model on a target, and says where the target goes another way.
 *
 * After a divergence the target is in a state that the model does not know, so the rest of the sequence says nothing.
 * What was not reached is tried again by other ways, until only that is left which can be reached through divergences
 * alone.
 *
 * @module
 */
import { unlessAborted } from "../deadline.ts";
import { compare } from "../fuzz/differ.ts";
import type { Arranged, Divergence } from "../fuzz/mod.ts";
import { Player, TargetLost } from "../fuzz/play.ts";
import type { Dialect } from "../simulator/mod.ts";
import type { Target, TargetDescription } from "../target.ts";
import { type Ambiguity, buildGraph, type Edge, type Graph, type GraphOptions, outcomeOf } from "./graph.ts";
import { cover, type Path, shortestWay, wayOut } from "./paths.ts";
import { type Astray, type Sequence, withoutBytes, writeSequence } from "./sequence.ts";
import { type Universe, UNIVERSES, withPlainDevice } from "./universe.ts";
import { messageOf } from "../../spec/message_of.ts";

/** Why an edge was not taken. */
export type NotTakenReason =
  /** It can only be reached through edges that were not taken, most often one on which the target diverges. */
  | "behind what was not taken"
  /** The target does not have the operation. */
  | "not supported"
  /** The target failed, and not as the kernel that it shows. */
  | "the target failed"
  /** Two ways to the state answer differently on the model itself. */
  | "ambiguous in the model"
  /** The tour was stopped first. */
  | "not reached";

/** An edge that was not taken. */
export interface NotTaken {
  /** The state in which it begins. */
  readonly state: string;
  /** The operation. */
  readonly operation: string;
  /** Why. */
  readonly reason: NotTakenReason;
}

/** A way in which the target is not the model. */
export interface TourDivergence {
  /** The operation at which it shows, or the one before the clean-up. */
  readonly operation: string;
  /** The state in which the operation was done. */
  readonly state: string;
  /** What differs: what the model did, what the target did, and at which step of the program. */
  readonly divergence: Divergence;
  /** On how many edges the same was seen. */
  readonly edges: number;
  /** A short program that shows it, with what the model saw of it. Every call that blocks is waited for. */
  readonly arranged: Arranged;
}

/** What became of a universe. */
export interface UniverseReport {
  /** The universe. */
  readonly universe: string;
  /** What it is about. */
  readonly title: string;
  /** Abstract states of the model. */
  readonly states: number;
  /** Operations in them, each counted in every state in which it can be done. */
  readonly edges: number;
  /** Edges that were taken and led where the model says. */
  readonly taken: number;
  /** Edges on which the target diverged. */
  readonly diverged: number;
  /** Programs that were played. */
  readonly sequences: number;
  /** Steps of them. */
  readonly steps: number;
  /** Ways in which the target is not the model, those on the most edges first. */
  readonly divergences: readonly TourDivergence[];
  /** The edges that were not taken, and why. */
  readonly notTaken: readonly NotTaken[];
  /** Edges on which the model itself is of two minds. */
  readonly ambiguous: readonly Ambiguity[];
}

/** What became of a tour. */
export interface TourReport {
  /** The version of this shape. */
  readonly schema: typeof TOUR_SCHEMA;
  /** The target, as it describes itself. */
  readonly target: Pick<TargetDescription, "id" | "name" | "version" | "kernel">;
  /** The dialect whose edges were taken. */
  readonly dialect: string;
  /** What became of each universe. */
  readonly universes: readonly UniverseReport[];
  /** Why the tour did not come to its end, if so. */
  readonly stopped?: string | undefined;
  /** What the target did wrong as a target. */
  readonly failures: readonly string[];
}

/** The version of {@link TourReport}. */
export const TOUR_SCHEMA = "dmabuf-conform/tour/1";

const MAX_DIVERGENCES = 2000;

/** In how many states a target is asked for an operation that it has done in none. */
const MAX_REFUSALS = 3;

/** How often in a row a target may fail as a target. */
const MAX_FAILURES = 5;

/** How to tour. */
export interface TourOptions {
  /** The universes to visit; all unless said otherwise. */
  readonly universes?: readonly Universe[] | undefined;
  /** How many edges a sequence has; 40 unless said otherwise. */
  readonly length?: number | undefined;
  /** Wall time for one sequence, in milliseconds; 60 seconds unless said otherwise. */
  readonly timeoutMs?: number | undefined;
  /** Wall time to answer an abort, a reset or a close, in milliseconds; 5 seconds unless said otherwise. */
  readonly graceMs?: number | undefined;
  /** After how many edges with a divergence a universe is left; 2000 unless said otherwise. */
  readonly maxDivergences?: number | undefined;
  /** Is told how far the tour is. */
  readonly progress?: ((done: number, total: number, what: string) => void) | undefined;
  /** Is told as soon as the tour comes to its end too early, and why; what was taken is counted afterwards. */
  readonly stopping?: ((why: string) => void) | undefined;
  /** Stops the tour. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Takes every edge of a dialect on a target.
 *
 * @param dialect the model
 * @param open opens the target; again when it had to be closed
 * @param options how
 * @throws {TargetLost} if the target cannot be opened, or does not say what it is, before anything is taken; the reason
 *   of `options.signal` where that is aborted before
 */
export async function tour(
  dialect: Dialect,
  open: () => Target | Promise<Target>,
  options: TourOptions = {},
): Promise<TourReport> {
  const { timeoutMs = 60_000, graceMs = 5_000, signal } = options;
  const described = describedTarget(open, signal);
  const player = new Player(described.open, { timeoutMs, graceMs, signal });
  await player.describe();
  const guide = new Guide(player, options);
  const universes: UniverseReport[] = [];
  for (const universe of options.universes ?? UNIVERSES) {
    const report = await guide.visit(dialect, universe);
    universes.push(isClosed(report) ? await guide.visit(dialect, withPlainDevice(universe)) : report);
  }
  await player.close();
  const { stopped, failures } = guide;
  const about = { target: described.description(), dialect: dialect.id };
  return { schema: TOUR_SCHEMA, ...about, universes, stopped, failures };
}

/** Whether the target has no device such as the universe begins with. */
function isClosed({ notTaken, edges }: UniverseReport): boolean {
  return edges > 0 && notTaken.length === edges && notTaken.every(({ reason }) => reason === "not supported");
}

/** A target that is asked what it is as soon as it is opened. */
export function describedTarget(open: () => Target | Promise<Target>, signal?: AbortSignal): {
  readonly open: () => Promise<Target>;
  readonly description: () => TourReport["target"];
} {
  let known: TargetDescription | undefined;
  return {
    async open() {
      const target = await open();
      try {
        known ??= await unlessAborted(target.describe(), signal);
        return target;
      } catch (error) {
        await target.close();
        throw error;
      }
    },
    description() {
      const { id = "", name = "", version = "", kernel = "" } = known ?? {};
      return { id, name, version, kernel };
    },
  };
}

/** Why a tour that somebody has ended was not taken to its end. */
const INTERRUPTED = "the tour was interrupted";

/** What is known of an edge so far. */
type Fate = "taken" | "diverged" | NotTakenReason;

/** A divergence on one edge. */
interface Found {
  readonly edge: Edge;
  readonly divergence: Divergence;
  readonly sequence: Sequence;
  /** The edges up to the one that diverges. */
  readonly way?: Path | undefined;
}

class Guide {
  readonly failures: string[] = [];
  #stopped: string | undefined;
  #failuresInARow = 0;
  readonly #player: Player;
  readonly #options: TourOptions;

  constructor(player: Player, options: TourOptions) {
    this.#player = player;
    this.#options = options;
  }

  /** Why the tour did not come to its end, if so. */
  get stopped(): string | undefined {
    return this.#stopped;
  }

  #stop(why: string): void {
    if (this.#stopped !== undefined) return;
    this.#stopped = why;
    this.#options.stopping?.(why);
  }

  async visit(dialect: Dialect, universe: Universe): Promise<UniverseReport> {
    const { progress, maxDivergences = MAX_DIVERGENCES } = this.#options;
    const graph = graphOf(dialect, universe, (done, known) => {
      progress?.(done, known, `${universe.id}: states of the model`);
    });
    const visit = new Visit(graph);
    while (this.stopped === undefined && visit.closed === undefined && visit.found.length < maxDivergences) {
      const paths = cover(graph.nodes, {
        wanted: visit.wanted(),
        avoided: visit.avoided,
        length: this.#options.length,
      });
      if (paths.length === 0) break;
      for (const path of paths) await this.#play(visit, path);
    }
    return await this.#report(visit);
  }

  async #play(visit: Visit, path: Path): Promise<void> {
    const { progress, signal, maxDivergences = MAX_DIVERGENCES } = this.#options;
    if (signal?.aborted) this.#stop(INTERRUPTED);
    const possible = visit.open(path);
    const enough = visit.found.length >= maxDivergences;
    const over = this.stopped !== undefined || visit.closed !== undefined || enough;
    if (over || possible.length === 0) return;
    const sequence = writeSequence(
      visit.graph,
      possible,
      `tour/${visit.graph.universe.id}/${visit.sequences}`,
    );
    const result = await this.#compared(sequence);
    if (result === undefined) return;
    if (result.result !== "target-error") this.#failuresInARow = 0;
    visit.sequences++;
    visit.steps += sequence.program.steps.length;
    if (sequence.astray) visit.strayed(sequence.astray);
    switch (result.result) {
      case "same":
        visit.took(sequence, sequence.program.steps.length);
        break;
      case "unsupported":
        visit.took(sequence, result.index);
        visit.failedAt(sequence, result.index, "not supported");
        break;
      case "target-error":
        visit.took(sequence, result.reached);
        visit.failedAt(sequence, result.reached, "the target failed");
        this.#failed(result.reason);
        break;
      case "differs":
        visit.took(sequence, result.divergence.index);
        visit.diverged(sequence, result.divergence);
    }
    progress?.(visit.done(), visit.graph.edges, `${visit.graph.universe.id}: edges taken`);
  }

  #failed(reason: string): void {
    if (!this.failures.includes(reason)) this.failures.push(reason);
    if (++this.#failuresInARow >= MAX_FAILURES) {
      this.#stop(`the target failed ${MAX_FAILURES} times in a row`);
    }
  }

  async #compared(sequence: Sequence) {
    const { program, expected } = sequence;
    try {
      const seen = await this.#player.play(program);
      const comparison = compare(program, withoutBytes(program, expected), withoutBytes(program, seen));
      return comparison.result === "target-error"
        ? { ...comparison, reached: seen.observations.length }
        : comparison;
    } catch (error) {
      if (!(error instanceof TargetLost)) throw error;
      if (this.#options.signal?.aborted) return void this.#stop(INTERRUPTED);
      this.#stop(messageOf(error));
      this.failures.push(messageOf(error));
      return undefined;
    }
  }

  async #report(visit: Visit): Promise<UniverseReport> {
    const { maxDivergences = MAX_DIVERGENCES } = this.#options;
    const { graph, sequences, steps } = visit;
    const divergences: TourDivergence[] = [];
    for (const group of groupsOf(visit.found)) divergences.push(await this.#describe(graph, group));
    return {
      universe: graph.universe.id,
      title: graph.universe.title,
      states: graph.nodes.length,
      edges: graph.edges,
      taken: visit.count("taken"),
      diverged: visit.count("diverged"),
      sequences,
      steps,
      divergences: divergences.sort((a, b) => b.edges - a.edges),
      notTaken: visit.notTaken(this.stopped !== undefined || visit.found.length >= maxDivergences),
      ambiguous: visit.ambiguous,
    };
  }

  /** Describes a group of divergences by the one that was found nearest to the first state. */
  async #describe(graph: Graph, group: readonly Found[]): Promise<TourDivergence> {
    const [nearest] = group.toSorted((a, b) => a.edge.from - b.edge.from);
    if (!nearest) throw new Error("Cannot describe a divergence that nobody found");
    const { edge, divergence, sequence } = await this.#shortened(graph, nearest);
    return {
      operation: edge.key,
      state: graph.nodes[edge.from]?.state ?? "",
      divergence,
      edges: group.length,
      arranged: sequence,
    };
  }

  /** The same divergence by the shortest way, or else by the way on which it was found, without its detours. */
  async #shortened(graph: Graph, found: Found): Promise<Found> {
    const { edge, sequence: { path } } = found;
    const direct = await this.#again(graph, found, [...shortestWay(graph.nodes, edge.from), edge]);
    if (direct) return direct;
    let best = await this.#again(graph, found, path.slice(0, path.lastIndexOf(edge) + 1)) ?? found;
    for (let at = 0; at < best.sequence.path.length; at++) {
      for (const shorter of withoutDetours(best.way ?? [], at)) {
        const again = await this.#again(graph, found, shorter);
        if (again) best = again;
        if (again) break;
      }
    }
    return best;
  }

  /** The same divergence by another way, if it shows there. */
  async #again(graph: Graph, { edge, divergence }: Found, way: Path): Promise<Found | undefined> {
    if (this.stopped !== undefined) return undefined;
    const path = [...way, ...wayOut(graph.nodes, way.at(-1)?.to ?? 0)];
    const sequence = writeSequence(graph, path, `tour/${graph.universe.id}/shortest`);
    const result = await this.#compared(sequence);
    if (result?.result !== "differs" || !isAlike(result.divergence, divergence)) return undefined;
    return { edge, divergence: result.divergence, sequence, way };
  }
}

function isAlike(one: Divergence, other: Divergence): boolean {
  return one.aspect === other.aspect && one.kind.expected === other.kind.expected &&
    one.kind.seen === other.kind.seen;
}

/** A way without what lies between two visits of the state that it is in at a place, the longest detour first. */
function* withoutDetours(way: Path, at: number): Generator<Path> {
  const state = way[at]?.from;
  for (let end = way.length - 1; end > at; end--) {
    if (way[end]?.from === state) yield [...way.slice(0, at), ...way.slice(end)];
  }
}

const graphs = new WeakMap<Dialect, Map<Universe, Graph>>();

/** The graph of a universe; it is built once, since nothing but the model decides it. */
function graphOf(dialect: Dialect, universe: Universe, progress: GraphOptions["progress"]): Graph {
  const known = graphs.get(dialect) ?? new Map<Universe, Graph>();
  graphs.set(dialect, known);
  const graph = known.get(universe) ?? buildGraph(dialect, universe, { progress });
  known.set(universe, graph);
  return graph;
}

/** A universe while it is visited. */
class Visit {
  readonly graph: Graph;
  readonly fates = new Map<Edge, Fate>();
  readonly found: Found[] = [];
  readonly ambiguous: Ambiguity[];
  sequences = 0;
  steps = 0;
  /** Why nothing more can be taken, where the target does not even get to the first state. */
  closed: NotTakenReason | undefined;
  readonly #edges: readonly Edge[];
  /** In how many states the target was not able to do an operation. */
  readonly #refusals = new Map<string, number>();
  readonly #done = new Set<string>();

  constructor(graph: Graph) {
    this.graph = graph;
    this.ambiguous = [...graph.ambiguous];
    this.#edges = graph.nodes.flatMap(({ edges }) => edges);
  }

  /** The edges that nothing is known of yet. */
  wanted(): ReadonlySet<Edge> {
    return new Set(this.#edges.filter((edge) => !this.fates.has(edge)));
  }

  /** The edges behind which the target is somewhere else. */
  get avoided(): ReadonlySet<Edge> {
    return new Set([...this.fates].filter(([, fate]) => fate !== "taken").map(([edge]) => edge));
  }

  /** The part of a path before the first edge that has come to be avoided. */
  open(path: Path): Path {
    const bad = path.findIndex((edge) => (this.fates.get(edge) ?? "taken") !== "taken");
    const possible = bad < 0 ? path : path.slice(0, bad);
    return possible.some((edge) => !this.fates.has(edge)) ? possible : [];
  }

  /** Notes that the target went with the model before a step. */
  took({ edges, path }: Sequence, before: number): void {
    const whole = new Set(path);
    edges.forEach((edge, index) => {
      const last = edges[index + 1] !== edge;
      if (edge && last && index < before && whole.has(edge) && !this.fates.has(edge)) {
        this.fates.set(edge, "taken");
        this.#done.add(operationOf(edge));
      }
    });
  }

  failedAt(sequence: Sequence, index: number, reason: NotTakenReason): void {
    const edge = edgeAt(sequence, index);
    if (edge) this.fates.set(edge, reason);
    else if (reason === "not supported") this.closed = reason;
    if (edge && reason === "not supported") this.#refused(operationOf(edge));
  }

  /** Takes no edge of an operation any more that the target was able to do in no state. */
  #refused(operation: string): void {
    const refusals = (this.#refusals.get(operation) ?? 0) + 1;
    this.#refusals.set(operation, refusals);
    if (refusals < MAX_REFUSALS || this.#done.has(operation)) return;
    for (const edge of this.#edges) {
      if (operationOf(edge) === operation && !this.fates.has(edge)) this.fates.set(edge, "not supported");
    }
  }

  diverged(sequence: Sequence, divergence: Divergence): void {
    const inSetUp = edgeAt(sequence, divergence.index) === undefined;
    if (inSetUp) this.closed = "behind what was not taken";
    const edge = edgeAt(sequence, divergence.index) ?? sequence.path[0];
    if (!edge) return;
    this.found.push({ edge, divergence, sequence });
    this.#done.add(operationOf(edge));
    if (divergence.aspect !== "afterwards") this.fates.set(edge, "diverged");
  }

  strayed({ edge, gives }: Astray): void {
    const { state = "" } = this.graph.nodes[edge.from] ?? {};
    this.fates.set(edge, "ambiguous in the model");
    this.ambiguous.push({ state, key: edge.key, gives: [outcomeOf(this.graph, edge), gives] });
  }

  done(): number {
    return this.fates.size;
  }

  count(fate: Fate): number {
    return [...this.fates.values()].filter((each) => each === fate).length;
  }

  notTaken(stopped: boolean): readonly NotTaken[] {
    return this.#edges.flatMap((edge): NotTaken[] => {
      const fate = this.fates.get(edge) ?? this.closed ??
        (stopped ? "not reached" : "behind what was not taken");
      if (fate === "taken" || fate === "diverged") return [];
      return [{ state: this.graph.nodes[edge.from]?.state ?? "", operation: edge.key, reason: fate }];
    });
  }
}

function operationOf({ key }: Edge): string {
  return key.split(" ")[0] ?? key;
}

/** The edge that a step belongs to; the last edge for what shows only afterwards. */
function edgeAt({ edges }: Sequence, index: number): Edge | undefined {
  return edges[Math.min(index, edges.length - 1)];
}

/** Divergences that look alike, at the same operation. */
function groupsOf(found: readonly Found[]): readonly (readonly Found[])[] {
  const groups = Map.groupBy(
    found,
    ({ edge, divergence: { aspect, kind } }) =>
      [aspect === "afterwards" ? "" : operationOf(edge), aspect, kind.expected, kind.seen].join("\n"),
  );
  return [...groups.values()];
}
