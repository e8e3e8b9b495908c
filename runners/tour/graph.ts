/**
 * The graph of a universe: every abstract state that can be reached, and every operation in it with what it gives.
 *
 * It is found breadth-first, by replaying the shortest way to each state in a kernel of its own. Where two ways to
 * the same state answer differently, the state does not say enough; such edges are listed and never toured silently.
 *
 * @module
 */
import { describeOutcome } from "../../cases/describe.ts";
import type { Event, Observation } from "../../spec/observation.ts";
import type { Dialect } from "../simulator/rules.ts";
import type { Move } from "./moves.ts";
import { movesOf } from "./operations.ts";
import { type View, viewOf } from "./state.ts";
import type { Universe } from "./universe.ts";
import { type Taken, World } from "./world.ts";

/** An operation in a state. */
export interface Edge {
  /** Its place in the graph. */
  readonly id: number;
  /** The state, by its place in the graph. */
  readonly from: number;
  /** The operation and the object it is about, as in `map b0.i1`. */
  readonly key: string;
  /** The state that it leads to. */
  readonly to: number;
  /** What it gives, without names. */
  readonly gives: string;
}

/** An abstract state. */
export interface Node {
  /** Its place in the graph. */
  readonly id: number;
  /** What it is, in words. */
  readonly state: string;
  /** How many calls are under way in it. */
  readonly pending: number;
  /** What can be done in it. */
  readonly edges: readonly Edge[];
}

/** An edge that depends on how its state was reached. */
export interface Ambiguity {
  /** The state, in words. */
  readonly state: string;
  /** Which of its edges. */
  readonly key: string;
  /** What it gave after two ways to the state. */
  readonly gives: readonly [string, string];
}

/** All states of a universe. */
export interface Graph {
  readonly universe: Universe;
  readonly dialect: Dialect;
  readonly nodes: readonly Node[];
  /** How many edges there are. */
  readonly edges: number;
  /** How often a call would have blocked when no further call may; no edge. */
  readonly beyond: number;
  /** Edges on which two ways to the same state disagree. */
  readonly ambiguous: readonly Ambiguity[];
}

/** How to build a graph. */
export interface GraphOptions {
  /** How many other ways to each state are tried out; 1 unless said otherwise. */
  readonly witnesses?: number | undefined;
  /** Leaves out operations that need steps which the target does not have. */
  readonly can?: ((move: Move) => boolean) | undefined;
  /** Is told now and then how many states are done and known. */
  readonly progress?: ((done: number, known: number) => void) | undefined;
  /** The most states to visit. */
  readonly limit?: number | undefined;
}

/** A state while the graph is built. */
interface Found {
  readonly id: number;
  readonly state: string;
  readonly pending: number;
  readonly edges: Edge[];
  /** The shortest way to it. */
  readonly way: readonly Move[];
  /** Other ways to it. */
  readonly others: (readonly Move[])[];
}

/** Builds the graph of a universe. */
export function buildGraph(dialect: Dialect, universe: Universe, options: GraphOptions = {}): Graph {
  const builder = new Builder(dialect, universe, options);
  builder.explore();
  return builder.graph();
}

class Builder {
  readonly #dialect: Dialect;
  readonly #universe: Universe;
  readonly #options: GraphOptions;
  readonly #witnesses: number;
  readonly #nodes: Found[] = [];
  readonly #byState = new Map<string, Found>();
  #edges = 0;
  #beyond = 0;

  constructor(dialect: Dialect, universe: Universe, options: GraphOptions) {
    this.#dialect = dialect;
    this.#universe = universe;
    this.#options = options;
    this.#witnesses = options.witnesses ?? 1;
  }

  explore(): void {
    const { state } = viewOf(new World(this.#dialect, this.#universe));
    this.#reach({ state, pending: 0 }, []);
    for (let next = 0; next < this.#nodes.length; next++) {
      this.#options.progress?.(next, this.#nodes.length);
      const node = this.#nodes[next];
      if (node) this.#visit(node);
    }
  }

  graph(): Graph {
    return {
      universe: this.#universe,
      dialect: this.#dialect,
      nodes: this.#nodes,
      edges: this.#edges,
      beyond: this.#beyond,
      ambiguous: this.#nodes.flatMap((node) => this.#ambiguities(node)),
    };
  }

  #visit(node: Found): void {
    for (const [move, step] of stepsFrom(this.#dialect, this.#universe, node, this.#options.can)) {
      if (step === "beyond") {
        this.#beyond++;
        continue;
      }
      const to = this.#reach(step, [...node.way, move], node);
      const { gives } = step;
      node.edges.push({ id: this.#edges++, from: node.id, key: move.key, to: to.id, gives });
    }
  }

  #reach({ state, pending }: Pick<Step, "state" | "pending">, way: readonly Move[], from?: Found): Found {
    const known = this.#byState.get(state);
    if (known) {
      if (known.others.length < this.#witnesses && from !== known) known.others.push(way);
      return known;
    }
    const { limit = Infinity } = this.#options;
    if (this.#nodes.length >= limit) throw new Error(`Cannot tour a universe of more than ${limit} states`);
    const found = { id: this.#nodes.length, state, pending, edges: [], way, others: [] };
    this.#nodes.push(found);
    this.#byState.set(state, found);
    return found;
  }

  #ambiguities(node: Found): Ambiguity[] {
    return node.others.flatMap((way) => {
      const { state } = node;
      const seen = [...stepsFrom(this.#dialect, this.#universe, { way, state }, this.#options.can)];
      const given = new Map(
        seen.map(([{ key }, step]) => [key, step === "beyond" ? step : `${step.gives} -> ${step.state}`]),
      );
      return node.edges.flatMap((edge): Ambiguity[] => {
        const expected = outcomeOf({ nodes: this.#nodes }, edge);
        const other = given.get(edge.key) ?? "is not offered";
        return other === expected ? [] : [{ state, key: edge.key, gives: [expected, other] }];
      });
    });
  }
}

/** What an edge gives and where it leads, in words. */
export function outcomeOf({ nodes }: Pick<Graph, "nodes">, { gives, to }: Edge): string {
  return `${gives} -> ${nodes[to]?.state ?? ""}`;
}

/** What a move gave and where it led. */
interface Step {
  readonly gives: string;
  readonly state: string;
  /** How many calls are under way afterwards. */
  readonly pending: number;
}

/**
 * Makes every move of a state, each in a world that has come the same way. A move that changed nothing leaves its
 * world for the next one.
 */
function* stepsFrom(
  dialect: Dialect,
  universe: Universe,
  { way, state }: Pick<Found, "way" | "state">,
  can: GraphOptions["can"] = () => true,
): Generator<readonly [Move, Step | "beyond"]> {
  let [world, view] = replay(dialect, universe, way);
  const count = movesOf(world, view).length;
  for (let index = 0; index < count; index++) {
    const move = movesOf(world, view)[index];
    if (!move || !can(move)) continue;
    const names = namesOf(view);
    const taken = makeMove(world, move);
    const after = viewOf(world);
    const pending = world.pending.length;
    const step = { gives: describeTaken(taken, names), state: after.state, pending };
    yield [move, pending > universe.pending ? "beyond" : step];
    if (after.state === state) view = after;
    else if (index < count - 1) [world, view] = replay(dialect, universe, way);
  }
}

function replay(dialect: Dialect, universe: Universe, way: readonly Move[]): [World, View] {
  const world = new World(dialect, universe);
  for (const move of way) makeMove(world, move);
  return [world, viewOf(world)];
}

/** Makes a move in a world. */
export function makeMove(world: World, move: Move): Taken {
  return world.take(move.key, move.make(world));
}

/** The states of importers by their names: what stands for the name of an importer in what a move gives. */
export function namesOf({ buffers }: View): ReadonlyMap<string, string> {
  return new Map(
    buffers.flatMap(({ importers }) => importers.map(({ object, state }) => [object.name, state] as const)),
  );
}

/** What a move gave, without names: equal for interchangeable histories. */
export function describeTaken({ observations }: Taken, names: ReadonlyMap<string, string>): string {
  return observations.map((observation) => describe(observation, names)).join("; then ");
}

function describe({ outcome, events, log }: Observation, names: ReadonlyMap<string, string>): string {
  const seen = events.map((event) => describeEvent(event, names)).sort();
  const warned = log.map(({ text }) => `warns ${text}`);
  const ended = outcome.kind === "blocked" ? "blocks" : describeOutcome(outcome);
  return [ended, ...seen, ...warned].join(", ");
}

function describeEvent(event: Event, names: ReadonlyMap<string, string>): string {
  if (!("attachment" in event)) return event.event;
  const who = names.get(event.attachment) ?? "a new importer";
  return event.event === "remap" ? `remap of ${who}: ${event.errno}` : `${event.event} of ${who}`;
}
