import { assertEquals } from "@std/assert";
import { DIALECTS } from "../simulator/mod.ts";
import { CONFORM_VALUES } from "./abi/conform.ts";
import { dialectFields, REFERENCES } from "./reference.ts";
import { seededBugs } from "./seeded_bugs.ts";
import { MUTANTS } from "../simulator/mutants/mod.ts";

function flagsOf(name: string): number {
  const reference = REFERENCES.get(name);
  if (!reference) throw new Error(`There is no reference ${name}`);
  return dialectFields(reference)["dialect.flags"];
}

Deno.test("each proposal that the module follows is a dialect of the simulator", () => {
  assertEquals([...REFERENCES.keys()].filter((name) => !DIALECTS.has(name)), []);
});

Deno.test("the device of the cover letter looks at the state first and never recovers", () => {
  assertEquals(
    flagsOf("leon-v1-cover"),
    CONFORM_VALUES.STATE_FIRST | CONFORM_VALUES.CLOSE_RENOTIFIES | CONFORM_VALUES.AS_CORE |
      CONFORM_VALUES.NEVER_RECOVERS,
  );
});

Deno.test("the device of seed 2 waits, tells of an un-revoke, and can be mapped", () => {
  assertEquals(
    flagsOf("matt-v1-vfio") &
      (CONFORM_VALUES.WAIT_UNMAP | CONFORM_VALUES.HAS_MMAP | CONFORM_VALUES.NEVER_RECOVERS),
    CONFORM_VALUES.WAIT_UNMAP | CONFORM_VALUES.HAS_MMAP,
  );
});

Deno.test("each seeded bug of the module is that of one mutant of the simulator", () => {
  const bugs = seededBugs();
  assertEquals(bugs.length >= 80, true, `there are only ${bugs.length}`);
  assertEquals(bugs.filter((bug) => MUTANTS.filter(({ id }) => id === bug).length !== 1), []);
});
