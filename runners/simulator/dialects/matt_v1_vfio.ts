/**
 * Seed 2: Matt Evans, [PATCH 8/9] vfio/pci: Permanently revoke a DMABUF on request, with the mmap of its series.
 *
 * Three states; the revoke request; a buffer that was already revoked is notified once more at close (VST-13); the
 * kref is re-armed by the un-revoke, so it is 0 while the buffer is revoked.
 *
 * @module
 */
import type { Checks } from "../kernel/check.ts";
import {
  mmapVfioBuffer,
  type RevokeRequest,
  type RevokeTarget,
  type VfioPciDmaBuf,
} from "../kernel/vfio_pci_dmabuf.ts";
import { lockMemory, takeBuffersAway, unlockMemory } from "../kernel/vfio_pci_events.ts";
import {
  dropKref,
  forgetDevice,
  lockReservation,
  notifyImporters,
  rearmKref,
  releaseRegistration,
  setStatus,
  unlink,
  unlockReservation,
  waitForFences,
  waitForUnmaps,
  zapMappings,
} from "../kernel/vfio_pci_revoke.ts";
import type { Dialect } from "../rules.ts";
import { mainlineCore } from "./core.ts";
import { refuseWithoutAccess, vfioBase } from "./vfio.ts";

const waitForAllFences = waitForFences("BOOKKEEP");

/** Bytes of struct vfio_pci_dmabuf_revoke (S2:385-388). */
const REVOKE_SIZE = 8;

/** R1 to R7 of the revoke of seed 2. */
export const revokeSequence = [
  lockReservation,
  setStatus,
  notifyImporters,
  waitForAllFences,
  unlockReservation,
  dropKref,
  waitForUnmaps,
  zapMappings,
];

const unrevoke = [
  lockReservation,
  notifyImporters,
  waitForAllFences,
  unlockReservation,
  rearmKref,
  lockReservation,
  setStatus,
  unlockReservation,
];

const detachFromSession = [
  lockReservation,
  unlink,
  forgetDevice,
  setStatus,
  notifyImporters,
  waitForAllFences,
  unlockReservation,
];

const isRevoked: Checks<VfioPciDmaBuf> = [
  { clause: "VMM-07", errno: "ENODEV", refuses: "a revoked buffer", when: ({ status }) => status !== "OK" },
];

const revokeArgument: Checks<RevokeRequest> = [
  refuseWithoutAccess,
  {
    clause: "VREV-02",
    errno: "EFAULT",
    refuses: "an unreadable argument",
    when: ({ unreadable }) => unreadable !== "nothing",
  },
  {
    clause: "VREV-03",
    errno: "EINVAL",
    refuses: "a short argument",
    when: ({ argsz }) => argsz < REVOKE_SIZE,
  },
  {
    clause: "VREV-27",
    errno: "ENODEV",
    refuses: "a kernel without the feature",
    when: ({ device }) => device.model.driver === "config-off",
  },
];

const revokeForeign: Checks<RevokeTarget> = [
  {
    clause: "VREV-07",
    errno: "ENODEV",
    refuses: "a buffer of another exporter",
    when: ({ buffer }) => !buffer,
  },
];

const revokeState: Checks<RevokeTarget> = [
  {
    clause: "VREV-09",
    errno: "ENODEV",
    refuses: "a buffer whose session has ended",
    when: ({ buffer }) => buffer?.vdev === undefined,
  },
  {
    clause: "VREV-08",
    errno: "ENODEV",
    refuses: "a buffer of another device",
    when: ({ buffer, device }) => buffer?.vdev !== device,
  },
  {
    clause: "VREV-10",
    errno: "EBADFD",
    refuses: "a buffer that is revoked for good",
    when: ({ buffer }) => buffer?.status === "PERM",
  },
];

/** Seed 2 as a dialect. */
export const mattV1Vfio: Dialect = {
  id: "matt-v1-vfio",
  title: "Matt Evans v1: three states and a revoke request on the VFIO device",
  kernel: "7.1-rc+matt-v1",
  rules: {
    core: mainlineCore,
    vfio: {
      ...vfioBase,
      events: { ...vfioBase.events, lastClose: [lockMemory, takeBuffersAway, unlockMemory] },
      transitions: {
        OK: { TEMP: revokeSequence, PERM: revokeSequence },
        TEMP: { OK: unrevoke, PERM: [lockReservation, setStatus, unlockReservation] },
        PERM: {},
      },
      closing: {
        OK: [...detachFromSession, dropKref, waitForUnmaps, zapMappings, releaseRegistration],
        TEMP: [...detachFromSession, releaseRegistration],
        PERM: [...detachFromSession, releaseRegistration],
      },
      mmap: mmapVfioBuffer,
      mmapChecks: [
        {
          clause: "VMM-01",
          errno: "ENODEV",
          refuses: "a revoked buffer",
          when: ({ buffer }) => buffer.status !== "OK",
        },
        {
          clause: "VMM-02",
          errno: "EINVAL",
          refuses: "a private mapping",
          when: ({ request }) => request.sharing !== "shared",
        },
      ],
      firstFaultCheck: isRevoked,
      secondFaultCheck: isRevoked,
      revokeArgument,
      revokeForeign,
      revokeState,
    },
  },
};
