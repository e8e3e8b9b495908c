/**
 * The one interface that everything a case can run on implements.
 *
 * @module
 */
import type { Program } from "../cases/program.ts";
import type { OperationName } from "../spec/operations/mod.ts";
import type { CaseEnd, LogLine, Observation } from "../spec/observation.ts";

/** What a target says of itself. */
export interface TargetDescription {
  /** The short string that names it, as in `sim:matt-v1-vfio`. */
  readonly id: string;
  /** What it is, in a few words. */
  readonly name: string;
  /** Its own version. */
  readonly version: string;
  /** The kernel release it runs, or the one it models. */
  readonly kernel: string;
  /** Digest of the kernel configuration, where known. */
  readonly config?: string | undefined;
  /** Digest of the kernel image, where known. */
  readonly image?: string | undefined;
  /** What it has to run on, as in `0000:01:00.0 10de:2204`, where known. */
  readonly devices?: readonly string[] | undefined;
  /** The architecture, as `uname -m` names it; `generic` for a simulator. */
  readonly architecture: string;
  /** Bytes in a page. */
  readonly pageSize: number;
  /** What watches for bugs while cases run: KASAN, lockdep, the simulator's own checks. */
  readonly detectors: readonly string[];
  /** The operations it has a handler for. */
  readonly operations: readonly OperationName[];
}

/** Something that cases run on. */
export interface Target {
  /** Says what this target is. */
  describe(): TargetDescription | Promise<TargetDescription>;
  /**
   * Is waited for before each case, so that what it takes to make a target ready is no time of the case, as the boot of a
   * machine. Resolves also where the target cannot be made ready; `run` then says why.
   */
  ready?(): Promise<void>;
  /**
   * Runs the steps of one case from a clean state and cleans up after them.
   *
   * @param program the steps
   * @param observe is told of each step as soon as it is over
   * @param signal aborts the run; the target then answers as soon as it can
   * @param log may be told of lines of the kernel log as they come, ahead of the observation that holds them, so that
   *   they outlive a machine that does not reach the end of the step
   */
  run(
    program: Program,
    observe: (observation: Observation) => void,
    signal?: AbortSignal,
    log?: (lines: readonly LogLine[]) => void,
  ): CaseEnd | Promise<CaseEnd>;
  /**
   * Says what will be run next but one, so that a target far away can begin with it as soon as the case before it has
   * completed. The same object is then given to `run`, in the same order, unless there is a reset or a close before.
   */
  announce?(program: Program): void;
  /** Brings the target back to its start state after a case that did not complete. */
  reset(): void | Promise<void>;
  /** Lets go of everything. */
  close(): void | Promise<void>;
}
