/**
 * How long the native target waits before something counts as stuck: longer on a kernel that watches itself.
 *
 * @module
 */
import type { Machine } from "./machine.ts";
import { LIMITS, type Limits } from "./session.ts";

/** What makes a kernel several times slower. */
const SLOW: ReadonlySet<string> = new Set(["KASAN", "KCSAN", "lockdep"]);

/**
 * Limits that no working driver reaches on such a kernel. The end of a process is the longest wait there: it closes what
 * the case has open, and a device that is closed is reset, through its port, with a second for it to come back.
 */
const SLOW_LIMITS: Limits = {
  call: { known: 2_000, unknown: 20_000 },
  start: { known: LIMITS.start.known, unknown: 1_500 },
  step: 40_000,
  process: 20_000,
};

/** The limits for a machine. */
export function limitsFor({ detectors }: Pick<Machine, "detectors">): Limits {
  return detectors.some((each) => SLOW.has(each)) ? SLOW_LIMITS : LIMITS;
}
