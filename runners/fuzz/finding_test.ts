import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Case } from "../../cases/case.ts";
import { judge } from "../../cases/judge/judge.ts";
import { lint } from "../../cases/lint.ts";
import { loadCases } from "../../cases/load.ts";
import { parseCases } from "../../cases/parse.ts";
import { programOf } from "../../cases/program.ts";
import { loadLedger } from "../../spec/ledger.ts";
import type { Observation } from "../../spec/observation.ts";
import { type Dialect, DIALECTS, simulator } from "../simulator/mod.ts";
import { MUTANTS } from "../simulator/mutants/mod.ts";
import type { WriteOptions } from "./case_file.ts";
import { replayCommand, writeFinding } from "./finding.ts";
import { type Finding, fuzz } from "./fuzz.ts";

const ledger = loadLedger();
const { cases } = loadCases(ledger);

function dialect(id: string): Dialect {
  const found = DIALECTS.get(id);
  if (!found) throw new Error(`There is no dialect ${id}`);
  return found;
}

function mutant(id: string): Dialect {
  const found = MUTANTS.find((each) => each.id === id);
  if (!found) throw new Error(`There is no mutant ${id}`);
  return found.apply(dialect(found.dialect));
}

/** The first difference that can be said in a case, and how it is said. */
async function found(
  target: Dialect,
  against: Dialect,
): Promise<{ readonly finding: Finding; readonly text: string; readonly case_: Case }> {
  const stop = new AbortController();
  const kept: { readonly finding: Finding; readonly text: string; readonly case_: Case }[] = [];
  await fuzz({
    open: () => simulator(target),
    against,
    seed: 1,
    runs: 1000,
    signal: stop.signal,
    found: async (finding) => {
      const written = await writeFinding(finding, options(target, against));
      if (written.kind === "unwritable") return;
      kept.push({ finding, text: written.text, case_: written.case });
      stop.abort();
    },
  });
  const [first] = kept;
  if (!first) throw new Error(`No case tells ${target.id} from ${against.id}`);
  return first;
}

function options(target: Dialect, against: Dialect): WriteOptions {
  return { open: () => simulator(target), against, target: "sim:wrong", ledger, cases };
}

function verdict(text: string, on: Dialect): string {
  const { cases: [case_], diagnostics } = parseCases(text, { file: "x.yaml", path: "x", ledger });
  assertEquals(diagnostics, []);
  assert(case_);
  const target = simulator(on);
  const observations: Observation[] = [];
  const end = target.run(programOf(case_), (observation) => observations.push(observation));
  return judge(case_, { observations, end }, { pageSize: target.describe().pageSize }).verdict;
}

for (const id of ["revoke-tells-twice", "no-fence-wait", "double-revoke-succeeds", "export-starts-revoked"]) {
  Deno.test(`writeFinding() writes ${id} as a case that passes on the model and fails on the mutant`, async () => {
    const [model, wrong] = [dialect("matt-v1-vfio"), mutant(id)];
    const { text } = await found(wrong, model);
    assertEquals(verdict(text, model), "pass");
    assertEquals(verdict(text, wrong), "fail");
  });
}

Deno.test("writeFinding() says in the case how it was found, and the linter has nothing to say", async () => {
  const [model, wrong] = [dialect("matt-v2"), dialect("matt-v1-vfio")];
  const { finding, text, case_ } = await found(wrong, model);
  assertStringIncludes(text, `# Found by ${replayCommand(finding, "sim:wrong", "sim:matt-v2")}\n`);
  assertStringIncludes(
    text.replaceAll(/\s+/g, " "),
    `Seed ${finding.seed}, path ${finding.path}: expected "`,
  );
  assertEquals(lint([case_], ledger), []);
});

Deno.test("writeFinding() gives a reason where the case would not differ on the target", async () => {
  const [model, wrong] = [dialect("matt-v2"), dialect("matt-v1-vfio")];
  const { finding } = await found(wrong, model);
  const written = await writeFinding(finding, options(model, model));
  assertEquals(written, {
    kind: "unwritable",
    reason: "the format of cases has no words for what differs",
  });
});
