/**
 * The steps that revoke, un-revoke and close a VFIO buffer: R1 to R8 of the common sequence. A dialect puts them in
 * order.
 *
 * @module
 */
import { dmaBufInvalidateMappings, dmaBufMarkValid } from "./dma_buf.ts";
import type { Usage } from "./dma_resv.ts";
import { zap } from "./mm.ts";
import type { SequenceStep } from "./sequence.ts";
import type { Change } from "./vfio_pci_dmabuf.ts";
import { putRegistration } from "./vfio_pci_core.ts";

/** A step of a change of state. */
export type ChangeStep = SequenceStep<Change>;

/** Takes the reservation lock. */
export const lockReservation: ChangeStep = {
  name: "lock the reservation",
  clause: "VST-11",
  *run(_kernel, { buffer }) {
    yield buffer.dmabuf.resv.mutex.lock;
  },
};

/** Gives the reservation lock back. */
export const unlockReservation: ChangeStep = {
  name: "unlock the reservation",
  clause: "VST-06",
  run(_kernel, { buffer }) {
    buffer.dmabuf.resv.mutex.unlock();
  },
};

/** R1: the state changes before anybody is told, so that nobody can map again. */
export const setStatus: ChangeStep = {
  name: "set the state",
  clause: "VMOV-05",
  run(_kernel, change) {
    change.buffer.status = change.to;
  },
};

/** R2: one round of callbacks. */
export const notifyImporters: ChangeStep = {
  name: "tell the importers",
  clause: "VMOV-06",
  run(kernel, { buffer }) {
    dmaBufInvalidateMappings(kernel, buffer.dmabuf);
  },
};

/** R3: wait for the fences up to a usage, uninterruptibly and without a limit, with the reservation locked. */
export function waitForFences(upTo: Usage): ChangeStep {
  return {
    name: `wait for the fences up to ${upTo}`,
    clause: "VMOV-07",
    *run(_kernel, { buffer }) {
      yield buffer.dmabuf.resv.waitFor(upTo);
    },
  };
}

/** R5: drop the buffer's own kref, so that the last unmap completes the wait. */
export const dropKref: ChangeStep = {
  name: "drop the initial kref",
  clause: "VMOV-08",
  run(kernel, { buffer }) {
    buffer.putKref(kernel);
  },
};

/** R6: wait until every mapping has been given back, uninterruptibly and without a limit. */
export const waitForUnmaps: ChangeStep = {
  name: "wait until every mapping is unmapped",
  clause: "VMOV-08",
  *run(_kernel, { buffer }) {
    yield buffer.unmapped.wait;
  },
};

/** R7: remove the page table entries of every CPU mapping; the mappings themselves stay. */
export const zapMappings: ChangeStep = {
  name: "zap the CPU mappings",
  clause: "VMM-09",
  run(_kernel, { buffer }) {
    zap(buffer.dmabuf.vmas);
  },
};

/** R8: make the kref and its completion ready for the next revoke. */
export const rearmKref: ChangeStep = {
  name: "re-arm the kref",
  clause: "VMOV-09",
  run(_kernel, { buffer }) {
    buffer.kref = 1;
    buffer.unmapped.reinit();
  },
};

/** Un-revokes a buffer whose state is kept by the core: dma_buf_mark_valid() of Leon Romanovsky's v1. */
export const markValid: ChangeStep = {
  name: "mark it valid in the core",
  clause: "LEON1-13",
  run(kernel, { buffer }) {
    dmaBufMarkValid(kernel, buffer.dmabuf);
  },
};

/** Takes the buffer off the device's list. */
export const unlink: ChangeStep = {
  name: "take it off the device's list",
  clause: "VCLS-04",
  run(_kernel, { buffer, device }) {
    device.dmabufs = device.dmabufs.filter((each) => each !== buffer);
  },
};

/** Forgets the device, whose session has ended. */
export const forgetDevice: ChangeStep = {
  name: "forget the device",
  clause: "VCLS-04",
  run(_kernel, { buffer }) {
    buffer.vdev = undefined;
  },
};

/** Gives the buffer's reference on the device's registration back. */
export const releaseRegistration: ChangeStep = {
  name: "put the device registration",
  clause: "VCLS-04",
  run(kernel, { device }) {
    putRegistration(kernel, device);
  },
};
