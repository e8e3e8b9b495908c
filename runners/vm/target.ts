/**
 * A virtual machine as a target: boots a kernel, waits for the executor in it, runs cases, and boots anew when a case
 * has left the machine dirty or has taken it down.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import type { Program } from "../../cases/program.ts";
import type { CaseEnd, LogLine, Observation } from "../../spec/observation.ts";
import { messageOf, settled, within } from "../deadline.ts";
import { saysSwitchedOff } from "../native/detectors.ts";
import { LINES_MISSING } from "../native/kernel_log.ts";
import { ConnectError, isProtocolFault } from "../protocol/errors.ts";
import { descriptionSchema } from "../protocol/wire.ts";
import { ExecutorGone } from "../native/executor/executor.ts";
import { isOperationName } from "../../spec/operations/mod.ts";
import type { Target, TargetDescription } from "../target.ts";
import { acceleratorFor, qemuVersion, threadsFor } from "./accelerator.ts";
import { appended, commandLine, machineArguments, type MachineParts } from "./arguments.ts";
import { cached, digestOf } from "./cache.ts";
import { floodOf } from "./console.ts";
import { type Tell, VmError } from "./failure.ts";
import { initramfsFor } from "./guest/boot.ts";
import {
  bootLimitMs,
  kernelHere,
  type KernelWithModules,
  type LocalKernel,
  withModulesMadeHere,
} from "./kernels/mod.ts";
import { lacks } from "./kernels/limits.ts";
import { boot, endOfMachine, letGo, type Live, REASON_MS } from "./live.ts";
import { type Machine, type MachineEnd, withTail } from "./machine.ts";
import type { KernelChoice, VmName } from "./name.ts";
import { ownKernel } from "./own_kernel.ts";
import { forgetSnapshot, type Snapshot, snapshotOf } from "./snapshot.ts";

/** What puts pieces of a guest's memory together for QEMU. */
const UDMABUF = "/dev/udmabuf";

/** How long a machine may take to boot where a processor of its own is tried, in milliseconds. */
const PROBE_MS = 30_000;

/**
 * How long a machine may take to answer an abort, in milliseconds. With the wait for a reason it is less than what an
 * engine grants, so that a machine that does not answer is told from one that is lost.
 */
const ANSWER_MS = 2_500;

/** How often to boot without a case that completes in between. */
const MAX_IN_VAIN = 5;

/** How often to try to boot for one case. */
const MAX_TRIES = 2;

/** The end of a case that was given up while its machine booted. */
const TOO_LATE: CaseEnd = {
  end: "infra-error",
  reason: "the limit for the case passed before the machine was up; --timeout allows for more",
};

/** Everything that is ready before the first boot. */
interface Setup {
  readonly kernel: LocalKernel;
  /** The modules that are not the kernel's own, in words. */
  readonly added: readonly string[];
  readonly parts: MachineParts;
  /** How long it may take from the start of a machine to the hello of its executor, in milliseconds. */
  readonly bootMs: number;
  /** Stands for all that a description can depend on. */
  readonly digest: string;
  /** The machine as it is when it has booted; none where that cannot be kept, so that each is booted. */
  readonly kept: () => Promise<Snapshot | undefined>;
  /** No machine came up from it. */
  readonly forget: () => Promise<void>;
}

/** Who wants to know what virtual machines do. */
export interface VmWatcher {
  /** Is told of everything that takes long. */
  readonly tell?: Tell | undefined;
  /**
   * Is shown each machine whose executor has said hello.
   *
   * @internal
   */
  readonly booted?: ((machine: Machine) => void) | undefined;
}

/**
 * What opens virtual machines of a name. What they are made of is made once for all of them.
 *
 * @param name which kernel, and how
 * @param watcher who wants to know what they do
 */
export function openVm(name: VmName, watcher: VmWatcher = {}): () => Target {
  let setup: Promise<Setup> | undefined;
  return () => new VmTarget(name, watcher, () => setup ??= prepare(name, watcher.tell ?? (() => {})));
}

async function prepare(name: VmName, tell: Tell): Promise<Setup> {
  const { id, kernel: choice } = name;
  const append = appended(name);
  if (name.gpu) demandUdmabuf();
  const { kernel, added } = await chosen(choice);
  const purpose = { words: await wordsOf(name, kernel) };
  const initramfs = await initramfsFor(kernel, purpose, tell);
  const parts = { kernel: kernel.image, initramfs: initramfs.path, append, gpu: name.gpu };
  const accelerator = await acceleratorFor(parts, kernel.digest, (each) => boots(id, each), tell);
  const facts = [
    kernel.digest,
    initramfs.digest,
    commandLine(append),
    await qemuVersion(),
    accelerator,
    ...(name.gpu ? [name.gpu] : []),
  ];
  const whole = { ...parts, accelerator, threads: threadsFor(await qemuVersion()) };
  const bootMs = name.bootMs ?? await bootLimitMs(kernel);
  return {
    kernel,
    added,
    parts: whole,
    bootMs,
    digest: digestOf(facts),
    ...keeper({ id, parts: whole, bootMs, digest: digestOf(facts) }, tell),
  };
}

/** The memory of a guest is scattered over that of QEMU; udmabuf puts what a blob is made of together. */
function demandUdmabuf(): void {
  if (existsSync(UDMABUF)) return;
  throw new VmError(
    `QEMU has no GPU with blobs where there is no ${UDMABUF}`,
    "modprobe udmabuf, or build the host's kernel with CONFIG_UDMABUF; runners/vm/README.md has a way without",
  );
}

/** What the native target is to do beside what every one does. */
async function wordsOf({ reference, kmemleak }: VmName, kernel: LocalKernel): Promise<string[]> {
  if (kmemleak && await lacks(kernel, "CONFIG_DEBUG_KMEMLEAK")) {
    throw new VmError(
      `${kernel.release} cannot be asked for memory that is lost: it has no CONFIG_DEBUG_KMEMLEAK`,
      `conform kernels build --debug makes one that can`,
    );
  }
  return [...(reference === undefined ? [] : [`reference=${reference}`]), ...(kmemleak ? ["kmemleak"] : [])];
}

/** Makes the snapshot with the first need, once. */
function keeper(
  { id, parts, bootMs, digest }: Pick<Setup, "parts" | "bootMs" | "digest"> & Pick<VmName, "id">,
  tell: Tell,
): Pick<Setup, "kept" | "forget"> {
  const nowhere = { executor: "", monitor: "", console: "" };
  const all = digestOf([digest, ...machineArguments(parts, nowhere)]);
  let kept: Promise<Snapshot | undefined> | undefined;
  if (parts.gpu) return { kept: () => Promise.resolve(undefined), forget: () => Promise.resolve() };
  const make = async (own: MachineParts, action: (machine: Machine) => Promise<void>) => {
    const live = await boot(own, bootMs);
    try {
      await live.executor.quiet();
      await action(live.machine);
    } finally {
      await letGo(live);
    }
  };
  const made = () =>
    snapshotOf(all, parts, make, tell).catch((error: unknown) => {
      if (!(error instanceof VmError)) throw error;
      return void tell(`Every machine is booted, since none can be kept: ${error.message}`);
    });
  return {
    kept: () => kept ??= made(),
    forget: async () => {
      const snapshot = await kept;
      kept = Promise.resolve(undefined);
      if (snapshot) await forgetSnapshot(snapshot);
    },
  };
}

async function chosen(choice: KernelChoice): Promise<KernelWithModules> {
  if (choice.kind === "file") return { kernel: await ownKernel(choice.image, choice.modules), added: [] };
  const kernel = await kernelHere(choice.version);
  return choice.with === "modules made here" ? await withModulesMadeHere(kernel) : { kernel, added: [] };
}

async function boots(id: string, parts: MachineParts): Promise<"it boots" | "it does not boot"> {
  try {
    await letGo(await boot(parts, PROBE_MS));
    return "it boots";
  } catch (error) {
    if (error instanceof VmError) return "it does not boot";
    throw error;
  }
}

class VmTarget implements Target {
  readonly #name: VmName;
  readonly #watcher: VmWatcher;
  readonly #prepare: () => Promise<Setup>;
  #live: Promise<Live> | undefined;
  #leaving: Promise<unknown> = Promise.resolve();
  /** Boots since the last case that completed. */
  #inVain = 0;

  constructor(name: VmName, watcher: VmWatcher, prepare: () => Promise<Setup>) {
    this.#name = name;
    this.#watcher = watcher;
    this.#prepare = prepare;
  }

  /** What the machine says of itself; it is remembered, so that it need not boot only to be asked. */
  async describe(): Promise<TargetDescription> {
    try {
      return await this.#describe();
    } catch (error) {
      if (error instanceof VmError) throw new ConnectError(error.message, error.hint, error);
      throw error;
    }
  }

  async #describe(): Promise<TargetDescription> {
    const { digest } = await this.#prepare();
    const path = `${await cached("descriptions")}/${digest.slice(0, 16)}.json`;
    const known = existsSync(path)
      ? descriptionSchema.safeParse(JSON.parse(await readFile(path, "utf8")))
      : undefined;
    const { id } = this.#name;
    if (known?.success) {
      const operations = known.data.operations.filter(isOperationName);
      return { ...known.data, id, operations };
    }
    const description = await this.#described();
    await writeFile(path, JSON.stringify(description));
    return description;
  }

  async #described(): Promise<TargetDescription> {
    const { kernel, added, parts } = await this.#prepare();
    const { description } = await this.#machine();
    return {
      ...description,
      id: this.#name.id,
      name: [
        `a virtual machine of QEMU (q35, ${parts.accelerator === "kvm" ? "KVM" : "TCG"})`,
        ...added.map((what) => `with ${what}`),
      ].join(", "),
      image: kernel.digest,
      devices: ["ivshmem-plain with 1 MiB behind a root port", "edu behind another root port"],
    };
  }

  async run(
    program: Program,
    observe: (observation: Observation) => void,
    signal?: AbortSignal,
  ): Promise<CaseEnd> {
    const live = await this.#ready(signal);
    if ("end" in live) return live;
    let spent = this.#name.reuse === "one case";
    const see = (observation: Observation) => {
      spent ||= observation.log.some(spends);
      observe(observation);
    };
    const end = await ranOn(live, program, see, signal);
    if (end.end === "completed") this.#inVain = 0;
    if (spent || signal?.aborted || isDirty(end)) this.#leave(live);
    return end;
  }

  /** The machine, or why there is none. */
  async #ready(signal: AbortSignal | undefined): Promise<Live | CaseEnd> {
    const late = Promise.withResolvers<CaseEnd>();
    using _watched = onAbort(signal, () => late.resolve(TOO_LATE));
    try {
      return await Promise.race([this.#machine(), late.promise]);
    } catch (error) {
      if (!(error instanceof VmError) && !isProtocolFault(error)) throw error;
      this.#live = undefined;
      return { end: "infra-error", reason: error.message };
    }
  }

  /** Waits for the machine; where there is none, `run` says why. */
  async ready(): Promise<void> {
    await settled(this.#machine());
  }

  /** Every case that did not complete has its machine taken away; the next one gets another. */
  async reset(): Promise<void> {
    await this.#leaving;
    if (this.#inVain >= MAX_IN_VAIN) throw inVain(this.#inVain);
    void this.#machine().catch(() => undefined);
  }

  async close(): Promise<void> {
    const live = this.#live;
    this.#live = undefined;
    const booted = live && await within(live, (await this.#prepare()).bootMs);
    if (booted?.kind === "value") await letGo(booted.value);
    await this.#leaving;
  }

  /** The machine, or a new one. */
  #machine(): Promise<Live> {
    this.#live ??= this.#booted();
    return this.#live;
  }

  async #booted(): Promise<Live> {
    const { parts, bootMs, kept, forget } = await this.#prepare();
    await this.#leaving;
    for (let tries = 1;; tries++) {
      if (this.#inVain >= MAX_IN_VAIN) throw inVain(this.#inVain);
      this.#inVain++;
      try {
        const live = await boot(parts, bootMs, await kept());
        this.#watcher.booted?.(live.machine);
        return live;
      } catch (error) {
        if (await kept()) {
          this.#watcher.tell?.(`No machine came up from the one that was kept: ${messageOf(error)}`);
          await forget();
        }
        if (!(error instanceof VmError) || tries === MAX_TRIES) throw error;
      }
    }
  }

  /** Lets go of a machine; the next case gets another. */
  #leave(live: Live): void {
    this.#live = undefined;
    this.#leaving = letGo(live);
  }
}

/** Runs a case on a machine, and tells what became of the machine if the case does not complete. */
async function ranOn(
  { machine, native }: Live,
  program: Program,
  observe: (observation: Observation) => void,
  signal: AbortSignal | undefined,
): Promise<CaseEnd> {
  const look = new Look(machine);
  using _watched = onAbort(signal, () => void look.taken());
  const ran = bounded(native, program, observe, signal);
  const first = await Promise.race([ran, machine.ended]);
  if ("kind" in first) return goneWith(machine, first);
  if (first.end === "completed") return first;
  const ended = first.end === "lost" ? await within(machine.ended, REASON_MS) : undefined;
  if (ended?.kind === "value") return goneWith(machine, ended.value);
  const { flooded, text } = await look.taken();
  const reason = ended ? `the machine runs, but does not answer: ${first.reason}` : first.reason ?? first.end;
  const end = signal?.aborted ? givenUp(first, flooded) : ended ? "hang" : first.end;
  return { ...first, end, reason: `${reason}${text}` };
}

/** Runs a case, which ends within bounds: also where the machine answers nothing any more. */
async function bounded(
  native: Target,
  program: Program,
  observe: (observation: Observation) => void,
  signal: AbortSignal | undefined,
): Promise<CaseEnd> {
  const silent = Promise.withResolvers<CaseEnd>();
  let state: "under way" | "over" = "under way";
  let patience: ReturnType<typeof setTimeout> | undefined;
  using _watched = onAbort(signal, () => patience = setTimeout(() => silent.resolve(NO_ANSWER), ANSWER_MS));
  const ran = Promise.resolve(native.run(program, (seen) => {
    if (state === "under way") observe(seen);
  }, signal)).catch(endOf);
  try {
    return await Promise.race([ran, silent.promise]);
  } finally {
    state = "over";
    clearTimeout(patience);
  }
}

const NO_ANSWER: CaseEnd = {
  end: "lost",
  reason: `it did not stop within ${ANSWER_MS} ms when it was told to`,
};

/** What it means for a case that its target threw. */
function endOf(error: unknown): CaseEnd {
  if (error instanceof ExecutorGone) return { end: "lost", reason: error.message };
  return { end: "infra-error", reason: `the target threw: ${messageOf(error)}` };
}

/**
 * The end of a case that was given up while its machine ran. It is for the machine to begin in time, and how far one
 * comes that does nothing but write to its console is chance.
 */
function givenUp({ end }: CaseEnd, flooded: boolean): CaseEnd["end"] {
  if (end === "lost" || flooded) return "hang";
  return end === "infra-error" ? "timeout" : end;
}

function goneWith(machine: Machine, how: MachineEnd): CaseEnd {
  const { end, reason } = endOfMachine(how);
  return { end, reason: `${reason}${withTail(machine.console())}` };
}

/** What was seen of a machine from outside. */
interface Sight {
  /** Whether its console is flooded. */
  readonly flooded: boolean;
  /** What the console has said, and the stacks of all that waits, as text to be put behind a reason. */
  readonly text: string;
}

/** The lines of stacks that are told at the most. */
const STACK_LINES = 200;

/** A look into a machine from outside, taken once: when a case is given up, or when it has not completed. */
class Look {
  readonly #machine: Machine;
  readonly #from: number;
  #taken: Promise<Sight> | undefined;

  /** Is made when the case begins. */
  constructor(machine: Machine) {
    this.#machine = machine;
    this.#from = machine.written;
  }

  /** What is seen. Nobody asks a machine for stacks that has no room on its console for them. */
  taken(): Promise<Sight> {
    this.#taken ??= this.#take();
    return this.#taken;
  }

  async #take(): Promise<Sight> {
    const flood = floodOf(this.#machine.console(this.#from));
    if (flood) return { flooded: true, text: `; ${flood.what}${withTail(flood.rest)}` };
    const tail = withTail(this.#machine.console());
    const stacks = await this.#machine.stacks();
    const late = floodOf(stacks);
    const lines = (late?.rest ?? stacks).slice(-STACK_LINES);
    const text = lines.length === 0 ? tail : `${tail}\nwhat waits and what runs:\n${lines.join("\n")}`;
    return { flooded: late !== undefined, text: `${late ? `; ${late.what}` : ""}${text}` };
  }
}

/** Does something when a signal aborts, or at once where it has; until it is disposed of. */
function onAbort(signal: AbortSignal | undefined, action: () => void): Disposable {
  if (signal?.aborted) action();
  else signal?.addEventListener("abort", action, { once: true });
  return { [Symbol.dispose]: () => signal?.removeEventListener("abort", action) };
}

function inVain(boots: number): VmError {
  return new VmError(
    `The machine was booted ${boots} times and no case completed`,
    "conform kernels boot gives a shell in it",
  );
}

/** How the kernel begins to report a bug of its own. */
const REPORT = /\b(WARNING|BUG): /;

/**
 * Whether a machine is not to be used for another case after this line. Some bugs the kernel reports but once, so that
 * later cases would not see them; one that logs too much goes on with it; and a detector that is off stays off.
 */
function spends({ text }: LogLine): boolean {
  return text === LINES_MISSING || saysSwitchedOff(text) || REPORT.test(text);
}

/** Whether something of a case stays in the machine after it. */
function isDirty({ end, post }: CaseEnd): boolean {
  if (end !== "completed" || !post) return true;
  return post.tainted || post.leaks.length > 0 || post.blocked.length > 0 || post.log.some(spends);
}
