import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { DIALECTS, simulator } from "../simulator/mod.ts";
import { arrange, type Arranged } from "./arrange.ts";
import { type Draw, drawsOf } from "./draw.ts";
import { vocabularyOf } from "./vocabulary.ts";
import { weave } from "./weave.ts";

const ALL = vocabularyOf();

function model() {
  const dialect = DIALECTS.get("matt-v1-vfio");
  if (!dialect) throw new Error("There is no dialect matt-v1-vfio");
  return simulator(dialect);
}

function draw(
  operation: Draw["operation"],
  objects: Draw["objects"] = {},
  plain: Draw["plain"] = {},
  action: Draw["action"] = "call",
): Draw {
  return { operation, plain, objects, slot: 0, action };
}

const buffer = { kind: "buffer", slot: 0 } as const;
const device = { kind: "device", slot: 0 } as const;
const fence = { kind: "fence", slot: 0 } as const;

function arranged(...draws: readonly Draw[]): Arranged {
  return arrange(weave(draws, ALL), model());
}

function actions({ program, steps }: Arranged): readonly string[] {
  return program.steps.map((step) => `${step.action} ${steps.get(step.id)?.operation ?? ""}`.trim());
}

const addFence = draw("fence.add", { buffer, fence }, { usage: "BOOKKEEP" });
const revoke = draw("vfio.revoke", { device, buffer });

Deno.test("arrange() starts what blocks and finishes it as soon as it is let go", () => {
  const program = arranged(addFence, revoke, draw("fence.signal", { fence }), draw("fence.create"));
  assertEquals(actions(program).slice(-5), [
    "call fence.add",
    "start vfio.revoke",
    "call fence.signal",
    "finish",
    "call fence.create",
  ]);
});

Deno.test("arrange() lets go at the end what nothing lets go", () => {
  assertEquals(actions(arranged(addFence, revoke)).slice(-4), [
    "call fence.add",
    "start vfio.revoke",
    "call fence.signal",
    "finish",
  ]);
});

Deno.test("arrange() calls what was to be started and does not block", () => {
  const program = arranged(draw("vfio.revoke", { device, buffer }, {}, "start"), draw("fence.create"));
  assert(actions(program).every((action) => action.startsWith("call ")));
});

Deno.test("arrange() leaves out what needs an object that the model refused to give", () => {
  const attach = draw("importer.attach", { buffer }, { device: "none" });
  const map = draw("importer.map", { attachment: { kind: "attachment", slot: 0 } });
  assertEquals(actions(arranged(attach, map)).at(-1), "call importer.attach");
});

Deno.test("arrange() says what the model sees of the program as it is played", () => {
  const dialect = model();
  fc.assert(
    fc.property(drawsOf(16, ALL), (draws) => {
      const { program, expected } = arrange(weave(draws, ALL), dialect);
      const seen: unknown[] = [];
      const end = dialect.run(program, (observation) => seen.push(observation));
      assertEquals({ observations: seen, end }, { ...expected });
    }),
    { seed: 1, numRuns: 200 },
  );
});
