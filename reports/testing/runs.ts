/**
 * Runs for the tests of reports: real cases on real simulators, and a run in which everything went wrong.
 *
 * @module
 */
import type { Case } from "../../cases/case.ts";
import { loadCases } from "../../cases/load.ts";
import { programOf } from "../../cases/program.ts";
import { DIALECTS, simulator } from "../../runners/simulator/mod.ts";
import { caseNamed } from "../../runners/testing/cases.ts";
import { type Ledger, loadLedger } from "../../spec/ledger.ts";
import type { CaseEnd, Observation, Outcome } from "../../spec/observation.ts";
import { type Header, type NotRun, RECORD_SCHEMA, type RecordLine } from "../record.ts";

/** Text that breaks out of anything that does not escape it. */
export const HOSTILE = `<script>alert("x")</script> & ' # ]]> | \`x\` \u0000 \ud800 =1+1,"\nnot ok 1`;

/** The suite's own ledger and cases, by id. */
export interface Suite {
  readonly ledger: Ledger;
  readonly cases: ReadonlyMap<string, Case>;
}

let own: Suite | undefined;

/** The suite's own ledger and cases; read once. */
export function suite(): Suite {
  if (own) return own;
  const ledger = loadLedger();
  own = { ledger, cases: new Map(loadCases(ledger).cases.map((each) => [each.id, each])) };
  return own;
}

/** A header of a run of some cases. */
export function header(selection: readonly string[], changes: Partial<Header> = {}): Header {
  const dialect = DIALECTS.get("matt-v1-vfio");
  if (!dialect) throw new Error("Cannot test without a dialect");
  return {
    type: "header",
    schema: RECORD_SCHEMA,
    suite: { version: "0.1.0", ledger: "sha256:1", cases: "sha256:2" },
    target: simulator(dialect).describe(),
    profile: "matt-v1-vfio",
    selection,
    repeat: 1,
    command: ["run"],
    startedAt: "2026-11-21T10:00:00.000Z",
    ...changes,
  };
}

/** Lines as a file has them. */
export function textOf(lines: readonly RecordLine[]): string {
  return lines.map((line) => JSON.stringify(line) + "\n").join("");
}

/** The lines of a run of real cases on a dialect of the simulator. */
export function simulated(ids: readonly string[], dialectId = "matt-v1-vfio"): RecordLine[] {
  const dialect = DIALECTS.get(dialectId);
  if (!dialect) throw new Error(`Cannot test without ${dialectId}`);
  const target = simulator(dialect);
  const lines = ids.flatMap((id) => {
    const case_ = suite().cases.get(id);
    if (!case_) throw new Error(`Cannot test without the case ${id}`);
    const seen: Observation[] = [];
    const end = target.run(programOf(case_), (observation) => seen.push(observation));
    return attempt(case_, seen, end);
  });
  return [header(ids, { target: target.describe() }), ...lines, footer(ids.length)];
}

/** The lines of one attempt. */
export function attempt(case_: Case, seen: readonly Observation[], end?: CaseEnd, number = 1): RecordLine[] {
  const tag = { case: case_.id, attempt: number };
  return [
    { type: "case", ...tag, digest: case_.source.digest },
    ...seen.map((observation) => ({ type: "step", ...tag, ...observation } as const)),
    ...(end ? [{ type: "end", ...tag, durationMs: 1.5, ...end } as const] : []),
  ];
}

/** A footer. */
export function footer(attempts: number, notRun: readonly NotRun[] = []): RecordLine {
  return { type: "footer", finishedAt: "2026-11-21T10:00:01.000Z", attempts, notRun };
}

/** A case that ended in some way. */
export interface Ending {
  readonly id: string;
  readonly outcome?: Outcome | undefined;
  readonly end?: CaseEnd | undefined;
}

const CLEAN = { leaks: [], blocked: [], log: [], tainted: false };

/** One case for every way in which a case can end, with hostile text wherever a target can put text. */
export const ENDINGS: readonly Ending[] = [
  { id: "passes", end: { end: "completed", post: CLEAN } },
  { id: "fails", outcome: { kind: "failed", errno: "ENOMEM" }, end: { end: "completed", post: CLEAN } },
  { id: "leaks", end: { end: "completed", post: { ...CLEAN, leaks: [HOSTILE] } } },
  { id: "warns", end: { end: "completed", post: { ...CLEAN, log: [{ level: "warn", text: HOSTILE }] } } },
  {
    id: "lacks",
    outcome: { kind: "unsupported", reason: HOSTILE },
    end: { end: "completed", post: CLEAN },
  },
  { id: "broken", outcome: { kind: "error", message: HOSTILE }, end: { end: "completed", post: CLEAN } },
  { id: "crashes", end: { end: "crash", reason: HOSTILE } },
  { id: "hangs", end: { end: "hang", reason: HOSTILE } },
  { id: "late", end: { end: "timeout", reason: HOSTILE } },
  { id: "lost", end: { end: "lost", reason: HOSTILE } },
  { id: "infra", end: { end: "infra-error", reason: HOSTILE } },
  { id: "suite", end: { end: "suite-error", reason: HOSTILE } },
  { id: "cut" },
];

/** A run with one case for every way in which a case can end, and one that was never reached. */
export function mishaps(): { readonly lines: RecordLine[]; readonly cases: ReadonlyMap<string, Case> } {
  const cases = new Map([...ENDINGS.map(({ id }) => id), "never"].map((id) => [id, hostileCase(id)]));
  const lines = ENDINGS.flatMap(({ id, outcome, end }) => {
    const given: Observation = observed("given.0", { kind: "returned", value: null });
    const when: Observation = observed("when.0", outcome ?? { kind: "returned", value: null });
    return attempt(cases.get(id) ?? caseNamed(id), end ? [given, when] : [given], end);
  });
  const ended = ENDINGS.filter(({ end }) => end).length;
  const notRun = [
    { case: "cut", attempt: 1, reason: HOSTILE },
    { case: "never", attempt: 1, reason: HOSTILE },
  ];
  return { lines: [header([...cases.keys()]), ...lines, footer(ended, notRun)], cases };
}

function hostileCase(id: string): Case {
  return { ...caseNamed(id), title: HOSTILE, why: HOSTILE };
}

function observed(step: string, outcome: Outcome): Observation {
  return { step, outcome, events: [], log: [{ level: "info", text: HOSTILE }], pending: [], durationMs: 0 };
}
