import { assertEquals } from "@std/assert";
import type { Fate } from "./fate.ts";
import { lineOf, readRecord, RECORD_SCHEMA, type RecordHead } from "./record.ts";

const HEAD: RecordHead = { schema: RECORD_SCHEMA, target: "vm:7.3", against: "sim", seed: 1, maxSteps: 24 };

const FATE: Fate = {
  number: 0,
  seed: 1,
  path: "0",
  fate: "same",
  steps: 12,
  leftOut: [{ operation: "vfio.open", reason: "it has one device" }],
  differences: [],
};

Deno.test("readRecord() reads what lineOf() writes", () => {
  assertEquals(readRecord(lineOf(HEAD) + lineOf(FATE)), { head: HEAD, fates: [FATE] });
});

Deno.test("readRecord() leaves out a last line that was cut off, wherever it was", () => {
  const [before, last] = [lineOf(HEAD) + lineOf(FATE), lineOf({ ...FATE, number: 1, path: "1" })];
  for (let length = 0; length < last.length; length++) {
    assertEquals(readRecord(before + last.slice(0, length)), { head: HEAD, fates: [FATE] });
  }
});

Deno.test("readRecord() says what is wrong", () => {
  assertEquals(readRecord(lineOf(FATE)), "its first line is not the head of such a record");
  assertEquals(readRecord(""), "its first line is not the head of such a record");
  assertEquals(readRecord(lineOf(HEAD) + "{}\n"), "line 2 does not tell of a program");
});
