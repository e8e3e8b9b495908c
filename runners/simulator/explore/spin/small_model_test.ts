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

Deno.test("the small model runs fewer schedules with reduction than without", () => {
  const schedules = (reduce: boolean) =>
    explore({ reduce, start: () => smallModel(3, 1), end: () => {} }).schedules;
  assertEquals(schedules(true) < schedules(false), true);
});
