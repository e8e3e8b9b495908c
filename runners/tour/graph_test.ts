import { assert, assertEquals, assertThrows } from "@std/assert";
import { type Dialect, DIALECTS } from "../simulator/mod.ts";
import { buildGraph, type Edge, type Graph } from "./graph.ts";
import { cover, shortestWay, wayOut } from "./paths.ts";
import { writeSequence } from "./sequence.ts";
import { type Universe, UNIVERSES } from "./universe.ts";

function dialect(id: string): Dialect {
  const found = DIALECTS.get(id);
  assert(found, id);
  return found;
}

function universe(id: string): Universe {
  const found = UNIVERSES.find((each) => each.id === id);
  assert(found, id);
  return found;
}

const IMPORTERS: Universe = { ...universe("importers"), importers: 2, kinds: ["dynamic", "dynamic-keep"] };

const built = new Map<string, Graph>();

function graphOf(id: string, of: Universe): Graph {
  const key = `${id} ${of.id}`;
  const graph = built.get(key) ?? buildGraph(dialect(id), of);
  built.set(key, graph);
  return graph;
}

function edgesOf({ nodes }: Graph): readonly Edge[] {
  return nodes.flatMap(({ edges }) => edges);
}

Deno.test("buildGraph() finds each state once, and the same graph each time", () => {
  const graph = graphOf("matt-v1-vfio", IMPORTERS);
  const states = graph.nodes.map(({ state }) => state);
  assertEquals(new Set(states).size, states.length);
  const again = buildGraph(dialect("matt-v1-vfio"), IMPORTERS);
  assertEquals([again.nodes.map(({ state }) => state), edgesOf(again)], [states, edgesOf(graph)]);
});

Deno.test("buildGraph() does not tell interchangeable importers apart", () => {
  const { nodes } = graphOf("matt-v1-vfio", IMPORTERS);
  const two = nodes.find(({ state }) => state === "open memory on; OK (dynamic, dynamic)");
  assertEquals(two?.edges.filter(({ key }) => key.startsWith("map ")).map(({ key }) => key), ["map b0.i0"]);
  assert(!nodes.some(({ state }) => state.includes("(dynamic mapped, dynamic)")));
  assert(nodes.some(({ state }) => state.includes("(dynamic, dynamic mapped)")));
});

Deno.test("buildGraph() never names what is not there, and knows what each operation gives", () => {
  for (const id of ["matt-v1-vfio", "mainline-7.0", "mainline-7.3"]) {
    for (const each of [IMPORTERS, universe("cpu")]) {
      for (const { gives, key } of edgesOf(graphOf(id, each))) {
        assert(!/skipped|supported|could not/.test(gives), `${key}: ${gives}`);
      }
    }
  }
});

Deno.test("buildGraph() has the calls that block, and what lets them go", () => {
  const { nodes } = graphOf("matt-v1-vfio", universe("fences"));
  const free = nodes.find(({ state }) => state === "open memory on; OK (READ fence)");
  const revoke = free?.edges.find(({ key }) => key === "revoke b0");
  assertEquals(revoke?.gives, "blocks");
  const blocked = nodes[revoke?.to ?? -1];
  assertEquals([blocked?.pending, blocked?.state], [
    1,
    "open memory on; PERM (READ fence); revoke b0 waits for fence",
  ]);
  const signal = blocked?.edges.find(({ key }) => key === "signal b0.f0");
  assertEquals(signal?.gives, "succeeded; then returned 0");
  assertEquals(nodes[signal?.to ?? -1]?.state, "open memory on; PERM");
});

Deno.test("buildGraph() follows the table of the states of seed 2", () => {
  const { nodes } = graphOf("matt-v1-vfio", universe("cpu"));
  const gives = (state: string, key: string) =>
    nodes.find((node) => node.state === state)?.edges.find((edge) => edge.key === key)?.gives;
  assertEquals(gives("open memory on; OK", "revoke b0"), "returned 0");
  assertEquals(gives("open memory off; TEMP", "revoke b0"), "returned 0");
  assertEquals(gives("open memory on; PERM", "revoke b0"), "failed with EBADFD");
  assertEquals(gives("open memory on; PERM (vma)", "load b0.v0"), "raised SIGBUS");
  assertEquals(gives("open memory off; TEMP", "mmap-beyond b0"), "failed with EINVAL");
  assertEquals(gives("closed memory on; PERM ended", "attach-dynamic-keep b0"), "failed with ENODEV");
});

Deno.test("buildGraph() lists an edge that depends on the way to its state", () => {
  const whole = dialect("matt-v1-vfio");
  // The kernel refuses a buffer that ever had a fence, which no abstract state says.
  const moody: Dialect = {
    ...whole,
    rules: {
      ...whole.rules,
      core: {
        ...whole.rules.core,
        attach: [{
          clause: "BASE-11",
          errno: "EBUSY",
          refuses: "a buffer with a past",
          when: ({ dmabuf: { resv } }) => resv.fences.length > 0 && resv.unsignalled("BOOKKEEP").length === 0,
        }],
      },
    },
  };
  const { ambiguous } = buildGraph(moody, universe("fences"), { witnesses: 20 });
  const found = ambiguous.find(({ key, state }) =>
    key === "attach-dynamic b0" && state === "open memory on; OK"
  );
  assertEquals(found?.gives, [
    "succeeded -> open memory on; OK (dynamic)",
    "failed with EBUSY -> open memory on; OK",
  ]);
});

Deno.test("buildGraph() refuses a universe that is too large", () => {
  assertThrows(
    () => buildGraph(dialect("matt-v1-vfio"), IMPORTERS, { limit: 10 }),
    Error,
    "Cannot tour a universe of more than 10 states",
  );
});

Deno.test("cover() takes every edge, in connected ways from the first state", () => {
  const graph = graphOf("mainline-7.3", IMPORTERS);
  const paths = cover(graph.nodes, { length: 30 });
  assertEquals(new Set(paths.flat()), new Set(edgesOf(graph)));
  for (const path of paths) {
    let at = 0;
    for (const edge of path) {
      assertEquals(edge.from, at);
      at = edge.to;
    }
  }
  const steps = paths.reduce((sum, { length }) => sum + length, 0);
  assert(steps < 2 * graph.edges, `${steps} steps for ${graph.edges} edges`);
});

Deno.test("cover() leaves out what is avoided and what only it leads to", () => {
  const graph = graphOf("mainline-7.3", IMPORTERS);
  const avoided = new Set(edgesOf(graph).filter(({ key }) => key === "export"));
  const taken = new Set(cover(graph.nodes, { avoided }).flat());
  assert(taken.size > 0);
  for (const edge of taken) assert(!avoided.has(edge));
});

Deno.test("cover() walks to the wanted edges only", () => {
  const graph = graphOf("mainline-7.3", IMPORTERS);
  const last = edgesOf(graph).at(-1);
  assert(last);
  const [path, ...others] = cover(graph.nodes, { wanted: new Set([last]) });
  assertEquals(others, []);
  assertEquals(path?.at(-1), last);
  assertEquals(path?.length, shortestWay(graph.nodes, last.from).length + 1);
});

Deno.test("wayOut() leads out of every state in which a call blocks", () => {
  const { nodes } = graphOf("matt-v1-vfio", universe("fences"));
  for (const node of nodes) {
    const out = wayOut(nodes, node.id);
    assertEquals(nodes[out.at(-1)?.to ?? node.id]?.pending, 0, node.state);
  }
});

Deno.test("writeSequence() gives a program in which each call that blocks is waited for", () => {
  const graph = graphOf("matt-v1-vfio", universe("fences"));
  const blocked = graph.nodes.find(({ pending }) => pending === 1);
  assert(blocked);
  const path = [...shortestWay(graph.nodes, blocked.id), ...wayOut(graph.nodes, blocked.id)];
  const { program, expected, astray } = writeSequence(graph, path, "tour/test");
  assertEquals(astray, undefined);
  const started = program.steps.filter(({ action }) => action === "start").map(({ id }) => id);
  const finished = program.steps.flatMap((step) => step.action === "finish" ? [step.of] : []);
  assertEquals(finished, started);
  assertEquals(expected.observations.length, program.steps.length);
  assertEquals(expected.end.post?.leaks, []);
});
