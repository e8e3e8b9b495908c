import { assertEquals } from "@std/assert";
import { loadCases } from "../../cases/load.ts";
import { loadLedger } from "../../spec/ledger.ts";
import { killsOf, passingOn } from "./kills.ts";
import { changes, noting } from "./reads.ts";
import { DEFAULT_DIALECT } from "../simulator/mod.ts";
import { MUTANTS } from "../simulator/mutants/mod.ts";

const RULES = { core: { lookup: ["a"], pin: 1 }, vfio: { transitions: { OK: { TEMP: "x" }, PERM: {} } } };

Deno.test("noting() notes which rules are asked for, and those that are not there", () => {
  const reads = new Set<string>();
  const rules = noting<
    { core: { pin: number }; vfio: { transitions: Record<string, Record<string, string>> } }
  >(
    RULES,
    reads,
  );
  assertEquals([rules.core.pin, rules.vfio.transitions["PERM"]?.["OK"]], [1, undefined]);
  assertEquals([...reads], ["core.pin", "vfio.transitions.PERM.OK"]);
});

Deno.test("noting() takes a look at all rules of a part for asking for each of them", () => {
  const reads = new Set<string>();
  Object.keys(noting(RULES, reads).vfio.transitions);
  assertEquals([...reads], ["vfio.transitions.OK.TEMP"]);
});

Deno.test("changes() finds rules that were replaced, added or taken away", () => {
  const { core, vfio } = RULES;
  assertEquals(changes(RULES, { core, vfio }), new Set());
  assertEquals(changes(RULES, { core: { ...core, lookup: ["a"] }, vfio }), new Set(["core.lookup"]));
  const transitions = { OK: {}, PERM: { OK: "y" } };
  assertEquals(
    changes(RULES, { core, vfio: { transitions } }),
    new Set(["vfio.transitions.OK.TEMP", "vfio.transitions.PERM.OK"]),
  );
});

/** The rules of a case that asks for everything. */
class Everything extends Set<string> {
  override isDisjointFrom(): boolean {
    return false;
  }
}

Deno.test("a case that asks for no rule that a mutant changes goes on it as on the dialect", () => {
  const cases = loadCases(loadLedger()).cases.filter(({ id }) => /^(base|vfio\/(revoke|close))\//.test(id));
  const passing = passingOn(DEFAULT_DIALECT, cases);
  const all = passing.map((each) => ({ ...each, reads: new Everything() }));
  const some = MUTANTS.filter(({ dialect }, index) => dialect === DEFAULT_DIALECT.id && index % 12 === 0);
  for (const mutant of some) assertEquals(killsOf(mutant, passing), killsOf(mutant, all), mutant.id);
});
