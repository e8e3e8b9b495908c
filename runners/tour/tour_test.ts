import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import type { Program } from "../../cases/program.ts";
import type { Observation } from "../../spec/observation.ts";
import { loadLedger } from "../../spec/ledger.ts";
import { TargetLost } from "../fuzz/play.ts";
import { type Dialect, DIALECTS, simulator } from "../simulator/mod.ts";
import { MUTANTS } from "../simulator/mutants/mod.ts";
import { dies, neverAnswers } from "../testing/fakes.ts";
import type { Target } from "../target.ts";
import { reproduce, tour, type TourDivergence, type TourReport, type Universe, UNIVERSES } from "./mod.ts";

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

function divergencesOf({ universes }: TourReport): readonly TourDivergence[] {
  return universes.flatMap(({ divergences }) => divergences);
}

function onlyOne<T>([one, ...others]: readonly T[]): readonly [T] {
  assert(one !== undefined && others.length === 0);
  return [one];
}

const V1 = dialect("matt-v1-vfio");
const CPU = [universe("cpu")];

for (const id of ["matt-v1-vfio", "mainline-7.3"]) {
  Deno.test(`tour() takes every edge of ${id} on its own simulator, and none of them is ambiguous`, async () => {
    const model = dialect(id);
    const { universes, failures, stopped, target } = await tour(model, () => simulator(model));
    assertEquals([failures, stopped, target.id], [[], undefined, `sim:${id}`]);
    for (const { universe, states, edges, taken, divergences, notTaken, ambiguous } of universes) {
      assertEquals([taken, divergences, notTaken, ambiguous], [edges, [], [], []], universe);
      assert(states > 20 && edges > 4 * states, universe);
    }
  });
}

/** Mutants with the universe that must notice them. */
const NOTICED = {
  "double-revoke-succeeds": "cpu",
  "no-zap": "cpu",
  "no-unmap-wait": "callbacks",
  "upgrade-tells-again": "importers",
  "unrevoke-tells-nobody": "importers",
  "permanent-undone-by-enable": "device",
  "unrevoke-without-fence-wait": "fences",
} as const;

for (const [id, where] of Object.entries(NOTICED)) {
  Deno.test(`tour() finds the mutant ${id}`, async () => {
    const mutant = MUTANTS.find((each) => each.id === id);
    assert(mutant);
    const wrong = mutant.apply(V1);
    const report = await tour(V1, () => simulator(wrong), {
      universes: [universe(where)],
      maxDivergences: 1,
    });
    const [found] = divergencesOf(report);
    assert(found);
    assert(found.arranged.program.steps.length <= 25);
  });
}

Deno.test("tour() of matt-v1-vfio on matt-v2 shows the callbacks and waits at close, and nothing else", async () => {
  const report = await tour(V1, () => simulator(dialect("matt-v2")), { universes: [universe("fences")] });
  const found = divergencesOf(report);
  const told = found.find(({ divergence: { expected }, operation }) =>
    operation === "close-device" && expected === "invalidate of imp1"
  );
  assertStringIncludes(told?.state ?? "", "TEMP");
  assert(found.some(({ divergence }) => divergence.expected.startsWith("blocked on fence")));
  for (const { arranged, divergence } of found) {
    const before = arranged.program.steps.slice(0, divergence.index + 1);
    assert(
      before.some((step) => step.action !== "finish" && "operation" in step && step.operation === "fd.close"),
    );
  }
  const [{ edges, taken, diverged, notTaken }] = onlyOne(report.universes);
  assertEquals(edges, taken + diverged + notTaken.length);
  for (const { reason } of notTaken) assertEquals(reason, "behind what was not taken");
});

Deno.test("tour() goes on behind a divergence by other ways, and says what only lies behind it", async () => {
  const report = await tour(V1, () => simulator(dialect("mainline-7.3")), { universes: CPU });
  const [cpu] = report.universes;
  assert(cpu);
  assert(cpu.taken > 0 && cpu.diverged > 0 && cpu.notTaken.length > 0);
  assertEquals(cpu.edges, cpu.taken + cpu.diverged + cpu.notTaken.length);
});

/** A simulator whose first step gives something else. */
function withoutDevices(instead: Observation["outcome"]): Target {
  const target = simulator(V1);
  return {
    ...target,
    run: (program, observe) =>
      target.run(program, (observation) => {
        observe(observation.step === "s0" ? { ...observation, outcome: instead } : observation);
      }),
  };
}

Deno.test("tour() does not try again and again what a target cannot even begin", async () => {
  const unsupported = () => withoutDevices({ kind: "unsupported", reason: "no VFIO here" });
  const [cpu] = onlyOne((await tour(V1, unsupported, { universes: CPU })).universes);
  assertEquals([cpu.taken, cpu.sequences, cpu.notTaken.length], [0, 1, cpu.edges]);
  assert(cpu.notTaken.every(({ reason }) => reason === "not supported"));

  const refused = () => withoutDevices({ kind: "failed", errno: "EIO" });
  const [{ taken, sequences, divergences }] = onlyOne(
    (await tour(V1, refused, { universes: CPU })).universes,
  );
  assertEquals([taken, sequences], [0, 1]);
  assertStringIncludes(onlyOne(divergences)[0].divergence.seen, "EIO");
});

Deno.test("tour() ends cleanly on a target that dies in the middle, every time or once", async () => {
  const always = await tour(V1, dies, { universes: CPU });
  assertEquals(always.stopped, "the target failed 5 times in a row");
  assertStringIncludes(always.failures[0] ?? "", "connection reset");
  const [cpu] = always.universes;
  assertEquals([cpu?.taken, cpu?.divergences], [0, []]);
  assert(cpu?.notTaken.every(({ reason }) => reason === "not reached" || reason === "the target failed"));

  let runs = 0;
  const once = (): Target => {
    const target = simulator(V1);
    return {
      ...target,
      run: (program, observe) => ++runs === 3 ? dies().run(program, observe) : target.run(program, observe),
    };
  };
  const report = await tour(V1, once, { universes: CPU });
  assertEquals([report.stopped, report.failures.length], [undefined, 1]);
  assertEquals(divergencesOf(report), []);
  const [{ edges, taken, notTaken }] = onlyOne(report.universes);
  assert(taken + notTaken.length === edges && taken > edges / 2);
});

Deno.test("tour() says at once that a target cannot be opened, and does nothing else", async () => {
  const progress = () => {
    throw new Error("Nothing can be done without a target");
  };
  const touring = tour(V1, () => Promise.reject(new Error("no such device")), { universes: CPU, progress });
  await assertRejects(() => touring, TargetLost, "the target could not be opened: no such device");
});

Deno.test("tour() gives a target up that never answers, and says so before it counts", async () => {
  const said: string[] = [];
  const options = { universes: CPU, timeoutMs: 1, graceMs: 1, stopping: (why: string) => said.push(why) };
  const silent = await tour(V1, neverAnswers, options);
  assert(silent.stopped !== undefined && silent.failures.length > 0);
  assertEquals(said, [silent.stopped]);
});

Deno.test("tour() takes a plain device where the target has none that can do more", async () => {
  const target = simulator(V1);
  const isAble = (step: Program["steps"][number]) =>
    step.action !== "finish" && step.operation === "vfio.open" && step.args["low_power"] === true;
  const modest: Target = {
    ...target,
    run: (program, observe) =>
      target.run(program, (observation) => {
        const lacks = program.steps.some((step) => step.id === observation.step && isAble(step));
        const outcome = { kind: "unsupported", reason: "not here" } as const;
        observe(lacks ? { ...observation, outcome } : observation);
      }),
  };
  const universes = [universe("cpu"), universe("device")];
  const report = await tour(V1, () => modest, { universes });
  assertEquals([divergencesOf(report), report.failures], [[], []]);
  for (const { taken, edges, ambiguous } of report.universes) {
    assertEquals([taken, ambiguous], [edges, []]);
    assert(edges > 100);
  }
});

Deno.test("tour() passes over what a target does not have, and does not ask for it in every state", async () => {
  let asked = 0;
  const without = (operation: string): Target => {
    const target = simulator(V1);
    const run = (program: Program, observe: (observation: Observation) => void) => {
      if (program.steps.some((step) => "operation" in step && step.operation === operation)) asked++;
      return target.run(program, (observation) => {
        const step = program.steps.find(({ id }) => id === observation.step);
        const lacks = step !== undefined && "operation" in step && step.operation === operation;
        observe(
          lacks ? { ...observation, outcome: { kind: "unsupported", reason: "not here" } } : observation,
        );
      });
    };
    return { ...target, run };
  };
  const report = await tour(V1, () => without("buffer.mmap"), { universes: CPU });
  assertEquals([divergencesOf(report), report.failures], [[], []]);
  const [cpu] = report.universes;
  assert(cpu && cpu.taken > 0);
  const lacking = cpu.notTaken.filter(({ reason }) => reason === "not supported");
  assert(lacking.length > 0 && lacking.every(({ operation }) => operation.startsWith("mmap")));
  const behind = cpu.notTaken.filter(({ reason }) => reason !== "not supported");
  assert(
    behind.every(({ state, reason }) => state.includes("vma") && reason === "behind what was not taken"),
  );
  assertEquals(cpu.taken + cpu.notTaken.length, cpu.edges);
  const operations = new Set(lacking.map(({ operation }) => operation.split(" ")[0]));
  assert(asked <= 3 * operations.size && lacking.length > asked);
});

Deno.test("tour() lists an edge that depends on a history which only a long sequence has", async () => {
  // The kernel refuses by the number of a buffer, which no abstract state says.
  const { core } = V1.rules;
  const check = { clause: "BASE-11", errno: "EBUSY", refuses: "an even number" } as const;
  const when = ({ dmabuf }: { readonly dmabuf: { readonly id: number } }) => dmabuf.id % 2 === 0;
  const moody = { ...V1, rules: { ...V1.rules, core: { ...core, attach: [{ ...check, when }] } } };
  const report = await tour(moody, () => simulator(moody), { universes: CPU });
  const [{ ambiguous, notTaken }] = onlyOne(report.universes);
  assert(ambiguous.some(({ key, gives }) => key.startsWith("attach-") && gives[1].includes("EBUSY")));
  assert(notTaken.some(({ reason }) => reason === "ambiguous in the model"));
});

Deno.test("tour() stops when it is told to", async () => {
  const controller = new AbortController();
  const report = await tour(V1, () => simulator(V1), {
    universes: CPU,
    signal: controller.signal,
    progress: (_done, _total, what) => what.endsWith("edges taken") && controller.abort(),
  });
  assertEquals(report.stopped, "the tour was interrupted");
  assert((report.universes[0]?.notTaken.length ?? 0) > 0);
});

Deno.test("reproduce() writes a divergence as a case that passes on the model and fails on the target", async () => {
  const open = () => simulator(dialect("matt-v2"));
  const report = await tour(V1, open, { universes: [universe("importers")] });
  const [found] = divergencesOf(report);
  assert(found);
  const ledger = loadLedger();
  const written = await reproduce(found, { open, target: "sim:matt-v2", against: V1, ledger, cases: [] });
  assert(written.kind === "case");
  assertEquals(written.name, "close-device-invalidate-no-invalidate");
  assertStringIncludes(written.text, "sees: [ { invalidate: imp1 } ]");
});
