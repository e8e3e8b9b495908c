/**
 * A world: one universe in one simulated kernel, with the objects that the tour has named.
 *
 * What a name stands for is kept here; how the objects are is asked of the kernel, which is only looked at.
 *
 * @module
 */
import { finishId, type ProgramStep } from "../../cases/program.ts";
import type { Event, Observation, Outcome } from "../../spec/observation.ts";
import type { OperationName } from "../../spec/operations/mod.ts";
import type { WovenStep } from "../fuzz/mod.ts";
import { HANDLERS } from "../simulator/handlers/mod.ts";
import type { DmaBuf } from "../simulator/kernel/dma_buf.ts";
import type { Vma } from "../simulator/kernel/mm.ts";
import type { VfioPciDevice } from "../simulator/kernel/vfio_pci_core.ts";
import type { Dialect } from "../simulator/rules.ts";
import { Session } from "../simulator/session.ts";
import { type Draft, draft } from "./draft.ts";
import type { ImporterKind, Universe } from "./universe.ts";

/** The device, by the names of its descriptors. */
export interface NamedDevice {
  readonly model: VfioPciDevice;
  /** Its open descriptors. */
  open: readonly string[];
  /** The descriptor that was opened last; it is used where none is open. */
  last: string;
  /** Whether its driver is being unbound. */
  unbinding: boolean;
}

/** A CPU mapping. */
export interface NamedVma {
  readonly name: string;
  readonly vma: Vma;
  /** Whether it has page table entries, or what took away those that it had. */
  entries: "none" | "present" | "discarded" | "zapped";
  /** The call under way that uses it. */
  busy?: string | undefined;
}

/** A fence that has not signalled. */
export interface NamedFence {
  readonly name: string;
  readonly usage: string;
}

/** An importer. */
export interface NamedImporter {
  readonly name: string;
  readonly kind: ImporterKind;
  /** The mapping that it holds, by name. */
  mapping?: string | undefined;
  /** Whether it holds a mapping without a name, which its callback made. */
  remapped: boolean;
  pins: number;
  /** The call under way that uses it. */
  busy?: string | undefined;
}

/** A buffer, by the names of its descriptors, with everything that hangs on it. */
export interface NamedBuffer {
  /** The name that its export gave it. */
  readonly id: string;
  readonly dmabuf: DmaBuf;
  open: readonly string[];
  last: string;
  importers: readonly NamedImporter[];
  vmas: readonly NamedVma[];
  fences: readonly NamedFence[];
}

/** A call that was started and has not been waited for. */
export interface Pending {
  /** The step that started it. */
  readonly step: string;
  /** What it does: the key of its move. */
  readonly what: string;
  /** Whether it has returned. */
  returned: boolean;
  /** What happens to the names when it is waited for. */
  readonly ended: (outcome: Outcome) => void;
}

/** What a move does: its steps, and what happens to the names. */
export interface Plan {
  /** The steps; only the last one can block. */
  readonly drafts: readonly Draft[];
  /** Is called when the last step has begun. */
  readonly began?: (() => void) | undefined;
  /** Is called when the last step has returned. */
  readonly ended?: ((outcome: Outcome) => void) | undefined;
}

/** What was done for a move, and what the model saw. */
export interface Taken {
  readonly steps: readonly ProgramStep[];
  readonly observations: readonly Observation[];
}

/** A step that a session does by itself. */
type SessionStep = Parameters<Session["perform"]>[0];

/** A universe in a simulated kernel. */
export class World {
  readonly dialect: Dialect;
  readonly universe: Universe;
  readonly session: Session;
  readonly device: NamedDevice;
  buffers: readonly NamedBuffer[] = [];
  readonly pending: Pending[] = [];
  /** Everything that was done, the set-up included. */
  readonly steps: ProgramStep[] = [];
  /** What the model saw of it. */
  readonly observations: Observation[] = [];
  /** The operations of the steps, as a case writes them. */
  readonly written = new Map<string, WovenStep>();
  readonly #names = new Map<string, number>();

  /**
   * Opens the device.
   *
   * @param dialect what the kernel implements
   * @param universe which objects and operations there are
   */
  constructor(dialect: Dialect, universe: Universe) {
    this.dialect = dialect;
    this.universe = universe;
    this.session = new Session(dialect.rules, HANDLERS);
    const name = this.fresh("dev");
    this.#do((universe.device === "plain" ? OPEN_PLAIN : OPEN)({}, name), "call");
    const [model] = this.session.kernel.devices;
    if (!model) throw new Error("Cannot tour a kernel that opens no device");
    this.device = { model, open: [name], last: name, unbinding: false };
  }

  /** A name that nothing else has. */
  fresh(prefix: string): string {
    const number = (this.#names.get(prefix) ?? 0) + 1;
    this.#names.set(prefix, number);
    return number === 1 && prefix === "dev" ? prefix : `${prefix}${number}`;
  }

  /** The buffer that the kernel has and the tour does not know yet. */
  newBuffer(): DmaBuf | undefined {
    return [...this.session.kernel.dmaBufs].find((dmabuf) =>
      !this.buffers.some((known) => known.dmabuf === dmabuf)
    );
  }

  /** The CPU mapping that was made last. */
  newVma(): Vma | undefined {
    return this.session.process.vmas.at(-1);
  }

  /** Makes a move, and waits for the calls that it let go. */
  take(what: string, plan: Plan): Taken {
    const from = this.steps.length;
    const last = plan.drafts.length - 1;
    for (const [index, each] of plan.drafts.entries()) {
      const action = index === last && !NEVER_WAIT.has(each.operation) ? "start" : "call";
      const observation = this.#do(each, action);
      if (index === last) this.#settle(what, plan, observation);
    }
    this.#collect();
    return { steps: this.steps.slice(from), observations: this.observations.slice(from) };
  }

  /**
   * What a call that was started waits for: a fence, an unmap, or a lock by its name. A call that has its result can
   * still wait, for the release of a file of which it held the last reference.
   */
  waitsFor(pending: Pending): string {
    const thread = this.session.kernel.threads().find(({ name }) => name === pending.step);
    const on = thread?.waiting?.on ?? "nothing";
    const what = on.startsWith("lock:") ? on.split(/ of |\(/)[0] : on.split(":")[0];
    return thread?.result === undefined
      ? `${what}`
      : `${what} with the result ${JSON.stringify(thread.result)}`;
  }

  /** Whether an importer has put off giving its mappings back. */
  isDeferred(importer: NamedImporter): boolean {
    return this.session.kernel.threads().some(({ name }) =>
      name.split(",")[0]?.endsWith(` of ${importer.name}`)
    );
  }

  /** Waits for the calls that have returned, the last one first, so that one within another is waited for first. */
  #collect(): void {
    for (let done = this.#returned(); done; done = this.#returned()) {
      const observation = this.#perform({ action: "finish", id: finishId(done.step), of: done.step });
      this.pending.splice(this.pending.indexOf(done), 1);
      done.ended(observation.outcome);
      this.#after(observation);
    }
  }

  #returned(): Pending | undefined {
    return this.pending.findLast(({ returned }) => returned);
  }

  #do(each: Draft, action: "call" | "start"): Observation {
    const id = `s${this.steps.length}`;
    const { operation, args, bind, written } = each;
    this.written.set(id, { id, operation, written, args, bind, uses: [], action });
    return this.#perform({ action, id, operation, args, bind });
  }

  #perform(step: SessionStep): Observation {
    const observation = this.session.perform(step);
    // What returned at once is written as a plain call, which the model does the same way.
    const plain = step.action === "start" && observation.outcome.kind !== "blocked";
    this.steps.push(plain ? { ...step, action: "call" } : step);
    this.observations.push(observation);
    return observation;
  }

  #settle(what: string, plan: Plan, observation: Observation): void {
    const { step, outcome } = observation;
    plan.began?.();
    const ended = plan.ended ?? (() => {});
    if (outcome.kind === "blocked") this.pending.push({ step, what, returned: false, ended });
    else ended(outcome);
    this.#after(observation);
  }

  /** Brings the names up to date with what happened by itself. */
  #after({ events, pending }: Observation): void {
    for (const each of this.pending) each.returned = !pending.includes(each.step);
    for (const event of events) this.#happened(event);
    for (const vma of this.buffers.flatMap(({ vmas }) => vmas)) vma.entries = entriesOf(vma);
    if (this.buffers.some(({ dmabuf }) => !this.session.kernel.dmaBufs.has(dmabuf))) {
      this.buffers = this.buffers.filter(({ dmabuf }) => this.session.kernel.dmaBufs.has(dmabuf));
    }
  }

  #happened(event: Event): void {
    if (event.event !== "unmap" && event.event !== "remap") return;
    for (const { importers } of this.buffers) {
      const importer = importers.find(({ name }) => name === event.attachment);
      if (!importer) continue;
      if (event.event === "unmap") {
        importer.mapping = undefined;
        importer.remapped = false;
      } else importer.remapped ||= event.errno === null;
    }
  }
}

/** The entries of a mapping after a step, given those before it. */
function entriesOf({ vma, entries }: NamedVma): NamedVma["entries"] {
  if (vma.ptes.size > 0) return "present";
  return entries === "present" ? "zapped" : entries;
}

/** Operations that wait for nothing, whatever the state, or for nothing but the time. */
const NEVER_WAIT: ReadonlySet<OperationName> = new Set<OperationName>([
  "buffer.fdinfo",
  "buffer.mmap",
  "clock.advance",
  "fd.dup",
  "fence.signal",
  "importer.dma_read",
  "importer.revocable",
  "importer.vmap",
  "memory.discard",
  "memory.unmap",
]);

const OPEN = draft("vfio.open", { low_power: true, reset: "flr" });
const OPEN_PLAIN = draft("vfio.open", {});
