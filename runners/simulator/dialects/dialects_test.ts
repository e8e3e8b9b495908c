/**
 * Every dialect is what the profile of its name says.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { Case } from "../../../cases/case.ts";
import { judge } from "../../../cases/judge/judge.ts";
import type { Judgement } from "../../../cases/judge/judgement.ts";
import { loadCases } from "../../../cases/load.ts";
import { programOf } from "../../../cases/program.ts";
import { selectCases } from "../../../cases/select.ts";
import { loadLedger } from "../../../spec/ledger.ts";
import type { Observation } from "../../../spec/observation.ts";
import { parseTarget } from "../../open.ts";
import { type Dialect, DIALECTS, simulator } from "../mod.ts";

const ledger = loadLedger();
const { cases } = loadCases(ledger);

function judgeOn(dialect: Dialect, case_: Case): Judgement {
  const target = simulator(dialect);
  const observations: Observation[] = [];
  const end = target.run(programOf(case_), (observation) => observations.push(observation));
  return judge(case_, { observations, end }, { pageSize: target.describe().pageSize });
}

function casesOf(id: string): readonly Case[] {
  const profile = [...ledger.profiles.values()].find((each) => each.id === id);
  assert(profile, `There is no profile ${id}`);
  return selectCases(cases, [], { profile });
}

/** The cases that fail, or that say nothing although the target has what they use. */
function wrong(dialect: Dialect, selected: readonly Case[]): readonly string[] {
  return selected.flatMap((case_) => {
    const { verdict, end, reasons } = judgeOn(dialect, case_);
    const fits = verdict === "pass" || verdict === "contested" || end === "not-supported";
    return fits ? [] : [`${case_.id}: ${verdict}, ${reasons.join("; ")}`];
  });
}

Deno.test("a dialect runs the cases of its profile without a fail and without an unknown", async (t) => {
  for (const dialect of DIALECTS.values()) {
    await t.step(dialect.id, () => {
      const selected = casesOf(dialect.id);
      assert(selected.length > 10, `${selected.length} cases`);
      assertEquals(wrong(dialect, selected), []);
    });
  }
});

Deno.test("the oracle of every profile is a target", () => {
  const oracles = [...ledger.profiles.values()].flatMap(({ oracle }) => oracle ?? []);
  assert(oracles.length > 10, `${oracles.length} oracles`);
  assertEquals(oracles.map((oracle) => parseTarget(oracle).id), oracles);
});

Deno.test("a kernel that lacks a feature fails no case, and does not support those that need it", async (t) => {
  const table = [
    ["sim:mainline-7.3+no-dmabuf", "vfio/move", "vfio/export"],
    ["sim:mainline-7.3+no-iommufd", "iommufd/map", "iommufd/revoke"],
    ["sim:mainline-7.3+no-sync-file", "vfio/move/imported-fence"],
  ] as const;
  for (const [name, ...folders] of table) {
    await t.step(name, () => {
      const { dialect } = parseTarget(name);
      const judged = selectCases(cases, folders).map((case_) => judgeOn(dialect, case_));
      assertEquals(judged.filter(({ verdict }) => verdict === "fail"), []);
      assert(judged.some(({ end }) => end === "not-supported"));
    });
  }
});
