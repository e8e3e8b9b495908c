import { assertEquals, assertRejects } from "@std/assert";
import { loadCases } from "../../cases/mod.ts";
import type { Case } from "../../cases/case.ts";
import { loadLedger } from "../../spec/ledger.ts";
import { NotSeededError, runSeeded } from "./seeded.ts";
import { shoutOf } from "../native/seeded_bugs.ts";
import { DIALECTS, simulator } from "../simulator/mod.ts";
import { type Mutant, MUTANTS } from "../simulator/mutants/mod.ts";
import type { Target } from "../target.ts";

/** How a target deals with bugs that it is asked for. */
type Manner = "has them" | "has them and says nothing" | "says so and has none";

/** A target whose exporter can have the bugs of mutants. */
function exporter(manner: Manner): Target {
  const dialect = DIALECTS.get("matt-v1-vfio");
  if (!dialect) throw new Error("There is no such dialect");
  const right = simulator(dialect);
  return {
    ...right,
    run(program, observe) {
      const [bug] = program.bugs ?? [];
      const mutant = MUTANTS.find(({ id }) => id === bug);
      const wrong = mutant && manner !== "says so and has none" ? simulator(mutant.apply(dialect)) : right;
      const text = bug === undefined || manner === "has them and says nothing" ? "" : shoutOf(bug);
      return wrong.run(
        program,
        (observation) =>
          observe({
            ...observation,
            log: [...observation.log, ...(text ? [{ level: "notice" as const, text }] : [])],
          }),
      );
    },
  };
}

function mutantNamed(id: string): Mutant {
  const found = MUTANTS.find((mutant) => mutant.id === id);
  if (!found) throw new Error(`There is no mutant ${id}`);
  return found;
}

const cases: readonly Case[] = loadCases(loadLedger()).cases.filter(({ id }) =>
  id.startsWith("vfio/revoke/")
);

Deno.test("a seeded bug is killed by cases that kill the mutant of its name", async () => {
  const [result] = await runSeeded([mutantNamed("double-revoke-succeeds")], cases, exporter("has them"));
  assertEquals([result?.fate, result?.kills.map(({ by }) => by), result?.spared], [
    "killed",
    ["step", "step"],
    [],
  ]);
});

Deno.test("a seeded bug that no case notices survives, and each case says why", async () => {
  const options = { most: 2 };
  const [result] = await runSeeded(
    [mutantNamed("double-revoke-succeeds")],
    cases,
    exporter("says so and has none"),
    options,
  );
  assertEquals([result?.fate, result?.spared.map(({ why }) => why)], [
    "survived",
    ["passes with the bug", "passes with the bug"],
  ]);
});

Deno.test("a target that does not own up to a bug proves nothing", async () => {
  await assertRejects(
    () => runSeeded([mutantNamed("double-revoke-succeeds")], cases, exporter("has them and says nothing")),
    NotSeededError,
    "did not switch the bug double-revoke-succeeds on",
  );
});
