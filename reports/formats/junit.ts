/**
 * JUnit XML: what CI systems read. A `fail` is a failure, an `unknown` an error, and what says nothing of the target
 * is skipped.
 *
 * @module
 */
import type { CaseResult, RunResult } from "../result.ts";
import { explain, wordOf } from "./format.ts";

/** Writes one test suite with a test case per case. */
export function junit(result: RunResult): string {
  const { counts, results } = result;
  const attributes = {
    name: `${result.profile} on ${result.target.id}`,
    tests: counts.total,
    failures: counts.fail,
    errors: counts.unknown,
    skipped: counts["not-supported"] + counts["not-run"],
    time: seconds(results.reduce((total, { durationMs }) => total + durationMs, 0)),
    timestamp: result.startedAt,
  };
  const suite = element("testsuite", attributes, results.map(testcase).join(""));
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element("testsuites", {}, suite)}`;
}

function testcase(result: CaseResult): string {
  const slash = result.case.lastIndexOf("/");
  const attributes = {
    classname: slash < 0 ? "cases" : result.case.slice(0, slash).replaceAll("/", "."),
    name: result.case.slice(slash + 1),
    time: seconds(result.durationMs),
  };
  return element("testcase", attributes, outcome(result));
}

function outcome(result: CaseResult): string {
  const message = result.reasons[0] ?? "";
  const details = escaped(explain(result).join("\n"));
  switch (wordOf(result)) {
    case "pass":
      return "";
    case "fail":
      return element("failure", { message, type: result.decidedBy ?? "step" }, details);
    case "unknown":
      return element("error", { message, type: result.end }, details);
    case "contested":
      return element("system-out", {}, details);
    case "not-supported":
    case "not-run":
      return element("skipped", { message }, "");
  }
}

function element(
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  content: string,
): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(String(value))}"`)
    .join("");
  return `<${name}${written}>${content}</${name}>\n`;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(6);
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "\n": "&#10;",
};

/** Escapes a text; characters that XML cannot hold at all are replaced. */
function escaped(text: string): string {
  return text.toWellFormed()
    .replaceAll(/[^\t\n\r\u0020-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd")
    .replaceAll(/[&<>"\n]/g, (character) => ENTITIES[character] ?? character);
}
