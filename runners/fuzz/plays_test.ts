import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { caseIdSchema } from "../../spec/ids.ts";
import { DIALECTS, simulator } from "../simulator/mod.ts";
import type { Target } from "../target.ts";
import { fuzz } from "./fuzz.ts";
import { Player } from "./play.ts";
import { type Plays, readPlays, remembering } from "./plays.ts";

const model = DIALECTS.get("mainline-7.3");
const other = DIALECTS.get("matt-v1-vfio");

/** What is kept in a text, which grows. */
function kept(text = ""): { readonly plays: Plays; readonly text: () => string } {
  let all = text;
  const plays = readPlays(text, "sim:x", (line) => all += line);
  if (typeof plays === "string") throw new Error(plays);
  return { plays, text: () => all };
}

async function fuzzed(plays: Plays) {
  assert(model && other);
  let runs = 0;
  const target = simulator(other);
  const counted: Target = {
    describe: () => target.describe(),
    reset: () => {},
    close: () => {},
    run(program, observe) {
      runs++;
      return target.run(program, observe);
    },
  };
  const result = await fuzz({
    open: remembering(() => counted, plays),
    against: model,
    seed: 1,
    runs: 30,
    shorten: "by steps",
  });
  return { runs, fates: result.fates, findings: result.findings.map(({ key }) => key) };
}

Deno.test("remembering() plays nothing a second time, and what was kept says the same", async () => {
  const first = kept();
  const played = await fuzzed(first.plays);
  assert(played.runs > 30);
  const second = kept(first.text());
  assertEquals(await fuzzed(second.plays), { ...played, runs: 0 });
  assertEquals(second.text(), first.text());
});

Deno.test("remembering() plays anew what a cut line does not tell of", async () => {
  const first = kept();
  const { fates } = await fuzzed(first.plays);
  const lines = first.text().split("\n");
  const whole = lines.slice(0, 11).join("\n") + "\n";
  const second = kept(whole + lines[11]?.slice(0, 40));
  const again = await fuzzed(second.plays);
  assertEquals(again.fates, fates);
  assertNotEquals(again.runs, 0);
});

Deno.test("remembering() does not keep what went wrong", async () => {
  assert(model);
  const broken: Target = { ...simulator(model), run: () => ({ end: "infra-error", reason: "no paper" }) };
  const { plays, text } = kept();
  const target = await remembering(() => broken, plays)();
  await target.run({ case: caseIdSchema.parse("fuzz/program"), steps: [] }, () => {});
  assertEquals(text().split("\n").length, 2);
});

Deno.test("remembering() does not keep the end of a program that was given up because the user stopped", async () => {
  assert(model);
  const stopped = new AbortController();
  const slow: Target = {
    ...simulator(model),
    run: (_program, _observe, signal) =>
      new Promise((resolve) => {
        signal?.addEventListener("abort", () => resolve({ end: "hang", reason: "it was busy" }));
        stopped.abort();
      }),
  };
  const { plays, text } = kept();
  const player = new Player(remembering(() => slow, plays), {
    timeoutMs: 60_000,
    graceMs: 60_000,
    signal: stopped.signal,
  });
  const { end } = await player.play({ case: caseIdSchema.parse("fuzz/program"), steps: [] });
  await player.close();
  assertEquals(end.end, "hang");
  assertEquals(text().split("\n").length, 2);
});

Deno.test("readPlays() says what is wrong", () => {
  const ignore = () => {};
  assertEquals(readPlays("{}\n", "sim", ignore), "its first line is not the head of such a file");
  assertEquals(readPlays(kept().text(), "sim:y", ignore), "it is of the target sim:x");
  assertEquals(readPlays(kept().text() + "{}\n", "sim:x", ignore), "line 2 does not tell of a program");
});
