import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Completion, Mutex, RwSemaphore, type Steps, Thread, window } from "../kernel/sched.ts";
import { Refcount, shared, SharedObject } from "../kernel/shared.ts";
import { type Execution, explore, type Explored } from "./explore.ts";

/** What the threads of a test share. */
class World extends SharedObject {
  readonly cells: readonly Cell[] = [new Cell(), new Cell()];
  readonly mutexes: readonly Mutex[] = [new Mutex("first", "a test"), new Mutex("second", "a test")];
  readonly sem: RwSemaphore = new RwSemaphore("sem", "a test");
  readonly count: Refcount = new Refcount(2);
  readonly done: Completion = new Completion(() => "completion");
}

class Cell extends SharedObject {
  @shared
  accessor value = 0;
}

/** A body over the world; the numbers that it read are its outcome. */
type Body = (world: World, seen: number[]) => Steps<void>;

/** Runs bodies over all schedules; gives what each distinct outcome is. */
function outcomesOf(bodies: readonly Body[], reduce: boolean): Explored & { outcomes: string[] } {
  const outcomes = new Set<string>();
  const explored = explore({
    reduce,
    most: 5_000,
    start: () => start(bodies),
    end: ({ world, seen, threads }) => {
      const left = threads().map(({ done }) => done);
      outcomes.add(JSON.stringify([seen, world.cells.map(({ value }) => value), left]));
    },
  });
  return { ...explored, outcomes: [...outcomes].sort() };
}

function start(bodies: readonly Body[]): Execution & { world: World; seen: number[][] } {
  const world = new World();
  const seen = bodies.map((): number[] => []);
  const threads = bodies.map((body, index) => new Thread(`thread ${index}`, body(world, seen[index] ?? [])));
  return { world, seen, threads: () => threads, step: (thread) => thread.step() };
}

/** One action of a random body. */
type Action =
  | { readonly do: "read" | "increment"; readonly cell: number }
  | { readonly do: "locked"; readonly mutex: number; readonly cell: number; readonly wait: boolean }
  | { readonly do: "shared" | "exclusive"; readonly cell: number; readonly wait: boolean }
  | { readonly do: "get" | "put" | "complete" | "await" };

const cell = fc.nat({ max: 1 });
const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({ do: fc.constantFrom("read" as const, "increment" as const), cell }),
  fc.record({ do: fc.constant("locked" as const), mutex: cell, cell, wait: fc.boolean() }),
  fc.record({ do: fc.constantFrom("shared" as const, "exclusive" as const), cell, wait: fc.boolean() }),
  fc.record({ do: fc.constantFrom("get" as const, "put" as const, "complete" as const, "await" as const) }),
);

function bodyOf(actions: readonly Action[]): Body {
  return function* (world, seen) {
    for (const each of actions) {
      yield window("actions");
      yield* perform(each, world, seen);
    }
  };
}

function* perform(action: Action, world: World, seen: number[]): Steps<void> {
  switch (action.do) {
    case "read":
      seen.push(world.cells[action.cell]?.value ?? -1);
      return;
    case "increment":
      return increment(world, action.cell);
    case "locked": {
      const mutex = world.mutexes[action.mutex];
      if (!mutex) return;
      yield mutex.lock;
      yield* inside(world, action);
      return mutex.unlock();
    }
    case "shared":
      yield world.sem.read;
      if (action.wait) yield window("inside");
      seen.push(world.cells[action.cell]?.value ?? -1);
      return world.sem.upRead();
    case "exclusive":
      yield world.sem.write;
      yield* inside(world, action);
      return world.sem.upWrite();
    case "get":
      seen.push(Number(world.count.getUnlessZero()));
      return;
    case "put":
      seen.push(["held", "last", "underflow"].indexOf(world.count.put()));
      return;
    case "complete":
      return world.done.complete();
    case "await":
      yield world.done.wait;
  }
}

function* inside(world: World, { cell, wait }: { cell: number; wait: boolean }): Steps<void> {
  if (wait) yield window("inside");
  increment(world, cell);
}

function increment(world: World, index: number): void {
  const cell = world.cells[index];
  if (cell) cell.value++;
}

Deno.test("explore() with reduction sees every outcome that it sees without", () => {
  const bodies = fc.array(fc.array(action, { minLength: 1, maxLength: 3 }), { minLength: 2, maxLength: 3 });
  fc.assert(
    fc.property(bodies, (chosen) => {
      const all = outcomesOf(chosen.map(bodyOf), false);
      const reduced = outcomesOf(chosen.map(bodyOf), true);
      fc.pre(all.exhaustive);
      assertEquals(reduced.outcomes, all.outcomes);
      assert(reduced.schedules <= all.schedules);
    }),
    { numRuns: 100, seed: 7 },
  );
});

Deno.test("explore() runs one of the schedules that differ in nothing", () => {
  const touch = (cell: number): Body =>
    function* (world) {
      yield window("before");
      increment(world, cell);
    };
  assertEquals(outcomesOf([touch(0), touch(1)], true).schedules, 1);
  assertEquals(outcomesOf([touch(0), touch(1)], false).schedules, 6);
  assertEquals(outcomesOf([touch(0), touch(0)], true).schedules, 2);
});

Deno.test("explore() finds locks that are taken in both orders though no schedule gets stuck", () => {
  const both = (first: number, second: number, ready: (world: World) => Steps<void>): Body =>
    function* (world) {
      const [one, other] = [world.mutexes[first], world.mutexes[second]];
      assert(one && other);
      yield* ready(world);
      yield one.lock;
      yield other.lock;
      other.unlock();
      one.unlock();
      world.done.complete();
    };
  const atOnce = function* (): Steps<void> {};
  const afterwards = function* (world: World): Steps<void> {
    yield world.done.wait;
  };
  const { inversions, schedules } = outcomesOf([both(0, 1, atOnce), both(1, 0, afterwards)], true);
  assertEquals([schedules, inversions.map(({ classes }) => classes)], [1, [["first", "second"]]]);
  assertEquals(outcomesOf([both(0, 1, atOnce), both(0, 1, afterwards)], true).inversions, []);
});

Deno.test("explore() finds the deadlock of two locks", () => {
  const both = (first: number, second: number): Body =>
    function* (world) {
      const [one, other] = [world.mutexes[first], world.mutexes[second]];
      assert(one && other);
      yield one.lock;
      yield other.lock;
      other.unlock();
      one.unlock();
    };
  const { outcomes } = outcomesOf([both(0, 1), both(1, 0)], true);
  assertEquals(outcomes, ["[[[],[]],[0,0],[false,false]]", "[[[],[]],[0,0],[true,true]]"]);
});

Deno.test("explore() stops where it was told to, and says so", () => {
  const bodies = [0, 1, 2].map((): Body =>
    bodyOf([{ do: "increment", cell: 0 }, { do: "increment", cell: 0 }])
  );
  const start_ = () => start(bodies);
  const { exhaustive, schedules } = explore({ start: start_, end: () => {}, most: 5 });
  assertEquals([exhaustive, schedules <= 5], [false, true]);
  const endless: Body = function* () {
    while (true) yield window("again");
  };
  const { findings } = explore({ start: () => start([endless]), end: () => {}, most: 1, longest: 50 });
  assertEquals(findings.map(({ what }) => what), ["a schedule does not come to an end"]);
});
