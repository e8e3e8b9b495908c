/**
 * One case in a simulated kernel: the objects that the case names, the calls that have not returned, and the
 * clean-up after it.
 *
 * @module
 */
import type { ErrnoName } from "../../spec/errno.ts";
import type { Given, OperationName, ResolvedArgs } from "../../spec/operations/mod.ts";
import type { Observation, Outcome, Postconditions, Value } from "../../spec/observation.ts";
import { type Size, sizeInBytes } from "../../spec/size.ts";
import type { Call, ProgramStep } from "../../cases/program.ts";
import {
  type Bindings,
  givenKind,
  type Handler,
  type Handlers,
  isCallOf,
  resolveArgs,
  UnusableName,
} from "../handlers.ts";
import { isError } from "./kernel/check.ts";
import type { SgTable } from "./kernel/dma_buf.ts";
import type { DmaFence } from "./kernel/dma_resv.ts";
import { closeFd, type Fd, fget, fput, getFile, type Process } from "./kernel/file.ts";
import type { Hwpt } from "./kernel/iommufd.ts";
import type { Ioas } from "./kernel/iommufd_ioas.ts";
import { Kernel, PAGE_SIZE } from "./kernel/kernel.ts";
import { Fault, type Vma } from "./kernel/mm.ts";
import { atomic, type Steps, Thread, window } from "./kernel/sched.ts";
import type { TestImporter } from "./kernel/test_importer.ts";
import type { MemoryRegion } from "./kernel/rdma_mr.ts";
import type { MmapEntry } from "./kernel/uverbs_dmabuf.ts";
import type { VfioPciDevice } from "./kernel/vfio_pci_core.ts";
import type { Rules } from "./rules.ts";

/** A kernel mapping of a buffer. */
export interface Vmapping {
  readonly importer: TestImporter;
  /** Whether it was given back. */
  isGone: boolean;
}

/** A mapping together with the importer that holds it. */
export interface Mapping {
  readonly importer: TestImporter;
  readonly table: SgTable;
}

/** An object of iommufd, and the descriptor through which it was made and is asked. */
export interface IommufdObject<T> {
  readonly fd: Fd;
  readonly object: T;
}

/** An object of a GPU driver, as an open file of the driver knows it. */
export interface GemHandle {
  readonly fd: Fd;
  readonly handle: number;
}

/** What the simulator keeps for each kind of object. */
export interface Objects extends Record<string, unknown> {
  process: Process;
  device: Fd;
  buffer: Fd;
  file: Fd;
  fence: Fd;
  attachment: TestImporter;
  mapping: Mapping;
  vmapping: Vmapping;
  vma: Vma;
  nic: Fd;
  entry: MmapEntry;
  region: MemoryRegion;
  iommufd: Fd;
  ioas: IommufdObject<Ioas>;
  hwpt: IommufdObject<Hwpt>;
  drm: Fd;
  gem: GemHandle;
  video: Fd;
}

/** What a handler answers: what the operation gives, an error, or a fault. */
export type Reply<N extends OperationName> = Given<N, SimObjects> | ErrnoName | Fault;

/** The kinds of objects with what the simulator keeps for them. */
export type SimObjects = Pick<
  Objects,
  | "process"
  | "device"
  | "buffer"
  | "file"
  | "fence"
  | "attachment"
  | "mapping"
  | "vmapping"
  | "vma"
  | "nic"
  | "entry"
  | "region"
  | "iommufd"
  | "ioas"
  | "hwpt"
  | "drm"
  | "gem"
  | "video"
>;

/** A handler of the simulator: a kernel operation. */
export type SimHandler = Handler<Session, Steps<unknown>>;

/** Declares the handler of an operation. */
export function on<N extends OperationName>(
  operation: N,
  body: (session: Session, args: ResolvedArgs<N, SimObjects>, name: string) => Steps<Reply<N>>,
): readonly [OperationName, SimHandler] {
  return [operation, (session, call) => {
    if (!isCallOf<N, SimObjects>(operation, call)) {
      throw new Error(`Cannot do ${call.operation} as ${operation}`);
    }
    return body(session, call.args, call.name);
  }];
}

/** Declares the handler of an operation that never waits. */
export function at<N extends OperationName>(
  operation: N,
  body: (session: Session, args: ResolvedArgs<N, SimObjects>, name: string) => Reply<N>,
): readonly [OperationName, SimHandler] {
  return on(operation, (session, args, name) => atomic(() => body(session, args, name)));
}

/** A call that was started and has perhaps not returned. */
interface Started {
  readonly call: Pick<Call, "id" | "operation" | "args" | "bind">;
  readonly thread: Thread;
}

/** One case in a simulated kernel. */
export class Session {
  readonly kernel: Kernel;
  /** Every fence of the case, to be signalled at the end. */
  readonly fences = new Set<DmaFence>();
  /** Every importer of the case. */
  readonly importers = new Set<TestImporter>();
  /** The device that each descriptor was opened on; known after it was closed, too. */
  readonly devices = new Map<Fd, VfioPciDevice>();
  readonly #handlers: Handlers<Session, Steps<unknown>>;
  readonly #bindings: Bindings = new Map();
  readonly #started = new Map<string, Started>();

  constructor(rules: Rules, handlers: Handlers<Session, Steps<unknown>>) {
    this.kernel = new Kernel(rules);
    this.#handlers = handlers;
  }

  /** The suite's own process. */
  get process(): Process {
    const [own] = this.kernel.processes;
    if (!own) throw new Error("Cannot run without a process");
    return own;
  }

  /** The bytes of a size, where it is not about overflow. */
  bytes(size: Size): number {
    return Number(sizeInBytes(size, PAGE_SIZE));
  }

  /** Does one program step and tells what was seen. */
  perform(step: ProgramStep): Observation {
    const { kernel } = this;
    const begin = kernel.now;
    const outcome = step.action === "finish" ? this.#finish(step.of) : this.#begin(step);
    const { events, log } = kernel;
    kernel.events = [];
    kernel.log = [];
    const pending = this.#started.size === 0 ? [] : this.#pending();
    return { step: step.id, outcome, events, log, pending, durationMs: kernel.now - begin };
  }

  /** The body of a call, or why there is none. */
  #bodyOf({ id, operation, args: given, bind }: Started["call"]): Steps<unknown> | Outcome {
    const handler = this.#handlers.get(operation);
    if (!handler) return { kind: "unsupported", reason: `the simulator has no ${operation}` };
    const args = resolveArgs(operation, given, this.#bindings);
    if (args instanceof UnusableName) return { kind: "skipped", reason: args.reason };
    return handler(this, { operation, args, name: bind ?? id });
  }

  #begin(step: Call | (Omit<Call, "action"> & { readonly action: "start" })): Outcome {
    const body = this.#bodyOf(step);
    if ("kind" in body) return body;
    const alone = step.action === "call";
    const thread = this.kernel.call(step.id, alone ? body : this.#holding(step, body));
    if (alone) this.kernel.complete(thread);
    else this.kernel.settle(thread);
    if (!thread.done || step.action === "start") this.#started.set(step.id, { call: step, thread });
    return this.#outcome(step, thread);
  }

  /**
   * A call that others run beside holds the file that it is made on, so that a close of the descriptor takes effect
   * when the call is over; fdget() of a table that threads share.
   */
  *#holding({ operation, args }: Started["call"], body: Steps<unknown>): Steps<unknown> {
    const name = NOT_ON_A_FILE.has(operation) ? undefined : args[onFile(operation)];
    const fd = typeof name === "string" ? this.#bindings.get(name)?.object : undefined;
    const file = isFd(fd) ? fget(fd) : undefined;
    if (!file) return yield* body;
    getFile(file);
    const result = yield* body;
    fput(this.kernel, file);
    return result;
  }

  #finish(id: string): Outcome {
    const started = this.#started.get(id);
    if (!started) return { kind: "skipped", reason: `${id} was not started` };
    this.kernel.complete(started.thread);
    return this.#outcome(started.call, started.thread);
  }

  #pending(): string[] {
    return [...this.#started.values()].filter(({ thread }) => !thread.done).map(({ call }) => call.id);
  }

  #outcome(call: Started["call"], thread: Thread): Outcome {
    return thread.done ? this.#conclude(call, thread.result) : blockedOutcome(thread);
  }

  /** What a call gave; an object gets its name. */
  #conclude(call: Started["call"], result: unknown): Outcome {
    if (result instanceof Fault) return { kind: "faulted", signal: result.signal };
    const kind = givenKind(call.operation, call.args, this.#bindings);
    if (kind === undefined) return outcomeOf(result);
    if (isErrno(result)) return { kind: "failed", errno: result };
    if (call.bind !== undefined) this.#bindings.set(call.bind, { kind, object: result });
    return { kind: "returned", value: null };
  }

  /**
   * A user thread that does calls one after the other.
   *
   * @param name its name
   * @param calls what it does
   * @param results gets the outcome of each call as soon as it has returned
   */
  userThread(name: string, calls: readonly Call[], results: Map<string, Outcome>): Thread {
    const thread: Thread = new Thread(name, this.#callAll(calls, results, () => thread.taskWork.pop()));
    return thread;
  }

  *#callAll(
    calls: readonly Call[],
    results: Map<string, Outcome>,
    taskWork: () => (() => Steps<void>) | undefined,
  ): Steps<void> {
    for (const [index, call] of calls.entries()) {
      if (index > 0) yield USER_SPACE;
      const body = this.#bodyOf(call);
      if ("kind" in body) {
        results.set(call.id, body);
        continue;
      }
      const result = yield* this.#holding(call, body);
      for (let work = taskWork(); work; work = taskWork()) yield* work();
      results.set(call.id, this.#conclude(call, result));
    }
  }

  /** Gives back whatever the case still holds, and looks at what remains. */
  cleanUp(): Postconditions {
    const { kernel } = this;
    for (const fence of this.fences) fence.signal();
    kernel.drain();
    for (const importer of this.importers) kernel.complete(kernel.call("detach", importer.detach(kernel)));
    for (const process of kernel.processes) {
      kernel.complete(kernel.call("exit", atomic(() => exitProcess(kernel, process))));
    }
    kernel.advanceClock(LONG_TIME);
    return {
      leaks: this.#leaks(),
      blocked: kernel.threads().map(({ name, waiting }) => `${name} waits for ${waiting?.on ?? "nothing"}`),
      log: kernel.log,
      tainted: kernel.tainted,
    };
  }

  #leaks(): string[] {
    const { kernel } = this;
    const buffers = [...kernel.dmaBufs].map(({ id, file }) => `dma-buf ${id}, ${file.refs} references`);
    const devices = [...kernel.devices].flatMap(({ model, registration, unbinding }) => {
      const held = registration.value - (unbinding ? 0 : 1);
      return held === 0 ? [] : [`${model.name} is still registered ${held} times`];
    });
    const mappings = kernel.mappings.size === 0 ? [] : [`${kernel.mappings.size} mappings`];
    return [...kernel.leaks, ...buffers, ...devices, ...mappings];
  }
}

/** The argument that names the file that an operation is a call on. */
function onFile(operation: OperationName): string {
  const group = operation.slice(0, operation.indexOf("."));
  return FILE_ARGUMENTS[group] ?? "buffer";
}

const FILE_ARGUMENTS: Readonly<Record<string, string>> = { vfio: "device", video: "video", drm: "drm" };

/** Operations that are no calls on the descriptor that they name. */
const NOT_ON_A_FILE: ReadonlySet<OperationName> = new Set([
  "buffer.attached",
  "buffer.fdinfo",
  "vfio.unbind",
  "vfio.wake",
  "vfio.fail_next",
  "importer.attach",
]);

/** Between two calls. */
const USER_SPACE = window("user space");

/** The outcome of a call that has not returned. */
export function blockedOutcome({ waiting }: Thread): Outcome {
  return { kind: "blocked", on: waiting?.on ?? "nothing" };
}

/** Milliseconds after which an importer that unmaps later has surely done so. */
const LONG_TIME = 3_600_000;

/** Ends a process: its mappings and descriptors go. */
export function exitProcess(kernel: Kernel, process: Process): void {
  for (const vma of process.vmas) vma.unmap(kernel, 0, vma.pages);
  for (const number of process.openNumbers) closeFd(kernel, { process, number });
}

function isFd(object: unknown): object is Fd {
  return typeof object === "object" && object !== null && "process" in object && "number" in object;
}

function isErrno(result: unknown): result is ErrnoName {
  return isError(result);
}

function outcomeOf(result: unknown): Outcome {
  if (isErrno(result)) return { kind: "failed", errno: result };
  return { kind: "returned", value: isValue(result) ? result : null };
}

function isValue(result: unknown): result is Value {
  return result !== undefined && typeof result !== "function";
}
