/**
 * Sequences that take every edge of a graph: few, and short enough to be read.
 *
 * From where it is, a sequence takes what has not been taken, what leaves the state alone first; then it walks to the
 * nearest state where something is left. Where starting anew is nearer, or the sequence is long enough, it ends.
 *
 * @module
 */
import type { Edge, Node } from "./graph.ts";

/** What to cover. */
export interface CoverOptions {
  /** The edges to take; every one unless said otherwise. */
  readonly wanted?: ReadonlySet<Edge> | undefined;
  /** Edges that no sequence may take. */
  readonly avoided?: ReadonlySet<Edge> | undefined;
  /** How many edges a sequence has before it ends at the next occasion; 40 unless said otherwise. */
  readonly length?: number | undefined;
}

/** A way through a graph from its first state. */
export type Path = readonly Edge[];

/**
 * Finds sequences that take every wanted edge which can be reached.
 *
 * @param nodes the states; every sequence begins in the first one
 * @param options what to cover, and how
 */
export function cover(nodes: readonly Node[], options: CoverOptions = {}): readonly Path[] {
  const walker = new Walker(nodes, options);
  const paths: Path[] = [];
  for (let path = walker.walk(); path.length > 0; path = walker.walk()) paths.push(path);
  return paths;
}

class Walker {
  readonly #nodes: readonly Node[];
  readonly #avoided: ReadonlySet<Edge>;
  readonly #length: number;
  /** What is left to take, by state. */
  readonly #left: readonly Edge[][];

  constructor(nodes: readonly Node[], { wanted, avoided = new Set(), length = 40 }: CoverOptions) {
    this.#nodes = nodes;
    this.#avoided = avoided;
    this.#length = length;
    const isWanted = (edge: Edge) => !avoided.has(edge) && (!wanted || wanted.has(edge));
    // Each list is taken from its end: first what leaves the state alone, all in the order of the operations.
    this.#left = nodes.map(({ edges }) => {
      const all = edges.filter(isWanted).reverse();
      const stays = ({ from, to }: Edge) => from === to;
      return [...all.filter((edge) => !stays(edge)), ...all.filter(stays)];
    });
  }

  walk(): Path {
    const path: Edge[] = [];
    let at = 0;
    for (;;) {
      const next = this.#takeFrom(at);
      if (next) {
        path.push(next);
        at = next.to;
        continue;
      }
      if (path.length >= this.#length) return path;
      const way = this.#wayToWork(at, path.length === 0 ? Infinity : this.#patience(path.length));
      if (!way) return path;
      path.push(...way);
      at = way.at(-1)?.to ?? at;
    }
  }

  /** How far to walk for work: less and less the longer the sequence is. */
  #patience(length: number): number {
    return Math.max(2, Math.ceil((this.#length - length) / 4));
  }

  #takeFrom(node: number): Edge | undefined {
    return this.#left[node]?.pop();
  }

  /** The shortest way to a state where something is left. */
  #wayToWork(start: number, limit: number): Path | undefined {
    const cameBy = new Map<number, Edge | undefined>([[start, undefined]]);
    let border = [start];
    for (let distance = 1; distance <= limit && border.length > 0; distance++) {
      const next: number[] = [];
      for (const edge of border.flatMap((node) => this.#nodes[node]?.edges ?? [])) {
        if (cameBy.has(edge.to) || this.#avoided.has(edge)) continue;
        cameBy.set(edge.to, edge);
        if ((this.#left[edge.to]?.length ?? 0) > 0) return pathTo(edge.to, cameBy);
        next.push(edge.to);
      }
      border = next;
    }
    return undefined;
  }
}

/** The shortest way from the first state to a state. */
export function shortestWay(nodes: readonly Node[], to: number): Path {
  return shortest(nodes, 0, ({ id }) => id === to);
}

/** The shortest way from a state to one in which no call is under way; empty if there is none. */
export function wayOut(nodes: readonly Node[], from: number): Path {
  return shortest(nodes, from, ({ pending }) => pending === 0);
}

function shortest(nodes: readonly Node[], from: number, isEnd: (node: Node) => boolean): Path {
  const cameBy = new Map<number, Edge | undefined>([[from, undefined]]);
  for (const at of cameBy.keys()) {
    const node = nodes[at];
    if (!node) break;
    if (isEnd(node)) return pathTo(at, cameBy);
    for (const edge of node.edges) if (!cameBy.has(edge.to)) cameBy.set(edge.to, edge);
  }
  return [];
}

function pathTo(node: number, cameBy: ReadonlyMap<number, Edge | undefined>): Path {
  const path: Edge[] = [];
  for (let edge = cameBy.get(node); edge; edge = cameBy.get(edge.from)) path.push(edge);
  return path.reverse();
}
