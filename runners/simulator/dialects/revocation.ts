/**
 * The table of proposals: what each of them decides about the life of a VFIO buffer, and the state machine that
 * follows from it.
 *
 * A dialect states its row. The sequences of R1 to R8 are put together here and nowhere else, so two proposals differ
 * in what their rows differ in, and in the steps that they add themselves.
 *
 * @module
 */
import type { ErrnoName } from "../../../spec/errno.ts";
import { assertLocked, markInvalidated, type NotificationStep, tellImporters } from "../kernel/dma_buf.ts";
import type { Usage } from "../kernel/dma_resv.ts";
import type { Sequence } from "../kernel/sequence.ts";
import { lockMemory, revokeBuffers, takeBuffersAway, unlockMemory } from "../kernel/vfio_pci_events.ts";
import { type Change, mmapAbsent, mmapVfioBuffer } from "../kernel/vfio_pci_dmabuf.ts";
import {
  dropKref,
  forgetDevice,
  lockReservation,
  markValid,
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
import type { Transitions, VfioRules } from "../rules.ts";
import { faultChecks, mmapChecks, pinChecks } from "./mappings.ts";
import { requestRules } from "./request.ts";
import { vfioBase } from "./vfio.ts";

/** A cell that is yes or no, or `-` where it does not apply. */
type Cell = "yes" | "no" | "-";

/** One row of the table. */
export interface Revocation {
  /** Who keeps the state of a buffer: VFIO in its private part, or the core in the dma-buf. */
  readonly stateIn: "exporter" | "core";
  /** Whether the state changes before the callbacks (R1 before R2). */
  readonly stateFirst: "yes" | "no";
  /** Up to which usage fences are waited for (R3). */
  readonly fenceUsage: Usage | "-";
  /** Whether mappings are counted and waited for (R5, R6). */
  readonly waitUnmap: "yes" | "no";
  /** When the count of mappings is made ready for the next revoke (R8). */
  readonly rearm: "revoke" | "unrevoke" | "-";
  /** Whether making a temporary revoke permanent calls the importers; `-` where nothing is permanent. */
  readonly upgradeNotifies: Cell;
  /** Whether an un-revoke calls the importers; `-` where nothing is un-revoked. */
  readonly unrevokeNotifies: Cell;
  /** Whether a close calls the importers of a buffer that is already revoked. */
  readonly closeRenotifies: "yes" | "no";
  /** Whether a buffer has an mmap operation, whose entries are then zapped (R7). */
  readonly mmap: "yes" | "no";
  /** The form of the request to revoke for good. */
  readonly request: "device ioctl" | "feature" | "buffer ioctl" | "-";
  /** The locks that the request takes. */
  readonly requestLock:
    | "memory_lock write"
    | "memory_lock read"
    | "memory_lock read, dmabuf_lock write"
    | "-";
  /** What the request answers on a kernel without CONFIG_VFIO_PCI_DMABUF. */
  readonly configOff: ErrnoName | "-";
  /** What a pin answers, where the exporter has the operation. */
  readonly pin: ErrnoName | "no op";
}

/** The rules of the VFIO exporter that follow from a row. */
export function vfioOf(row: Revocation): VfioRules {
  const lastClose = row.closeRenotifies === "yes" ? [takeBuffersAway] : [revokeBuffers, takeBuffersAway];
  return {
    ...vfioBase,
    ...requestRules(row),
    events: { ...vfioBase.events, lastClose: [lockMemory, ...lastClose, unlockMemory] },
    transitions: row.stateIn === "core" ? transitionsInCore(row) : transitionsInExporter(row),
    closing: closingOf(row),
    pin: pinChecks(row.pin),
    mmap: row.mmap === "yes" ? mmapVfioBuffer : mmapAbsent,
    mmapChecks: row.mmap === "yes" ? mmapChecks : [],
    firstFaultCheck: row.mmap === "yes" ? faultChecks : [],
    secondFaultCheck: row.mmap === "yes" ? faultChecks : [],
    krefsTakenByMap: row.waitUnmap === "yes" ? vfioBase.krefsTakenByMap : () => 0,
    krefsPutByUnmap: row.waitUnmap === "yes" ? vfioBase.krefsPutByUnmap : 0,
    revokeSemantics: row.stateIn === "core",
    bufferLock: row.requestLock.includes("dmabuf_lock") ? "dmabuf_lock" : "memory_lock",
  };
}

/** What an invalidation does in a core that keeps the state: R1 and R2 in the order of the row. */
export function notificationOf({ stateFirst }: Revocation): readonly NotificationStep[] {
  return stateFirst === "yes"
    ? [assertLocked, markInvalidated, tellImporters]
    : [assertLocked, tellImporters, markInvalidated];
}

/** VFIO keeps the state: a buffer that is in the state already is left alone. */
function transitionsInExporter(row: Revocation): Transitions {
  const revoke = revokeSequence(row);
  const unrevoke = unrevokeSequence(row);
  if (row.upgradeNotifies === "-") return { OK: { TEMP: revoke }, TEMP: { OK: unrevoke }, PERM: {} };
  return {
    OK: { TEMP: revoke, PERM: revoke },
    TEMP: { OK: unrevoke, PERM: upgradeSequence(row) },
    PERM: {},
  };
}

/** The core keeps the state: VFIO does not know it, so it revokes and un-revokes whatever the state is (LEON1-13). */
function transitionsInCore(row: Revocation): Transitions {
  const TEMP = revokeSequence(row);
  if (row.unrevokeNotifies === "-") return { OK: { TEMP }, TEMP: {}, PERM: {} };
  return { OK: { TEMP, OK: unrevokeSequence(row) }, TEMP: {}, PERM: {} };
}

/** R1 to R8. */
function revokeSequence(row: Revocation): Sequence<Change> {
  return [
    lockReservation,
    ...tell(row),
    unlockReservation,
    ...(row.waitUnmap === "yes" ? [dropKref, waitForUnmaps] : []),
    ...(row.mmap === "yes" ? [zapMappings] : []),
    ...(row.rearm === "revoke" ? [rearmKref] : []),
  ];
}

/** R1 to R3: what happens while the reservation is locked. */
function tell(row: Revocation): Sequence<Change> {
  if (row.stateIn === "core") return [notifyImporters, ...fences(row)];
  return row.stateFirst === "yes"
    ? [setStatus, notifyImporters, ...fences(row)]
    : [notifyImporters, setStatus, ...fences(row)];
}

function fences({ fenceUsage }: Revocation): Sequence<Change> {
  return fenceUsage === "-" ? [] : [waitForFences(fenceUsage)];
}

/** From TEMP to PERM: the buffer is gone already, so there is nothing to wait for (S2:160-167). */
function upgradeSequence(row: Revocation): Sequence<Change> {
  if (row.upgradeNotifies === "yes") return revokeSequence(row);
  return [lockReservation, setStatus, unlockReservation];
}

/** From TEMP to OK: whoever is told, is told while the buffer is still revoked. */
function unrevokeSequence(row: Revocation): Sequence<Change> {
  return [
    ...(row.unrevokeNotifies === "yes"
      ? [lockReservation, notifyImporters, ...fences(row), unlockReservation]
      : []),
    ...(row.rearm === "unrevoke" ? [rearmKref] : []),
    lockReservation,
    row.stateIn === "core" ? markValid : setStatus,
    unlockReservation,
  ];
}

/** What a close does to each buffer. Where it does not tell again, it has revoked the usable ones before. */
function closingOf(row: Revocation): VfioRules["closing"] {
  const leave = [unlink, forgetDevice, ...(row.stateIn === "core" ? [] : [setStatus])];
  if (row.closeRenotifies === "no") {
    const sequence = [lockReservation, ...leave, unlockReservation, releaseRegistration];
    return { OK: sequence, TEMP: sequence, PERM: sequence };
  }
  const again = [lockReservation, ...leave, notifyImporters, ...fences(row), unlockReservation];
  const revoked = [...again, releaseRegistration];
  const usable = [
    ...again,
    ...(row.waitUnmap === "yes" ? [dropKref, waitForUnmaps] : []),
    ...(row.mmap === "yes" ? [zapMappings] : []),
    releaseRegistration,
  ];
  return { OK: usable, TEMP: revoked, PERM: revoked };
}
