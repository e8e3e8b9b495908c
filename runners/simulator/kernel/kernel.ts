/**
 * One simulated kernel: its clock, its log, its threads, and what is alive in it.
 *
 * @module
 */
import type { Event, LogLine } from "../../../spec/observation.ts";
import type { Rules } from "../rules.ts";
import type { DmaBuf, SgTable } from "./dma_buf.ts";
import type { DrmDevice, DrmDriver } from "./drm_gem.ts";
import { Process } from "./file.ts";
import type { File } from "./file.ts";
import { type Steps, Thread } from "./sched.ts";
import type { Direction, VideoQueue } from "./videobuf2.ts";
import type { VfioPciDevice } from "./vfio_pci_core.ts";

/** Bytes in a page of the simulated machine. */
export const PAGE_SIZE = 4096;

/** Warnings in one step of a case, of which no rule that ends gives so many. */
const MOST_WARNINGS = 10_000;

/** A simulated kernel. */
export class Kernel {
  /** The proposal that it implements. */
  readonly rules: Rules;
  /** Virtual time in milliseconds. */
  now = 0;
  /** Log lines since they were last taken. */
  log: LogLine[] = [];
  /** Events since they were last taken. */
  events: Event[] = [];
  /** Whether a warning has tainted it. */
  tainted = false;
  /** Buffers that were exported and not yet released. */
  readonly dmaBufs = new Set<DmaBuf>();
  /** Devices that the suite has opened. */
  readonly devices = new Set<VfioPciDevice>();
  /** GPUs that were opened, by their driver. */
  readonly gpus = new Map<DrmDriver, DrmDevice>();
  /** The video queues that have places, by direction. */
  readonly queues = new Map<Direction, VideoQueue>();
  /** The processes, the suite's own first. */
  readonly processes: Process[] = [];
  /** Tables of addresses handed out and not yet given back. */
  readonly mappings = new Set<SgTable>();
  /** What was still held when its owner went. */
  readonly leaks: string[] = [];
  /** The thread that runs. */
  current: Thread | undefined;
  /** Whether time passes whenever it may, so that who sleeps can wake at any moment. */
  timeIsFree = false;
  /** What it warns of no more. */
  readonly #warnedOnce = new Set<string>();
  readonly #threads: Thread[] = [];
  readonly #spawned = new Map<string, number>();
  /** When each sleeping thread wants to wake. */
  readonly #timers: number[] = [];
  #ids = 0;

  constructor(rules: Rules) {
    this.rules = rules;
    this.processes.push(new Process("suite"));
  }

  /** A number that no other object of this kernel has. */
  nextId(): number {
    return ++this.#ids;
  }

  /**
   * Logs a warning and taints the kernel, as WARN_ON() does.
   *
   * @throws if there are so many that a rule must have gone wild
   */
  warn(text: string): void {
    if (this.log.length >= MOST_WARNINGS) throw new Error(`The model warns without end: ${text}`);
    this.log.push({ level: "warn", text });
    this.tainted = true;
  }

  /** Logs a warning the first time that it is due, as WARN_ON_ONCE() does. */
  warnOnce(text: string): void {
    if (this.#warnedOnce.has(text)) return;
    this.#warnedOnce.add(text);
    this.warn(text);
  }

  /** Makes a thread for a call; {@link settle} or {@link complete} runs it. */
  call(name: string, body: Steps<unknown>): Thread {
    return new Thread(name, body);
  }

  /** Starts a thread of the kernel's own; it runs when the scheduler comes to it. */
  spawn(name: string, body: Steps<unknown>): void {
    const earlier = this.#spawned.get(name) ?? 0;
    this.#spawned.set(name, earlier + 1);
    this.adopt(new Thread(earlier === 0 ? name : `${name}, once more (${earlier})`, body));
  }

  /** Takes a thread into the hands of the scheduler. */
  adopt(thread: Thread): void {
    this.#threads.push(thread);
  }

  /** Lets a thread take one step; only if it can run. */
  step(thread: Thread): void {
    const before = this.current;
    this.current = thread;
    thread.step();
    this.current = before;
  }

  /** Hands a file whose last reference is gone to the end of the running call, or to the kernel; fput(). */
  deferRelease(file: File): void {
    if (this.current) this.current.taskWork.push(() => file.release(this));
    else this.spawn("delayed fput", file.release(this));
  }

  /** Waits for some milliseconds of virtual time. */
  *sleep(ms: number): Steps<void> {
    const until = this.now + ms;
    this.#timers.push(until);
    yield { on: `time:${ms}ms`, ready: () => this.timeIsFree || this.now >= until };
    this.now = Math.max(this.now, until);
    this.#timers.splice(this.#timers.indexOf(until), 1);
  }

  /** Runs a thread, and every thread that it waits for, until nothing can move without time passing. */
  settle(thread: Thread): void {
    this.#advance(thread);
    if (!thread.done && !this.#threads.includes(thread)) this.#threads.push(thread);
    this.drain();
  }

  /** Like {@link settle}, and lets time pass where only that helps. */
  complete(thread: Thread): void {
    this.settle(thread);
    while (!thread.done && this.#passTime()) this.settle(thread);
  }

  /** Runs every thread that can run. */
  drain(): void {
    while (this.#threads.length > 0 && this.#advanceAll());
  }

  /** Lets virtual time pass and runs what becomes due on the way, in order. */
  advanceClock(ms: number): void {
    const until = this.now + ms;
    for (let next = this.#nextTimer(); next !== undefined && next <= until; next = this.#nextTimer()) {
      this.now = next;
      this.drain();
    }
    this.now = until;
  }

  /** The threads that the scheduler has in its hands: those that have not returned, when nothing can move. */
  threads(): readonly Thread[] {
    return this.#threads;
  }

  #passTime(): boolean {
    const next = this.#nextTimer();
    if (next === undefined) return false;
    this.advanceClock(next - this.now);
    return true;
  }

  #nextTimer(): number | undefined {
    return this.#timers.length === 0 ? undefined : Math.min(...this.#timers);
  }

  #advanceAll(): boolean {
    let moved = false;
    for (const thread of [...this.#threads]) {
      if (this.#advance(thread)) moved = true;
      if (thread.done) this.#threads.splice(this.#threads.indexOf(thread), 1);
    }
    return moved;
  }

  /** Runs one thread as far as it gets. */
  #advance(thread: Thread): boolean {
    const before = this.current;
    this.current = thread;
    const moved = thread.advance();
    this.current = before;
    return moved;
  }
}
