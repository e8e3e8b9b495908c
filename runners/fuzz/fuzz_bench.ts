/**
 * Measures how many random programs per second the parts of the fuzzer get through.
 *
 * Each measure plays or makes {@link PROGRAMS} programs, so that the time per iteration is that of so many.
 *
 * @module
 */
import fc from "fast-check";
import { DEFAULT_DIALECT, simulator } from "../simulator/mod.ts";
import { arrange } from "./arrange.ts";
import { drawsOf } from "./draw.ts";
import { fuzz, MAX_STEPS } from "./fuzz.ts";
import { vocabularyOf } from "./vocabulary.ts";
import { weave } from "./weave.ts";

const PROGRAMS = 500;

const all = vocabularyOf();
const draws = drawsOf(MAX_STEPS, all);
const drawn = fc.sample(draws, { seed: 1, numRuns: PROGRAMS });
const woven = drawn.map((each) => weave(each, all));

Deno.bench(`draw ${PROGRAMS} programs`, { group: "fuzz" }, () => {
  fc.sample(draws, { seed: 1, numRuns: PROGRAMS });
});

Deno.bench(`weave ${PROGRAMS} programs`, { group: "fuzz" }, () => {
  for (const each of drawn) weave(each, all);
});

Deno.bench(`arrange ${PROGRAMS} programs on the model`, { group: "fuzz" }, () => {
  const model = simulator(DEFAULT_DIALECT);
  for (const each of woven) arrange(each, model);
});

Deno.bench(`fuzz ${PROGRAMS} programs`, { group: "fuzz", baseline: true }, async () => {
  const open = () => simulator(DEFAULT_DIALECT);
  await fuzz({ open, against: DEFAULT_DIALECT, seed: 1, runs: PROGRAMS });
});
