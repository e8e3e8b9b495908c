/**
 * What the index holds of a run, made before anything is written: the longest part of an import holds no lock.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { caseFacts } from "../compare/facts.ts";
import type { RunResult } from "../result.ts";
import { findingsOf } from "./findings.ts";

/** A case of a run. */
export interface IndexedCase {
  /** The id of the case. */
  readonly case: string;
  /** What it showed, as JSON: the same whenever the target did the same. */
  readonly facts: string;
  /** Names the facts. */
  readonly digest: string;
  /** Wall time in microseconds. */
  readonly durationUs: number;
}

/** Text that can be found. */
export interface IndexedText {
  /** Whether it is said of the run or by the kernel. */
  readonly kind: "run" | "log";
  /** The case; empty where it is about the run. */
  readonly case: string;
  /** The text. */
  readonly text: string;
}

/** A run, as the index holds it. */
export interface IndexedRun {
  /** The name of the run. */
  readonly run: string;
  /** The bytes of its record. */
  readonly bytes: number;
  /** Its target, profile and so on. */
  readonly result: Pick<RunResult, "target" | "profile" | "finishedAt" | "counts">;
  /** When it began, in milliseconds since 1970. */
  readonly startedMs: number;
  /** Its cases, in order. */
  readonly cases: readonly IndexedCase[];
  /** What can be found of it. */
  readonly texts: readonly IndexedText[];
}

/** The most lines of the kernel log of one run that can be found by their words. */
const MOST_LOG_LINES = 10_000;

/** Makes what the index holds of a run. */
export function indexedRun(run: string, bytes: number, result: RunResult): IndexedRun {
  const { target, profile, command, startedAt, finishedAt, counts, results } = result;
  const said = [target.id, target.name, target.kernel, profile, ...command, ...target.detectors];
  const logs = findingsOf(results).slice(0, MOST_LOG_LINES);
  return {
    run,
    bytes,
    result: { target, profile, finishedAt, counts },
    startedMs: Date.parse(startedAt),
    cases: results.map((each) => {
      const facts = JSON.stringify(caseFacts(each));
      const digest = createHash("sha256").update(facts).digest("base64url");
      return { case: each.case, facts, digest, durationUs: Math.round(each.durationMs * 1000) };
    }),
    texts: [
      { kind: "run", case: "", text: said.join(" ") },
      ...logs.map((line) => ({ kind: "log" as const, case: line.case, text: line.text })),
    ],
  };
}
