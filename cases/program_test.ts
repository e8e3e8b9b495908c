import { assert, assertEquals } from "@std/assert";
import { caseIdSchema } from "../spec/ids.ts";
import type { Case, Step } from "./case.ts";
import { programOf } from "./program.ts";

const AT = { file: "x.yaml", line: 1, column: 1 };

function step(id: string, until: readonly Step[] = []): Step {
  const expects = { outcome: { kind: "fails", errnos: ["EBADFD"] }, warns: "secret" } as const;
  return { id, operation: "vfio.revoke", args: { device: "dev" }, expects, otherwise: [], until, at: AT };
}

function caseOf(when: readonly Step[]): Case {
  return {
    id: caseIdSchema.parse("x"),
    title: "secret",
    why: "secret",
    clauses: [],
    sections: { given: [step("given.0")], control: [], when, race: [], then: [] },
    source: { file: "x.yaml", text: "secret", digest: "secret" },
  };
}

Deno.test("programOf() starts a step that blocks, runs the inner steps, then waits for it", () => {
  const inner = step("when.0.until.0", [step("when.0.until.0.until.0")]);
  const { steps } = programOf(caseOf([step("when.0", [inner])]));
  assertEquals(steps.map(({ action, id }) => [action, id]), [
    ["call", "given.0"],
    ["start", "when.0"],
    ["start", "when.0.until.0"],
    ["call", "when.0.until.0.until.0"],
    ["finish", "when.0.until.0.finish"],
    ["finish", "when.0.finish"],
  ]);
});

Deno.test("programOf() tells the target nothing of what is expected", () => {
  const text = JSON.stringify(programOf(caseOf([step("when.0", [step("when.0.until.0")])])));
  for (const hidden of ["EBADFD", "secret", "fails", "expects"]) assert(!text.includes(hidden), hidden);
});
