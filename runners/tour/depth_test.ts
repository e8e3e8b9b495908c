import { assert, assertEquals } from "@std/assert";
import { type Dialect, DIALECTS, simulator } from "../simulator/mod.ts";
import { watchInvariants } from "../simulator/explore/invariants.ts";
import { dies } from "../testing/fakes.ts";
import { tourToDepth, type Universe, UNIVERSES } from "./mod.ts";

function dialect(id: string): Dialect {
  const found = DIALECTS.get(id);
  assert(found, id);
  return found;
}

const V1 = dialect("matt-v1-vfio");

function universes(...ids: readonly string[]): readonly Universe[] {
  return UNIVERSES.filter(({ id }) => ids.includes(id));
}

Deno.test("tourToDepth() finds the model in agreement with itself and with its invariants", async () => {
  const report = await tourToDepth(V1, () => simulator(V1), {
    depth: 4,
    universes: universes("cpu", "fences"),
    invariants: watchInvariants,
  });
  assertEquals([report.failures, report.stopped], [[], undefined]);
  for (const { universe, divergences, violations, sequences, histories } of report.universes) {
    assertEquals([divergences, violations], [[], []], universe);
    assert(sequences > 1000 && histories > sequences, universe);
  }
});

Deno.test("tourToDepth() plays more sequences the deeper it goes, and all of them", async () => {
  const played = async (depth: number) => {
    const report = await tourToDepth(V1, () => simulator(V1), { depth, universes: universes("cpu") });
    return report.universes[0]?.sequences;
  };
  const first = await played(1);
  const second = await played(2);
  assert(first !== undefined && second !== undefined);
  assert(first > 1 && second > first);
});

Deno.test("tourToDepth() finds what another dialect does at close, as soon as it is deep enough", async () => {
  const open = () => simulator(dialect("matt-v2"));
  const found = async (depth: number) => {
    const report = await tourToDepth(V1, open, { depth, universes: universes("importers") });
    return report.universes.flatMap(({ divergences }) => divergences.map(({ operation }) => operation));
  };
  assertEquals(await found(3), []);
  assertEquals(await found(4), ["close-device"]);
});

Deno.test("tourToDepth() tells each broken invariant once, with its history", async () => {
  const report = await tourToDepth(V1, () => simulator(V1), {
    depth: 2,
    universes: universes("cpu"),
    invariants: ({ kernel }) => () => kernel.dmaBufs.size > 0 ? ["there is a buffer"] : [],
  });
  const [violation, ...others] = report.universes.flatMap(({ violations }) => violations);
  assertEquals(others, []);
  assertEquals([violation?.what, violation?.operation], ["there is a buffer", "export"]);
  assert(violation?.program.steps.some((step) => "operation" in step && step.operation === "vfio.export"));
});

Deno.test("tourToDepth() ends cleanly on a target that dies", async () => {
  const report = await tourToDepth(V1, dies, { depth: 2, universes: universes("cpu") });
  assert(report.failures.some((failure) => failure.includes("connection reset")));
  assertEquals(report.universes.flatMap(({ divergences }) => divergences), []);
});

Deno.test("tourToDepth() ends when it is told to, also on a target that answers at once", async () => {
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 0);
  const report = await tourToDepth(V1, () => simulator(V1), {
    depth: 4,
    universes: universes("cpu", "fences"),
    signal: stop.signal,
  });
  assertEquals(report.stopped, "the enumeration was interrupted");
  assertEquals(report.universes.length, 1);
});
