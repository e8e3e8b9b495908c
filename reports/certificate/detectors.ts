/**
 * What watched for bugs during a run, and from when on that is in doubt. A kernel that has become tainted may have
 * switched its checkers off: lockdep does after its first report.
 *
 * @module
 */
import type { RunRecord } from "../record_reader.ts";
import type { Grade, Stability } from "./predicate.ts";

/** What watched during a run. */
export interface DetectorStates {
  /** How much a certificate is worth by it. */
  readonly grade: Grade;
  /** The case after which the detectors are in doubt. */
  readonly doubtfulAfter?: string | undefined;
  /** What can be said of a case. */
  readonly stateAt: (caseId: string) => Stability["detectors"];
}

const MEMORY = /kasan|kmsan|kfence/i;
const LOCKS = /lockdep|prove.?locking/i;

/** Finds out what watched during a run. */
export function detectorsOf({ header, attempts }: Pick<RunRecord, "header" | "attempts">): DetectorStates {
  const { detectors, architecture } = header.target;
  const tainted = attempts.findIndex(({ end }) => end?.post?.tainted === true);
  const doubtful = new Set(tainted < 0 ? [] : attempts.slice(tainted).map((attempt) => attempt.case));
  return {
    grade: gradeOf(detectors, architecture, tainted >= 0),
    doubtfulAfter: attempts[tainted]?.case,
    stateAt: (id) => detectors.length === 0 ? "none" : doubtful.has(id) ? "doubtful" : "alive",
  };
}

function gradeOf(detectors: readonly string[], architecture: string, lost: boolean): Grade {
  if (architecture === "generic") return "model";
  const watched = [MEMORY, LOCKS].every((kind) => detectors.some((each) => kind.test(each)));
  return watched && !lost ? "instrumented" : "functional";
}
