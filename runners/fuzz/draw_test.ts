import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { z } from "zod";
import { isOperationName, OPERATION_NAMES, operationOf } from "../../spec/operations/mod.ts";
import { kindsOf, OBJECT_KINDS } from "../../spec/operations/operation.ts";
import { drawOf, drawsOf } from "./draw.ts";
import { ARGUMENTS } from "./tuning.ts";
import { vocabularyOf } from "./vocabulary.ts";
import { weave } from "./weave.ts";

const ALL = vocabularyOf();

Deno.test("drawOf() can draw every operation of the vocabulary", () => {
  assertEquals(OPERATION_NAMES.filter((name) => !drawOf(name, ALL)), []);
});

Deno.test("weave() gives every operation arguments that its declaration accepts", () => {
  for (const operation of OPERATION_NAMES) {
    fc.assert(
      fc.property(drawsOf(1, { ...ALL, operations: [operation] }), (draws) => {
        for (const step of weave(draws, ALL).steps) operationOf(step.operation).args.parse(step.written);
      }),
      { seed: 1, numRuns: 20 },
    );
  }
});

Deno.test("weave() names only objects of the right kind that an earlier step gives", () => {
  fc.assert(
    fc.property(drawsOf(12, ALL), (draws) => {
      const kinds = new Map<string, string>();
      const { steps, closing } = weave(draws, ALL);
      for (const { operation, written, bind } of [...steps, ...closing]) {
        const { args, result } = operationOf(operation);
        for (const [argument, schema] of Object.entries(args.shape)) {
          const accepted = kindsOf(schema);
          for (const name of accepted ? [written[argument]].flat() : []) {
            if (typeof name !== "string") continue;
            assert(accepted?.some((kind) => kind === kinds.get(name)), `${operation} ${argument}: ${name}`);
          }
        }
        if (bind === undefined) continue;
        const kind = result.gives === "same" ? kinds.get(String(written[result.as])) : undefined;
        kinds.set(bind, result.gives === "object" ? result.kind : kind ?? "nothing");
      }
    }),
    { seed: 1, numRuns: 200 },
  );
});

Deno.test("weave() never uses an importer again after its last use", () => {
  fc.assert(
    fc.property(drawsOf(24, ALL), (draws) => {
      const ended = new Set<string>();
      for (const { operation, uses, ends } of weave(draws, ALL).steps) {
        assertEquals(uses.filter((name) => ended.has(name)), [], operation);
        if (ends !== undefined) ended.add(ends);
      }
    }),
    { seed: 1, numRuns: 200 },
  );
});

Deno.test("weave() adds what gives an object that no drawn step gives", () => {
  const draw = {
    operation: "importer.map",
    plain: {},
    objects: { attachment: { kind: "attachment", slot: 1 } },
    slot: 0,
    action: "call",
  } as const;
  const { steps } = weave([draw, draw], ALL);
  assertEquals(steps.map(({ operation }) => operation), [
    "vfio.open",
    "vfio.export",
    "importer.attach",
    "importer.map",
    "importer.map",
  ]);
});

Deno.test("every tuned argument is one of the vocabulary, and its values are accepted", () => {
  for (const [key, values] of ARGUMENTS) {
    const [group = "", word = "", argument = ""] = key.split(".");
    const operation = `${group}.${word}`;
    assert(isOperationName(operation), key);
    const schema: z.core.$ZodType | undefined = operationOf(operation).args.shape[argument];
    assert(schema, key);
    for (const value of fc.sample(values, { seed: 1, numRuns: 100 })) {
      assert(value === undefined || z.safeParse(schema, value).success, `${key}: ${JSON.stringify(value)}`);
    }
  }
});

Deno.test("vocabularyOf() leaves out what needs an object that cannot be had, and finds other sources", () => {
  const { operations, sources } = vocabularyOf([
    "vfio.revoke",
    "heap.alloc",
    "importer.attach",
    "importer.map",
  ]);
  assertEquals(operations, ["heap.alloc", "importer.attach", "importer.map"]);
  assertEquals(sources.get("buffer"), "heap.alloc");
});

Deno.test("vocabularyOf() has a source for every kind of object of the whole vocabulary", () => {
  assertEquals(OBJECT_KINDS.filter((kind) => !ALL.sources.has(kind)), []);
  assertEquals(ALL.operations, [...OPERATION_NAMES]);
});
