/**
 * JUnit XML: what CI systems read. A failure that is not known is a failure, a case of which nothing can be said or that
 * was never reached an error; what the target does not support and failures that are known are skipped.
 *
 * @module
 */
import type { CaseResult, RunResult } from "../result.ts";
import { explain } from "./format.ts";
import { headlineOf, knownText, staleTexts, type Standing, standingOf } from "./standing.ts";

/** Writes one test suite with a test case per case, and one for each entry of the baseline that speaks of no case. */
export function junit(result: RunResult): string {
  const { results } = result;
  const stale = staleTexts(result);
  const count = (...standings: readonly Standing[]) =>
    results.filter((each) => standings.includes(standingOf(each))).length;
  const attributes = {
    name: `${result.profile} on ${result.target.id}`,
    tests: results.length + stale.length,
    failures: count("bad") + stale.length,
    errors: count("broken", "missing"),
    skipped: count("skipped", "known"),
    time: seconds(results.reduce((total, { durationMs }) => total + durationMs, 0)),
    timestamp: result.startedAt.replace(/(\.\d+)?Z$/, ""),
  };
  const content = [propertiesOf(result), ...results.map(testcase), ...stale.map(staleCase)].join("");
  const { tests, failures, errors, skipped, time } = attributes;
  const suites = element(
    "testsuites",
    { tests, failures, errors, skipped, time },
    element("testsuite", attributes, content),
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n${suites}`;
}

function propertiesOf({ target, profile, suite, partial }: RunResult): string {
  const properties = {
    target: target.id,
    kernel: target.kernel,
    profile,
    suite: suite.version,
    partial: String(partial),
  };
  const each = Object.entries(properties).map(([name, value]) => element("property", { name, value }, ""));
  return element("properties", {}, each.join(""));
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

function staleCase([name, message]: readonly [string, string]): string {
  const failure = element("failure", { message, type: "stale-entry" }, escaped(message));
  return element("testcase", { classname: "baseline", name, time: seconds(0) }, failure);
}

function outcome(result: CaseResult): string {
  const message = headlineOf(result);
  const lines = explain(result);
  const details = escaped(lines.join("\n"));
  switch (standingOf(result)) {
    case "ok":
      return lines.length === 0 ? "" : element("system-out", {}, details);
    case "bad":
      return element("failure", { message, type: typeOf(result) }, details);
    case "broken":
      return element("error", { message, type: result.end }, details);
    case "missing":
      return element("error", { message, type: "not-run" }, details);
    case "known":
      return element("skipped", { message: `${knownText(result)}: ${message}` }, "") +
        element("system-out", {}, details);
    case "skipped":
      return element("skipped", { message }, "");
  }
}

function typeOf({ baseline, decidedBy }: CaseResult): string {
  return baseline === "unexpected-fail" || baseline === "expected" ? decidedBy ?? "step" : baseline;
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
