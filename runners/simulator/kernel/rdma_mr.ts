/**
 * Memory regions: what a driver and its hardware do with the pages of a registered buffer. The driver of a revocable
 * region is modelled on drivers/infiniband/hw/irdma/verbs.c, the one of a region with page faults on
 * drivers/infiniband/hw/mlx5/{mr,odp}.c.
 *
 * @module
 */
import type { ErrnoName } from "../../../spec/errno.ts";
import { isError } from "./check.ts";
import type { SgTable } from "./dma_buf.ts";
import type { Kernel } from "./kernel.ts";
import type { PageFrame } from "./mm.ts";
import { makingUobject, type RegionKind, type Uobject, type UverbsFile } from "./rdma_device.ts";
import type { Steps } from "./sched.ts";
import { perform, type SequenceStep } from "./sequence.ts";
import { shared, SharedObject } from "./shared.ts";
import {
  atOnce,
  getPinnedUmemAndLock,
  getUmem,
  mapPages,
  releaseUmem,
  type UmemDmabuf,
  type UmemRequest,
  unmapPages,
} from "./umem_dmabuf.ts";

/** What the hardware has been given of a region: the frames, and the mapping that makes them reachable. */
interface Translation {
  readonly frames: readonly PageFrame[];
  readonly table: SgTable;
}

/** A memory region: struct ib_mr. */
export class MemoryRegion extends SharedObject implements Uobject {
  readonly ufile: UverbsFile;
  readonly umem: UmemDmabuf;
  /** The key by which the hardware and remote users know it; `undefined` until it has one. */
  @shared
  accessor key: number | undefined;
  /** Whether the hardware accepts the key. */
  @shared
  accessor live = false;
  @shared
  accessor translation: Translation | undefined;

  constructor(ufile: UverbsFile, umem: UmemDmabuf) {
    super();
    this.ufile = ufile;
    this.umem = umem;
  }

  /** How its driver attaches. */
  get kind(): RegionKind {
    return this.ufile.device.regions;
  }

  /** Deregisters it. */
  *destroy(kernel: Kernel): Steps<void> {
    yield* perform(kernel, kernel.rules.umem.deregister, this);
  }
}

/** Registers a part of a buffer; ib_uverbs_reg_dmabuf_mr() and the driver's reg_user_mr_dmabuf operation. */
export function registerRegion(
  kernel: Kernel,
  ufile: UverbsFile,
  request: UmemRequest,
): Steps<MemoryRegion | ErrnoName> {
  const register = ufile.device.regions === "on-demand" ? registerOnDemand : registerPinned;
  return makingUobject(ufile, () => register(kernel, ufile, request));
}

/** Registers a region that pins, and gives the hardware its pages; irdma_reg_user_mr_dmabuf(). */
function* registerPinned(
  kernel: Kernel,
  ufile: UverbsFile,
  request: UmemRequest,
): Steps<MemoryRegion | ErrnoName> {
  const { regions } = ufile.device;
  const callback = regions === "on-demand" ? undefined : kernel.rules.umem.callbacks[regions];
  const umem = yield* getPinnedUmemAndLock(kernel, request, callback);
  if (isError(umem)) return umem;
  const region = new MemoryRegion(ufile, umem);
  yield* perform(kernel, kernel.rules.umem.register[regions], region);
  ufile.add(region);
  umem.reservation.unlock();
  return region;
}

/** Registers a region whose hardware takes page faults; mlx5_ib_reg_user_mr_dmabuf(). */
function* registerOnDemand(
  kernel: Kernel,
  ufile: UverbsFile,
  request: UmemRequest,
): Steps<MemoryRegion | ErrnoName> {
  const { umem: rules } = kernel.rules;
  const umem = yield* getUmem(kernel, request, zapRegion);
  if (isError(umem)) return umem;
  const region = new MemoryRegion(ufile, umem);
  umem.owner = region;
  const error = yield* perform(kernel, rules.register["on-demand"], region);
  if (error) {
    yield* region.destroy(kernel);
    return error;
  }
  ufile.add(region);
  return region;
}

/** The callback of a region with page faults; mlx5_ib_dmabuf_invalidate_cb(). A region in the making has nothing yet. */
function zapRegion(kernel: Kernel, { owner }: UmemDmabuf): void {
  if (owner instanceof MemoryRegion) atOnce(kernel, kernel.rules.umem.invalidateOnDemand, owner);
}

/** Deregisters a region; ib_dereg_mr_user(). */
export function* deregisterRegion(kernel: Kernel, region: MemoryRegion): Steps<void> {
  yield region.ufile.hwDestroy.read;
  const mine = region.ufile.remove(region);
  if (mine) yield* region.destroy(kernel);
  region.ufile.hwDestroy.upRead();
}

/**
 * Has the hardware look a page of a region up. A key that it does not accept, or a page fault that cannot be served,
 * ends the work request with an error. Pages that are not mapped any more are reached all the same, because nothing
 * but the driver keeps the hardware from them.
 */
export function* reachPage(
  kernel: Kernel,
  region: MemoryRegion,
  page: number,
): Steps<PageFrame | "EIO"> {
  if (!region.live) return "EIO";
  const faults = region.kind === "on-demand" && !region.translation;
  if (faults && (yield* faultRegion(kernel, region))) return "EIO";
  const { translation } = region;
  if (translation?.table.unmapped) {
    kernel.warn(`DMAR: DMA fault: ${region.umem.name} reaches for a page that is not mapped any more`);
  }
  return translation?.frames[page] ?? "EIO";
}

/** Serves a page fault of the hardware; pagefault_dmabuf_mr(). */
export function* faultRegion(kernel: Kernel, region: MemoryRegion): Steps<ErrnoName | undefined> {
  if (region.kind !== "on-demand") return "EOPNOTSUPP";
  return yield* perform(kernel, kernel.rules.umem.fault, region);
}

/** Whether no other region that is registered has the key of this one. */
export function hasUniqueKey(region: MemoryRegion): boolean {
  const others = region.ufile.uobjects.filter((each) => each instanceof MemoryRegion && each !== region);
  return !others.some((other) => other instanceof MemoryRegion && other.key === region.key);
}

/** A step of what a driver does with a region. */
export type RegionStep = SequenceStep<MemoryRegion>;

/** Takes a key that no other region has. */
export const takeKey: RegionStep = {
  name: "take a key",
  clause: "UMEM-08",
  run(_kernel, region) {
    region.key = region.ufile.device.takeKey(region);
  },
};

/** Makes the key free; not before the user deregisters the region, revoked or not. */
export const freeKey: RegionStep = {
  name: "free the key",
  clause: "UMEM-08",
  run(_kernel, region) {
    if (region.key !== undefined) region.ufile.device.freeKey(region.key);
    region.key = undefined;
  },
};

/** Gives the hardware the pages that are mapped. */
export const programHardware: RegionStep = {
  name: "give the hardware the pages",
  clause: "UMEM-02",
  run(_kernel, region) {
    const { table, frames } = region.umem;
    region.translation = table && { table, frames };
    region.live = true;
  },
};

/** Says how the driver wants to be told of a revocation; ib_umem_dmabuf_set_revoke_locked(). */
export const setRevokeCallback: RegionStep = {
  name: "set the revoke callback",
  clause: "UMEM-04",
  run(_kernel, region) {
    region.umem.pinnedRevoke = (kernel) => {
      kernel.events.push({ event: "stop", attachment: region.umem.name });
      atOnce(kernel, kernel.rules.umem.stopHardware, region);
    };
  },
};

/** Makes the hardware refuse the key and waits for what is under way; irdma_hwdereg_mr() (UMEM-05). */
export const invalidateKey: RegionStep = {
  name: "invalidate the key in the hardware",
  clause: "UMEM-05",
  run(_kernel, region) {
    region.live = false;
  },
};

/** Stops the hardware of a region whose driver is not told by the core. */
export const stopUntold: RegionStep = {
  name: "stop the hardware of a region that is not told",
  clause: "UMEM-02",
  run(_kernel, region) {
    if (!region.umem.pinnedRevoke) region.live = false;
  },
};

/** Gives the core's part of the region back. */
export const releaseCore: RegionStep = {
  name: "release the region in the core",
  clause: "UMEM-04",
  *run(kernel, region) {
    yield* releaseUmem(kernel, region.umem);
  },
};

/** Takes the reservation lock. */
export const lockRegion: RegionStep = {
  name: "lock the reservation",
  clause: "MODE-09",
  *run(_kernel, region) {
    yield region.umem.reservation.lock;
  },
};

/** Gives the reservation lock back. */
export const unlockRegion: RegionStep = {
  name: "unlock the reservation",
  clause: "MODE-09",
  always: true,
  run(_kernel, region) {
    region.umem.reservation.unlock();
  },
};

/** Maps the pages, or passes on why that cannot be. */
export const mapRegion: RegionStep = {
  name: "map the pages",
  clause: "MODE-09",
  *run(kernel, region) {
    return yield* mapPages(kernel, region.umem);
  },
};

/** Takes the pages away from the hardware; mlx5r_umr_update_mr_pas() with MLX5_IB_UPD_XLT_ZAP. */
export const zapHardware: RegionStep = {
  name: "take the pages away from the hardware",
  clause: "INVAL-12",
  run(_kernel, region) {
    region.translation = undefined;
  },
};

/** Unmaps the pages. */
export const unmapRegion: RegionStep = {
  name: "unmap the pages",
  clause: "INVAL-09",
  run(kernel, region) {
    unmapPages(kernel, region.umem);
  },
};
