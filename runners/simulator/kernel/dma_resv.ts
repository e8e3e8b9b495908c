/**
 * Fences and the reservation of a buffer: dma_fence and dma_resv (drivers/dma-buf/dma-resv.c).
 *
 * @module
 */
import type { ErrnoName } from "../../../spec/errno.ts";
import { Mutex, type Wait } from "./sched.ts";

/** Usage classes of fences, from the strongest: a wait for a class waits for all the classes before it, too. */
export const USAGES = ["KERNEL", "WRITE", "READ", "BOOKKEEP"] as const;

/** A usage class: enum dma_resv_usage. */
export type Usage = typeof USAGES[number];

/** A fence: unsignalled, then signalled once, perhaps with an error. */
export class DmaFence {
  readonly id: number;
  signalled = false;
  error: ErrnoName | undefined;

  constructor(id: number) {
    this.id = id;
  }

  /** Signals it; dma_fence_signal(). A failing fence counts as retired as well. */
  signal(error?: ErrnoName): void {
    if (this.signalled) return;
    this.signalled = true;
    this.error = error;
  }
}

/** The reservation of a buffer: a lock and a set of fences. */
export class DmaResv {
  readonly mutex: Mutex;
  readonly fences: { readonly fence: DmaFence; readonly usage: Usage }[] = [];

  constructor(name: string) {
    this.mutex = new Mutex(`resv of ${name}`);
  }

  /** Adds a fence; dma_resv_add_fence(). */
  add(fence: DmaFence, usage: Usage): void {
    this.fences.push({ fence, usage });
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
      take: () => {},
    };
  }
}
