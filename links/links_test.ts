/**
 * Pins what the stand-ins export, and that each assertion can fail. Holds for the real packages as well: whatever
 * `@std/assert` and `@std/expect` are at the moment is tested here, by these names.
 *
 * @module
 */
import * as assertions from "@std/assert";
import * as expectations from "@std/expect";
import * as assertStandIn from "./assert/mod.ts";
import * as expectStandIn from "./expect/mod.ts";

const { assertEquals, assertInstanceOf, AssertionError, assertRejects, assertThrows } = assertions;

const ASSERT_NAMES = [
  "AssertionError",
  "assert",
  "assertAlmostEquals",
  "assertArrayIncludes",
  "assertEquals",
  "assertExists",
  "assertFalse",
  "assertGreater",
  "assertGreaterOrEqual",
  "assertInstanceOf",
  "assertLess",
  "assertLessOrEqual",
  "assertMatch",
  "assertNotEquals",
  "assertObjectMatch",
  "assertRejects",
  "assertStrictEquals",
  "assertStringIncludes",
  "assertThrows",
  "fail",
  "unreachable",
];

Deno.test("@std/assert and @std/expect have every name of their stand-ins", () => {
  const missing = ASSERT_NAMES.filter((name) => !Object.hasOwn(assertions, name));
  assertEquals(missing, []);
  assertEquals(Object.hasOwn(expectations, "expect"), true);
});

Deno.test("the stand-ins have no other names", () => {
  assertEquals(Object.keys(assertStandIn).sort(), ASSERT_NAMES);
  assertEquals(Object.keys(expectStandIn), ["expect"]);
});

interface Sample {
  readonly name: keyof typeof assertions;
  readonly holds?: () => void;
  readonly breaks: () => void;
}

const SAMPLES: readonly Sample[] = [
  { name: "assert", holds: () => assertions.assert(1), breaks: () => assertions.assert(0) },
  { name: "assertFalse", holds: () => assertions.assertFalse(""), breaks: () => assertions.assertFalse("a") },
  {
    name: "assertEquals",
    holds: () => assertEquals({ a: [1] }, { a: [1] }),
    breaks: () => assertEquals({ a: [1] }, { a: [2] }),
  },
  {
    name: "assertNotEquals",
    holds: () => assertions.assertNotEquals([1], [2]),
    breaks: () => assertions.assertNotEquals([1], [1]),
  },
  {
    name: "assertStrictEquals",
    holds: () => assertions.assertStrictEquals("a", "a"),
    breaks: () => assertions.assertStrictEquals([], []),
  },
  {
    name: "assertExists",
    holds: () => assertions.assertExists(0),
    breaks: () => assertions.assertExists(undefined),
  },
  {
    name: "assertInstanceOf",
    holds: () => assertInstanceOf(new TypeError(), Error),
    breaks: () => assertInstanceOf({}, Error),
  },
  {
    name: "assertStringIncludes",
    holds: () => assertions.assertStringIncludes("revoke", "vok"),
    breaks: () => assertions.assertStringIncludes("revoke", "fence"),
  },
  {
    name: "assertMatch",
    holds: () => assertions.assertMatch("revoke", /^re/),
    breaks: () => assertions.assertMatch("revoke", /^fe/),
  },
  {
    name: "assertArrayIncludes",
    holds: () => assertions.assertArrayIncludes([{ a: 1 }, { a: 2 }], [{ a: 2 }]),
    breaks: () => assertions.assertArrayIncludes([{ a: 1 }], [{ a: 2 }]),
  },
  {
    name: "assertObjectMatch",
    holds: () => assertions.assertObjectMatch({ a: { b: 1, c: 2 }, d: [1, 2] }, { a: { b: 1 }, d: [1] }),
    breaks: () => assertions.assertObjectMatch({ a: { c: 2 } }, { a: { b: 1 } }),
  },
  {
    name: "assertAlmostEquals",
    holds: () => assertions.assertAlmostEquals(0.1 + 0.2, 0.3),
    breaks: () => assertions.assertAlmostEquals(1, 1.5, 0.1),
  },
  {
    name: "assertGreater",
    holds: () => assertions.assertGreater(2, 1),
    breaks: () => assertions.assertGreater(1, 1),
  },
  {
    name: "assertGreaterOrEqual",
    holds: () => assertions.assertGreaterOrEqual(1, 1),
    breaks: () => assertions.assertGreaterOrEqual(0, 1),
  },
  { name: "assertLess", holds: () => assertions.assertLess(1, 2), breaks: () => assertions.assertLess(1, 1) },
  {
    name: "assertLessOrEqual",
    holds: () => assertions.assertLessOrEqual(1, 1),
    breaks: () => assertions.assertLessOrEqual(1, 0),
  },
  {
    name: "assertThrows",
    holds: () => assertThrows(() => raise("no device"), TypeError, "device"),
    breaks: () => assertThrows(() => {}),
  },
  { name: "fail", breaks: () => assertions.fail() },
  { name: "unreachable", breaks: () => assertions.unreachable() },
];

for (const { name, holds, breaks } of SAMPLES) {
  Deno.test(`${name}() throws an AssertionError when it does not hold, and only then`, () => {
    holds?.();
    assertThrows(breaks, AssertionError);
  });
}

Deno.test("every assertion has a sample", () => {
  const sampled = new Set<string>(SAMPLES.map((sample) => sample.name));
  const others = ["AssertionError", "assertRejects"];
  assertEquals(ASSERT_NAMES.filter((name) => !sampled.has(name)), others);
});

Deno.test("assertThrows() gives back what was thrown, of the class and with the text asked for", () => {
  assertEquals(assertThrows(() => raise("no device"), TypeError).message, "no device");
  assertThrows(() => assertThrows(() => raise("no device"), RangeError), AssertionError, "RangeError");
  assertThrows(() => assertThrows(() => raise("no device"), TypeError, "fence"), AssertionError, "fence");
});

Deno.test("assertRejects() waits for the rejection and gives back its reason", async () => {
  const error = await assertRejects(() => Promise.reject(new TypeError("no device")), TypeError, "device");
  assertEquals(error.message, "no device");
  await assertRejects(() => assertRejects(() => Promise.resolve()), AssertionError);
  await assertRejects(() => assertRejects(() => raise("at once")), AssertionError, "Function throws");
});

Deno.test("a message of one's own is part of the error", () => {
  assertThrows(() => assertEquals(1, 2, "sum of the row"), AssertionError, "sum of the row");
  assertThrows(() => assertions.fail("not here"), AssertionError, "not here");
});

function raise(message: string): never {
  throw new TypeError(message);
}
