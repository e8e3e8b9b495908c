import { assertEquals } from "@std/assert";
import { type Case, parseCases } from "../cases/mod.ts";
import { loadLedger } from "../spec/ledger.ts";
import { passesOn, runMutants } from "./mutation.ts";
import { DEFAULT_DIALECT, type Dialect } from "./simulator/mod.ts";
import { type Mutant, MUTANTS } from "./simulator/mutants/mod.ts";

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

function mutant(id: string, apply: Mutant["apply"]): Mutant {
  return { id, title: id, dialect: DEFAULT_DIALECT.id, breaks: ["VREV-10"], apply };
}

/** A buffer that was revoked for good can be revoked again. */
const forgetful = mutantNamed("double-revoke-succeeds");

/** A buffer that was released is still on the list of its device. */
const leaking = mutantNamed("released-buffer-stays-listed");

function mutantNamed(id: string): Mutant {
  const found = MUTANTS.find((each) => each.id === id);
  if (!found) throw new Error(`There is no mutant ${id}`);
  return found;
}

const harmless = mutant("harmless", (dialect) => dialect);

const broken = mutant("broken", (dialect): Dialect => ({
  ...dialect,
  get rules(): Dialect["rules"] {
    throw new Error("the model is broken");
  },
}));

Deno.test("runMutants() kills a mutant on which a case no longer passes", () => {
  const score = runMutants([weak, strong], [forgetful]);
  assertEquals([score.mutants, score.killed, score.survivors], [1, 1, []]);
  assertEquals(score.matrix, { [forgetful.id]: { strong: "pass -> fail" } });
  assertEquals(score.byPostcondition, []);
});

Deno.test("runMutants() names survivors, with the cases that should have noticed", () => {
  const score = runMutants([weak], [harmless]);
  assertEquals([score.killed, score.matrix], [0, { harmless: {} }]);
  assertEquals(score.survivors, [
    { id: "harmless", reason: "1 cases verify VREV-10, but none of them notices: weak" },
  ]);
});

Deno.test("runMutants() does not count a case that never passed", () => {
  const { survivors } = runMutants([wrong], [harmless]);
  assertEquals(survivors.map(({ reason }) => reason), ["no case that passes verifies VREV-10"]);
});

Deno.test("runMutants() tells which mutants only the clean-up shows", () => {
  const score = runMutants([weak], [leaking]);
  assertEquals(score.matrix, { [leaking.id]: { weak: "pass -> fail" } });
  assertEquals(score.byPostcondition, [leaking.id]);
});

Deno.test("runMutants() says how a case ended that says nothing any more", () => {
  const score = runMutants([weak], [broken]);
  assertEquals([score.killed, score.matrix], [1, { broken: { weak: "pass -> infra-error" } }]);
});

Deno.test("runMutants() says of a mutant without a dialect that it cannot run", () => {
  const { survivors } = runMutants([weak], [{ ...harmless, dialect: "elsewhere" }]);
  assertEquals(survivors, [{ id: "harmless", reason: "there is no dialect elsewhere" }]);
});

Deno.test("runMutants() runs the cases of the mutant's dialect and tells how far it is", () => {
  const told: string[] = [];
  const { killed } = runMutants([weak, strong], [forgetful, harmless], {
    casesOf: (dialect) => dialect === DEFAULT_DIALECT.id ? [weak] : [],
    progress: (done, { id }) => told.push(`${done} ${id}`),
  });
  assertEquals([killed, told], [0, [`0 ${forgetful.id}`, "1 harmless"]]);
});

Deno.test("passesOn() tells whether a case passes on a dialect", () => {
  assertEquals([passesOn(DEFAULT_DIALECT, strong), passesOn(DEFAULT_DIALECT, wrong)], [true, false]);
});
