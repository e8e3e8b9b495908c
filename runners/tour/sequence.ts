/**
 * A sequence of edges as a program with names, and what the model sees of it.
 *
 * @module
 */
import type { Program, ProgramStep } from "../../cases/program.ts";
import { caseIdSchema } from "../../spec/ids.ts";
import type { Observation } from "../../spec/observation.ts";
import type { Arranged, Played } from "../fuzz/mod.ts";
import { describeTaken, type Edge, type Graph, makeMove, namesOf, outcomeOf } from "./graph.ts";
import { movesOf } from "./operations.ts";
import type { Path } from "./paths.ts";
import { viewOf } from "./state.ts";
import { World } from "./world.ts";

/** A sequence, ready to be played. */
export interface Sequence extends Arranged {
  /** The edges that it takes. */
  readonly path: Path;
  /** The edge that each step belongs to; `undefined` for the set-up. */
  readonly edges: readonly (Edge | undefined)[];
  /** The first edge on which the model itself is not as the graph says, if any; the sequence ends with it. */
  readonly astray?: Astray | undefined;
}

/** An edge on which the model is not as the graph says. */
export interface Astray {
  readonly edge: Edge;
  /** What it gave this time, and where it led. */
  readonly gives: string;
}

/** Writes a sequence: makes its moves on the model, and notes the steps and what is seen of them. */
export function writeSequence(graph: Graph, path: Path, name: string): Sequence {
  const world = new World(graph.dialect, graph.universe);
  const edges: (Edge | undefined)[] = world.steps.map(() => undefined);
  const done: Edge[] = [];
  let astray: Astray | undefined;
  for (const edge of path) {
    const gives = follow(world, edge, edges);
    if (gives !== outcomeOf(graph, edge)) {
      astray = { edge, gives };
      break;
    }
    done.push(edge);
  }
  const program = { case: caseIdSchema.parse(name), steps: world.steps };
  const observations = world.observations;
  const expected: Played = { observations, end: { end: "completed", post: world.session.cleanUp() } };
  return { program, steps: world.written, expected, path: done, edges, astray };
}

/** Makes the move of an edge; says what it gave and where it led, and notes the edge for each of its steps. */
function follow(world: World, edge: Edge, edges: (Edge | undefined)[]): string {
  const view = viewOf(world);
  const move = movesOf(world, view).find(({ key }) => key === edge.key);
  if (!move) return "is not offered";
  const taken = makeMove(world, move);
  edges.push(...taken.steps.map(() => edge));
  return `${describeTaken(taken, namesOf(view))} -> ${viewOf(world).state}`;
}

/** Operations whose value is what some memory holds, which is nobody's promise. */
const BYTES: ReadonlySet<string> = new Set(["memory.load", "importer.dma_read"]);

/** What was played, without the bytes that were read from memory. */
export function withoutBytes(program: Program, played: Played): Played {
  const observations = played.observations.map((observation, index) =>
    readsBytes(program.steps, index) ? withoutValue(observation) : observation
  );
  return { ...played, observations };
}

function readsBytes(steps: readonly ProgramStep[], index: number): boolean {
  const step = steps[index];
  if (step?.action === "call" || step?.action === "start") return BYTES.has(step.operation);
  const begun = step?.action === "finish" ? steps.findIndex(({ id }) => id === step.of) : -1;
  return begun >= 0 && begun < index && readsBytes(steps, begun);
}

function withoutValue(observation: Observation): Observation {
  if (observation.outcome.kind !== "returned") return observation;
  return { ...observation, outcome: { kind: "returned", value: null } };
}
