/**
 * What a tour costs: the graph of the model, the sequences, and playing them.
 *
 * @module
 */
import { DEFAULT_DIALECT, type Simulator, simulator } from "../simulator/mod.ts";
import { buildGraph } from "./graph.ts";
import { tour, tourToDepth, UNIVERSES } from "./mod.ts";
import { cover } from "./paths.ts";
import { writeSequence } from "./sequence.ts";

const universes = UNIVERSES.filter(({ id }) => id === "importers");
const graphs = universes.map((universe) => buildGraph(DEFAULT_DIALECT, universe));

function open(): Simulator {
  return simulator(DEFAULT_DIALECT);
}

Deno.bench("the graph", { group: "two importers", baseline: true }, () => {
  for (const universe of universes) buildGraph(DEFAULT_DIALECT, universe, { witnesses: 0 });
});

Deno.bench("the graph, each state reached in a second way", { group: "two importers" }, () => {
  for (const universe of universes) buildGraph(DEFAULT_DIALECT, universe, { witnesses: 1 });
});

Deno.bench("the sequences", { group: "two importers" }, () => {
  for (const { nodes } of graphs) cover(nodes);
});

Deno.bench("the sequences as programs", { group: "two importers" }, () => {
  for (const graph of graphs) {
    for (const path of cover(graph.nodes)) writeSequence(graph, path, "tour/bench");
  }
});

Deno.bench("the whole tour", { group: "two importers" }, async () => {
  await tour(DEFAULT_DIALECT, open, { universes });
});

Deno.bench("every sequence of three operations", { group: "two importers" }, async () => {
  await tourToDepth(DEFAULT_DIALECT, open, { universes, depth: 3 });
});
