/**
 * SARIF 2.1.0: what code hosts show beside a change. A result for each case that is not simply ok, at the file of the
 * case, under the rule of its first clause.
 *
 * @module
 */
import type { CaseResult, RunResult } from "../result.ts";
import { commandFor, explain, printable } from "./format.ts";
import { headlineOf, knownText, staleTexts, type Standing, standingOf } from "./standing.ts";

const LEVELS: Readonly<Record<Standing, "error" | "warning" | "note" | "none">> = {
  bad: "error",
  broken: "warning",
  missing: "warning",
  known: "note",
  ok: "note",
  skipped: "none",
};

/** The rule of results that have no clause. */
const NO_CLAUSE = "no-clause";

/** The rule of stale entries of a baseline. */
const STALE = "stale-entry";

/** Writes one JSON object. */
export function sarif(result: RunResult): string {
  const told = result.results.filter((each) => each.verdict !== "pass" || each.baseline !== "expected");
  const stale = staleTexts(result);
  const rules = [...new Set([...told.map(ruleOf), ...(stale.length > 0 ? [STALE] : [])])].sort();
  const log = {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [{
      tool: {
        driver: {
          name: "dmabuf-conform",
          version: result.suite.version,
          rules: rules.map((id) => ({ id })),
        },
      },
      automationDetails: { id: `${result.profile}/${result.target.id}/` },
      invocations: [{
        executionSuccessful: !result.partial,
        startTimeUtc: result.startedAt,
        ...(result.finishedAt === undefined ? {} : { endTimeUtc: result.finishedAt }),
      }],
      results: [
        ...told.map((each) => resultOf(each, result, rules)),
        ...stale.map(([id, message]) => staleOf(id, message, result, rules)),
      ],
    }],
  };
  return JSON.stringify(log, wellFormed, 2) + "\n";
}

function ruleOf({ clauses }: CaseResult): string {
  return clauses[0] ?? NO_CLAUSE;
}

function resultOf(each: CaseResult, result: RunResult, rules: readonly string[]) {
  const standing = standingOf(each);
  const again = commandFor(result, each.case);
  return {
    ruleId: ruleOf(each),
    ruleIndex: rules.indexOf(ruleOf(each)),
    level: LEVELS[standing],
    kind: standing === "skipped" ? "notApplicable" : "fail",
    message: {
      text: [`${each.title}: ${headlineOf(each)}`, ...explain(each), `Again: ${again}`].map(printable).join(
        "\n",
      ),
    },
    locations: [locationOf(`cases/${each.case.replace(/\[.*$/s, "")}.yaml`, each.case)],
    partialFingerprints: { "case/v1": each.case },
    ...(standing === "known"
      ? { suppressions: [{ kind: "external", status: "accepted", justification: knownText(each) }] }
      : {}),
    properties: {
      case: each.case,
      clauses: each.clauses,
      verdict: each.verdict,
      end: each.end,
      baseline: each.baseline,
      attempts: each.stability.attempts,
    },
  };
}

function staleOf(id: string, message: string, { against }: RunResult, rules: readonly string[]) {
  return {
    ruleId: STALE,
    ruleIndex: rules.indexOf(STALE),
    level: "error",
    kind: "fail",
    message: { text: printable(message) },
    locations: [locationOf(against?.file ?? "", id)],
    partialFingerprints: { "case/v1": id },
  };
}

function locationOf(path: string, name: string) {
  const uri = path.split("/").map((part) => encodeURIComponent(part.toWellFormed())).join("/");
  return {
    physicalLocation: { artifactLocation: { uri }, region: { startLine: 1 } },
    logicalLocations: [{ fullyQualifiedName: name, kind: "member" }],
  };
}

function wellFormed(_key: string, value: unknown): unknown {
  return typeof value === "string" ? value.toWellFormed() : value;
}
