import { assert, assertEquals } from "@std/assert";
import { describeEvent } from "../../cases/describe.ts";
import { type Dialect, DIALECTS, simulator } from "../simulator/mod.ts";
import { MUTANTS } from "../simulator/mutants/mod.ts";
import type { Target } from "../target.ts";
import { dies, neverAnswers, saysNothing, supportsNothing, throws, unknownStep } from "../testing/fakes.ts";
import { type Finding, fuzz, type FuzzOptions, type FuzzResult } from "./fuzz.ts";

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

Deno.test("fuzz() leaves no step in a program without which the same shows", async () => {
  // In this round the draws alone end with an unbind at the front that nothing needs.
  const options = { seed: 1990038432, runs: 100 };
  const { findings } = await against("matt-v2", () => simulator(dialect("matt-v1-vfio")), options);
  const found = findings.find(({ operation }) => operation === "fd.close");
  assert(found);
  assertEquals(operations(found).includes("vfio.unbind"), false);
  assert(found.arranged.program.steps.length <= 7, operations(found).join(", "));
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
    const wrong = mutant.apply(dialect(mutant.dialect));
    const found = await first(mutant.dialect, () => simulator(wrong));
    assert(found);
    assert(found.arranged.program.steps.length <= 8, operations(found).join(", "));
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
