/**
 * Mistakes when the device or a buffer is closed.
 *
 * @module
 */
import { releaseRunningRegistration, type ReleaseStep, unlinkFromDevice } from "../kernel/vfio_pci_events.ts";
import {
  type ChangeStep,
  dropKref,
  forgetDevice,
  lockReservation,
  notifyImporters,
  releaseRegistration,
  setStatus,
  unlink,
  unlockReservation,
  waitForUnmaps,
  zapMappings,
} from "../kernel/vfio_pci_revoke.ts";
import { atClose, inVfio, type Mutant, mutantOf, replaced, twice, without } from "./mutant.ts";
import { isFenceWait, setTemporary } from "./steps.ts";

const DIALECT = "matt-v1-vfio";
const MAINLINE = "mainline-7.3";

/** Makes ready to wait for mappings, of which there will be none. */
const expectUnmaps: ChangeStep = {
  ...waitForUnmaps,
  run(_kernel, { buffer }) {
    buffer.unmapped.reinit();
  },
};

/** Takes a buffer off the list only if no O_PATH descriptor names it, as if the name were what is released. */
const unlinkUnlessNamed: ReleaseStep = {
  ...unlinkFromDevice,
  *run(kernel, buffer) {
    const descriptors = kernel.processes.flatMap((each) => each.openNumbers.map((n) => each.descriptor(n)));
    if (descriptors.some((each) => each?.path && each.file.of === buffer.dmabuf)) return;
    const given = unlinkFromDevice.run(kernel, buffer);
    if (typeof given === "object") yield* given;
  },
};

/** The mutants of close. */
export const closeMutants: readonly Mutant[] = [
  mutantOf(DIALECT, {
    id: "close-leaves-state",
    title: "Closing the device leaves its buffers usable",
    breaks: ["VCLS-05", "VST-12", "VMM-04", "VCLS-06"],
  }, atClose(["OK"], (steps) => without(steps, setStatus))),
  mutantOf(DIALECT, {
    id: "close-skips-usable-buffers",
    title: "Closing the device lets go of usable buffers without revoking them",
    breaks: ["VCLS-01", "VCLS-05", "VST-12"],
  }, atClose(["OK"], () => [unlink, forgetDevice, releaseRegistration])),
  mutantOf(DIALECT, {
    id: "close-puts-registration-twice",
    title: "Closing the device gives the registration of each buffer back twice",
    breaks: ["VCLS-04"],
  }, atClose(["OK", "TEMP", "PERM"], (steps) => twice(steps, releaseRegistration))),
  mutantOf(DIALECT, {
    id: "close-without-zap",
    title: "Closing the device leaves the entries of CPU mappings in place",
    breaks: ["VCLS-01"],
  }, atClose(["OK"], (steps) => without(steps, zapMappings))),
  mutantOf(DIALECT, {
    id: "close-without-unmap-wait",
    title: "Closing the device does not wait for importers",
    breaks: ["VCLS-01", "VCLS-11"],
  }, atClose(["OK"], (steps) => without(steps, waitForUnmaps))),
  mutantOf(DIALECT, {
    id: "close-tells-nobody",
    title: "Closing the device does not call the importers",
    breaks: ["VCLS-01"],
  }, atClose(["OK"], (steps) => without(steps, notifyImporters))),
  mutantOf(DIALECT, {
    id: "close-skips-revoked-notification",
    title: "Closing the device does not call the importers of a buffer that is already revoked",
    breaks: ["VST-13"],
    inspiration: "v2 and later, mainline",
  }, atClose(["TEMP", "PERM"], (steps) => without(steps, notifyImporters))),
  mutantOf(DIALECT, {
    id: "close-puts-the-kref-again",
    title: "Closing the device drops the kref of a buffer that is already revoked",
    breaks: ["VCLS-10", "VST-14"],
    inspiration: "the double put that patch 1/9 of the series fixes",
  }, atClose(["TEMP", "PERM"], (steps) => [...steps, dropKref])),
  mutantOf(
    DIALECT,
    {
      id: "close-waits-for-a-spent-count",
      title: "Closing the device waits for the mappings of a buffer whose count is used up already",
      breaks: ["VCLS-10", "VST-14"],
      inspiration: "commit c64a647c84f3",
    },
    atClose(["TEMP", "PERM"], (steps) => [...steps, expectUnmaps, waitForUnmaps]),
  ),
  mutantOf(DIALECT, {
    id: "close-without-fence-wait",
    title: "Closing the device does not wait for fences",
    breaks: ["VCLS-01", "VCLS-11", "VST-13"],
  }, atClose(["OK", "TEMP", "PERM"], (steps) => steps.filter((step) => !isFenceWait(step)))),
  mutantOf(
    DIALECT,
    {
      id: "close-keeps-buffers-listed",
      title: "Closing the device leaves its buffers on the list, where the next session brings them back",
      breaks: ["VCLS-04", "VCLS-06", "VST-12"],
    },
    atClose(
      ["OK", "TEMP"],
      (steps) => replaced(without(steps, unlink, forgetDevice), (step) => step === setStatus, setTemporary),
    ),
  ),
  mutantOf(MAINLINE, {
    id: "mainline-close-tells-again",
    title: "Closing the device calls the importers of a buffer that is already revoked",
    breaks: ["VCLS-03"],
    inspiration: "v1 of the series",
  }, atClose(["TEMP"], (steps) => [lockReservation, notifyImporters, unlockReservation, ...steps])),
  mutantOf(DIALECT, {
    id: "close-on-every-descriptor",
    title: "Closing any descriptor of the device ends the session",
    breaks: ["VCLS-02"],
  }, inVfio(() => ({ endsSession: () => true }))),
  mutantOf(DIALECT, {
    id: "close-keeps-device-pointer",
    title: "Closing the device leaves the buffer pointing to it",
    breaks: ["VCLS-04", "VCLS-08", "VREV-09"],
  }, atClose(["OK", "TEMP", "PERM"], (steps) => without(steps, forgetDevice))),
  mutantOf(DIALECT, {
    id: "close-leaks-registration",
    title: "Closing the device leaks the registration of each buffer",
    breaks: ["VCLS-04", "VCLS-09"],
  }, atClose(["OK", "TEMP", "PERM"], (steps) => without(steps, releaseRegistration))),
  mutantOf(DIALECT, {
    id: "release-leaks-registration",
    title: "Releasing a buffer leaks the registration of a running session",
    breaks: ["VCLS-07"],
  }, inVfio(({ release }) => ({ release: without(release, releaseRunningRegistration) }))),
  mutantOf(DIALECT, {
    id: "released-buffer-stays-listed",
    title: "A released buffer stays on the device's list",
    breaks: ["VCLS-07", "VMOV-03"],
  }, inVfio(({ release }) => ({ release: without(release, unlinkFromDevice) }))),
  mutantOf(
    DIALECT,
    {
      id: "released-buffer-is-revoked",
      title: "A walk over the device's buffers does not pass by those that are gone",
      breaks: ["VMOV-03", "VCLS-07"],
    },
    inVfio(({ release }) => ({
      release: without(release, unlinkFromDevice),
      visits: () => true,
    })),
  ),
  mutantOf(
    MAINLINE,
    {
      id: "path-descriptor-keeps-buffer-listed",
      title: "A buffer without a file stays on the device's list as long as an O_PATH descriptor names it",
      breaks: ["VCLS-12"],
      inspiration: "the O_PATH use after free of VFIO, unfixed in 7.3.4",
    },
    inVfio(({ release }) => ({
      release: replaced(release, (step) => step === unlinkFromDevice, unlinkUnlessNamed),
    })),
  ),
];
