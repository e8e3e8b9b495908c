/**
 * A virtual machine as a target: boots a kernel, waits for the executor in it, runs cases, and boots anew when a case
 * has left the machine dirty or has taken it down.
 *
 * @module
 */
import type { Program } from "../../cases/program.ts";
import type { CaseEnd, LogLine, Observation } from "../../spec/observation.ts";
import { settled, unlessAborted } from "../deadline.ts";
import { saysSwitchedOff } from "../native/detectors.ts";
import { LINES_MISSING } from "../native/kernel_log.ts";
import { ConnectError } from "../protocol/errors.ts";
import type { Target, TargetDescription } from "../target.ts";
import { ranOn } from "./case_run.ts";
import { type Tell, VmError } from "./failure.ts";
import { boot, givenUp, letGo, type Live } from "./live.ts";
import type { Machine } from "./machine.ts";
import type { VmName } from "./name.ts";
import { onAbort } from "../on_abort.ts";
import { Preparation } from "./preparation.ts";
import type { Setup } from "./setup.ts";
import { messageOf } from "../../spec/message_of.ts";

/** How often to boot without a case that completes in between. */
const MAX_IN_VAIN = 5;

/** How often to try to boot for one case. */
const MAX_TRIES = 2;

/** The end of a case that was given up while its machine booted. */
const TOO_LATE: CaseEnd = {
  end: "infra-error",
  reason: "the limit for the case passed before the machine was up; --timeout allows for more",
};

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
  const preparation = new Preparation(name, watcher.tell ?? (() => {}));
  return () => new VmTarget(name, watcher, preparation);
}

class VmTarget implements Target {
  readonly #name: VmName;
  readonly #watcher: VmWatcher;
  readonly #preparation: Preparation;
  /** Ends the boot under way, and all that wait for it. */
  readonly #closed = new AbortController();
  #live: Promise<Live> | undefined;
  #leaving: Promise<unknown> = Promise.resolve();
  /** Boots since the last case that completed. */
  #inVain = 0;

  constructor(name: VmName, watcher: VmWatcher, preparation: Preparation) {
    this.#name = name;
    this.#watcher = watcher;
    this.#preparation = preparation;
    preparation.join(this);
  }

  /** What the machine says of itself. */
  async describe(): Promise<TargetDescription> {
    try {
      return await (await this.#prepare()).description(() => this.#described());
    } catch (error) {
      if (error instanceof VmError) throw new ConnectError(error.message, error.hint, error);
      throw error;
    }
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
      if (!(error instanceof VmError)) throw error;
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
    this.#closed.abort(givenUp());
    const booted = live && await settled(live);
    if (booted?.kind === "value") await letGo(booted.value);
    await this.#leaving;
    await this.#preparation.leave(this);
  }

  #prepare(): Promise<Setup> {
    return unlessAborted(this.#preparation.setup(), this.#closed.signal);
  }

  /** The machine, or a new one. */
  #machine(): Promise<Live> {
    this.#live ??= this.#booted();
    return this.#live;
  }

  async #booted(): Promise<Live> {
    const { signal } = this.#closed;
    const { parts, bootMs, forget } = await this.#prepare();
    await this.#leaving;
    for (let tries = 1;; tries++) {
      if (this.#inVain >= MAX_IN_VAIN) throw inVain(this.#inVain);
      this.#inVain++;
      try {
        const kept = await unlessAborted(this.#preparation.kept(), signal);
        const live = await boot(parts, bootMs, { kept, signal });
        this.#watcher.booted?.(live.machine);
        return live;
      } catch (error) {
        if (signal.aborted) throw givenUp();
        if (await this.#preparation.kept()) {
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
