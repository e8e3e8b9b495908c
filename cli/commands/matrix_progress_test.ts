import { assertEquals, assertMatch } from "@std/assert";
import type { Io } from "../io.ts";
import { SideBySide } from "./matrix_progress.ts";

/** An outside that remembers what was said. */
function listening(columns: number | undefined): { readonly io: Io; readonly said: string[] } {
  const said: string[] = [];
  const signal = new AbortController().signal;
  return { io: { out: () => {}, err: (text) => said.push(text), columns, colours: false, signal }, said };
}

Deno.test("without a terminal, a run is told of at each quarter and not at each case", () => {
  const { io, said } = listening(undefined);
  const run = new SideBySide(io, 2, 0).of("vm:7.3");
  for (let done = 0; done <= 100; done++) run.update(done, 100, "a/case");
  assertEquals(said, [25, 50, 75, 100].map((done) => `vm:7.3: ${done} of 100 cases\n`));
});

Deno.test("on a terminal, one line has how many targets are finished and how far each other one is", () => {
  const { io, said } = listening(200);
  const progress = new SideBySide(io, 5, 2);
  progress.of("vm:7.3").update(12, 459, "a/case");
  assertMatch(said.at(-1) ?? "", /^\r\S+2\/5 .* vm:7\.3 12\/459$/);
  progress.finish("vm:7.3: 459 cases");
  assertEquals(said.at(-1), "vm:7.3: 459 cases\n");
});
