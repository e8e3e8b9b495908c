import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { describeEvent } from "../../cases/describe.ts";
import type { Observation } from "../../spec/observation.ts";
import { type Dialect, DIALECTS, simulator } from "../simulator/mod.ts";
import { MUTANTS } from "../simulator/mutants/mod.ts";
import type { Target } from "../target.ts";
import { dies, neverAnswers, saysNothing, supportsNothing, throws, unknownStep } from "../testing/fakes.ts";
import { arrange, type Arranged, operationAt } from "./arrange.ts";
import { compare } from "./differ.ts";
import { tallyOf } from "./fate.ts";
import { type Finding, fuzz, type FuzzOptions, type FuzzResult } from "./fuzz.ts";
import type { Played } from "./play.ts";
import { withoutStep, type WovenStep } from "./weave.ts";

function dialect(id: string): Dialect {
  const found = DIALECTS.get(id);
  if (!found) throw new Error(`There is no dialect ${id}`);
  return found;
}

function against(
  model: string,
  open: () => Target,
  options: Partial<FuzzOptions> = {},
): Promise<FuzzResult> {
  return fuzz({ open, against: dialect(model), seed: 1, runs: 1000, ...options });
}

/** A fake that says that it has what the simulator has. */
function able(fake: Target): Target {
  return { ...fake, describe: () => simulator(dialect("matt-v2")).describe() };
}

/** Fuzzes until the first finding. */
async function first(model: string, open: () => Target): Promise<Finding | undefined> {
  const stop = new AbortController();
  const { findings } = await against(model, open, { signal: stop.signal, found: () => stop.abort() });
  return findings[0];
}

function operations({ arranged: { program, steps } }: Finding): readonly string[] {
  return program.steps.map((step) => steps.get(step.id)?.operation ?? step.action);
}

Deno.test("fuzz() finds that matt-v1-vfio tells importers a second time at close and matt-v2 does not", async () => {
  const stop = new AbortController();
  const isSecondCall = ({ operation, divergence: { kind } }: Finding) =>
    operation === "fd.close" && kind.expected === "no invalidate" && kind.seen === "invalidate";
  const { findings, targetErrors } = await against("matt-v2", () => simulator(dialect("matt-v1-vfio")), {
    signal: stop.signal,
    found: (finding) => isSecondCall(finding) ? stop.abort() : undefined,
  });
  const found = findings.find(isSecondCall);
  assert(found);
  const told = found.arranged.expected.observations.flatMap(({ events }) => events.map(describeEvent));
  assert(told.includes(found.divergence.seen), `${found.divergence.seen} is not the second of its kind`);
  assert(found.arranged.program.steps.length <= 8, operations(found).join(", "));
  assertEquals(targetErrors, []);
});

for (const shorten of ["by draws", "by steps"] as const) {
  Deno.test(`fuzz() leaves no step in a program without which the same shows, shortened ${shorten}`, async () => {
    const [model, target] = [dialect("matt-v2"), dialect("matt-v1-vfio")];
    const { findings } = await against("matt-v2", () => simulator(target), { runs: 100, shorten });
    assert(findings.length > 0);
    for (const finding of findings) assertNothingToSpare(finding, model, target);
  });
}

/** Fails where the same shows without one of the steps, and every call that blocks returns. */
function assertNothingToSpare(finding: Finding, model: Dialect, target: Dialect): void {
  const steps = operationsGiven(finding);
  for (const index of steps.keys()) {
    const arranged = arrange({ steps: withoutStep(steps, index), closing: [] }, simulator(model));
    if (doing(arranged, "start") !== doing(arranged, "finish")) continue;
    const seen = played(target, arranged);
    const comparison = compare(arranged.program, arranged.expected, seen);
    if (comparison.result !== "differs") continue;
    const { divergence } = comparison;
    const shown = [operationAt(arranged, divergence.index), divergence.kind];
    assertNotEquals(shown, [finding.operation, finding.divergence.kind], operations(finding).join(", "));
  }
}

function doing({ program }: Arranged, action: "start" | "finish"): number {
  return program.steps.filter((step) => step.action === action).length;
}

/** The steps of a finding. */
function operationsGiven({ arranged: { program, steps } }: Finding): readonly WovenStep[] {
  return program.steps.flatMap(({ id }) => steps.get(id) ?? []);
}

function played(dialect: Dialect, { program }: Arranged): Played {
  const observations: Observation[] = [];
  const end = simulator(dialect).run(program, (observation) => observations.push(observation));
  return { observations, end };
}

Deno.test("fuzz() plays the same programs when it goes on where it ended", async () => {
  const open = () => simulator(dialect("matt-v1-vfio"));
  const whole = await against("mainline-7.3", open, { runs: 120 });
  const first = await against("mainline-7.3", open, { runs: 70 });
  const known = first.findings.map(({ key }) => key);
  const rest = await against("mainline-7.3", open, { runs: 50, from: 70, known });
  assertEquals([...first.fates, ...rest.fates], whole.fates);
  assertEquals([...known, ...rest.findings.map(({ key }) => key)], whole.findings.map(({ key }) => key));
});

Deno.test("fuzz() compares the rest of a program without the steps that the target cannot do", async () => {
  const target = simulator(dialect("matt-v2"));
  const cannot: Target = {
    ...target,
    run(program, observe) {
      return target.run(program, (observation) => {
        const step = program.steps.find(({ id }) => id === observation.step);
        const unable = step?.action === "call" && step.operation === "vfio.command";
        observe(
          unable ? { ...observation, outcome: { kind: "unsupported", reason: "no paper" } } : observation,
        );
      });
    },
  };
  const { fates, findings } = await against("matt-v2", () => cannot, { runs: 50 });
  assertEquals(findings, []);
  const tally = tallyOf(fates);
  assertEquals(Object.keys(tally.leftOut), ["vfio.command"]);
  assert(tally.part > 5 && tally.steps > 300, JSON.stringify(tally));
  assertEquals(tally.whole + tally.part + tally.nothingLeft, 50);
});

Deno.test("fuzz() does not try again and again what a target has never been able to do", async () => {
  const target = simulator(dialect("matt-v2"));
  const tried = new Map<string, number>();
  const cannot: Target = {
    ...target,
    run(program, observe) {
      return target.run(program, (observation) => {
        const step = program.steps.find(({ id }) => id === observation.step);
        const operation = step?.action === "finish" ? undefined : step?.operation;
        const isNever = operation === "vfio.command";
        const isSometimes = operation === "fd.close" && (tried.get("fd.close") ?? 0) % 2 === 0;
        if (operation) tried.set(operation, (tried.get(operation) ?? 0) + 1);
        const outcome = { kind: "unsupported", reason: "no paper" } as const;
        observe(isNever || isSometimes ? { ...observation, outcome } : observation);
      });
    },
  };
  const { fates } = await against("matt-v2", () => cannot, { runs: 100 });
  const { leftOut } = tallyOf(fates);
  assert((leftOut["vfio.command"] ?? 0) > 10, JSON.stringify(leftOut));
  assert((tried.get("vfio.command") ?? 0) < 10);
  assert((tried.get("fd.close") ?? 0) > 20);
});

Deno.test("fuzz() compares the rest of a program without the steps that show what is known", async () => {
  const mutant = MUTANTS.find(({ id }) => id === "double-revoke-succeeds");
  assert(mutant);
  const wrong = mutant.apply(dialect(mutant.dialect));
  const { fates, findings } = await against(mutant.dialect, () => simulator(wrong), { runs: 300 });
  const again = fates.filter(({ fate, steps }) => fate === "different" && steps > 0);
  assert(again.length > findings.length, "no program was compared to its end");
});

/** One for each family of mutants. */
const PLANTED = [
  "close-tells-nobody",
  "mmap-size-not-checked",
  "double-revoke-succeeds",
  "no-fence-wait",
  "export-starts-revoked",
  "private-mapping-allowed",
  "memory-off-does-not-revoke",
] as const;

for (const id of PLANTED) {
  Deno.test(`fuzz() finds ${id} and shortens the program to what shows it`, async () => {
    const mutant = MUTANTS.find((each) => each.id === id);
    assert(mutant);
    const model = dialect(mutant.dialect);
    const wrong = mutant.apply(model);
    const found = await first(mutant.dialect, () => simulator(wrong));
    assert(found);
    assertNothingToSpare(found, model, wrong);
  });
}

Deno.test("fuzz() shows nothing of a dialect against itself", async () => {
  for (const id of ["matt-v1-vfio", "mainline-7.3"]) {
    const { findings, runs, ended } = await against(id, () => simulator(dialect(id)), { runs: 300 });
    assertEquals([findings, runs, ended], [[], 300, "runs"]);
  }
});

Deno.test("fuzz() finds each difference once", async () => {
  const open = () => simulator(dialect("matt-v1-vfio"));
  const { findings } = await against("mainline-7.3", open, { runs: 60 });
  const keys = findings.map(({ operation, divergence: { kind } }) => JSON.stringify([operation, kind]));
  assert(keys.length > 1);
  assertEquals(new Set(keys).size, keys.length);
});

Deno.test("fuzz() plays the program of a finding again from its seed and path", async () => {
  const open = () => simulator(dialect("matt-v1-vfio"));
  const found = await first("matt-v2", open);
  assert(found);
  const { seed, path } = found;
  const { findings, runs } = await against("matt-v2", open, { seed, path });
  assertEquals(runs, 1);
  assertEquals(findings.map(operations), [operations(found)]);
  assertEquals(findings[0]?.divergence, found.divergence);
});

Deno.test("fuzz() calls what a target does wrong as a target an error and no finding", async () => {
  const wrong: readonly [() => Target, RegExp][] = [
    [() => throws("out of paper"), /^the target threw: out of paper$/],
    [saysNothing, /never reported step/],
    [unknownStep, /which the case does not have$/],
    [dies, /^the target threw: connection reset$/],
    [neverAnswers, /no answer to the abort|opened anew too often/],
  ];
  for (const [open, message] of wrong) {
    const result = await against("matt-v2", () => able(open()), { timeoutMs: 1, graceMs: 1 });
    assertEquals(result.findings, []);
    assertEquals(result.ended, "target");
    assert(
      result.targetErrors.some(({ reason }) => message.test(reason)),
      JSON.stringify(result.targetErrors),
    );
  }
});

Deno.test("fuzz() goes on after an error of the target", async () => {
  let runs = 0;
  const target = simulator(dialect("matt-v2"));
  const sometimes: Target = {
    ...target,
    run(program, observe) {
      if (++runs === 3) throw new Error("out of paper");
      return target.run(program, observe);
    },
  };
  const result = await against("matt-v2", () => sometimes, { runs: 20 });
  assertEquals(result.targetErrors.map(({ reason }) => reason), ["the target threw: out of paper"]);
  assertEquals([result.findings, result.runs, result.ended], [[], 20, "runs"]);
});

Deno.test("fuzz() says which program made the target fail, so that it can be played again", async () => {
  const open = () => {
    const target = simulator(dialect("matt-v2"));
    const brittle: Target = {
      ...target,
      run(program, observe) {
        const operations = program.steps.map((step) => step.action === "call" ? step.operation : undefined);
        if (operations.includes("vfio.flr")) throw new Error("paper jam");
        return target.run(program, observe);
      },
    };
    return brittle;
  };
  const { targetErrors: [error] } = await against("matt-v2", open, { runs: 100 });
  assert(error);
  const { seed, path } = error;
  const again = await against("matt-v2", open, { seed: seed ?? 0, path });
  assertEquals(again.targetErrors.map(({ reason }) => reason), ["the target threw: paper jam"]);
});

Deno.test("fuzz() says that a target which cannot be opened is lost", async () => {
  const result = await against("matt-v2", () => {
    throw new Error("no such device");
  });
  assertEquals(result.ended, "target");
  assertEquals(result.targetErrors, [{ reason: "the target could not be opened: no such device" }]);
});

Deno.test("fuzz() finds nothing in what a target does not have", async () => {
  const result = await against("matt-v2", () => able(supportsNothing()), { runs: 50 });
  assertEquals([result.findings, result.targetErrors, result.runs], [[], [], 50]);
});

Deno.test("fuzz() ends when it is told to and gives what it has found", async () => {
  const stop = new AbortController();
  const result = await against("matt-v2", () => simulator(dialect("matt-v1-vfio")), {
    runs: undefined,
    signal: stop.signal,
    found: () => stop.abort(),
  });
  assertEquals([result.findings.length, result.ended], [1, "interrupted"]);
});

Deno.test("fuzz() plays nothing when the time is over", async () => {
  const result = await against("matt-v2", () => simulator(dialect("matt-v2")), { timeMs: 0 });
  assertEquals([result.runs, result.ended], [0, "time"]);
});

Deno.test("fuzz() plays only what the target says it has", async () => {
  const played = new Set<string>();
  const target = simulator(dialect("matt-v2"));
  const operations = ["heap.alloc", "importer.attach", "vfio.revoke"] as const;
  const small: Target = {
    ...target,
    describe: () => ({ ...target.describe(), operations }),
    run(program, observe) {
      for (const step of program.steps) if (step.action === "call") played.add(step.operation);
      return target.run(program, observe);
    },
  };
  assertEquals((await against("matt-v2", () => small, { runs: 50 })).ended, "runs");
  assertEquals([...played].sort(), ["heap.alloc", "importer.attach"]);
});

Deno.test("fuzz() says so where target and model have nothing in common", async () => {
  const { targetErrors, ended } = await against("matt-v2", supportsNothing);
  const reason = "the target and the model have no operation in common";
  assertEquals([targetErrors, ended], [[{ reason }], "target"]);
});
