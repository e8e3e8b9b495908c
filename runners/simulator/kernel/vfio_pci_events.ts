/**
 * The steps of events on a device: what brackets a write that disables memory, a power change, a reset, a close.
 * A dialect puts them in order.
 *
 * @module
 */
import { dmaBufPut } from "./dma_buf.ts";
import type { SequenceStep } from "./sequence.ts";
import { bufferLockOf, type DeviceEvent, putRegistration, zapBars } from "./vfio_pci_core.ts";
import { cleanUpBuffers, type ExportInProgress, moveBuffers, type VfioPciDmaBuf } from "./vfio_pci_dmabuf.ts";

/** A step of an event on a device. */
export type EventStep = SequenceStep<DeviceEvent>;

/** Takes memory_lock for writing. */
export const lockMemory: EventStep = {
  name: "lock memory",
  clause: "VMOV-01",
  *run(_kernel, { device }) {
    yield device.memoryLock.write;
  },
};

/** Gives memory_lock back, also after an error. */
export const unlockMemory: EventStep = {
  name: "unlock memory",
  clause: "VMOV-01",
  always: true,
  run(_kernel, { device }) {
    device.memoryLock.upWrite();
  },
};

/** Removes the entries of the device's own BAR mappings. */
export const zapBarMappings: EventStep = {
  name: "zap the BAR mappings",
  clause: "VEVT-01",
  run(_kernel, { device }) {
    zapBars(device);
  },
};

/** Revokes every buffer of the session for a while. */
export const revokeBuffers: EventStep = {
  name: "revoke the buffers",
  clause: "VMOV-02",
  *run(kernel, { device }) {
    yield* moveBuffers(kernel, device, "TEMP");
  },
};

/** Un-revokes every buffer of the session if memory is enabled. */
export const unrevokeIfEnabled: EventStep = {
  name: "un-revoke the buffers if memory is enabled",
  clause: "VEVT-02",
  *run(kernel, { device }) {
    if (kernel.rules.vfio.memoryEnabled(device)) yield* moveBuffers(kernel, device, "OK");
  },
};

/** Like {@link unrevokeIfEnabled}, also when the reset failed (VEVT-11). */
export const unrevokeAfterReset: EventStep = {
  name: "un-revoke the buffers if memory is enabled, whatever the reset gave",
  clause: "VEVT-11",
  always: true,
  run: unrevokeIfEnabled.run,
};

/** Un-revokes the buffers of a device of a hot reset set, if somebody has it open and memory is enabled. */
export const unrevokeIfOpen: EventStep = {
  name: "un-revoke the buffers if the device is open and memory is enabled",
  clause: "VEVT-13",
  *run(kernel, event) {
    const { device } = event;
    if (device.openCount > 0 && kernel.rules.vfio.memoryEnabled(device)) {
      yield* moveBuffers(kernel, device, "OK");
    }
  },
};

/** Writes the configuration space, unless the hardware refuses. */
export const writeConfig: EventStep = {
  name: "write the register",
  clause: "VEVT-05",
  run(_kernel, { device, write }) {
    const error = device.takeFailure("config-write");
    if (!error) write?.();
    return error;
  },
};

/** Brings the device to D0, since it cannot be reset otherwise. */
export const powerUpDevice: EventStep = {
  name: "bring the device to D0",
  clause: "VEVT-10",
  run(_kernel, { device }) {
    device.power = "D0";
  },
};

/** Resets the hardware. */
export const resetHardware: EventStep = {
  name: "reset the hardware",
  clause: "VEVT-10",
  run(_kernel, { device }) {
    return device.takeFailure("reset");
  },
};

/** Tries a reset whose result nobody gets to see. Like every reset it begins in D0; pci_dev_save_and_disable(). */
export const tryResetHardware: EventStep = {
  name: "try to reset the hardware",
  clause: "VEVT-12",
  run(_kernel, { device }) {
    device.power = "D0";
    device.takeFailure("reset");
  },
};

/** Refuses a second entry to low power. */
export const refuseSecondEntry: EventStep = {
  name: "refuse a second entry",
  clause: "VEVT-16",
  run(_kernel, { device }) {
    return device.lowPower ? "EINVAL" : undefined;
  },
};

/** Engages low power. */
export const engageLowPower: EventStep = {
  name: "engage low power",
  clause: "VEVT-16",
  run(_kernel, { write }) {
    write?.();
  },
};

/** Leaves low power. */
export const leaveLowPower: EventStep = {
  name: "leave low power",
  clause: "VEVT-17",
  run(_kernel, { device }) {
    device.lowPower = false;
  },
};

/** Leaves low power and tells whoever gave an eventfd for that; nothing without one. */
export const wakeUp: EventStep = {
  name: "leave low power and tell of the wake-up",
  clause: "VEVT-18",
  run(kernel, { device }) {
    if (!device.lowPower || !device.wakeupGiven) return;
    device.lowPower = false;
    kernel.events.push({ event: "wakeup", device: device.model.name });
  },
};

/** Takes the buffers of the session away from the device. */
export const takeBuffersAway: EventStep = {
  name: "take the buffers away from the device",
  clause: "VCLS-01",
  *run(kernel, { device }) {
    yield* cleanUpBuffers(kernel, device);
  },
};

/** A step of publishing a new buffer, or of undoing that. */
export type ExportStep = SequenceStep<ExportInProgress>;

/** Takes the lock of the buffers for writing, before the new one can be seen. */
export const lockBuffersForExport: ExportStep = {
  name: "lock the buffers",
  clause: "VEXP-21",
  *run(kernel, { device }) {
    yield bufferLockOf(kernel, device).write;
  },
};

/** Gives the lock of the buffers back. */
export const unlockBuffersAfterExport: ExportStep = {
  name: "unlock the buffers",
  clause: "VEXP-21",
  run(kernel, { device }) {
    bufferLockOf(kernel, device).upWrite();
  },
};

/** Takes the reservation lock of the new buffer. */
export const lockNewBuffer: ExportStep = {
  name: "lock the reservation",
  clause: "VEXP-21",
  *run(_kernel, { buffer }) {
    yield buffer.dmabuf.resv.mutex.lock;
  },
};

/** Gives the reservation lock of the new buffer back. */
export const unlockNewBuffer: ExportStep = {
  name: "unlock the reservation",
  clause: "VEXP-21",
  run(_kernel, { buffer }) {
    buffer.dmabuf.resv.mutex.unlock();
  },
};

/** Sets the first state: revoked for a while if memory is off. */
export const setInitialStatus: ExportStep = {
  name: "set the first state",
  clause: "VEXP-20",
  run(kernel, { device, buffer }) {
    const { initialStatus, memoryEnabled } = kernel.rules.vfio;
    buffer.status = initialStatus(device, memoryEnabled(device));
  },
};

/** Puts the buffer on the device's list. */
export const listBuffer: ExportStep = {
  name: "list the buffer",
  clause: "VEXP-21",
  run(_kernel, { device, buffer }) {
    device.dmabufs = [...device.dmabufs, buffer];
  },
};

/** Drops the only reference, which releases the buffer. */
export const dropBuffer: ExportStep = {
  name: "drop the buffer",
  clause: "VEXP-18",
  run(kernel, { buffer }) {
    dmaBufPut(kernel, buffer.dmabuf);
  },
};

/** A step of the release of a buffer. */
export type ReleaseStep = SequenceStep<VfioPciDmaBuf>;

/** Takes a buffer of a running session off the device's list. */
export const unlinkFromDevice: ReleaseStep = {
  name: "take it off the list of a running session",
  clause: "VCLS-07",
  *run(kernel, buffer) {
    const { vdev } = buffer;
    if (!vdev) return;
    const lock = bufferLockOf(kernel, vdev);
    yield lock.write;
    vdev.dmabufs = vdev.dmabufs.filter((each) => each !== buffer);
    lock.upWrite();
  },
};

/** Puts the registration of a running session; after the session there is nothing to put (VCLS-08). */
export const releaseRunningRegistration: ReleaseStep = {
  name: "put the registration of a running session",
  clause: "VCLS-07",
  run(kernel, { vdev }) {
    if (vdev) putRegistration(kernel, vdev);
  },
};
