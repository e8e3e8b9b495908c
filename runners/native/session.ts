/**
 * One case on the machine: its processes, the objects that it names, the steps that have not returned, and the
 * clean-up after it.
 *
 * @module
 */
import type { Call, ProgramStep } from "../../cases/program.ts";
import type { LogLine, Observation, Outcome, Postconditions, Value } from "../../spec/observation.ts";
import type { Event } from "../../spec/observation.ts";
import type { Given, OperationName, ResolvedArgs } from "../../spec/operations/mod.ts";
import { type Size, sizeInBytes } from "../../spec/size.ts";
import {
  type Bindings,
  givenKind,
  type Handler,
  type Handlers,
  isCallOf,
  resolveArgs,
  UnusableName,
} from "../handlers.ts";
import { type Executor, ExecutorGone } from "./executor/executor.ts";
import type { Files } from "./executor/files.ts";
import { outcomeOfFailure } from "./failure.ts";
import type { KernelLog } from "./kernel_log.ts";
import type { Machine } from "./machine.ts";
import { freshNumber } from "./numbers.ts";
import { Descriptor, type NativeObjects } from "./objects.ts";
import { type Ending, HelperProcess } from "./process.ts";
import { bufferInodes } from "./buffer_files.ts";
import { isOverWithin, Strand } from "./strand.ts";
import type { Taint } from "./taint.ts";
import { type Patience, sleptThrough, type ThreadState } from "./thread_state.ts";

/** What a handler works with. */
export interface Context {
  /** The case. */
  readonly session: Session;
  /** What does the system calls of this step. */
  readonly strand: Strand;
  /** What the case calls the result, or the step's id. */
  readonly name: string;
}

/** A handler of the native target. It throws what is not a success; see `failure.ts`. */
export type NativeHandler = Handler<Context, Promise<unknown>>;

/** Declares the handler of an operation. */
export function on<N extends OperationName>(
  operation: N,
  body: (context: Context, args: ResolvedArgs<N, NativeObjects>) => Promise<Given<N, NativeObjects>>,
): readonly [OperationName, NativeHandler] {
  return [operation, (context, call) => {
    if (!isCallOf<N, NativeObjects>(operation, call)) {
      throw new Error(`Cannot do ${call.operation} as ${operation}`);
    }
    return body(context, call.args);
  }];
}

/** How long to wait before something counts as stuck, in milliseconds. */
export interface Limits {
  /** For a step that the case expects to return. */
  readonly call: Patience;
  /** For a step that the case expects to block. */
  readonly start: Patience;
  /** For any step, wherever it is. */
  readonly step: number;
  /** For a process to end. */
  readonly process: number;
}

/** Limits that no working driver reaches. */
export const LIMITS: Limits = {
  call: { known: 1_000, unknown: 5_000 },
  start: { known: 60, unknown: 400 },
  step: 20_000,
  process: 2_000,
};

/** What a case needs of the target. */
export interface Setting {
  readonly executor: Executor;
  /** The files of the machine that are told at once. */
  readonly files: Files;
  /** Those that the kernel takes locks for. */
  readonly lockedFiles: Files;
  readonly taint: Taint;
  readonly machine: Machine;
  /** Gives a process that has not done anything for a case. */
  readonly helper: () => HelperProcess;
  /** Has the next such process started, while the case waits for other things. */
  readonly prepare?: (() => void) | undefined;
  readonly handlers: Handlers<Context, Promise<unknown>>;
  readonly log: KernelLog | undefined;
  readonly limits: Limits;
  /** Why an operation cannot be done here, if it cannot. */
  readonly unsupported: (operation: OperationName) => string | undefined;
  /** The number of the feature that revokes a buffer of a VFIO device, where the user knows that it is one. */
  readonly revokeFeature: number | undefined;
}

/** A step that was started. */
interface Started {
  readonly call: Pick<Call, "id" | "operation" | "args" | "bind">;
  readonly strand: Strand;
  readonly work: Promise<unknown>;
  outcome: Outcome | undefined;
  /** How its thread waited when the program last waited for it. */
  waits: ThreadState | undefined;
}

/** Something to do at the end of a case, the last first. */
type CleanUp = () => Promise<unknown>;

/** One case on the machine. */
export class Session {
  readonly setting: Setting;
  readonly #processes: HelperProcess[] = [];
  readonly #bindings: Bindings = new Map();
  readonly #started = new Map<string, Started>();
  readonly #strands: Strand[] = [];
  readonly #busy = new Set<Strand>();
  readonly #cleanUps: CleanUp[] = [];
  readonly #inodes = new Set<string>();
  readonly #watches: (() => Promise<Event | readonly Event[] | undefined>)[] = [];
  readonly #expected: RegExp[] = [];
  #reserved = 0;
  /** Why nothing more can be seen of the case. */
  #lost: ExecutorGone | undefined;
  #process: HelperProcess | undefined;
  #keeper: HelperProcess | undefined;

  /** Begins a case; its process is started with the first step that needs it. */
  constructor(setting: Setting) {
    this.setting = setting;
  }

  /** The process that plays the case's own. */
  get process(): HelperProcess {
    this.#process ??= this.spawn();
    return this.#process;
  }

  /** Starts a process of the case. */
  spawn(): HelperProcess {
    const process = this.adopt(this.setting.helper());
    this.setting.prepare?.();
    return process;
  }

  /** Has a process of the case ended with it. */
  adopt(process: HelperProcess): HelperProcess {
    this.#processes.push(process);
    return process;
  }

  /** The process that keeps what must outlive a stuck one, such as the means to signal fences. */
  get keeper(): HelperProcess {
    this.#keeper ??= new HelperProcess(this.setting.executor);
    return this.#keeper;
  }

  /** The bytes of a size. */
  bytes(size: Size): bigint {
    return sizeInBytes(size, this.setting.machine.pageSize);
  }

  /** Has something done at the end of the case, before its processes end. */
  atTheEnd(cleanUp: CleanUp): void {
    this.#cleanUps.push(cleanUp);
  }

  /** Has a look taken after every step at whether something happened by itself. */
  watch(look: () => Promise<Event | readonly Event[] | undefined>): void {
    this.#watches.push(look);
  }

  /** Notes a buffer, so that one that stays after the case is found. */
  async buffer(process: HelperProcess, number: number): Promise<Descriptor> {
    const { result } = await process.call(0, { do: "inode", args: [number] });
    return this.bufferOf(process, number, result);
  }

  /** The same where the number of its inode is known, or the error in place of it. */
  bufferOf(process: HelperProcess, number: number, inode: number): Descriptor {
    if (inode >= 0) this.#inodes.add(`${inode}`);
    return new Descriptor(process, number);
  }

  /**
   * Does one program step and tells what was seen.
   *
   * @throws {ExecutorGone} where nothing was seen of its end, since the executor is lost
   */
  async perform(step: ProgramStep): Promise<Observation> {
    const begin = performance.now();
    const outcome = step.action === "finish" ? await this.#finish(step.of) : await this.#begin(step);
    await this.#letOthersGoOn();
    if (this.#lost) throw this.#lost;
    return {
      step: step.id,
      outcome,
      events: await this.events(),
      log: await this.takeLog(),
      pending: [...this.#started.values()].filter(({ outcome }) => !outcome).map(({ call }) => call.id),
      durationMs: performance.now() - begin,
    };
  }

  /** What the kernel logged since the last time. */
  async takeLog(): Promise<LogLine[]> {
    const lines = await this.setting.log?.take() ?? [];
    return lines.map((line) =>
      this.#expected.some((pattern) => pattern.test(line.text)) ? { ...line, level: "notice" } : line
    );
  }

  /** Takes lines of the log for no warning, because what the case does makes the kernel say them. */
  expectInLog(pattern: RegExp): void {
    this.#expected.push(pattern);
  }

  /** What happened by itself since the last look. */
  async events(): Promise<Event[]> {
    const seen: Event[] = [];
    for (const look of this.#watches) {
      seen.push(...[await look() ?? []].flat());
    }
    return seen;
  }

  /**
   * Lets calls that a step has let go come to their end, or to where they wait next, so that what they do counts to that
   * step. One that has slept since the program last waited for it was not let go. One may let go of another.
   */
  async #letOthersGoOn(): Promise<void> {
    const { start, step } = this.setting.limits;
    const deadline = performance.now() + step;
    for (let moved = true; moved && performance.now() < deadline;) {
      moved = false;
      for (const started of this.#started.values()) {
        if (!await wasLetGo(started)) continue;
        moved = true;
        await this.#settled(started, start, deadline);
      }
    }
  }

  async #begin(step: Call | (Omit<Call, "action"> & { readonly action: "start" })): Promise<Outcome> {
    if (step.action === "start") await this.#prepareThreads();
    const started = this.start(step);
    if ("kind" in started) return started;
    const { limits } = this.setting;
    const patience = step.action === "start" ? limits.start : limits.call;
    const outcome = await this.#settled(started, patience);
    if (step.action === "start" || outcome.kind === "blocked") this.#started.set(step.id, started);
    return outcome;
  }

  /**
   * Starts the threads of the next steps. No process can start one while a fault of its own waits, since both need the
   * lock of its address space.
   */
  async #prepareThreads(): Promise<void> {
    const next = [this.#strands.length + 1, this.#strands.length + 2];
    await Promise.all(this.#processes.flatMap((process) => next.map((thread) => process.threadId(thread))))
      .catch(() => undefined);
  }

  async #settled(
    started: Started,
    patience: Patience,
    deadline: number = performance.now() + this.setting.limits.step,
  ): Promise<Outcome> {
    const settled = await started.strand.settle(started.work, patience, deadline);
    if (settled.kind === "blocked") {
      /* one that runs for ever is not waited for again */
      started.waits = settled.thread?.state === "R" ? undefined : settled.thread;
      return { kind: "blocked", on: settled.on };
    }
    return started.outcome ?? { kind: "error", message: "the step ended without an outcome" };
  }

  /** Starts a call on a strand of its own; an outcome where there is nothing to start. */
  start(call: Started["call"], strand?: Strand): Started | Outcome {
    const { setting } = this;
    const { operation, args: given, bind, id } = call;
    const reason = setting.unsupported(operation);
    const handler = setting.handlers.get(operation);
    if (reason !== undefined || !handler) {
      return { kind: "unsupported", reason: reason ?? `the native target has no ${operation}` };
    }
    const args = resolveArgs(operation, given, this.#bindings);
    if (args instanceof UnusableName) return { kind: "skipped", reason: args.reason };
    const used = strand ?? this.strand();
    const context = { session: this, strand: used, name: bind ?? id };
    const started: Started = {
      call,
      strand: used,
      outcome: undefined,
      work: Promise.resolve(),
      waits: undefined,
    };
    this.#busy.add(used);
    const work = this.#run(handler, context, { operation, args, name: context.name }, started);
    return Object.assign(started, { work });
  }

  async #run(
    handler: NativeHandler,
    context: Context,
    call: Parameters<NativeHandler>[1],
    started: Started,
  ): Promise<void> {
    try {
      const result = await handler(context, call);
      if (result instanceof Descriptor) {
        result.move(await freshNumber(context.strand, result.process, result.number));
      }
      started.outcome = this.#conclude(started.call, result);
    } catch (error) {
      if (error instanceof ExecutorGone) this.#lost = error;
      started.outcome = outcomeOfFailure(error);
    } finally {
      this.#busy.delete(context.strand);
    }
  }

  /** A strand that does nothing. */
  strand(): Strand {
    const idle = this.#strands.find((strand) => !this.#busy.has(strand));
    if (idle) return idle;
    const strand = new Strand(this.#strands.length + 1, this.setting.files);
    this.#strands.push(strand);
    return strand;
  }

  /** A strand that no step uses. */
  ownStrand(): Strand {
    this.#reserved++;
    return new Strand(LAST_THREAD + 1 - this.#reserved, this.setting.files);
  }

  async #finish(id: string): Promise<Outcome> {
    const started = this.#started.get(id);
    if (!started) return { kind: "skipped", reason: `${id} was not started` };
    return await this.#settled(started, this.setting.limits.call);
  }

  /** What a call gave; an object gets its name. */
  #conclude(call: Started["call"], result: unknown): Outcome {
    const kind = givenKind(call.operation, call.args, this.#bindings);
    if (kind === undefined) return { kind: "returned", value: isValue(result) ? result : null };
    if (call.bind !== undefined) this.#bindings.set(call.bind, { kind, object: result });
    return { kind: "returned", value: null };
  }

  /**
   * Gives back whatever the case still holds, and looks at what remains.
   *
   * @returns what was found; `stuck` names a process that even a kill did not end
   */
  async cleanUp(): Promise<{ readonly post: Postconditions; readonly stuck: string | undefined }> {
    const before = taintBut(this.setting.taint);
    before.catch(() => undefined);
    for (const cleanUp of this.#cleanUps.reverse()) {
      await isOverWithin(cleanUp().catch(() => undefined), 1_000);
    }
    const blocked = await this.#release();
    const endings: [HelperProcess, Ending][] = [];
    for (const process of [...this.#processes, ...(this.#keeper ? [this.#keeper] : [])]) {
      endings.push([process, await process.end(this.setting.limits.process)]);
    }
    const stuck = endings.find(([, ending]) => ending.kind === "stuck")?.[0];
    /* one after the other, but without a wait in between */
    const [tainted, leaks, after] = await Promise.all([
      before,
      stuck ? [] : this.#leaks(),
      taintBut(this.setting.taint),
    ]);
    const log = await this.takeLog();
    const post = { leaks, blocked, log, tainted: tainted !== after };
    return { post, stuck: stuck && await describeStuck(this.setting.files, stuck) };
  }

  /** Waits for the steps under way, and interrupts those that do not return. */
  async #release(): Promise<string[]> {
    const blocked: string[] = [];
    for (const { work, strand, call, outcome } of this.#started.values()) {
      if (outcome || await isOverWithin(work, 1_000)) continue;
      const on = await strand.look();
      blocked.push(`${call.id} waits for ${on?.channel ?? "nothing"}`);
      await strand.cancel().catch(() => undefined);
      await isOverWithin(work, 500);
    }
    return blocked;
  }

  async #leaks(): Promise<string[]> {
    const { bufinfo } = this.setting.machine;
    if (bufinfo.kind === "missing" || this.#inodes.size === 0) return [];
    const alive = await bufferInodes(this.setting.lockedFiles, bufinfo.path);
    return [...this.#inodes].filter((inode) => alive.has(inode)).map((inode) =>
      `the dma-buf of inode ${inode}`
    );
  }

  /** Kills everything at once, whatever it does; where the executor is lost, there is nothing left to kill. */
  async abandon(): Promise<void> {
    const all = [...this.#processes, ...(this.#keeper ? [this.#keeper] : [])];
    await Promise.allSettled(all.map((process) => process.kill(this.setting.limits.process)));
  }
}

/** Whether a call that has not ended sleeps otherwise than when the program last waited for it. */
async function wasLetGo({ outcome, work, strand, waits }: Started): Promise<boolean> {
  if (outcome || await isOverWithin(work, 0) || !waits) return false;
  const now = await strand.look();
  return now !== undefined && !sleptThrough(waits, now);
}

/** The last thread that a helper process has; LANES in addon/lane.h. */
const LAST_THREAD = 31;

/** Making a fence of sw_sync taints the kernel by itself. */
const TAINT_BY_FENCES = 1 << 14;

/** The taint without what cases bring about. */
async function taintBut(taint: Taint): Promise<number> {
  return await taint.flags() & ~TAINT_BY_FENCES;
}

async function describeStuck(files: Files, { pid }: HelperProcess): Promise<string> {
  const threads: string[] = [];
  for (const name of await files.list(`/proc/${pid}/task`) ?? []) {
    const channel = await files.text(`/proc/${pid}/task/${name}/wchan`) ?? "";
    if (channel !== "" && channel !== "0") threads.push(channel);
  }
  return `process ${pid} cannot be killed: it is in ${threads.join(", ") || "the kernel"}`;
}

function isValue(result: unknown): result is Value {
  return result !== undefined && typeof result !== "function" && typeof result !== "bigint";
}
