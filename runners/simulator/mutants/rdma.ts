/**
 * Mistakes of the RDMA core as an importer, and of the drivers that use it.
 *
 * @module
 */
import { dmaBufUnmapAttachment, dmaBufUnpin } from "../kernel/dma_buf.ts";
import {
  freeKey,
  invalidateKey,
  mapRegion,
  type MemoryRegion,
  programHardware,
  type RegionStep,
  releaseCore,
  setRevokeCallback,
  unmapRegion,
  zapHardware,
} from "../kernel/rdma_mr.ts";
import {
  atOnce,
  detachUmem,
  mapThePages,
  markRevoked,
  pinBuffer,
  putBuffer,
  releaseTheUmem,
  restoreTable,
  revokeOnRelease,
  revokeUmemLocked,
  tellDriver,
  trimTable,
  type UmemDmabuf,
  type UmemStep,
  unmapAttachment,
  unmapThePages,
  unpinBuffer,
  waitForContents,
  warnOfInvalidation,
  widen,
} from "../kernel/umem_dmabuf.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { type Steps, window } from "../kernel/sched.ts";
import { perform } from "../kernel/sequence.ts";
import type { UmemRules } from "../rdma_rules.ts";
import {
  answer,
  type Bug,
  forget,
  inCore,
  movedBehind,
  type Mutant,
  mutantOf,
  replaced,
  twice,
  without,
} from "./mutant.ts";

const DIALECT = "mainline-7.3";

/** A bug in the RDMA core as an importer, or in a driver. */
function inUmem(bug: (umem: UmemRules) => Partial<UmemRules>): Bug {
  return (rules) => ({ ...rules, umem: { ...rules.umem, ...bug(rules.umem) } });
}

/** A bug in what a driver does with a new region that can be revoked. */
function inRegister(bug: (steps: readonly RegionStep[]) => readonly RegionStep[]): Bug {
  return inUmem(({ register }) => ({ register: { ...register, revocable: bug(register.revocable) } }));
}

const unpinAndForgetToSaySo: UmemStep = {
  ...unpinBuffer,
  run: (_kernel, umem) => dmaBufUnpin(umem.attachment),
};

const unmapAndKeepTheTable: UmemStep = {
  ...unmapAttachment,
  run(kernel, umem) {
    const { table } = umem;
    if (!table) return;
    if (table.unmapped) kernel.warn("DMA-API: device driver tries to free DMA memory it has not allocated");
    dmaBufUnmapAttachment(kernel, table);
  },
};

/** Trims as the right step does, and puts one end back. */
function trimAllBut(end: "head" | "tail"): UmemStep {
  return {
    ...trimTable,
    run(kernel, umem) {
      trimTable.run(kernel, umem);
      const trimmed = end === "head" ? umem.firstSg : umem.lastSg;
      if (!trimmed) return;
      widen(umem, trimmed, end);
      if (end === "head") umem.firstSg = { ...trimmed, pages: 0 };
      else umem.lastSg = { ...trimmed, pages: 0 };
    },
  };
}

const letOthersIn: RegionStep = { ...setRevokeCallback, run: (_kernel, region) => letOthersInTo(region) };

/** The mutants of the RDMA core as an importer. */
export const umemMutants: readonly Mutant[] = [
  mutantOf(DIALECT, {
    id: "region-range-overflows",
    title: "An offset and a size that overflow are not noticed",
    breaks: ["UMEM-01"],
  }, inUmem(() => ({ request: [] }))),
  mutantOf(
    DIALECT,
    {
      id: "region-range-added-up-after-the-lookup",
      title: "The descriptor is looked up before the range is added up",
      breaks: ["UMEM-01"],
    },
    inUmem(({ request, target }) => ({
      request: [],
      target: [
        ...request.map((check) => ({
          ...check,
          when: (both: Parameters<typeof target[number]["when"]>[0]) => check.when(both.request),
        })),
        ...target,
      ],
    })),
  ),
  mutantOf(DIALECT, {
    id: "region-over-a-number-that-is-not-open-is-einval",
    title: "Registering over a number that is not open fails with EINVAL",
    breaks: ["UMEM-01", "BASE-01"],
  }, inCore(({ lookup }) => ({ lookup: answer(lookup, "BASE-01", "EINVAL") }))),
  mutantOf(DIALECT, {
    id: "region-over-another-file-is-ebadf",
    title: "Registering over a file that is not a dma-buf fails with EBADF",
    breaks: ["UMEM-01", "BASE-02"],
  }, inCore(({ lookup }) => ({ lookup: answer(lookup, "BASE-02", "EBADF") }))),
  mutantOf(DIALECT, {
    id: "region-beyond-the-end",
    title: "A region may reach beyond the end of its buffer",
    breaks: ["UMEM-01"],
  }, inUmem(({ target }) => ({ target: forget(target, "UMEM-01", "a range beyond the end") }))),
  mutantOf(DIALECT, {
    id: "region-without-a-page",
    title: "A region without a page is registered",
    breaks: ["UMEM-01"],
  }, inUmem(({ target }) => ({ target: forget(target, "UMEM-01", "a range without a page") }))),
  mutantOf(DIALECT, {
    id: "region-too-large-is-enomem",
    title: "A region that is larger than its buffer is refused with ENOMEM",
    breaks: ["UMEM-01"],
  }, inUmem(({ target }) => ({ target: answer(target, "UMEM-01", "ENOMEM", "a range beyond the end") }))),
  mutantOf(DIALECT, {
    id: "refused-region-keeps-the-buffer",
    title: "A registration that is refused keeps a reference on the buffer",
    breaks: ["UMEM-02", "UMEM-01"],
    inspiration: "dba4254e216d in iommufd",
  }, inUmem(() => ({ undoGet: [] }))),
  mutantOf(
    DIALECT,
    {
      id: "region-unpins-twice-on-error",
      title: "A region whose map fails is unpinned on the error path and again by the release",
      breaks: ["UMEM-02"],
      inspiration: "104016eb671e",
    },
    inUmem(({ undoPinAndMap }) => ({
      undoPinAndMap: replaced(undoPinAndMap, (step) => step === unpinBuffer, unpinAndForgetToSaySo),
    })),
  ),
  mutantOf(DIALECT, {
    id: "region-keeps-its-attachment-on-error",
    title: "A region whose map fails stays attached",
    breaks: ["UMEM-02"],
  }, inUmem(({ undoPinAndMap }) => ({ undoPinAndMap: without(undoPinAndMap, releaseTheUmem) }))),
  mutantOf(DIALECT, {
    id: "region-keeps-a-late-pin",
    title: "A region that was revoked before it pinned leaves the pin to the release, which finds it revoked",
    breaks: ["UMEM-09"],
    inspiration: "the early return of ib_umem_dmabuf_revoke_locked()",
  }, inUmem(({ undoPinAndMap }) => ({ undoPinAndMap: without(undoPinAndMap, unpinBuffer) }))),
  mutantOf(
    DIALECT,
    {
      id: "region-revoked-too-early-stays-attached",
      title: "A region that was revoked before it pinned is not released",
      breaks: ["UMEM-09"],
    },
    inUmem(({ undoPinAndMap }) => ({
      undoPinAndMap: replaced(undoPinAndMap, (step) => step === releaseTheUmem, {
        ...releaseTheUmem,
        *run(kernel, umem) {
          if (!umem.revoked) yield* perform(kernel, [releaseTheUmem], umem);
        },
      }),
    })),
  ),
  mutantOf(
    DIALECT,
    {
      id: "early-revocation-is-forgotten",
      title: "A region forgets a revocation that came before it has pinned",
      breaks: ["UMEM-09"],
    },
    inUmem(({ pinAndMap }) => ({
      pinAndMap: [{ ...markRevoked, run: forgetRevocation }, ...pinAndMap],
    })),
  ),
  mutantOf(
    DIALECT,
    {
      id: "failed-pin-is-ignored",
      title: "A region goes on when the exporter refuses the pin",
      breaks: ["UMEM-02", "UVX-02"],
    },
    inUmem(({ pinAndMap }) => ({
      pinAndMap: replaced(pinAndMap, (step) => step === pinBuffer, {
        ...pinBuffer,
        run(kernel, umem) {
          pinBuffer.run(kernel, umem);
        },
      }),
    })),
  ),
  mutantOf(DIALECT, {
    id: "region-does-not-pin",
    title: "A region whose hardware takes no page faults does not pin its buffer",
    breaks: ["UMEM-02", "MODE-10", "MODE-11"],
  }, inUmem(({ pinAndMap }) => ({ pinAndMap: without(pinAndMap, pinBuffer) }))),
  mutantOf(DIALECT, {
    id: "region-maps-at-the-first-access",
    title: "A region that pins is not mapped when it is registered",
    breaks: ["UMEM-02"],
  }, inUmem(({ pinAndMap }) => ({ pinAndMap: without(pinAndMap, mapThePages) }))),
  mutantOf(DIALECT, {
    id: "region-does-not-wait-for-the-contents",
    title: "A registration does not wait until the exporter has moved the contents",
    breaks: ["UMEM-02"],
  }, inUmem(({ mapPages }) => ({ mapPages: without(mapPages, waitForContents) }))),
  mutantOf(
    DIALECT,
    {
      id: "region-waits-for-every-fence",
      title: "A registration waits for the fences of every user of the buffer",
      breaks: ["UMEM-02"],
    },
    inUmem(({ mapPages }) => ({
      mapPages: replaced(mapPages, (step) => step === waitForContents, {
        ...waitForContents,
        *run(_kernel, umem) {
          yield umem.attachment.dmabuf.resv.waitFor("BOOKKEEP");
        },
      }),
    })),
  ),
  mutantOf(DIALECT, {
    id: "region-unmaps-before-the-driver-stops",
    title: "A revoked region is unmapped before its driver has stopped the hardware",
    breaks: ["UMEM-03"],
  }, inUmem(({ revoke }) => ({ revoke: movedBehind(revoke, tellDriver, unmapThePages) }))),
  mutantOf(DIALECT, {
    id: "region-unpins-before-it-unmaps",
    title: "A revoked region is unpinned before it is unmapped",
    breaks: ["UMEM-03"],
  }, inUmem(({ revoke }) => ({ revoke: movedBehind(revoke, unmapThePages, unpinBuffer) }))),
  mutantOf(DIALECT, {
    id: "driver-is-not-told",
    title: "The driver of a revoked region is not told",
    breaks: ["UMEM-03", "UMEM-05", "RNOD-07", "RNOD-12"],
  }, inUmem(({ revoke }) => ({ revoke: without(revoke, tellDriver) }))),
  mutantOf(DIALECT, {
    id: "driver-sets-no-callback",
    title: "A driver registers a region and does not say how it wants to be told",
    breaks: ["UMEM-03", "UMEM-05"],
  }, inRegister((steps) => without(steps, setRevokeCallback))),
  mutantOf(
    DIALECT,
    {
      id: "driver-sets-its-callback-unlocked",
      title: "A driver says how it wants to be told after it has given the lock back",
      breaks: ["UMEM-05"],
      inspiration: "why ib_umem_dmabuf_get_pinned_revocable_and_lock() returns locked",
    },
    inRegister((steps) => steps.flatMap((step) => step === setRevokeCallback ? [letOthersIn, step] : [step])),
  ),
  mutantOf(DIALECT, {
    id: "driver-is-told-twice",
    title: "The driver of a revoked region is told twice",
    breaks: ["UMEM-04"],
  }, inUmem(({ revoke }) => ({ revoke: twice(revoke, tellDriver) }))),
  mutantOf(DIALECT, {
    id: "driver-is-told-again-at-release",
    title: "The driver of a revoked region is told again at each callback and at the release",
    breaks: ["UMEM-04"],
  }, inUmem(() => ({ isRevoked: () => false }))),
  mutantOf(
    DIALECT,
    {
      id: "release-does-not-tell-the-driver",
      title: "The release of a region unmaps and unpins without telling the driver",
      breaks: ["UMEM-03", "UMEM-05"],
    },
    inUmem(({ release }) => ({
      release: replaced(release, (step) => step === revokeOnRelease, {
        ...revokeOnRelease,
        *run(kernel, umem) {
          yield umem.reservation.lock;
          if (!umem.revoked) atOnce(kernel, [unmapThePages, unpinBuffer, markRevoked], umem);
          umem.reservation.unlock();
        },
      }),
    })),
  ),
  mutantOf(DIALECT, {
    id: "release-forgets-to-detach",
    title: "The release of a region leaves the attachment",
    breaks: ["UMEM-02", "MODE-13"],
  }, inUmem(({ release }) => ({ release: without(release, detachUmem) }))),
  mutantOf(DIALECT, {
    id: "release-keeps-the-buffer",
    title: "The release of a region keeps its reference on the buffer",
    breaks: ["UMEM-02"],
  }, inUmem(({ release }) => ({ release: without(release, putBuffer) }))),
  mutantOf(DIALECT, {
    id: "hardware-is-not-stopped",
    title: "A driver that is told leaves the key of its hardware valid",
    breaks: ["UMEM-05", "RNOD-07", "RNOD-11", "RNOD-12", "INVAL-06"],
  }, inUmem(({ stopHardware }) => ({ stopHardware: without(stopHardware, invalidateKey) }))),
  mutantOf(DIALECT, {
    id: "revoked-region-asks-the-exporter",
    title: "Mapping a revoked region asks the exporter, who may have the buffer again",
    breaks: ["UMEM-06", "UMEM-07"],
  }, inUmem(() => ({ map: [] }))),
  mutantOf(DIALECT, {
    id: "revoked-region-is-eio",
    title: "Mapping a revoked region fails with EIO",
    breaks: ["UMEM-06"],
  }, inUmem(({ map }) => ({ map: answer(map, "UMEM-06", "EIO") }))),
  mutantOf(DIALECT, {
    id: "revocation-is-not-marked",
    title: "A region that was revoked is not marked as such",
    breaks: ["UMEM-04", "UMEM-06", "UMEM-07"],
  }, inUmem(({ revoke }) => ({ revoke: without(revoke, markRevoked) }))),
  mutantOf(
    DIALECT,
    {
      id: "second-callback-brings-a-region-back",
      title: "A region takes the second callback for the end of the revocation",
      breaks: ["UMEM-07"],
    },
    inUmem(({ callbacks }) => ({
      callbacks: {
        ...callbacks,
        revocable(kernel, umem) {
          if (umem.revoked) umem.revoked = false;
          else revokeUmemLocked(kernel, umem);
        },
      },
    })),
  ),
  mutantOf(
    DIALECT,
    {
      id: "revoked-key-is-free",
      title: "The key of a revoked region is given to the next one",
      breaks: ["UMEM-08"],
    },
    inUmem(({ stopHardware }) => ({
      stopHardware: [...stopHardware, {
        ...freeKey,
        run(_kernel, region) {
          if (region.key !== undefined) region.ufile.device.freeKey(region.key);
        },
      }],
    })),
  ),
  mutantOf(
    DIALECT,
    {
      id: "revoked-region-cannot-be-deregistered",
      title: "Deregistering a revoked region leaves it in the core",
      breaks: ["UMEM-08", "MODE-13"],
    },
    inUmem(({ deregister }) => ({
      deregister: replaced(deregister, (step) => step === releaseCore, {
        ...releaseCore,
        *run(kernel, region) {
          if (!region.umem.revoked) yield* perform(kernel, [releaseCore], region);
        },
      }),
    })),
  ),
  mutantOf(
    DIALECT,
    {
      id: "region-starts-at-its-entry",
      title: "The first entry of a region is not trimmed, so that the region starts too early",
      breaks: ["UMEM-10"],
    },
    inUmem(({ mapPages }) => ({
      mapPages: replaced(mapPages, (step) => step === trimTable, trimAllBut("head")),
    })),
  ),
  mutantOf(
    DIALECT,
    {
      id: "region-ends-with-its-entry",
      title: "The last entry of a region is not trimmed, so that the region ends too late",
      breaks: ["UMEM-10"],
    },
    inUmem(({ mapPages }) => ({
      mapPages: replaced(mapPages, (step) => step === trimTable, trimAllBut("tail")),
    })),
  ),
  mutantOf(DIALECT, {
    id: "table-is-not-restored",
    title: "A region gives its table back trimmed",
    breaks: ["UMEM-10"],
  }, inUmem(({ unmapPages }) => ({ unmapPages: without(unmapPages, restoreTable) }))),
  mutantOf(
    DIALECT,
    {
      id: "table-is-given-back-twice",
      title: "A region forgets that it has given its table back",
      breaks: ["UMEM-10"],
    },
    inUmem(({ unmapPages }) => ({
      unmapPages: replaced(unmapPages, (step) => step === unmapAttachment, unmapAndKeepTheTable),
    })),
  ),
  mutantOf(DIALECT, {
    id: "revoked-region-stays-pinned",
    title: "A revoked region keeps its pin",
    breaks: ["UMEM-03", "MODE-03"],
  }, inUmem(({ revoke }) => ({ revoke: without(revoke, unpinBuffer) }))),
  mutantOf(DIALECT, {
    id: "revoked-region-stays-mapped",
    title: "A revoked region keeps its mapping until it is deregistered",
    breaks: ["UMEM-03", "INVAL-09", "RNOD-09", "RNOD-13"],
  }, inUmem(({ revoke }) => ({ revoke: without(revoke, unmapThePages) }))),
  mutantOf(
    DIALECT,
    {
      id: "revoke-callback-takes-the-lock",
      title: "The callback of a region takes the reservation lock, which its caller holds",
      breaks: ["INVAL-17"],
    },
    inUmem(({ callbacks }) => ({
      callbacks: { ...callbacks, revocable: (kernel, umem) => atOnce(kernel, [revokeOnRelease], umem) },
    })),
  ),
  mutantOf(DIALECT, {
    id: "revocation-detaches",
    title: "A revoked region is taken off the list of attachments",
    breaks: ["MODE-13"],
    inspiration: "S2:30 read literally: importers are cleanly detached",
  }, inUmem(({ revoke }) => ({ revoke: [...revoke, { ...detachUmem, run: leaveList }] }))),
  mutantOf(DIALECT, {
    id: "region-lets-go-of-its-pin",
    title: "A driver unpins the buffer as soon as its hardware has the pages",
    breaks: ["MODE-03", "MODE-10", "MODE-11"],
  }, inRegister((steps) => [...steps, { ...setRevokeCallback, run: unpinRegion }])),
  mutantOf(DIALECT, {
    id: "pinned-region-has-the-callback",
    title: "A region that cannot be revoked has the callback nevertheless",
    breaks: ["RNOD-04", "RNOD-05", "RNOD-06", "INVAL-10"],
  }, inUmem(({ callbacks }) => ({ callbacks: { ...callbacks, pinned: revokeUmemLocked } }))),
  mutantOf(DIALECT, {
    id: "pinned-region-only-warns",
    title: "A region that cannot be revoked has a callback that only warns",
    breaks: ["RNOD-04", "RNOD-05", "RNOD-06"],
    inspiration: "the third series; an exporter that waits for the unmap would wait for ever",
  }, inUmem(({ callbacks }) => ({ callbacks: { ...callbacks, pinned: warnOfInvalidation } }))),
  mutantOf("leon-v3-nonodp", {
    id: "warning-callback-revokes",
    title: "The callback of a pinned region revokes it instead of warning",
    breaks: ["RNOD-02"],
  }, inUmem(({ callbacks }) => ({ callbacks: { ...callbacks, pinned: revokeUmemLocked } }))),
  mutantOf("leon-v3-nonodp", {
    id: "warning-callback-is-silent",
    title: "The callback of a pinned region does not warn",
    breaks: ["RNOD-02"],
  }, inUmem(({ callbacks }) => ({ callbacks: { ...callbacks, pinned: () => {} } }))),
];

function forgetRevocation(_kernel: Kernel, umem: UmemDmabuf): void {
  umem.revoked = false;
}

function leaveList(_kernel: Kernel, { attachment }: UmemDmabuf): void {
  const { dmabuf } = attachment;
  dmabuf.attachments = dmabuf.attachments.filter((each) => each !== attachment);
}

function unpinRegion(kernel: Kernel, { umem }: MemoryRegion): void {
  atOnce(kernel, [unpinBuffer], umem);
}

/** Gives the hardware the pages that were there before the lock was given back. */
const programUnlocked: RegionStep = {
  ...programHardware,
  *run(_kernel, region) {
    const { table, frames } = region.umem;
    yield* letOthersInTo(region);
    region.translation = table && { table, frames };
    region.live = true;
  },
};

/** Gives the lock back and takes it again, so that somebody can come in between. */
function* letOthersInTo({ umem }: MemoryRegion): Steps<void> {
  umem.reservation.unlock();
  yield window("the lock is given back and taken again");
  yield umem.reservation.lock;
}

/** The mutants of regions whose hardware takes page faults. */
export const onDemandMutants: readonly Mutant[] = [
  mutantOf(
    DIALECT,
    {
      id: "page-fault-programs-unlocked",
      title: "A page fault gives the lock back before it has given the hardware the pages",
      breaks: ["INVAL-12", "MODE-09"],
      inspiration:
        "review of the first RDMA dma-buf series: the lock has to be held until the hardware is programmed",
    },
    inUmem(({ fault }) => ({ fault: replaced(fault, (step) => step === programHardware, programUnlocked) })),
  ),
  mutantOf(DIALECT, {
    id: "hardware-keeps-invalidated-pages",
    title: "The hardware keeps the pages of an invalidated region",
    breaks: ["INVAL-12", "MODE-01", "RNOD-11"],
  }, inUmem(({ invalidateOnDemand }) => ({ invalidateOnDemand: without(invalidateOnDemand, zapHardware) }))),
  mutantOf(DIALECT, {
    id: "invalidated-region-stays-mapped",
    title: "An invalidated region keeps its mapping until the next page fault",
    breaks: ["INVAL-09", "INVAL-12", "RNOD-09", "RNOD-13"],
  }, inUmem(({ invalidateOnDemand }) => ({ invalidateOnDemand: without(invalidateOnDemand, unmapRegion) }))),
  mutantOf(
    DIALECT,
    {
      id: "page-fault-ignores-errors",
      title: "A page fault that cannot be served is reported as served",
      breaks: ["MODE-09"],
    },
    inUmem(({ fault }) => ({
      fault: replaced(fault, (step) => step === mapRegion, {
        ...mapRegion,
        *run(kernel, region) {
          yield* perform(kernel, [mapRegion], region);
        },
      }),
    })),
  ),
  mutantOf(
    DIALECT,
    {
      id: "page-fault-goes-past-the-exporter",
      title: "A page fault on a buffer that cannot be mapped gives the hardware a page all the same",
      breaks: ["MODE-09"],
    },
    inUmem(({ invalidateOnDemand }) => ({
      invalidateOnDemand: without(invalidateOnDemand, zapHardware, unmapRegion),
    })),
  ),
];
