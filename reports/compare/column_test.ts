import { assertEquals, assertStrictEquals } from "@std/assert";
import { Column, columnOf, numbered } from "./column.ts";
import type { CaseFacts } from "./facts.ts";

function fact(id: string, reason = ""): CaseFacts {
  return { case: id, title: id, clauses: [], word: "pass", reason, seen: [] };
}

Deno.test("Column is what a map of the same facts is, in the order in which they were given", () => {
  const facts = [fact("b"), fact("a"), fact("c")];
  const column = new Column(facts.map(numbered));
  const map = new Map(facts.map((each) => [each.case, each]));
  assertEquals([...column], [...map]);
  assertEquals([[...column.keys()], [...column.values()]], [["b", "a", "c"], facts]);
  const called: unknown[] = [];
  column.forEach((each, id) => called.push([id, each]));
  assertEquals(called, [...map]);
  for (const id of ["a", "d"]) assertEquals([column.get(id), column.has(id)], [map.get(id), map.has(id)]);
  assertEquals(column.size, 3);
});

Deno.test("columnOf() numbers the same facts alike in every run, and no others so", () => {
  const [one, same, other] = [fact("a"), fact("b"), fact("b")];
  const columns = [[one, same], [one, other], [one, same]].map((facts) =>
    columnOf(new Map(facts.map((each) => [each.case, each])))
  );
  const [first, second, third] = columns.map(({ numbers }) => [...numbers]);
  assertEquals(first, third);
  assertEquals([first?.[0] === second?.[0], first?.[1] === second?.[1]], [true, false]);
  assertStrictEquals(columns[0]?.selection, columns[1]?.selection);
});
