/**
 * What touches a kernel for the native target: the addon in this process, or a program on another machine. Everything
 * that the target learns of a kernel it learns through one of these.
 *
 * @module
 */
import type { Reply, SystemCall } from "../calls.ts";

/** A helper process that was started. */
export interface Started {
  /** Its process id. */
  readonly pid: number;
  /** The number of its channel, by which it is asked. */
  readonly channel: number;
  /** The id of its first thread; 0 where nobody has asked for it yet. */
  readonly thread: number;
}

/** A descriptor that is watched. */
export interface Watched {
  /** Whether there was something to read when the last answer came; also where nobody can tell. */
  readonly isReadable: boolean;
}

/** Touches a kernel. Numbers below zero are negative error numbers. */
export interface Executor {
  /**
   * Does calls in its own process, one after the other; none may block. Those behind one that failed are not done. An
   * argument may be the result of an earlier one, see `resultOf()`.
   *
   * @throws {ExecutorGone} if it is lost
   */
  do(calls: readonly SystemCall[]): Promise<readonly Reply[]>;
  /**
   * Starts a helper process, or gives the one that was prepared.
   *
   * @param command another program than its own, with its arguments; only an executor on this machine can
   */
  start(command?: readonly string[]): Promise<Started | number>;
  /** Has the next helper process started, without a wait for it. */
  prepare(): void;
  /**
   * Sends a message to a helper process; the descriptor that stands in its header goes along. Gives 0, or an error.
   *
   * @throws {ExecutorGone} if it is lost
   */
  send(channel: number, message: Uint8Array): number;
  /**
   * Waits for the next message of a helper process; `undefined` at the end.
   *
   * @throws {ExecutorGone} if it is lost
   */
  receive(channel: number): Promise<Uint8Array | undefined>;
  /** Ends the channel to a helper process, which ends then; whoever waits for a message is told of the end. */
  hangUp(channel: number): Promise<void>;
  /**
   * Has it noted with every answer whether there is something to read on a descriptor of its own process. It is one
   * descriptor: another one takes the place of the first.
   */
  watch(fd: number): Watched;
  /** Sends a signal to one process. */
  kill(pid: number, signal: number): Promise<number>;
  /**
   * Waits for the end of a helper process.
   *
   * @param ms how long at most, in milliseconds
   * @returns its exit status; 256 and the signal where one ended it; -EAGAIN where it has not ended
   */
  gone(pid: number, ms: number): Promise<number>;
}

/** The connection to an executor is lost, so that what it was asked will never be answered. */
export class ExecutorGone extends Error {
  /** Makes an error of what became of it. */
  constructor(why: string) {
    super(why);
    this.name = "ExecutorGone";
  }
}
