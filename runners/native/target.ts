/**
 * The native target: this machine's own kernel.
 *
 * Each case runs in helper processes of its own, so that a system call that never returns, a fault or a kill costs the
 * case and not the suite. Nothing is asked of a device that was not given.
 *
 * @module
 */
import type { Program } from "../../cases/program.ts";
import type { CaseEnd, Observation, Postconditions } from "../../spec/observation.ts";
import { ConnectError } from "../protocol/errors.ts";
import type { Target, TargetDescription } from "../target.ts";
import { AddonError, loadAddon } from "./addon.ts";
import { operationsOf, whyUnsupported } from "./capabilities.ts";
import { switchedOff, watching } from "./detectors.ts";
import { HANDLERS } from "./handlers/mod.ts";
import type { Executor } from "./executor/executor.ts";
import { Files } from "./executor/files.ts";
import { nearExecutor } from "./executor/near.ts";
import { forgetLeaks, type Look, lookForLeaks, looksForLeaks } from "./kmemleak.ts";
import { KernelLog } from "./kernel_log.ts";
import { lookAtMachine, type Machine } from "./machine.ts";
import { runRace } from "./race.ts";
import { referenceFeature, REFERENCES } from "./reference.ts";
import { limitsFor } from "./limits.ts";
import { Looker } from "./looker.ts";
import { setBugs } from "./seeded_bugs.ts";
import { type Limits, Session, type Setting } from "./session.ts";
import { Spare } from "./spare.ts";
import { Taint } from "./taint.ts";

/** The version of the target; it changes whenever a case could see a difference. */
const TARGET_VERSION = "1";

/** What the native target may use. */
export interface NativeOptions {
  /** Its name as a target; `native` where left out. */
  readonly name?: string | undefined;
  /** Addresses of the PCI devices that it may use, as in `0000:01:00.0`. */
  readonly devices?: readonly string[] | undefined;
  /** The number of the VFIO feature that revokes a buffer, where the kernel has one. */
  readonly revokeFeature?: number | undefined;
  /** What the reference exporter of the kernel module follows, where that stands for VFIO devices. */
  readonly reference?: string | undefined;
  /** Whether the kernel is asked after each case for memory that nothing points to any more, which takes seconds. */
  readonly kmemleak?: "after each case" | undefined;
  /** The addon file; found by itself where left out. */
  readonly addon?: string | undefined;
  /** What touches the kernel, where that is another machine's; the addon on this one where left out. */
  readonly executor?: Executor | undefined;
  /** How long to wait before something counts as stuck. */
  readonly limits?: Limits | undefined;
  /** How often a race is run. */
  readonly raceRuns?: number | undefined;
}

/** The last case of each machine. */
const turns = new WeakMap<Executor, Promise<unknown>>();

/** The cases of one machine wait for each other: what a kernel logs or keeps cannot be told apart. */
function inTurn<T>(executor: Executor, action: () => Promise<T>): Promise<T> {
  const mine = (turns.get(executor) ?? Promise.resolve()).then(action, action);
  turns.set(executor, mine.catch(() => undefined));
  return mine;
}

/**
 * Makes a target of this machine. Nothing is opened before it is asked for.
 *
 * @param options what it may use
 */
export function nativeTarget(options: NativeOptions = {}): Target {
  return new NativeTarget(options);
}

/** What the user can mend is told as for any other target that cannot be reached. */
function noTarget(error: unknown): never {
  if (error instanceof AddonError) throw new ConnectError(error.message, error.hint, error);
  throw error;
}

/** How often a race is run where nothing else is said. */
const RACE_RUNS = 100;

/** What a target works with once it has been asked for something. */
interface Ground {
  readonly executor: Executor;
  readonly files: Files;
  readonly looker: Looker;
  readonly taint: Taint;
  readonly spare: Spare;
  readonly machine: Machine;
}

class NativeTarget implements Target {
  readonly #options: NativeOptions;
  #executor: Executor | undefined;
  #ground: Promise<Ground> | undefined;
  #stuck: string | undefined;
  #log: KernelLog | undefined;
  /** The detectors that watched at the begin of the last case; all where there was none. */
  #watching: readonly string[] | undefined;

  constructor(options: NativeOptions) {
    this.#options = options;
  }

  async describe(): Promise<TargetDescription> {
    const { machine, spare } = await this.#stand().catch(noTarget);
    spare.prepare();
    return {
      id: this.#options.name ?? "native",
      name: "this machine",
      version: TARGET_VERSION,
      kernel: machine.release,
      config: machine.config,
      architecture: machine.architecture,
      pageSize: machine.pageSize,
      detectors: [...machine.detectors, ...(this.#options.kmemleak ? ["kmemleak"] : [])],
      operations: operationsOf(machine),
    };
  }

  async run(
    program: Program,
    observe: (observation: Observation) => void,
    signal?: AbortSignal,
  ): Promise<CaseEnd> {
    return await inTurn(this.#touches(), () => this.#run(program, observe, signal));
  }

  reset(): void {
    if (this.#stuck === undefined) return;
    const reason = this.#stuck;
    this.#stuck = undefined;
    throw new Error(reason);
  }

  async close(): Promise<void> {
    const { looker, taint, spare } = await this.#ground?.catch(() => undefined) ?? {};
    await this.#log?.close();
    this.#log = undefined;
    await looker?.close();
    await taint?.close();
    await spare?.close();
  }

  #touches(): Executor {
    return this.#executor ??= this.#options.executor ?? nearExecutor(loadAddon(this.#options.addon));
  }

  #stand(): Promise<Ground> {
    this.#ground ??= this.#look();
    return this.#ground;
  }

  async #look(): Promise<Ground> {
    const executor = this.#touches();
    const files = new Files(executor);
    if (this.#options.kmemleak && !await looksForLeaks(files)) {
      throw new AddonError(
        "This kernel cannot be asked for memory that is lost",
        "Use one with CONFIG_DEBUG_KMEMLEAK, mount debugfs, and run as root",
      );
    }
    const reference = REFERENCES.get(this.#options.reference ?? "");
    const machine = { ...await lookAtMachine(executor, this.#options.devices ?? []), reference };
    return {
      executor,
      files,
      looker: new Looker(executor),
      taint: new Taint(executor),
      spare: new Spare(executor),
      machine,
    };
  }

  /** The log of the kernel, which is opened once. */
  async #logFromNow(executor: Executor): Promise<KernelLog | undefined> {
    if (this.#log) this.#log.skip();
    else this.#log = await KernelLog.open(executor);
    return this.#log;
  }

  #setting({ executor, files, looker, taint, spare, machine }: Ground, log: KernelLog | undefined): Setting {
    return {
      executor,
      files,
      lockedFiles: looker.files,
      taint,
      machine,
      helper: () => spare.take(),
      prepare: () => spare.prepare(),
      handlers: HANDLERS,
      log,
      limits: this.#options.limits ?? limitsFor(machine),
      unsupported: (operation) => whyUnsupported(operation, machine),
      revokeFeature: this.#options.revokeFeature ?? referenceFeature(machine.reference),
    };
  }

  async #run(
    program: Program,
    observe: (observation: Observation) => void,
    signal: AbortSignal | undefined,
  ): Promise<CaseEnd> {
    const ground = await this.#stand();
    const { executor, files, looker, spare } = ground;
    const log = await this.#logFromNow(executor);
    const { bugs } = program;
    /* one that is off is not switched on again by itself */
    const watched = this.#watching = await watching(files, this.#watching);
    try {
      if (this.#options.kmemleak) await forgetLeaks(looker.files);
      if (bugs) await setBugs(files, bugs);
      const setting = this.#setting(ground, log);
      const end = program.race
        ? await runRace(program, setting, this.#options.raceRuns ?? RACE_RUNS, observe, signal)
        : await runOnce(program, new Session(setting), observe, signal);
      if (end.end === "hang") this.#stuck = end.reason;
      else spare.prepare();
      const looked = await withOff(files, end, watched);
      return this.#options.kmemleak && looked.post
        ? withLost(looked, looked.post, await lookForLeaks(looker.files))
        : looked;
    } finally {
      if (bugs) await setBugs(files, []);
    }
  }
}

/** Adds which detectors watched before a case and do not any more. */
async function withOff(files: Files, end: CaseEnd, before: readonly string[]): Promise<CaseEnd> {
  const { post } = end;
  if (!post || before.length === 0) return end;
  const now = await watching(files, before);
  const off = before.filter((name) => !now.includes(name));
  if (off.length === 0) return end;
  const lines = off.map((name) => ({ level: "notice", text: switchedOff(name) }) as const);
  return { ...end, post: { ...post, log: [...post.log, ...lines] } };
}

/** Adds what was lost to what was found after a case. A kernel that looks no more says nothing of the case. */
function withLost(end: CaseEnd, post: Postconditions, look: Look): CaseEnd {
  if (look.kind === "looked") return { ...end, post: { ...post, leaks: [...post.leaks, ...look.leaks] } };
  return {
    end: "infra-error",
    reason: "kmemleak has switched itself off, so that nobody knows what is lost",
  };
}

/** Runs the steps of a case and cleans up after them. */
async function runOnce(
  program: Program,
  session: Session,
  observe: (observation: Observation) => void,
  signal: AbortSignal | undefined,
): Promise<CaseEnd> {
  let abandoned: Promise<void> | undefined;
  const abandon = () => abandoned = session.abandon();
  signal?.addEventListener("abort", abandon, { once: true });
  try {
    for (const step of program.steps) {
      if (signal?.aborted) break;
      observe(await session.perform(step));
    }
    const { post, stuck } = await session.cleanUp();
    if (stuck !== undefined) return { end: "hang", reason: stuck, post };
    if (signal?.aborted) return { end: "timeout", reason: `the run was stopped: ${signal.reason}`, post };
    return { end: "completed", post };
  } finally {
    signal?.removeEventListener("abort", abandon);
    await abandoned;
  }
}
