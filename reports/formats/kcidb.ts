/**
 * The report format of KernelCI's common database, version 5.3: a checkout, a build, a test for each case, and an issue
 * with an incident for each failure that is known.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { CaseResult, RunResult } from "../result.ts";
import { explain, wordOf } from "./format.ts";
import type { KcidbIncident, KcidbIssue, KcidbReport, KcidbStatus, KcidbTest } from "./kcidb_schema.ts";
import { raceHead, raceRows } from "./race.ts";
import { headlineOf, staleTexts, standingOf } from "./standing.ts";

/** Who sends the report; a CI system puts its own name in its place. */
const ORIGIN = "dmabuf_conform";

/** What the paths of all tests begin with. */
const ROOT_PATH = "dmabuf-conform";

const MAX_EXCERPT = 16_384;

/** From the worst to the best, as the format has it. */
const BY_WORST: readonly KcidbStatus[] = ["FAIL", "ERROR", "MISS", "PASS", "DONE", "SKIP"];

/** Writes one JSON object. */
export function kcidb(result: RunResult): string {
  return JSON.stringify(reportOf(result), undefined, 2) + "\n";
}

function reportOf(result: RunResult): KcidbReport {
  const { target } = result;
  const run = idOf("run", [target.id, result.startedAt, result.suite.cases]);
  const checkout = idOf("checkout", [target.kernel]);
  const build = idOf("build", [target.kernel, target.config ?? "", target.image ?? "", target.architecture]);
  const known = result.results.filter((each) => each.known !== undefined && each.end !== "not-run");
  const issues = known.map(issueOf);
  return {
    version: { major: 5, minor: 3 },
    checkouts: [{ id: checkout, origin: ORIGIN, git_commit_name: plain(target.kernel), valid: true }],
    builds: [{
      id: build,
      origin: ORIGIN,
      checkout_id: checkout,
      architecture: target.architecture.toLowerCase().replaceAll(/[^a-z0-9_]/g, "_"),
      comment: plain(target.name),
      misc: { config: target.config ?? null, image: target.image ?? null },
    }],
    tests: [wholeRun(result, run, build), ...result.results.map((each) => testOf(each, result, run, build))],
    issues: [...new Map(issues.map((issue) => [issue.id, issue])).values()],
    incidents: known.map((each) => incidentOf(each, run)),
  };
}

/** The run as a whole. One that did not come to its end, or whose baseline has stale entries, is not a pass. */
function wholeRun(result: RunResult, run: string, build: string): KcidbTest {
  const { target, partial, startedAt, finishedAt, results, counts } = result;
  const stale = staleTexts(result).map(([, what]) => what);
  const statuses = new Set<KcidbStatus>([
    ...results.map(statusOf),
    ...(partial ? ["MISS" as const] : []),
    ...(stale.length > 0 ? ["ERROR" as const] : []),
  ]);
  const duration = finishedAt === undefined
    ? {}
    : { duration: (Date.parse(finishedAt) - Date.parse(startedAt)) / 1000 };
  return {
    id: run,
    origin: ORIGIN,
    build_id: build,
    path: ROOT_PATH,
    comment: plain(`${result.profile} on ${target.id}${partial ? ", partial" : ""}`),
    status: BY_WORST.find((status) => statuses.has(status)) ?? "SKIP",
    start_time: startedAt,
    ...duration,
    ...(stale.length === 0 ? {} : { log_excerpt: excerpt(stale) }),
    environment: environmentOf(result),
    misc: {
      schema: result.schema,
      suite: { ...result.suite },
      profile: result.profile,
      partial,
      counts: { ...counts },
    },
  };
}

function environmentOf({ target }: RunResult): NonNullable<KcidbTest["environment"]> {
  return {
    comment: plain(`${target.name} ${target.version}`),
    misc: { target: target.id, detectors: [...target.detectors], devices: [...target.devices ?? []] },
  };
}

function testOf(each: CaseResult, result: RunResult, run: string, build: string): KcidbTest {
  const lines = explain(each);
  return {
    id: testId(run, each),
    origin: ORIGIN,
    build_id: build,
    path: [ROOT_PATH, ...each.case.split("/")].map((part) => part.replaceAll(/[^a-zA-Z0-9_-]+/g, "_") || "_")
      .join("."),
    comment: plain(each.title),
    status: statusOf(each),
    start_time: result.startedAt,
    duration: each.durationMs / 1000,
    ...(lines.length === 0 ? {} : { log_excerpt: excerpt(lines) }),
    environment: environmentOf(result),
    misc: {
      case: each.case,
      clauses: [...each.clauses],
      result: wordOf(each),
      verdict: each.verdict,
      end: each.end,
      baseline: each.baseline,
      attempts: each.stability.attempts,
      stable: each.stability.stable,
      ...(each.raced
        ? {
          race: { summary: raceHead(each.raced), outcomes: raceRows(each.raced).map((row) => ({ ...row })) },
        }
        : {}),
    },
  };
}

/**
 * What a result says of the tested code. A target that follows another party of a disagreement is neither right nor
 * wrong, and a known failure is still a failure: an incident says that it is known.
 */
function statusOf(result: CaseResult): KcidbStatus {
  if (result.end === "not-run") return "MISS";
  if (result.end === "not-supported") return "SKIP";
  switch (result.verdict) {
    case "pass":
      return "PASS";
    case "fail":
      return "FAIL";
    case "contested":
      return "DONE";
    case "unknown":
      return result.end === "infra-error" || result.end === "lost" ? "MISS" : "ERROR";
  }
}

function issueOf({ case: id, known, title }: CaseResult): KcidbIssue {
  const report = known?.waiver ? { report_url: known.waiver.url } : {};
  return {
    id: issueId(id, known?.message ?? ""),
    version: 1,
    origin: ORIGIN,
    report_subject: plain(title),
    comment: plain(known?.waiver?.why ?? known?.note ?? known?.message ?? ""),
    ...report,
    misc: { case: id, message: plain(known?.message ?? ""), at: plain(known?.at ?? "") },
  };
}

function incidentOf(each: CaseResult, run: string): KcidbIncident {
  const { case: id, known } = each;
  return {
    id: idOf("incident", [run, id]),
    origin: ORIGIN,
    issue_id: issueId(id, known?.message ?? ""),
    issue_version: 1,
    test_id: testId(run, each),
    present: standingOf(each) === "known",
    comment: plain(headlineOf(each)),
  };
}

function testId(run: string, { case: id }: CaseResult): string {
  return `${run}:${plain(id)}`;
}

function issueId(caseId: string, message: string): string {
  return idOf("issue", [caseId, message]);
}

/** An id that is the same for the same thing. */
function idOf(kind: string, parts: readonly string[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part.toWellFormed()).update("\0");
  return `${ORIGIN}:${kind}-${hash.digest("hex").slice(0, 24)}`;
}

function excerpt(lines: readonly string[]): string {
  return plain(lines.join("\n")).slice(0, MAX_EXCERPT).toWellFormed();
}

/** Text without what the format does not take. */
function plain(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\ufffd");
}
