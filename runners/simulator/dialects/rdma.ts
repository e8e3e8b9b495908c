/**
 * RDMA devices in mainline, as importers and as exporters, and an exporter that moves its buffers.
 *
 * 7.3 was read line by line. Up to 7.0 an RDMA region that pins had a callback that only warned.
 *
 * @module
 */
import {
  freeKey,
  invalidateKey,
  lockRegion,
  mapRegion,
  programHardware,
  releaseCore,
  setRevokeCallback,
  stopUntold,
  takeKey,
  unlockRegion,
  unmapRegion,
  zapHardware,
} from "../kernel/rdma_mr.ts";
import { copyToNewMemory, tellImporters as tellOfMove, waitForFences } from "../kernel/test_exporter.ts";
import {
  detachUmem,
  mapAttachment,
  mapThePages,
  markRevoked,
  pinBuffer,
  putBuffer,
  putTarget,
  releaseTheUmem,
  restoreTable,
  revokeOnRelease,
  revokeUmemLocked,
  tellDriver,
  trimTable,
  unlockReservation as unlockUmem,
  unmapAttachment,
  unmapThePages,
  unpinBuffer,
  waitForContents,
  warnOfInvalidation,
} from "../kernel/umem_dmabuf.ts";
import {
  dropKref,
  finalizeUobject,
  listBuffer,
  lockBuffers,
  lockEntry,
  lockReservation,
  putEntry,
  putOwnEntry,
  putUnseen,
  revokeBuffers,
  revokeOnce,
  setDriverRemoved,
  setRevoked,
  tellImporters,
  unlockBuffers,
  unlockEntry,
  unlockReservation,
  waitForFencesUpTo,
  waitForUnmaps,
} from "../kernel/uverbs_dmabuf.ts";
import { PAGE_SIZE } from "../kernel/kernel.ts";
import type { UmemRequest } from "../kernel/umem_dmabuf.ts";
import type { MoveRules, UmemRules, UverbsRules } from "../rdma_rules.ts";

/** One more than the largest unsigned long. */
const ULONG_RANGE = 2n ** 64n;

/** Where a range ends, as an unsigned long has it. */
function endOf({ offset, length }: UmemRequest): bigint {
  return BigInt.asUintN(64, offset + length);
}

/** How many pages a range touches; ib_umem_num_pages(). */
function pagesOf({ offset, length }: UmemRequest): bigint {
  const page = BigInt(PAGE_SIZE);
  return (offset + length + page - 1n) / page - offset / page;
}

const fault = [lockRegion, mapRegion, programHardware, unlockRegion];

/** The RDMA core as an importer in Linux 7.3: umem_dmabuf.c. */
export const mainlineUmem: UmemRules = {
  request: [{
    clause: "UMEM-01",
    errno: "EINVAL",
    refuses: "an offset and a size that overflow",
    when: ({ offset, length }) => offset + length >= ULONG_RANGE,
  }],
  target: [
    {
      clause: "UMEM-01",
      errno: "EINVAL",
      refuses: "a range beyond the end",
      when: ({ request, dmabuf }) => BigInt(dmabuf.size) < endOf(request),
    },
    {
      clause: "UMEM-01",
      errno: "EINVAL",
      refuses: "a range without a page",
      when: ({ request }) => pagesOf(request) === 0n,
    },
  ],
  undoGet: [putTarget],
  allowPeer2peer: true,
  callbacks: { pinned: undefined, revocable: revokeUmemLocked },
  pinAndMap: [pinBuffer, mapThePages],
  undoPinAndMap: [unpinBuffer, unlockUmem, releaseTheUmem],
  map: [{ clause: "UMEM-06", errno: "EINVAL", refuses: "a revoked region", when: ({ revoked }) => revoked }],
  mapPages: [mapAttachment, trimTable, waitForContents],
  unmapPages: [restoreTable, unmapAttachment],
  isRevoked: ({ revoked }) => revoked,
  revoke: [tellDriver, unmapThePages, unpinBuffer, markRevoked],
  release: [revokeOnRelease, detachUmem, putBuffer],
  register: {
    pinned: [takeKey, programHardware],
    revocable: [takeKey, programHardware, setRevokeCallback],
    "on-demand": [takeKey, ...fault],
  },
  stopHardware: [invalidateKey],
  invalidateOnDemand: [zapHardware, unmapRegion],
  fault,
  deregister: [stopUntold, releaseCore, freeKey],
};

/** Up to 7.0: the core refused operations without a callback, so that a region that pins had one that warns. */
export const umemTo70: UmemRules = {
  ...mainlineUmem,
  callbacks: { ...mainlineUmem.callbacks, pinned: warnOfInvalidation },
};

/** RDMA devices as exporters in Linux 7.3: uverbs_std_types_dmabuf.c. */
export const mainlineUverbs: UverbsRules = {
  lookup: [
    {
      clause: "UVX-06",
      errno: "EINVAL",
      refuses: "an unknown page offset",
      when: ({ knownOffset, entry }) => !knownOffset || entry.driverRemoved,
    },
  ],
  publish: [lockEntry, listBuffer, unlockEntry, finalizeUobject],
  listing: [{
    clause: "UVX-06",
    errno: "EIO",
    refuses: "a page that has gone",
    when: ({ driverRemoved }) => driverRemoved,
  }],
  undoExport: [putUnseen, putEntry],
  attach: [{
    clause: "UVX-01",
    errno: "EOPNOTSUPP",
    refuses: "an importer without peer-to-peer",
    when: ({ peer2peer }) => !peer2peer,
  }],
  pin: [{ clause: "UVX-02", errno: "EOPNOTSUPP", refuses: "every pin", when: () => true }],
  map: [{ clause: "UVX-03", errno: "ENODEV", refuses: "a revoked buffer", when: ({ revoked }) => revoked }],
  countsMap: (error) => error === undefined,
  isRevoked: ({ revoked }) => revoked,
  revoke: [
    lockReservation,
    setRevoked,
    tellImporters,
    waitForFencesUpTo("BOOKKEEP"),
    unlockReservation,
    dropKref,
    waitForUnmaps,
  ],
  destroy: [lockEntry, revokeOnce, unlockEntry, putEntry],
  removeEntry: [lockBuffers, setDriverRemoved, revokeBuffers, unlockBuffers, putOwnEntry],
};

/** An exporter that moves what is not pinned, and whose importers are dynamic, so that it waits for fences alone. */
export const moveByFences: MoveRules = {
  refuses: [{
    clause: "MODE-02",
    errno: "EBUSY",
    refuses: "a buffer that is pinned",
    when: ({ pins }) => pins.value > 0,
  }],
  steps: [tellOfMove, waitForFences, copyToNewMemory],
};

/** Everything of RDMA in mainline from 7.1 on, to be spread into the rules of a dialect. */
export const rdma: { umem: UmemRules; uverbs: UverbsRules; move: MoveRules } = {
  umem: mainlineUmem,
  uverbs: mainlineUverbs,
  move: moveByFences,
};

/** The same up to 7.0. */
export const rdmaTo70: typeof rdma = { ...rdma, umem: umemTo70 };
