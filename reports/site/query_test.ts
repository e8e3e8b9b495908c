import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { readRecord } from "../record_reader.ts";
import { resultOf } from "../result.ts";
import { HOSTILE, mishaps, simulated, suite, textOf } from "../testing/runs.ts";
import { MAX_QUERY, parseQuery, queryFor } from "./query.ts";

const CASE = "vfio/revoke/double-revoke";
const ROW = "vfio/move/fence-holds-revoke[usage=READ]";
const { results } = resultOf(readRecord(textOf(simulated([CASE, ROW]))), suite().cases);

function found(query: string, changed: readonly string[] = []): string[] {
  const { matches } = parseQuery(query);
  return results.filter((result) => matches({ result, changed: changed.includes(result.case) })).map((each) =>
    each.case
  );
}

const QUERIES: Readonly<Record<string, readonly string[]>> = {
  "": [CASE, ROW],
  "verdict:pass": [CASE, ROW],
  "verdict:fail": [],
  "-verdict:fail": [CASE, ROW],
  "clause:vrev-10": [CASE],
  "clause:VREV-*": [CASE],
  "area:vfio/move": [ROW],
  "area:vfio/*": [CASE, ROW],
  "double": [CASE],
  "DOUBLE revoke": [CASE],
  '"usage=READ"': [ROW],
  "-double": [ROW],
  "error:EBADFD": [CASE],
  "operation:fence.*": [ROW],
  "case:*double*": [CASE],
  "case:double": [],
  "stable:true expected:true": [CASE, ROW],
  "a*b*c*d": [],
};

for (const [query, expected] of Object.entries(QUERIES)) {
  Deno.test(`parseQuery() finds of two cases those that "${query}" asks for`, () => {
    assertEquals(found(query), expected);
  });
}

Deno.test("parseQuery() finds what changed", () => {
  assertEquals(found("changed:true", [ROW]), [ROW]);
  assertEquals(found("changed:false", [ROW]), [CASE]);
});

Deno.test("parseQuery() finds words of the kernel log", () => {
  const { lines, cases } = mishaps();
  const all = resultOf(readRecord(textOf(lines)), cases).results;
  const { matches } = parseQuery("log:alert");
  assert(all.some((result) => matches({ result, changed: false })));
});

Deno.test("parseQuery() says what it does not know, and the nearest word that it does", () => {
  assertStringIncludes(parseQuery("verdikt:fail").problems[0] ?? "", "verdict");
  assertEquals(found("verdikt:fail"), [CASE, ROW]);
  assertEquals(parseQuery("x".repeat(MAX_QUERY + 1)).problems.length, 1);
});

Deno.test("parseQuery() takes any text, and no pattern takes long", () => {
  for (const query of [HOSTILE, "constructor:x", "__proto__:x", ":", "-", '"', "case:", "case:((((", "[a-"]) {
    found(query);
  }
  const pattern = parseQuery(`case:${"*a".repeat(200)}b`);
  const [result] = results;
  assert(result);
  assertEquals(pattern.matches({ result: { ...result, case: "a".repeat(100_000) }, changed: false }), false);
});

Deno.test("queryFor() asks for what it was given, also where that has spaces or quotes in it", () => {
  assertEquals(queryFor({ area: "vfio/move", verdict: "pass" }), "area:vfio/move verdict:pass");
  assertEquals(queryFor({ clause: 'a "b' }), 'clause:"a b"');
});
