/**
 * Linux: temporary revocation by the events of a device, no mmap of a VFIO buffer, no revoke request.
 *
 * A revoked buffer is one bit; the model calls it TEMP. From 7.1 on a revoke waits for fences and mappings, and the
 * kref is re-armed by it (VMOV-09). A buffer that is already revoked is left alone at close (VCLS-03). 7.3 was read
 * line by line; what is said of older releases comes from lists of commits, and cells that nobody has seen are not
 * asserted by any case.
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
import type { CoreRules, Dialect, VfioRules } from "../rules.ts";
import { mainlineCore } from "./core.ts";
import { refuseWithoutAccess, vfioBase } from "./vfio.ts";

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

const vfio73: VfioRules = {
  ...vfioBase,
  transitions: { OK: { TEMP: revoke }, TEMP: { OK: unrevoke }, PERM: {} },
  closing: { OK: leaveSession, TEMP: leaveSession, PERM: leaveSession },
  mmap: mmapAbsent,
  mmapChecks: [],
  firstFaultCheck: [],
  secondFaultCheck: [],
  revokeArgument: [
    refuseWithoutAccess,
    { clause: "VREV-28", errno: "ENOTTY", refuses: "an unknown request", when: () => true },
  ],
  revokeForeign: [],
  revokeState: [],
};

/** Before 7.1 nothing waited, mappings were not counted, and every pin was refused. */
const vfio70: VfioRules = {
  ...vfio73,
  transitions: {
    OK: { TEMP: [lockReservation, setStatus, notifyImporters, unlockReservation] },
    TEMP: { OK: [lockReservation, notifyImporters, setStatus, unlockReservation] },
    PERM: {},
  },
  attach: vfioBase.attach.filter(({ clause }) => clause !== "VATT-03"),
  pin: [{ clause: "VATT-09", errno: "EOPNOTSUPP", refuses: "every pin", when: () => true }],
  krefsTakenByMap: () => 0,
  krefsPutByUnmap: 0,
};

/** Up to 7.0 the core refused an importer with operations but without the callback (RNOD-01). */
const coreTo70: CoreRules = {
  ...mainlineCore,
  attach: [...mainlineCore.attach, {
    clause: "RNOD-01",
    errno: "EINVAL",
    refuses: "operations without the callback",
    when: ({ ops }) => ops !== undefined && !ops.invalidate,
    warns: "WARNING: dma_buf_dynamic_attach() without a callback",
  }],
};

/** 6.12 has no dma-buf feature in VFIO at all. */
const vfio612: VfioRules = {
  ...vfio70,
  featureHeader: [...vfioBase.featureHeader.slice(0, 5), {
    clause: "VEXP-23",
    errno: "ENOTTY",
    refuses: "an unknown feature",
    when: () => true,
  }],
};

function release(version: string, core: CoreRules, vfio: VfioRules, title: string): Dialect {
  return {
    id: `mainline-${version}`,
    title: `Linux ${version}: ${title}`,
    kernel: version,
    rules: { core, vfio },
  };
}

/** The kernel releases that the model knows. */
export const mainlineDialects: readonly Dialect[] = [
  release("6.12", coreTo70, vfio612, "no VFIO buffers"),
  release("7.0", coreTo70, vfio70, "revocation that waits for nothing"),
  release("7.1", mainlineCore, vfio73, "revocation that waits for fences and mappings"),
  release("7.2", mainlineCore, vfio73, "as 7.1 for VFIO"),
  release("7.3", mainlineCore, vfio73, "temporary revocation, no request"),
];
