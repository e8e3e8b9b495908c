/**
 * A run in which everything came out in every way there is: each verdict, each end, each standing against a baseline,
 * races that held and races that did not, with hostile text wherever a target or a file can put text.
 *
 * @module
 */
import type { Observation } from "../../spec/observation.ts";
import { holdAgainst } from "../baseline/apply.ts";
import { parseBaseline } from "../baseline/file.ts";
import { readRecord } from "../record_reader.ts";
import type { RecordLine } from "../record.ts";
import { type CaseResult, countsOf, resultOf, type RunResult } from "../result.ts";
import { footer, header, HOSTILE, mishaps, simulated, suite, textOf } from "./runs.ts";

/** The race that held and the one that did not. */
const RACES = ["rdma/race/free-against-unbind", "rdma/race/map-against-free"] as const;

/** The baseline that the run is held against. */
export const KNOWN = `known:
  - { case: passes, message: it, note: passes by now }
  - { case: fails, message: "when.0", waiver: { url: "https://example.org/42", why: "<b>agreed</b>" } }
  - { case: leaks, message: "leaked: " }
  - { case: warns, message: something else }
  - { case: lacks, message: anything }
  - { case: late, verdict: unknown, message: "<script>" }
  - { case: gone/for-good, message: it is no more }
`;

/** The run, partial and held against a baseline. */
export function everyWay(): RunResult {
  const { lines, cases } = mishaps();
  const bad = resultOf(readRecord(textOf(lines)), cases);
  const races = raced();
  const contested = contestedResult(bad);
  const results = [...bad.results, contested, ...races];
  const whole = { ...bad, partial: true, finishedAt: undefined, results, counts: countsOf(results) };
  return holdAgainst(whole, parseBaseline(KNOWN, "known.yaml"), results.map((each) => each.case));
}

/** A case of which the target follows another party. */
function contestedResult({ results }: RunResult): CaseResult {
  const [passes] = results;
  if (!passes) throw new Error("Cannot test without a case that passes");
  return { ...passes, case: "contested", verdict: "contested", reasons: [`when.0: follows ${HOSTILE}`] };
}

function raced(): readonly CaseResult[] {
  const [held, broken] = RACES;
  const lines = [...simulated([held]).slice(1, -1), ...simulated([broken]).slice(1, -1).map(broke)];
  return resultOf(readRecord(textOf([header(RACES), ...lines, footer(2)])), suite().cases).results;
}

/** Adds an outcome that nothing allows and a finding. */
function broke(line: RecordLine): RecordLine {
  if (line.type !== "step" || line.outcome.kind !== "raced") return line;
  const { ends, findings, ...rest } = line.outcome;
  const [first] = ends;
  if (!first) return line;
  const results = Object.fromEntries(Object.keys(first.results).map((id) => [id, FAILED]));
  const strange = {
    ...first,
    results,
    told: { [HOSTILE]: 3 },
    then: NOTHING,
    count: 7,
    schedule: HOSTILE,
  };
  const finding = { kind: "deadlock", what: HOSTILE, schedule: HOSTILE } as const;
  return { ...line, outcome: { ...rest, ends: [...ends, strange], findings: [...findings, finding] } };
}

const NOTHING: readonly Observation[] = [];

const FAILED = { kind: "failed", errno: "ENOMEM" } as const;
