/**
 * Mistakes in the revoke request, in the state machine and in CPU mappings.
 *
 * @module
 */
import {
  type ChangeStep,
  dropKref,
  forgetDevice,
  lockReservation,
  notifyImporters,
  rearmKref,
  setStatus,
  unlink,
  unlockReservation,
  waitForFences,
  waitForUnmaps,
  zapMappings,
} from "../kernel/vfio_pci_revoke.ts";
import { zap } from "../kernel/mm.ts";
import type { VfioPciDmaBuf } from "../kernel/vfio_pci_dmabuf.ts";
import {
  answer,
  atClose,
  forget,
  fromTemp,
  inRevoke,
  inVfio,
  movedBehind,
  type Mutant,
  mutantOf,
  replaced,
  tooEarly,
  tooLate,
  twice,
  without,
} from "./mutant.ts";

const DIALECT = "matt-v1-vfio";
const MAINLINE = "mainline-7.3";

function isFenceWait(step: ChangeStep): boolean {
  return step.name.startsWith("wait for the fences");
}

/** Zaps the first CPU mapping only. */
const zapFirstMapping: ChangeStep = {
  ...zapMappings,
  run: (_kernel, { buffer }) => zap([...buffer.dmabuf.vmas].slice(0, 1)),
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
    const { attachments } = buffer.dmabuf;
    yield {
      get on() {
        return `detach:${attachments.length} attachments`;
      },
      ready: () => attachments.length === 0,
      take() {},
    };
  },
};

/** Zaps the CPU mappings of the first process only. */
const zapOwnProcess: ChangeStep = {
  ...zapMappings,
  run: (kernel, { buffer }) =>
    zap([...buffer.dmabuf.vmas].filter(({ process }) => process === kernel.processes[0])),
};

/** Removes the CPU mappings themselves, where only their entries have to go. */
const unmapMappings: ChangeStep = {
  ...zapMappings,
  run(kernel, { buffer }) {
    for (const vma of [...buffer.dmabuf.vmas]) vma.unmap(kernel, 0, vma.pages);
  },
};

/** Switches the memory of the device off along with the buffer. */
const disableMemory: ChangeStep = {
  ...zapMappings,
  run(kernel, change) {
    zapMappings.run(kernel, change);
    change.device.command.memory = false;
  },
};

/** Sets the state of a buffer that the next session can bring back. */
const setTemporary: ChangeStep = {
  ...setStatus,
  run(_kernel, { buffer }) {
    buffer.status = "TEMP";
  },
};

/** Detaches every importer, as a literal reading of "cleanly detached" has it (S2:30). */
const detachImporters: ChangeStep = {
  ...notifyImporters,
  run(kernel, change) {
    notifyImporters.run(kernel, change);
    change.buffer.dmabuf.attachments.length = 0;
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
    breaks: ["VMOV-07", "VREV-12", "VREV-19"],
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
    breaks: ["VMOV-08", "VREV-14", "VREV-18"],
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

/** The mutants of the request itself. */
export const requestMutants: readonly Mutant[] = [
  mutantOf(DIALECT, {
    id: "double-revoke-succeeds",
    title: "Revoking a permanently revoked buffer succeeds",
    breaks: ["VREV-10"],
  }, inVfio(({ revokeState }) => ({ revokeState: forget(revokeState, "VREV-10") }))),
  mutantOf(DIALECT, {
    id: "double-revoke-is-ebadf",
    title: "Revoking a permanently revoked buffer fails with EBADF",
    breaks: ["VREV-10"],
  }, inVfio(({ revokeState }) => ({ revokeState: answer(revokeState, "VREV-10", "EBADF") }))),
  mutantOf(
    DIALECT,
    {
      id: "temporary-is-ebadfd",
      title: "Revoking a temporarily revoked buffer fails with EBADFD",
      breaks: ["VREV-11", "VST-10"],
      inspiration: '"already revoked" misread',
    },
    inVfio(({ revokeState }) => ({
      revokeState: [...revokeState, {
        clause: "VREV-11",
        errno: "EBADFD",
        refuses: "a temporarily revoked buffer",
        when: ({ buffer }) => buffer?.status === "TEMP",
      }],
    })),
  ),
  mutantOf(DIALECT, {
    id: "foreign-buffer-is-einval",
    title: "A dma-buf of another exporter is refused with EINVAL",
    breaks: ["VREV-07"],
    inspiration: "another reading of the documentation",
  }, inVfio(({ revokeForeign }) => ({ revokeForeign: answer(revokeForeign, "VREV-07", "EINVAL") }))),
  mutantOf(
    DIALECT,
    {
      id: "foreign-buffer-accepted",
      title: "A dma-buf of another exporter is revoked without effect",
      breaks: ["VREV-07"],
    },
    inVfio(({ revokeState }) => ({
      revokeForeign: [],
      revokeState: revokeState.map((check) => ({
        ...check,
        when: (t) => t.buffer !== undefined && check.when(t),
      })),
    })),
  ),
  mutantOf(DIALECT, {
    id: "other-device-accepted",
    title: "A buffer of another device is revoked",
    breaks: ["VREV-08"],
  }, inVfio(({ revokeState }) => ({ revokeState: forget(revokeState, "VREV-08") }))),
  mutantOf(DIALECT, {
    id: "ebadfd-before-enodev",
    title: "The state is looked at before the device",
    breaks: ["VREV-08", "VREV-09"],
  }, inVfio(({ revokeState }) => ({ revokeState: tooEarly(revokeState, "VREV-10") }))),
  mutantOf(DIALECT, {
    id: "ended-session-is-ebadfd",
    title: "A buffer of an ended session is refused with EBADFD",
    breaks: ["VREV-09"],
  }, inVfio(({ revokeState }) => ({ revokeState: answer(revokeState, "VREV-09", "EBADFD") }))),
  mutantOf(DIALECT, {
    id: "argsz-not-checked",
    title: "A short argument is accepted",
    breaks: ["VREV-03"],
  }, inVfio(({ revokeArgument }) => ({ revokeArgument: forget(revokeArgument, "VREV-03") }))),
  mutantOf(
    DIALECT,
    {
      id: "argsz-must-be-exact",
      title: "A long argument is refused",
      breaks: ["VREV-04"],
    },
    inVfio(({ revokeArgument }) => ({
      revokeArgument: [...revokeArgument, {
        clause: "VREV-04",
        errno: "EINVAL",
        refuses: "a long argument",
        when: ({ argsz }) => argsz > 8,
      }],
    })),
  ),
  mutantOf(DIALECT, {
    id: "unreadable-argument-is-einval",
    title: "An unreadable argument is refused with EINVAL",
    breaks: ["VREV-02"],
  }, inVfio(({ revokeArgument }) => ({ revokeArgument: answer(revokeArgument, "VREV-02", "EINVAL") }))),
  mutantOf(DIALECT, {
    id: "argsz-before-copy",
    title: "The size is looked at although the argument could not be read",
    breaks: ["VREV-02"],
  }, inVfio(({ revokeArgument }) => ({ revokeArgument: tooLate(revokeArgument, "VREV-02") }))),
  mutantOf(DIALECT, {
    id: "lookup-error-is-enodev",
    title: "A descriptor that is not open is refused with ENODEV",
    breaks: ["VREV-05", "VREV-29"],
    inspiration: "the documentation in S2:377",
  }, inVfio(() => ({ revokeLookupError: (error) => error === "EBADF" ? "ENODEV" : error }))),
  mutantOf(DIALECT, {
    id: "reference-leaked-on-error",
    title: "A failing revoke keeps a reference on the dma-buf",
    breaks: ["VREV-21", "BASE-04"],
    inspiration: "commit dba4254e216d",
  }, inVfio(() => ({ putsAfterRevoke: (result) => result === 0 ? 1 : 0 }))),
  mutantOf(DIALECT, {
    id: "reference-leaked-on-success",
    title: "A successful revoke keeps a reference on the dma-buf",
    breaks: ["VREV-21"],
  }, inVfio(() => ({ putsAfterRevoke: (result) => result === 0 ? 0 : 1 }))),
  mutantOf(DIALECT, {
    id: "reference-put-twice",
    title: "A successful revoke puts the reference on the dma-buf twice",
    breaks: ["VREV-21"],
  }, inVfio(() => ({ putsAfterRevoke: (result) => result === 0 ? 2 : 1 }))),
  mutantOf(DIALECT, {
    id: "revokes-every-buffer",
    title: "A revoke request hits every buffer of the device",
    breaks: ["VREV-22"],
    inspiration: "using the move function for the request",
  }, inVfio(() => ({ buffersToRevoke: ({ device }) => [...device.dmabufs] }))),
  mutantOf(
    DIALECT,
    {
      id: "revoke-refused-when-memory-off",
      title: "A revoke request is refused while memory is disabled",
      breaks: ["VREV-26"],
    },
    inVfio(({ revokeState }) => ({
      revokeState: [...revokeState, {
        clause: "VREV-26",
        errno: "EIO",
        refuses: "a device whose memory is off",
        when: ({ device }) => !device.command.memory || device.power !== "D0",
      }],
    })),
  ),
  mutantOf(
    DIALECT,
    {
      id: "pinned-buffer-is-ebusy",
      title: "A revoke request is refused while a pinned importer holds a mapping",
      breaks: ["VREV-17"],
      inspiration: "a literal reading of S2:367-368",
    },
    inVfio(({ revokeState }) => ({
      revokeState: [...revokeState, {
        clause: "VREV-17",
        errno: "EBUSY",
        refuses: "a mapped buffer",
        when: ({ buffer }) => buffer !== undefined && buffer.kref > 1,
      }],
    })),
  ),
];

/** The mutants of the request that are about whose buffer it is and who asks. */
export const ownershipMutants: readonly Mutant[] = [
  mutantOf(
    DIALECT,
    {
      id: "state-checked-before-the-lock",
      title: "The state is checked before the lock is taken, so two requests can both succeed",
      breaks: ["VREV-13"],
    },
    inVfio(({ revokeForeign, revokeState }) => ({
      revokeForeign: [...revokeForeign, ...revokeState.filter(({ clause }) => clause === "VREV-10")],
      revokeState: forget(revokeState, "VREV-10"),
    })),
  ),
  mutantOf(DIALECT, {
    id: "request-locks-for-reading",
    title: "A revoke request takes the memory lock for reading only",
    breaks: ["VREV-13", "VST-11"],
    inspiration: "seed 3's VFIO implementation",
  }, inVfio(() => ({ revokeLock: "read" }))),
  mutantOf(
    DIALECT,
    {
      id: "refused-request-changes-state",
      title: "A request for a buffer of another device is refused, but revokes it without a word",
      breaks: ["VREV-08", "VREV-20"],
    },
    inVfio(({ revokeState }) => ({
      revokeState: revokeState.map((check) =>
        check.clause !== "VREV-08" ? check : {
          ...check,
          when(target) {
            const wrong = check.when(target);
            if (wrong && target.buffer) target.buffer.status = "PERM";
            return wrong;
          },
        }
      ),
    })),
  ),
  mutantOf(
    DIALECT,
    {
      id: "range-stays-taken",
      title: "A device with a permanently revoked buffer exports nothing any more",
      breaks: ["VREV-24"],
    },
    inVfio(({ exportPayload }) => ({
      exportPayload: [...exportPayload, {
        clause: "VREV-24",
        errno: "EINVAL",
        refuses: "a device that has revoked a buffer",
        when: ({ device }) => device.dmabufs.some(({ status }) => status === "PERM"),
      }],
    })),
  ),
  mutantOf(
    DIALECT,
    {
      id: "shared-buffer-is-ebusy",
      title: "A revoke request is refused while somebody else has the buffer open",
      breaks: ["VREV-25"],
    },
    inVfio(({ revokeState }) => ({
      revokeState: [...revokeState, {
        clause: "VREV-25",
        errno: "EBUSY",
        refuses: "a shared buffer",
        when: ({ dmabuf }) => dmabuf.file.refs > 2 + dmabuf.attachments.length + dmabuf.vmas.size,
      }],
    })),
  ),
  mutantOf(
    DIALECT,
    {
      id: "read-only-is-ebadf",
      title: "A buffer that was not exported for reading and writing cannot be revoked",
      breaks: ["VREV-30"],
    },
    inVfio(({ revokeForeign }) => ({
      revokeForeign: [...revokeForeign, {
        clause: "VREV-30",
        errno: "EBADF",
        refuses: "a descriptor that cannot write",
        when: ({ dmabuf }) => dmabuf.file.flags.access !== "rdwr",
      }],
    })),
  ),
  mutantOf(MAINLINE, {
    id: "unknown-request-is-einval",
    title: "A kernel without the revoke request answers it with EINVAL",
    breaks: ["VREV-28"],
  }, inVfio(({ revokeArgument }) => ({ revokeArgument: answer(revokeArgument, "VREV-28", "EINVAL") }))),
  mutantOf(DIALECT, {
    id: "config-off-looks-at-the-descriptor",
    title: "A kernel without dma-bufs looks at the descriptor of a revoke request",
    breaks: ["VREV-27"],
  }, inVfio(({ revokeArgument }) => ({ revokeArgument: forget(revokeArgument, "VREV-27") }))),
  mutantOf(DIALECT, {
    id: "config-off-before-the-argument",
    title: "A kernel without dma-bufs does not look at the argument of a revoke request",
    breaks: ["VREV-27"],
  }, inVfio(({ revokeArgument }) => ({ revokeArgument: tooEarly(revokeArgument, "VREV-27") }))),
];

/** The mutants of CPU mappings. */
export const mmapMutants: readonly Mutant[] = [
  mutantOf(DIALECT, {
    id: "mmap-of-revoked-buffer",
    title: "A revoked buffer can be mapped into a process",
    breaks: ["VMM-01", "VMM-04", "VST-09"],
    inspiration: "Leon Romanovsky's v1 has no check",
  }, inVfio(({ mmapChecks }) => ({ mmapChecks: forget(mmapChecks, "VMM-01") }))),
  mutantOf(DIALECT, {
    id: "private-before-state",
    title: "A private mapping of a revoked buffer fails with EINVAL",
    breaks: ["VMM-02"],
  }, inVfio(({ mmapChecks }) => ({ mmapChecks: tooEarly(mmapChecks, "VMM-02") }))),
  mutantOf(DIALECT, {
    id: "private-mapping-allowed",
    title: "A private mapping is allowed",
    breaks: ["VMM-02"],
  }, inVfio(({ mmapChecks }) => ({ mmapChecks: forget(mmapChecks, "VMM-02") }))),
  mutantOf(DIALECT, {
    id: "fault-on-revoked-buffer",
    title: "A fault on a revoked buffer is served",
    breaks: ["VMM-07", "VMM-08", "VMM-05", "VMM-13", "VST-09"],
  }, inVfio(() => ({ firstFaultCheck: [], secondFaultCheck: [] }))),
  mutantOf(DIALECT, {
    id: "fault-looks-once",
    title: "A fault does not look at the state again once it holds the lock",
    breaks: ["VMM-08"],
  }, inVfio(() => ({ secondFaultCheck: [] }))),
  mutantOf(
    DIALECT,
    {
      id: "mmap-while-temporary",
      title: "A temporarily revoked buffer can be mapped into a process",
      breaks: ["VMM-01", "VST-09"],
    },
    inVfio(({ mmapChecks }) => ({
      mmapChecks: mmapChecks.map((check) =>
        check.clause === "VMM-01" ? { ...check, when: ({ buffer }) => buffer.status === "PERM" } : check
      ),
    })),
  ),
  mutantOf(
    DIALECT,
    {
      id: "fault-while-temporary",
      title: "A fault on a temporarily revoked buffer is served",
      breaks: ["VMM-07", "VMM-11", "VMM-14", "VST-09"],
    },
    inVfio(({ firstFaultCheck }) => {
      const isPermanent = firstFaultCheck.map((check) => ({
        ...check,
        when: ({ status }: VfioPciDmaBuf) => status === "PERM",
      }));
      return { firstFaultCheck: isPermanent, secondFaultCheck: isPermanent };
    }),
  ),
  mutantOf(
    DIALECT,
    {
      id: "state-before-size",
      title: "A mapping beyond the end of a revoked buffer fails with ENODEV",
      breaks: ["VMM-03"],
    },
    (rules) => ({
      core: { ...rules.core, mmap: forget(rules.core.mmap, "BASE-07") },
      vfio: {
        ...rules.vfio,
        mmapChecks: [...rules.vfio.mmapChecks, {
          clause: "VMM-03",
          errno: "EINVAL",
          refuses: "a range beyond the end",
          when: ({ buffer, request }) => request.first + request.pages > buffer.frames.length,
        }],
      },
    }),
  ),
  mutantOf(DIALECT, {
    id: "fault-ignores-offset",
    title: "A fault maps the first page whatever the offset",
    breaks: ["VMM-06"],
  }, inVfio(({ frameOf }) => ({ frameOf: (buffer) => frameOf(buffer, 0) }))),
  mutantOf(
    DIALECT,
    {
      id: "fault-ignores-range-list",
      title: "A fault counts pages from the start of the first range",
      breaks: ["VMM-06"],
    },
    inVfio(() => ({
      frameOf: ({ frames }, page) => frames[0] && { memory: frames[0].memory, page: frames[0].page + page },
    })),
  ),
];

/** The mutants of close. */
export const closeMutants: readonly Mutant[] = [
  mutantOf(DIALECT, {
    id: "close-leaves-state",
    title: "Closing the device leaves its buffers usable",
    breaks: ["VCLS-05", "VST-12", "VMM-04", "VCLS-06"],
  }, atClose(["OK"], (steps) => without(steps, setStatus))),
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
];
