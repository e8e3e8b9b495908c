import { assertEquals } from "@std/assert";
import { caseIdSchema } from "../../spec/ids.ts";
import { proofOf } from "./cases.ts";

const CASES = ["kills", "idle", "excused", "wrong"].map((name) => ({
  id: caseIdSchema.parse(`a/${name}`),
  noMutant: name === "excused" || name === "wrong" ? "Nobody can." : undefined,
}));

Deno.test("proofOf() tells cases that a mutant fails from those that none does, with and without a reason", () => {
  const kills = (id: string) => ["a/kills", "a/wrong"].includes(id) ? 1 : 0;
  const proof = proofOf(CASES, { cases: CASES.map(({ id }) => ({ case: id, kills: kills(id), alone: [] })) });
  assertEquals(
    JSON.stringify(proof),
    JSON.stringify({
      proved: ["a/kills", "a/wrong"],
      excused: [{ case: "a/excused", reason: "Nobody can." }],
      idle: ["a/idle"],
      wronglyExcused: ["a/wrong"],
    }),
  );
});
