/**
 * The second version of the series of seed 2 (May 2026): the kref is re-armed by the revoke, and a buffer that is
 * already revoked is left alone at close.
 *
 * @module
 */

import {
  forgetDevice,
  lockReservation,
  notifyImporters,
  rearmKref,
  releaseRegistration,
  setStatus,
  unlink,
  unlockReservation,
  waitForFences,
} from "../kernel/vfio_pci_revoke.ts";
import type { Dialect } from "../rules.ts";
import { mattV1Vfio, revokeSequence } from "./matt_v1_vfio.ts";
import { vfioBase } from "./vfio.ts";

const revoke = [...revokeSequence, rearmKref];

const unrevoke = [lockReservation, notifyImporters, waitForFences("BOOKKEEP"), setStatus, unlockReservation];

/** By then the close has revoked every buffer of the session; setting the state makes that permanent. */
const leaveSession = [
  lockReservation,
  unlink,
  forgetDevice,
  setStatus,
  unlockReservation,
  releaseRegistration,
];

const { core, vfio } = mattV1Vfio.rules;

/** The second version of seed 2 as a dialect. */
export const mattV2: Dialect = {
  id: "matt-v2",
  title: "Matt Evans v2: as v1, with an idempotent close",
  kernel: "7.1-rc+matt-v2",
  rules: {
    core,
    vfio: {
      ...vfio,
      events: { ...vfio.events, lastClose: vfioBase.events.lastClose },
      transitions: {
        ...vfio.transitions,
        OK: { TEMP: revoke, PERM: revoke },
        TEMP: { ...vfio.transitions.TEMP, OK: unrevoke },
      },
      closing: { OK: leaveSession, TEMP: leaveSession, PERM: leaveSession },
    },
  },
};
