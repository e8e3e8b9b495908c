import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { Column, numbered, type NumberedFacts } from "./column.ts";
import type { CaseFacts } from "./facts.ts";
import { sideBySide } from "./rows.ts";

function fact(id: string, word: CaseFacts["word"] = "pass"): NumberedFacts {
  return numbered({ case: id, title: id, clauses: [], word, reason: "", seen: [] });
}

Deno.test("sideBySide() finds a row again by the facts in it, in their order", () => {
  const [a, failing, b] = [fact("a"), fact("a", "fail"), fact("b")];
  const rowsOf = (...runs: readonly NumberedFacts[][]) => sideBySide(runs.map((facts) => new Column(facts)));
  const [first, second] = rowsOf([a, b], [failing, b]);
  const [again, alike] = rowsOf([b, a], [b, failing]);
  assertStrictEquals(again, first);
  assertStrictEquals(alike, second);
  const [turned] = rowsOf([failing, b], [a, b]);
  assert(turned !== first);
  assertEquals(turned?.compared.words, ["fail", "pass"]);
  assertEquals(rowsOf([a, b], [failing, b], [a, b])[0]?.compared.words, ["pass", "fail", "pass"]);
});

Deno.test("sideBySide() pairs cases of runs that have not the same, in the order of the ids", () => {
  const rows = sideBySide([new Column([fact("c"), fact("a")]), new Column([fact("b"), fact("c", "fail")])]);
  assertEquals(rows.map(({ compared }) => [compared.case, ...compared.words]), [
    ["a", "pass", "absent"],
    ["b", "absent", "pass"],
    ["c", "pass", "fail"],
  ]);
});
