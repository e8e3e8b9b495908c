/**
 * Linux 7.3: temporary revocation only, no mmap of a VFIO buffer, no revoke request.
 *
 * A revoked buffer is one bit; the model calls it TEMP. At close a buffer that is already revoked is left alone
 * (VCLS-03), and the kref is re-armed by the revoke (VMOV-09).
 *
 * @module
 */
import { mmapAbsent } from "../kernel/vfio_pci_dmabuf.ts";
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
} from "../kernel/vfio_pci_revoke.ts";
import type { Dialect } from "../rules.ts";
import { mainlineCore } from "./core.ts";
import { vfioBase } from "./vfio.ts";

const waitForAllFences = waitForFences("BOOKKEEP");

const revoke = [
  lockReservation,
  setStatus,
  notifyImporters,
  waitForAllFences,
  unlockReservation,
  dropKref,
  waitForUnmaps,
  rearmKref,
];

const unrevoke = [lockReservation, notifyImporters, waitForAllFences, setStatus, unlockReservation];

const leaveSession = [unlink, forgetDevice, releaseRegistration];

/** Linux 7.3 as a dialect. */
export const mainline73: Dialect = {
  id: "mainline-7.3",
  title: "Linux 7.3: temporary revocation, no request",
  kernel: "7.3",
  rules: {
    core: mainlineCore,
    vfio: {
      ...vfioBase,
      transitions: { OK: { TEMP: revoke }, TEMP: { OK: unrevoke }, PERM: {} },
      closing: { OK: leaveSession, TEMP: leaveSession, PERM: leaveSession },
      mmap: mmapAbsent,
      mmapChecks: [],
      firstFaultCheck: [],
      secondFaultCheck: [],
      revokeArgument: [
        {
          clause: "VEXP-24",
          errno: "EINVAL",
          refuses: "a descriptor without access to the device",
          when: ({ accessGranted }) => !accessGranted,
        },
        { clause: "VREV-28", errno: "ENOTTY", refuses: "an unknown request", when: () => true },
      ],
      revokeForeign: [],
      revokeState: [],
    },
  },
};
