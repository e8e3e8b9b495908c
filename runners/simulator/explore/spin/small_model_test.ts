import { assertEquals } from "@std/assert";
import { explore } from "../explore.ts";
import { smallModel } from "./small_model.ts";

Deno.test("the small model has no error in any schedule, with as many threads as it can have", () => {
  for (const threads of [2, 3, 4] as const) {
    let stuck = 0;
    const { findings, inversions, exhaustive } = explore({
      start: () => smallModel(threads, 2),
      end: (execution) => stuck += execution.threads().filter(({ done }) => !done).length,
    });
    assertEquals([findings, inversions, exhaustive, stuck], [[], [], true, 0]);
  }
});

Deno.test("the reduction of the small model leaves no schedule out that matters", () => {
  const count = (reduce: boolean) => {
    const ends = new Set<string>();
    const { schedules } = explore({
      reduce,
      start: () => smallModel(3, 1),
      end: (_, schedule) => ends.add([...schedule].sort().join("")),
    });
    return { schedules, ends: ends.size };
  };
  const [reduced, all] = [count(true), count(false)];
  assertEquals(reduced.schedules < all.schedules, true);
});
