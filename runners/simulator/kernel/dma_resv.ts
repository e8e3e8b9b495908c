/**
 * Fences and the reservation of a buffer: dma_fence and dma_resv (drivers/dma-buf/dma-resv.c).
 *
 * @module
 */
import { Mutex, type Wait } from "./sched.ts";
import { shared, SharedObject } from "./shared.ts";

/** Usage classes of fences, from the strongest: a wait for a class waits for all the classes before it, too. */
export const USAGES = ["KERNEL", "WRITE", "READ", "BOOKKEEP"] as const;

/** A usage class: enum dma_resv_usage. */
export type Usage = typeof USAGES[number];

/** A fence: unsignalled, then signalled once. One that fails counts as retired as well. */
export class DmaFence extends SharedObject {
  readonly id: number;
  /** The fences that it stands for, where it stands for others: struct dma_fence_array. */
  readonly #parts: readonly DmaFence[];
  #callbacks: (() => void)[] = [];
  @shared
  private accessor done = false;

  constructor(id: number, parts: readonly DmaFence[] = []) {
    super();
    this.id = id;
    this.#parts = parts;
  }

  /** Whether it has signalled; dma_fence_is_signaled(). One that stands for others has when all of them have. */
  get signalled(): boolean {
    return this.done || (this.#parts.length > 0 && this.#parts.every((part) => part.signalled));
  }

  /** Signals it; dma_fence_signal(). */
  signal(): void {
    this.done = true;
    const callbacks = this.#callbacks;
    this.#callbacks = [];
    for (const callback of callbacks) callback();
  }

  /** Has something done once when it signals, which it has not yet; dma_fence_add_callback(). */
  onSignal(callback: () => void): void {
    if (this.#parts.length === 0) return void this.#callbacks.push(callback);
    let isTold = false;
    for (const part of this.#parts.filter(({ signalled }) => !signalled)) {
      part.onSignal(() => {
        if (isTold || !this.signalled) return;
        isTold = true;
        callback();
      });
    }
  }
}

/** A fence in a reservation. */
export interface ReservedFence {
  readonly fence: DmaFence;
  readonly usage: Usage;
}

/** The reservation of a buffer: a lock and a set of fences. */
export class DmaResv extends SharedObject {
  readonly mutex: Mutex;
  @shared
  accessor fences: readonly ReservedFence[] = [];

  constructor(name: string) {
    super();
    this.mutex = new Mutex("resv", name);
  }

  /** Adds a fence; dma_resv_add_fence(). */
  add(fence: DmaFence, usage: Usage): void {
    this.fences = [...this.fences, { fence, usage }];
  }

  /** The fences up to a usage that have not signalled. */
  unsignalled(upTo: Usage): DmaFence[] {
    const last = USAGES.indexOf(upTo);
    return this.fences
      .filter(({ fence, usage }) => !fence.signalled && USAGES.indexOf(usage) <= last)
      .map(({ fence }) => fence);
  }

  /** Yield this to wait for every fence up to a usage, without a limit; dma_resv_wait_timeout(). */
  waitFor(upTo: Usage): Wait {
    const unsignalled = () => this.unsignalled(upTo);
    return {
      get on() {
        return `fence:${unsignalled().length} unsignalled`;
      },
      ready: () => this.fences.length === 0 || unsignalled().length === 0,
    };
  }
}
