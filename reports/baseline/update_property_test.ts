import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { stringify } from "yaml";
import { type CaseResult, countsOf, resultOf, type RunResult } from "../result.ts";
import { readRecord } from "../record_reader.ts";
import { HOSTILE, mishaps, textOf } from "../testing/runs.ts";
import { holdAgainst, parseBaseline, updateBaseline } from "./mod.ts";

const IDS = ["a/one", "a/two[row=1]", "a/two[row=2]", "b"];

const reason = fc.oneof(
  fc.constantFrom(
    "when.0: expected",
    "leaked: a buffer",
    "x",
    "# comment",
    "- item",
    "key: value",
    "'",
    '"',
    "7.1",
    "null",
  ),
  fc.constant(HOSTILE.replace(/[\p{Cc}\p{Cs}].*$/su, "")),
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 30 }).filter((text) =>
    /[\p{L}\p{N}]/u.test(text.charAt(0))
  ),
);

const outcome = fc.record({
  verdict: fc.constantFrom("pass", "fail", "contested", "unknown"),
  supported: fc.boolean(),
  reason,
}, { requiredKeys: ["verdict", "supported", "reason"] });

const known = fc.record({
  case: fc.constantFrom(...IDS, "a", "a/two", "*", "**/two*", "gone"),
  message: reason,
  verdict: fc.constantFrom("fail", "unknown"),
  passes: fc.constantFrom("never", "sometimes"),
  when: fc.constantFrom({ target: "sim:*" }, { target: "native" }, { kernel: "7.1" }, { kernel: ">7.1" }),
  note: fc.constant("a remark"),
}, { requiredKeys: ["case", "message"] });

const [template] = resultOf(readRecord(textOf(mishaps().lines)), mishaps().cases).results;
const head = resultOf(readRecord(textOf(mishaps().lines)), mishaps().cases);

function runOf(
  outcomes: readonly { verdict: CaseResult["verdict"]; supported: boolean; reason: string }[],
): RunResult {
  if (!template) throw new Error("Cannot test without a result");
  const results = outcomes.map(({ verdict, supported, reason }, index): CaseResult => {
    const bad = supported && (verdict === "fail" || verdict === "unknown");
    return {
      ...template,
      case: IDS[index] ?? "",
      verdict: supported ? verdict : "unknown",
      end: supported ? "completed" : "not-supported",
      baseline: bad ? "unexpected-fail" : "expected",
      reasons: bad ? [reason] : [],
    };
  });
  return { ...head, results, counts: countsOf(results) };
}

Deno.test("updateBaseline() always leaves a file with which the run is as expected, and that it would not change again", () => {
  const outcomes = fc.array(outcome, { minLength: IDS.length, maxLength: IDS.length });
  const condition = fc.constantFrom("none", "kernel", "target" as const);
  fc.assert(
    fc.property(outcomes, fc.array(known, { maxLength: 6 }), condition, (drawn, entries, when) => {
      const run = runOf(drawn);
      const before = `# Why.\n${stringify({ known: entries }, { aliasDuplicateObjects: false })}# The end.\n`;
      const { text, changes } = updateBaseline(before, "known.yaml", run, IDS, when);
      const held = holdAgainst(run, parseBaseline(text, "known.yaml"), IDS);
      const left = new Set(changes.flatMap(({ kind, case: id }) => kind === "left" ? [id] : []));
      const open = held.results.filter(({ case: id, baseline }) => baseline !== "expected" && !left.has(id));
      assertEquals([open.map(({ case: id, baseline }) => [id, baseline]), held.against?.stale], [[], []]);
      const again = updateBaseline(text, "known.yaml", run, IDS, when);
      assertEquals(again.text, text);
      for (const comment of ["# Why.", "# The end."]) assertEquals(text.includes(comment), true);
    }),
    { numRuns: 300 },
  );
});
