/**
 * What machines of a name are made of, made once for all targets of the name, and given up where none of them wants it
 * any more.
 *
 * @module
 */
import { within } from "../deadline.ts";
import type { Tell } from "./failure.ts";
import { givenUp } from "./live.ts";
import type { VmName } from "./name.ts";
import { prepare, type Setup } from "./setup.ts";
import type { Snapshot } from "./snapshot.ts";
import { stoppedBy } from "./tools.ts";

/** How long it may take until what was given up is gone, in milliseconds; machines are gone at once. */
const LEAVE_MS = 2_000;

/** Makes what all machines of a name need. */
export class Preparation {
  readonly #name: VmName;
  readonly #tell: Tell;
  /** The targets that are open. */
  readonly #wanting = new Set<object>();
  /** What is being made. */
  readonly #underWay = new Set<Promise<unknown>>();
  #setup: Promise<Setup> | undefined;
  #stop = new AbortController();

  /** Begins with nothing; whoever needs it first has it made. */
  constructor(name: VmName, tell: Tell) {
    this.#name = name;
    this.#tell = tell;
  }

  /** A target is opened. */
  join(target: object): void {
    this.#wanting.add(target);
  }

  /** A target is closed; what is being made for it alone is given up, and begun anew for the next one that needs it. */
  async leave(target: object): Promise<void> {
    this.#wanting.delete(target);
    if (this.#wanting.size > 0 || this.#underWay.size === 0) return;
    this.#stop.abort(givenUp());
    this.#stop = new AbortController();
    this.#setup = undefined;
    await within(Promise.allSettled(this.#underWay), LEAVE_MS);
  }

  /** Everything that is ready before the first boot. */
  setup(): Promise<Setup> {
    const { signal } = this.#stop;
    this.#setup ??= this.#making(stoppedBy(signal, () => prepare(this.#name, this.#tell, signal)));
    return this.#setup;
  }

  /** The machine as it is when it has booted; see {@link Setup.kept}. */
  async kept(): Promise<Snapshot | undefined> {
    const { kept } = await this.setup();
    return await this.#making(kept());
  }

  #making<T>(made: Promise<T>): Promise<T> {
    this.#underWay.add(made);
    const over = () => void this.#underWay.delete(made);
    made.then(over, over);
    return made;
  }
}
