/**
 * What the kernel said that a reader of a run must see.
 *
 * @module
 */
import type { LogLine } from "../../spec/observation.ts";
import type { CaseResult } from "../result.ts";

/** A line of the kernel log, and the case in which it was written. */
export interface Finding extends LogLine {
  /** The id of the case. */
  readonly case: string;
  /** The step; missing where it was written during the clean-up. */
  readonly step?: string | undefined;
}

const SEVERE: readonly LogLine["level"][] = ["emerg", "alert", "crit", "err", "warn"];

/** The warnings and errors of the kernel, in the order of the cases. */
export function findingsOf(results: readonly CaseResult[]): readonly Finding[] {
  return results.flatMap(({ case: id, steps, post }) => [
    ...steps.flatMap(({ step, log }) => log.map((line) => ({ ...line, case: id, step }))),
    ...(post?.log.map((line) => ({ ...line, case: id })) ?? []),
  ]).filter(({ level }) => SEVERE.includes(level));
}
