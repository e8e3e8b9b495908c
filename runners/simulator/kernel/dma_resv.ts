/**
 * Fences and the reservation of a buffer: dma_fence and dma_resv (drivers/dma-buf/dma-resv.c).
 *
 * @module
 */
import type { ErrnoName } from "../../../spec/errno.ts";
import { Mutex, type Wait } from "./sched.ts";
import { shared, SharedObject } from "./shared.ts";

/** Usage classes of fences, from the strongest: a wait for a class waits for all the classes before it, too. */
export const USAGES = ["KERNEL", "WRITE", "READ", "BOOKKEEP"] as const;

/** A usage class: enum dma_resv_usage. */
export type Usage = typeof USAGES[number];

/** A fence: unsignalled, then signalled once, perhaps with an error. */
export class DmaFence extends SharedObject {
  readonly id: number;
  @shared
  accessor signalled = false;
  error: ErrnoName | undefined;

  constructor(id: number) {
    super();
    this.id = id;
  }

  /** Signals it; dma_fence_signal(). A failing fence counts as retired as well. */
  signal(error?: ErrnoName): void {
    if (this.signalled) return;
    this.error = error;
    this.signalled = true;
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
