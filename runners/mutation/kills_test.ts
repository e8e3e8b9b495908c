import { assertEquals } from "@std/assert";
import { type Case, parseCases } from "../../cases/mod.ts";
import { loadLedger } from "../../spec/ledger.ts";
import { killsOf, type MutantResult, passesOn, passingOn, resultOf } from "./kills.ts";
import { DEFAULT_DIALECT } from "../simulator/mod.ts";
import { type Mutant, MUTANTS } from "../simulator/mutants/mod.ts";
import { broken, harmless } from "../testing/mutants.ts";

const ledger = loadLedger();

function caseFrom(path: string, steps: string): Case {
  const text = `title: ${path}\nwhy: It shows something\nclauses: [VREV-10]\n${steps}`;
  const { cases: [case_] } = parseCases(text, { file: `${path}.yaml`, path, ledger });
  if (!case_) throw new Error(`Cannot parse ${path}`);
  return case_;
}

const GIVEN = `given:
  - dev: { vfio.open: { bars: [1MiB] } }
  - buf: { vfio.export: { device: dev, region: 0 } }
`;

const WHEN = `when:
  - vfio.revoke: { device: dev, buffer: buf }
`;

/** Notices only whether the first revoke works. */
const weak = caseFrom("weak", GIVEN + WHEN);

/** Notices what the second revoke answers. */
const strong = caseFrom(
  "strong",
  `${GIVEN}${WHEN}    returns: 0
then:
  - vfio.revoke: { device: dev, buffer: buf }
    fails: EBADFD
`,
);

/** Is wrong on every dialect. */
const wrong = caseFrom(
  "wrong",
  `${GIVEN}${WHEN}    fails: EBADFD
`,
);

function mutantNamed(id: string): Mutant {
  const found = MUTANTS.find((each) => each.id === id);
  if (!found) throw new Error(`There is no mutant ${id}`);
  return found;
}

/** A buffer that was revoked for good can be revoked again. */
const forgetful = mutantNamed("double-revoke-succeeds");

/** A buffer that was released is still on the list of its device. */
const leaking = mutantNamed("released-buffer-stays-listed");

/** Every buffer starts revoked. */
const backward = mutantNamed("export-starts-revoked");

function run(mutant: Mutant, ...cases: readonly Case[]): MutantResult {
  const passing = passingOn(DEFAULT_DIALECT, cases);
  return resultOf(mutant, killsOf(mutant, passing), passing.map((each) => each.case));
}

function briefly({ fate, kills }: MutantResult) {
  return [fate, ...kills.map((kill) => `${kill.case}: ${kill.to} by ${kill.by}`)];
}

Deno.test("a mutant is killed by a step that is not as it must be", () => {
  const result = run(forgetful, weak, strong);
  assertEquals(briefly(result), ["killed", "strong: fail by step"]);
  assertEquals(result.kills.map(({ reason }) => reason), [
    "then.0: expected that it fails with EBADFD, but it returned 0",
  ]);
  assertEquals(result.reason, undefined);
});

Deno.test("a mutant that nobody notices survives, and the cases that should have noticed are named", () => {
  const { fate, reason, explained } = run(harmless, weak, strong);
  assertEquals([fate, explained], ["survived", false]);
  assertEquals(reason, "2 cases verify VREV-10, but no step of them notices: weak, strong");
});

Deno.test("a mutant whose declaration says why it survives is explained", () => {
  const { reason, explained } = run({ ...harmless, survives: "nobody can tell" }, weak);
  assertEquals([reason, explained], ["nobody can tell", true]);
});

Deno.test("a case that never passed says nothing of a mutant", () => {
  assertEquals(run(forgetful, wrong).reason, "no case that passes verifies VREV-10");
});

Deno.test("what only the clean-up shows is told apart", () => {
  assertEquals(briefly(run(leaking, weak)), ["postcondition", "weak: fail by postcondition"]);
});

Deno.test("what only keeps a case from saying anything is told apart", () => {
  const controlled = caseFrom(
    "controlled",
    `${GIVEN}control:
  - att: { importer.attach: { buffer: buf } }
${WHEN}`,
  );
  assertEquals(briefly(run(backward, controlled)), ["control", "controlled: unknown by control"]);
});

Deno.test("what brings the harness down is told apart", () => {
  const { kills, ...result } = run(broken, weak);
  assertEquals(briefly({ kills, ...result }), ["harness", "weak: infra-error by harness"]);
  assertEquals(kills.map(({ reason }) => reason), ["the model is broken"]);
});

Deno.test("a mutant of a dialect that does not exist cannot run", () => {
  assertEquals(run({ ...harmless, dialect: "elsewhere" }, weak).reason, "there is no dialect elsewhere");
});

Deno.test("passesOn() tells whether a case passes on a dialect", () => {
  assertEquals([passesOn(DEFAULT_DIALECT, strong), passesOn(DEFAULT_DIALECT, wrong)], [true, false]);
});
