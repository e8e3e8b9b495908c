/**
 * Mistakes in the revoke, in its waits, and in the way back.
 *
 * @module
 */
import { zap } from "../kernel/mm.ts";
import {
  type ChangeStep,
  dropKref,
  lockReservation,
  notifyImporters,
  rearmKref,
  setStatus,
  unlockReservation,
  waitForFences,
  waitForUnmaps,
  zapMappings,
} from "../kernel/vfio_pci_revoke.ts";
import {
  fromTemp,
  inRevoke,
  inVfio,
  movedBehind,
  type Mutant,
  mutantOf,
  replaced,
  twice,
  without,
} from "./mutant.ts";
import { isFenceWait, setTemporary } from "./steps.ts";

const DIALECT = "matt-v1-vfio";
const MAINLINE = "mainline-7.3";

/** Zaps the first CPU mapping only. */
const zapFirstMapping: ChangeStep = {
  ...zapMappings,
  run: (_kernel, { buffer }) => zap(buffer.dmabuf.vmas.slice(0, 1)),
};

/** Zaps the first page of each CPU mapping only. */
const zapFirstPage: ChangeStep = {
  ...zapMappings,
  run(_kernel, { buffer }) {
    for (const vma of buffer.dmabuf.vmas) vma.ptes.delete(0);
  },
};

/** Waits for the first mapping that is given back instead of for all. */
const waitForOneUnmap: ChangeStep = {
  ...waitForUnmaps,
  *run(_kernel, { buffer }) {
    const before = buffer.kref;
    yield {
      on: `unmap:${before} mappings`,
      ready: () => buffer.kref === 0 || buffer.kref < before,
      take() {},
    };
  },
};

/** Waits one second for the mappings and then goes on. */
const waitOneSecond: ChangeStep = {
  ...waitForUnmaps,
  *run(kernel, { buffer }) {
    const until = kernel.now + 1000;
    yield {
      on: `unmap:${buffer.kref} mappings, for a second`,
      ready: () => buffer.kref === 0 || kernel.now >= until,
      take() {},
    };
  },
};

/** Waits until every importer has detached, where they only have to unmap. */
const waitForDetach: ChangeStep = {
  ...waitForUnmaps,
  *run(_kernel, { buffer }) {
    const { dmabuf } = buffer;
    yield {
      get on() {
        return `detach:${dmabuf.attachments.length} attachments`;
      },
      ready: () => dmabuf.attachments.length === 0,
      take() {},
    };
  },
};

/** Zaps the CPU mappings of the first process only. */
const zapOwnProcess: ChangeStep = {
  ...zapMappings,
  run: (kernel, { buffer }) =>
    zap(buffer.dmabuf.vmas.filter(({ process }) => process === kernel.processes[0])),
};

/** Removes the CPU mappings themselves, where only their entries have to go. */
const unmapMappings: ChangeStep = {
  ...zapMappings,
  run(kernel, { buffer }) {
    for (const vma of buffer.dmabuf.vmas) vma.unmap(kernel, 0, vma.pages);
  },
};

/** Switches the memory of the device off along with the buffer. */
const disableMemory: ChangeStep = {
  ...zapMappings,
  run(kernel, change) {
    zapMappings.run(kernel, change);
    change.device.command = { ...change.device.command, memory: false };
  },
};

/** Detaches every importer, as a literal reading of "cleanly detached" has it (S2:30). */
const detachImporters: ChangeStep = {
  ...notifyImporters,
  run(kernel, change) {
    notifyImporters.run(kernel, change);
    change.buffer.dmabuf.attachments = [];
    change.buffer.dmabuf.ops.release?.(kernel, change.buffer.dmabuf);
  },
};

/** The mutants of the revoke. */
export const revokeMutants: readonly Mutant[] = [
  mutantOf(DIALECT, {
    id: "state-after-callbacks",
    title: "The state is set after the callbacks, so an importer can map again from inside",
    breaks: ["VMOV-05", "VST-06", "INVAL-11"],
    inspiration: "Leon Romanovsky's v1 core flag",
  }, inRevoke((steps) => movedBehind(steps, setStatus, notifyImporters))),
  mutantOf(DIALECT, {
    id: "revoke-tells-nobody",
    title: "A revoke does not call the importers",
    breaks: ["VMOV-06", "VST-06"],
  }, inRevoke((steps) => without(steps, notifyImporters))),
  mutantOf(DIALECT, {
    id: "revoke-tells-twice",
    title: "A revoke makes two rounds of callbacks",
    breaks: ["VMOV-06", "VST-06"],
  }, inRevoke((steps) => twice(steps, notifyImporters))),
  mutantOf(DIALECT, {
    id: "no-fence-wait",
    title: "A revoke does not wait for fences",
    breaks: ["VMOV-07", "VREV-12", "VREV-19", "INVAL-07"],
    inspiration: "mainline before 7.1",
  }, inRevoke((steps) => steps.filter((step) => !isFenceWait(step)))),
  mutantOf(DIALECT, {
    id: "waits-for-kernel-fences-only",
    title: "A revoke waits for fences of usage KERNEL only",
    breaks: ["VMOV-07", "VREV-19"],
    inspiration: "Leon Romanovsky's v3",
  }, inRevoke((steps) => replaced(steps, isFenceWait, waitForFences("KERNEL")))),
  mutantOf(DIALECT, {
    id: "waits-up-to-write-fences",
    title: "A revoke waits for fences up to usage WRITE only",
    breaks: ["VMOV-07", "VREV-19"],
  }, inRevoke((steps) => replaced(steps, isFenceWait, waitForFences("WRITE")))),
  mutantOf(DIALECT, {
    id: "waits-up-to-read-fences",
    title: "A revoke waits for fences up to usage READ only",
    breaks: ["VMOV-07", "VREV-19"],
  }, inRevoke((steps) => replaced(steps, isFenceWait, waitForFences("READ")))),
  mutantOf(DIALECT, {
    id: "no-unmap-wait",
    title: "A revoke returns while importers still hold mappings",
    breaks: ["VMOV-08", "VREV-14", "VREV-18", "INVAL-07"],
    inspiration: "seed 3's VFIO implementation",
  }, inRevoke((steps) => without(steps, waitForUnmaps))),
  mutantOf(DIALECT, {
    id: "waits-for-one-unmap",
    title: "A revoke returns when the first of several mappings has been given back",
    breaks: ["VMOV-08"],
  }, inRevoke((steps) => replaced(steps, (step) => step === waitForUnmaps, waitForOneUnmap))),
  mutantOf(
    DIALECT,
    {
      id: "waits-before-telling",
      title: "A revoke waits for the unmaps before it tells the importers to unmap",
      breaks: ["VST-06"],
    },
    inRevoke((steps) => [
      dropKref,
      waitForUnmaps,
      ...without(steps, dropKref, waitForUnmaps),
    ]),
  ),
  mutantOf(DIALECT, {
    id: "gives-up-after-a-second",
    title: "A revoke waits for the unmaps for a second and then goes on",
    breaks: ["VMOV-08", "VREV-19"],
    inspiration: "v5 and v6 of the invalidation series",
  }, inRevoke((steps) => replaced(steps, (step) => step === waitForUnmaps, waitOneSecond))),
  mutantOf(DIALECT, {
    id: "waits-for-detach",
    title: "A revoke waits until every importer has detached",
    breaks: ["VMOV-12", "VREV-16"],
    inspiration: "a literal reading of S2:30",
  }, inRevoke((steps) => replaced(steps, (step) => step === waitForUnmaps, waitForDetach))),
  mutantOf(
    DIALECT,
    {
      id: "state-set-last",
      title: "A revoke sets the state after its waits, so an importer can map meanwhile",
      breaks: ["VMOV-05", "VMOV-11", "VST-06", "VST-11"],
    },
    inRevoke((steps) => [...without(steps, setStatus), setStatus]),
  ),
  mutantOf(
    DIALECT,
    {
      id: "reservation-unlocked-before-the-fences",
      title: "A revoke releases the reservation lock before it waits for the fences",
      breaks: ["VST-06"],
    },
    inRevoke((steps) =>
      without(steps, unlockReservation).flatMap((step) =>
        isFenceWait(step) ? [unlockReservation, step] : [step]
      )
    ),
  ),
  mutantOf(
    DIALECT,
    {
      id: "zap-before-the-waits",
      title: "A revoke zaps the CPU mappings before it waits for anybody",
      breaks: ["VST-06", "VST-16"],
      inspiration: '"immediately" in the documentation, S2:365-366',
    },
    inRevoke((steps) => movedBehind(steps, zapMappings, notifyImporters)),
  ),
  mutantOf(DIALECT, {
    id: "zaps-own-process-only",
    title: "A revoke zaps the CPU mappings of the first process only",
    breaks: ["VMM-09"],
  }, inRevoke((steps) => replaced(steps, (step) => step === zapMappings, zapOwnProcess))),
  mutantOf(DIALECT, {
    id: "zap-removes-the-mapping",
    title: "A revoke removes the CPU mappings instead of their entries",
    breaks: ["VMM-10", "VMM-11"],
  }, inRevoke((steps) => replaced(steps, (step) => step === zapMappings, unmapMappings))),
  mutantOf(
    DIALECT,
    {
      id: "revoke-disables-memory",
      title: "A revoke request switches the memory of the device off",
      breaks: ["VREV-23"],
    },
    inVfio(({ transitions }) => ({
      transitions: {
        ...transitions,
        OK: {
          ...transitions.OK,
          PERM: replaced(transitions.OK.PERM ?? [], (step) => step === zapMappings, disableMemory),
        },
      },
    })),
  ),
  mutantOf(DIALECT, {
    id: "no-zap",
    title: "A revoke leaves the entries of CPU mappings in place",
    breaks: ["VMM-09", "VREV-14"],
  }, inRevoke((steps) => without(steps, zapMappings))),
  mutantOf(DIALECT, {
    id: "zaps-first-mapping-only",
    title: "A revoke zaps the first of several CPU mappings only",
    breaks: ["VMM-09"],
  }, inRevoke((steps) => replaced(steps, (step) => step === zapMappings, zapFirstMapping))),
  mutantOf(DIALECT, {
    id: "zaps-first-page-only",
    title: "A revoke zaps the first page of each CPU mapping only",
    breaks: ["VMM-09"],
  }, inRevoke((steps) => replaced(steps, (step) => step === zapMappings, zapFirstPage))),
  mutantOf(DIALECT, {
    id: "state-not-set",
    title: "A revoke does everything but change the state",
    breaks: ["VST-06", "VREV-12", "VREV-15"],
  }, inRevoke((steps) => without(steps, setStatus))),
  mutantOf(DIALECT, {
    id: "importers-detached",
    title: "A revoke removes the attachments and releases the buffer",
    breaks: ["VREV-16"],
    inspiration: "a literal reading of S2:30",
  }, inRevoke((steps) => replaced(steps, (step) => step === notifyImporters, detachImporters))),
  mutantOf(
    DIALECT,
    {
      id: "ioctl-revokes-for-a-while",
      title: "The revoke request leaves the buffer in the temporary state",
      breaks: ["VREV-10", "VST-03", "VST-01", "VST-10"],
    },
    inVfio(({ transitions }) => ({
      transitions: {
        ...transitions,
        OK: {
          ...transitions.OK,
          PERM: replaced(transitions.OK.PERM ?? [], (step) => step === setStatus, setTemporary),
        },
      },
    })),
  ),

  mutantOf(
    DIALECT,
    {
      id: "permanent-undone-by-enable",
      title: "Enabling memory brings a permanently revoked buffer back",
      breaks: ["VST-03", "VST-01", "VST-10", "VST-15"],
    },
    inVfio(({ transitions }) => ({
      transitions: { ...transitions, PERM: { OK: transitions.TEMP.OK ?? [] } },
    })),
  ),
  mutantOf(
    DIALECT,
    {
      id: "permanent-made-temporary",
      title: "Disabling memory turns a permanently revoked buffer into a temporarily revoked one",
      breaks: ["VST-03"],
    },
    inVfio(({ transitions }) => ({
      transitions: { ...transitions, PERM: { TEMP: [lockReservation, setStatus, unlockReservation] } },
    })),
  ),
  mutantOf(DIALECT, {
    id: "upgrade-tells-again",
    title: "Making a temporary revoke permanent calls the importers again",
    breaks: ["VST-07"],
    inspiration: "seed 3's VFIO implementation",
  }, fromTemp("PERM", () => [lockReservation, setStatus, notifyImporters, unlockReservation])),
  mutantOf(DIALECT, {
    id: "upgrade-waits-again",
    title: "Making a temporary revoke permanent waits for fences again",
    breaks: ["VST-07"],
  }, fromTemp("PERM", () => [lockReservation, setStatus, waitForFences("BOOKKEEP"), unlockReservation])),
  mutantOf(DIALECT, {
    id: "upgrade-forgotten",
    title: "A revoke request on a temporarily revoked buffer succeeds without effect",
    breaks: ["VREV-11", "VST-07"],
  }, fromTemp("PERM", () => [])),
  mutantOf(DIALECT, {
    id: "upgrade-puts-the-kref-again",
    title: "Making a temporary revoke permanent drops the kref a second time",
    breaks: ["VST-07", "VST-14"],
  }, fromTemp("PERM", (steps) => [...steps, dropKref])),
  mutantOf(DIALECT, {
    id: "revoke-without-the-reservation-lock",
    title: "A revoke does not take the reservation lock",
    breaks: ["INVAL-01", "VST-11"],
    inspiration: "commit e745cd2c749e, which had forgotten it at unpin",
  }, inRevoke((steps) => without(steps, lockReservation, unlockReservation))),
];

/** The mutants of the un-revoke. */
export const unrevokeMutants: readonly Mutant[] = [
  mutantOf(DIALECT, {
    id: "unrevoke-tells-nobody",
    title: "An un-revoke does not call the importers",
    breaks: ["VMOV-10", "VST-08"],
    inspiration: "v4 and later of the series",
  }, fromTemp("OK", (steps) => without(steps, notifyImporters))),
  mutantOf(
    DIALECT,
    {
      id: "unrevoke-state-before-callbacks",
      title: "An un-revoke makes the buffer usable before its callbacks",
      breaks: ["VMOV-10", "VST-08"],
    },
    fromTemp("OK", (steps) => [lockReservation, setStatus, unlockReservation, ...without(steps, setStatus)]),
  ),
  mutantOf(DIALECT, {
    id: "unrevoke-forgotten",
    title: "An enabling event leaves buffers revoked",
    breaks: ["VEVT-02", "VST-08"],
  }, fromTemp("OK", () => [])),
  mutantOf(DIALECT, {
    id: "kref-not-rearmed",
    title: "The kref is not re-armed after a revoke",
    breaks: ["VST-08"],
    inspiration: "commit c64a647c84f3",
  }, fromTemp("OK", (steps) => without(steps, rearmKref))),
  mutantOf(MAINLINE, {
    id: "mainline-kref-not-rearmed",
    title: "Mainline does not re-arm the kref after a revoke",
    breaks: ["VMOV-09", "VCLS-10"],
    inspiration: "commit c64a647c84f3",
  }, inRevoke((steps) => without(steps, rearmKref))),
  mutantOf(DIALECT, {
    id: "unrevoke-without-fence-wait",
    title: "An un-revoke does not wait for fences",
    breaks: ["VST-08", "VMOV-10"],
  }, fromTemp("OK", (steps) => steps.filter((step) => !isFenceWait(step)))),
  mutantOf(
    DIALECT,
    {
      id: "temporary-revoke-repeated",
      title: "A second temporary revoke calls the importers again",
      breaks: ["VST-05", "VMOV-04", "VEVT-03"],
    },
    inVfio(({ transitions }) => ({
      transitions: {
        ...transitions,
        TEMP: { ...transitions.TEMP, TEMP: [lockReservation, notifyImporters, unlockReservation] },
      },
    })),
  ),
  mutantOf(
    DIALECT,
    {
      id: "temporary-revoke-waits-again",
      title: "A second temporary revoke waits for fences again",
      breaks: ["VMOV-04"],
    },
    inVfio(({ transitions }) => ({
      transitions: {
        ...transitions,
        TEMP: { ...transitions.TEMP, TEMP: [lockReservation, waitForFences("BOOKKEEP"), unlockReservation] },
      },
    })),
  ),
  mutantOf(
    DIALECT,
    {
      id: "enable-tells-usable-buffers",
      title: "An enabling event calls the importers of buffers that were never revoked",
      breaks: ["VST-04", "VMOV-04"],
    },
    inVfio(({ transitions }) => ({
      transitions: {
        ...transitions,
        OK: { ...transitions.OK, OK: [lockReservation, notifyImporters, unlockReservation] },
      },
    })),
  ),
];
