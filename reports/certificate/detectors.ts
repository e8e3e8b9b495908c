/**
 * What watched for bugs during a run, and from when on that is in doubt. A kernel may switch its checkers off by
 * itself: lockdep does so after its first report.
 *
 * @module
 */
import type { RecordedAttempt, RunRecord } from "../record_reader.ts";
import type { CaseResult } from "../result.ts";
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

/** What the kernel logs when its checkers may be off from then on: a warning alone leaves them on. */
const UNRELIABLE =
  /\bBUG:|\bOops\b|general protection fault|lockdep is turned off|turning off the locking|possible (circular|recursive) locking|inconsistent lock state/;

/**
 * Finds out what watched during a run.
 *
 * They are in doubt from a case on in which the kernel logged what ends them, or became tainted although the case does
 * not expect that.
 *
 * @param record the run
 * @param results what became of its cases
 */
export function detectorsOf(
  { header, attempts }: Pick<RunRecord, "header" | "attempts">,
  results: readonly Pick<CaseResult, "case" | "verdict">[],
): DetectorStates {
  const { detectors, architecture } = header.target;
  const fine = new Set(results.filter(({ verdict }) => verdict === "pass").map((each) => each.case));
  const from = attempts.findIndex((attempt) => endsDetectors(attempt, fine.has(attempt.case)));
  const doubtful = new Set(from < 0 ? [] : attempts.slice(from).map((attempt) => attempt.case));
  return {
    grade: gradeOf(detectors, architecture, from >= 0),
    doubtfulAfter: attempts[from]?.case,
    stateAt: (id) => detectors.length === 0 ? "none" : doubtful.has(id) ? "doubtful" : "alive",
  };
}

function endsDetectors({ observations, end }: RecordedAttempt, fine: boolean): boolean {
  const log = [...observations.flatMap((observation) => observation.log), ...end?.post?.log ?? []];
  return log.some(({ text }) => UNRELIABLE.test(text)) || (!fine && end?.post?.tainted === true);
}

function gradeOf(detectors: readonly string[], architecture: string, lost: boolean): Grade {
  if (architecture === "generic") return "model";
  const watched = [MEMORY, LOCKS].every((kind) => detectors.some((each) => kind.test(each)));
  return watched && !lost ? "instrumented" : "functional";
}
