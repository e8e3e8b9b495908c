/**
 * Mistakes in what the series of Leon Romanovsky decide: the promises of the cover letter, the flag in the core, the
 * callback that only warns.
 *
 * @module
 */
import { iommufd73 } from "../dialects/iommufd.ts";
import {
  assertLocked,
  type DmaBuf,
  markInvalidated,
  type NotificationStep,
  tellImporters,
} from "../kernel/dma_buf.ts";
import { testBufferOf } from "../kernel/test_exporter.ts";
import { revokeUmemLocked } from "../kernel/umem_dmabuf.ts";
import {
  lockReservation,
  notifyImporters,
  setStatus,
  unlockReservation,
  waitForFences,
} from "../kernel/vfio_pci_revoke.ts";
import type { Rules } from "../rules.ts";
import {
  also,
  answer,
  type Bug,
  forget,
  inCore,
  inRevoke,
  inVfio,
  type Mutant,
  mutantOf,
  tooEarly,
  tooLate,
  without,
} from "./mutant.ts";

const COVER = "leon-v1-cover";
const CODE = "leon-v1-core";
const NON_ODP = "leon-v3-nonodp";

/** Marks every buffer as revoked, whether or not its exporter means that. */
const markAnyInvalidated: NotificationStep = {
  ...markInvalidated,
  run(_kernel, dmabuf) {
    dmabuf.invalidated = true;
  },
};

/** Marks every buffer over the same memory as revoked. */
const markMemoryInvalidated: NotificationStep = {
  ...markInvalidated,
  run(kernel, dmabuf) {
    for (const each of kernel.dmaBufs) if (isOverMemoryOf(each, dmabuf)) each.invalidated = true;
  },
};

function isOverMemoryOf(one: DmaBuf, other: DmaBuf): boolean {
  return testBufferOf(one)?.frames === testBufferOf(other)?.frames;
}

/** Leaves steps out of a notification. */
function withoutSteps(...steps: readonly NotificationStep[]): Bug {
  return inCore(({ notification }) => ({
    notification: notification.filter((step) => !steps.includes(step)),
  }));
}

/** Marks by another step than the right one. */
function markedBy(wrong: NotificationStep): Bug {
  return inCore(({ notification }) => ({
    notification: notification.map((step) => step === markInvalidated ? wrong : step),
  }));
}

/** Two bugs in one, where the mistake shows in two places. */
function both(first: Bug, second: Bug): Bug {
  return (rules: Rules) => second(first(rules));
}

/** The mutants of the cover letter of Leon Romanovsky's v1. */
export const coverMutants: readonly Mutant[] = [
  mutantOf(COVER, {
    id: "cover-map-not-checked",
    title: "The core leaves it to the exporter to refuse a map of a revoked buffer",
    breaks: ["LEON0-04", "LEON0-05", "LEON0-07", "LEON0-10"],
    inspiration: "mainline",
  }, inCore(() => ({ map: [] }))),
  mutantOf(COVER, {
    id: "cover-vmap-not-checked",
    title: "A revoked buffer can be mapped into the kernel",
    breaks: ["LEON0-08", "LEON0-10"],
    inspiration: "the code of the same series",
  }, inCore(({ vmap }) => ({ vmap: forget(vmap, "LEON0-08") }))),
  mutantOf(COVER, {
    id: "cover-vmap-other-error",
    title: "A refused kernel mapping fails with an error that the exporter never gave",
    breaks: ["BASE-22"],
  }, inCore(({ vmap }) => ({ vmap: answer(vmap, "LEON0-08", "ENOMEM") }))),
  mutantOf(COVER, {
    id: "cover-vmap-warns-each-time",
    title: "A refused kernel mapping is warned of each time",
    breaks: ["BASE-22"],
  }, inCore(({ vmap }) => ({ vmap: loud(vmap, "LEON0-08", "WARNING: dma_buf_vmap()") }))),
  mutantOf(COVER, {
    id: "cover-mmap-not-checked",
    title: "A revoked buffer can be mapped into a process",
    breaks: ["LEON0-09", "LEON0-10"],
    inspiration: "the code of the same series",
  }, inCore(({ mmap }) => ({ mmap: forget(mmap, "LEON0-09") }))),
  mutantOf(COVER, {
    id: "cover-mmap-fails-otherwise",
    title: "Mapping a revoked buffer into a process fails with EINVAL, everything else with ENODEV",
    breaks: ["LEON0-10"],
  }, inCore(({ mmap }) => ({ mmap: answer(mmap, "LEON0-09", "EINVAL") }))),
  mutantOf(
    COVER,
    {
      id: "cover-no-zap",
      title: "A revocation leaves the entries of CPU mappings in place",
      breaks: ["LEON0-02"],
    },
    inCore(({ notification }) => ({
      notification: notification.filter(({ clause }) => clause !== "LEON0-02"),
    })),
  ),
  mutantOf(COVER, {
    id: "cover-faults-served",
    title: "A page of a revoked buffer that was never touched can still be touched",
    breaks: ["LEON0-02"],
  }, inCore(() => ({ fault: [] }))),
  mutantOf(COVER, {
    id: "cover-tells-nobody",
    title: "A revocation does not call the importers, so their devices keep the memory",
    breaks: ["LEON0-01", "LEON0-03", "LEON0-11"],
  }, withoutSteps(tellImporters)),
  mutantOf(COVER, {
    id: "cover-revokes-nothing",
    title: "A revocation calls the importers and leaves the buffer usable",
    breaks: ["LEON0-01", "LEON0-04", "LEON0-07"],
  }, withoutSteps(markInvalidated)),
  mutantOf(
    COVER,
    {
      id: "cover-forgets-the-last-importer",
      title: "A revocation of a buffer with three importers calls two of them",
      breaks: ["LEON0-03", "LEON0-11"],
    },
    inCore(({ toldOfInvalidation }) => ({
      toldOfInvalidation: (dmabuf) => toldOfInvalidation(dmabuf).slice(0, 2),
    })),
  ),
  mutantOf(COVER, {
    id: "cover-way-back",
    title: "An exporter can make a revoked buffer usable again",
    breaks: ["LEON0-12"],
    inspiration: "dma_buf_mark_valid() of the same series",
  }, inCore(() => ({ markValid: clearInvalidated }))),
  mutantOf(
    COVER,
    {
      id: "cover-memory-brings-back",
      title: "Enabling memory makes a revoked VFIO buffer usable again",
      breaks: ["LEON0-12"],
      inspiration: "mainline, and the code of the same series",
    },
    both(
      inCore(() => ({ markValid: clearInvalidated })),
      inVfio(({ transitions }) => ({
        transitions: { ...transitions, OK: { ...transitions.OK, OK: unrevokeInCore } },
      })),
    ),
  ),
  mutantOf(COVER, {
    id: "cover-holder-can-revoke",
    title: "Whoever holds a descriptor of a buffer can ask for its revocation",
    breaks: ["LEON0-06"],
    inspiration: "seed 3",
  }, inCore(() => ({ revokeIoctl: [] }))),
  mutantOf(COVER, {
    id: "cover-revokes-the-memory",
    title: "A revocation takes every buffer over the same memory along",
    breaks: ["LEON0-13"],
  }, markedBy(markMemoryInvalidated)),
  mutantOf(COVER, {
    id: "cover-moves-revoke",
    title: "Every invalidation revokes, also that of an exporter that only moves",
    breaks: ["LEON0-14"],
  }, markedBy(markAnyInvalidated)),
  mutantOf(
    COVER,
    {
      id: "cover-core-decides",
      title: "The core takes a buffer back as soon as it has a second importer",
      breaks: ["LEON0-15"],
    },
    inCore(({ map }) => ({
      map: also(map, {
        clause: "LEON0-15",
        errno: "ENODEV",
        refuses: "a buffer of several importers",
        when: ({ dmabuf }) => dmabuf.attachments.length > 1,
      }),
    })),
  ),
];

function clearInvalidated(dmabuf: DmaBuf): undefined {
  dmabuf.invalidated = false;
}

/** Un-revokes a buffer that the core has marked. */
const unrevokeInCore = [lockReservation, {
  ...setStatus,
  run: (_kernel: unknown, { buffer }: { readonly buffer: { readonly dmabuf: DmaBuf } }) =>
    clearInvalidated(buffer.dmabuf),
}, unlockReservation];

/** The mutants of the code of Leon Romanovsky's v1. */
export const codeMutants: readonly Mutant[] = [
  mutantOf(CODE, {
    id: "leon-revokes-and-pins",
    title: "An exporter with revoke semantics and a pin operation is accepted",
    breaks: ["LEON1-01"],
  }, inCore(({ exportInfo }) => ({ exportInfo: forget(exportInfo, "LEON1-01") }))),
  mutantOf(CODE, {
    id: "leon-attach-not-checked",
    title: "A revoked buffer can be attached to",
    breaks: ["LEON1-02"],
  }, inCore(({ attach }) => ({ attach: forget(attach, "LEON1-02") }))),
  mutantOf(CODE, {
    id: "leon-attach-looks-at-the-importer-first",
    title: "The operations of the importer are judged before the state of the buffer",
    breaks: ["LEON1-02"],
  }, inCore(({ attach }) => ({ attach: tooLate(attach, "LEON1-02") }))),
  mutantOf(CODE, {
    id: "leon-attach-looks-at-the-state-first",
    title: "The state of the buffer is looked at before the null pointers",
    breaks: ["LEON1-02"],
  }, inCore(({ attach }) => ({ attach: tooEarly(attach, "LEON1-02") }))),
  mutantOf(CODE, {
    id: "leon-attach-is-einval",
    title: "An attach to a revoked buffer fails with EINVAL",
    breaks: ["LEON1-02"],
  }, inCore(({ attach }) => ({ attach: answer(attach, "LEON1-02", "EINVAL") }))),
  mutantOf(CODE, {
    id: "leon-neither-callback-accepted",
    title: "An importer with neither callback is attached",
    breaks: ["LEON1-03"],
  }, inCore(({ attach }) => ({ attach: forget(attach, "LEON1-03") }))),
  mutantOf(CODE, {
    id: "leon-neither-callback-in-silence",
    title: "An importer with neither callback is refused without a warning",
    breaks: ["LEON1-03"],
  }, inCore(({ attach }) => ({ attach: silent(attach, "LEON1-03") }))),
  mutantOf(CODE, {
    id: "leon-both-callbacks-accepted",
    title: "An importer with both callbacks is attached",
    breaks: ["LEON1-04"],
  }, inCore(({ attach }) => ({ attach: forget(attach, "LEON1-04") }))),
  mutantOf(CODE, {
    id: "leon-moves-for-revocable-importers",
    title: "An importer that only understands revocation can attach to an exporter that moves",
    breaks: ["LEON1-05", "LEON1-15"],
  }, inCore(({ attach }) => ({ attach: forget(attach, "LEON1-05") }))),
  mutantOf(CODE, {
    id: "leon-map-reaches-the-exporter",
    title: "A map of a revoked buffer reaches the exporter",
    breaks: ["LEON1-06"],
  }, inCore(() => ({ map: [] }))),
  mutantOf(
    CODE,
    {
      id: "leon-revoke-notify-forgotten",
      title: "A notification calls move_notify only",
      breaks: ["LEON1-07"],
    },
    inCore(() => ({
      toldOfInvalidation: ({ attachments }) => attachments.filter(({ ops }) => ops?.invalidate),
    })),
  ),
  mutantOf(
    CODE,
    {
      id: "leon-revoke-notify-twice",
      title: "A notification calls revoke_notify for either slot that it looks at",
      breaks: ["LEON1-07"],
      inspiration: "the loop of the patch tests both slots in turn",
    },
    inCore(({ toldOfInvalidation }) => ({
      toldOfInvalidation: (dmabuf) =>
        toldOfInvalidation(dmabuf).flatMap((each) => each.ops?.revokeNotify ? [each, each] : [each]),
    })),
  ),
  mutantOf(CODE, {
    id: "leon-state-before-the-callbacks",
    title: "The state changes before the callbacks",
    breaks: ["LEON1-08"],
    inspiration: "mainline and seed 2, which do it on purpose",
  }, inCore(() => ({ notification: [assertLocked, markInvalidated, tellImporters] }))),
  mutantOf(CODE, {
    id: "leon-state-never-changes",
    title: "A notification leaves a buffer with revoke semantics usable",
    breaks: ["LEON1-02", "LEON1-06", "LEON1-08"],
  }, withoutSteps(markInvalidated)),
  mutantOf(CODE, {
    id: "leon-moves-revoke",
    title: "A notification revokes a buffer without revoke semantics as well",
    breaks: ["LEON1-09"],
  }, markedBy(markAnyInvalidated)),
  mutantOf(CODE, {
    id: "leon-mark-valid-without-effect",
    title: "A buffer that was marked valid stays revoked",
    breaks: ["LEON1-10"],
  }, inCore(() => ({ markValid: () => undefined }))),
  mutantOf(CODE, {
    id: "leon-vmap-checked",
    title: "A kernel mapping of a revoked buffer is refused",
    breaks: ["LEON1-11"],
    inspiration: "the cover letter of the series",
  }, inCore(({ vmap }) => ({ vmap: also(vmap, refuseRevoked("LEON1-11", (dmabuf: DmaBuf) => dmabuf)) }))),
  mutantOf(
    CODE,
    {
      id: "leon-mmap-checked",
      title: "A process mapping of a revoked buffer is refused",
      breaks: ["LEON1-11"],
      inspiration: "the cover letter of the series",
    },
    inCore(({ mmap }) => ({
      mmap: also(mmap, refuseRevoked("LEON1-11", ({ dmabuf }: { readonly dmabuf: DmaBuf }) => dmabuf)),
    })),
  ),
  mutantOf(
    CODE,
    {
      id: "leon-tells-once",
      title: "A notification of a revoked buffer calls nobody",
      breaks: ["LEON1-12", "LEON1-13"],
      inspiration: "mainline's VFIO, which keeps a state for it",
    },
    inCore(({ toldOfInvalidation }) => ({
      toldOfInvalidation: (dmabuf) => dmabuf.invalidated ? [] : toldOfInvalidation(dmabuf),
    })),
  ),
  mutantOf(
    CODE,
    {
      id: "leon-vfio-tells-of-the-return",
      title: "VFIO calls the importers when it brings a buffer back",
      breaks: ["LEON1-13"],
      inspiration: "mainline",
    },
    inVfio(({ transitions }) => ({
      transitions: {
        ...transitions,
        OK: {
          ...transitions.OK,
          OK: [lockReservation, notifyImporters, unlockReservation, ...(transitions.OK.OK ?? [])],
        },
      },
    })),
  ),
  mutantOf(
    CODE,
    {
      id: "leon-vfio-brings-nothing-back",
      title: "VFIO does not mark its buffers valid when memory is enabled again",
      breaks: ["LEON1-13"],
    },
    inVfio(({ transitions: { OK: { TEMP } } }) => ({
      transitions: { OK: TEMP ? { TEMP } : {}, TEMP: {}, PERM: {} },
    })),
  ),
  mutantOf(
    CODE,
    {
      id: "leon-vfio-waits-for-fences",
      title: "VFIO waits for the fences of a buffer that it revokes",
      breaks: ["LEON1-13"],
      inspiration: "mainline from 7.1 on",
    },
    inRevoke((steps) => [
      ...without(steps, unlockReservation),
      waitForFences("BOOKKEEP"),
      unlockReservation,
    ]),
  ),
  mutantOf(
    CODE,
    {
      id: "leon-export-starts-revoked",
      title: "A buffer that is exported while memory is off starts revoked",
      breaks: ["LEON1-14"],
      inspiration: "mainline and seed 2",
    },
    inVfio(() => ({
      initialStatus: (_device, memoryEnabled) => memoryEnabled ? "OK" : "TEMP",
      map: [{
        clause: "LEON1-14",
        errno: "ENODEV",
        refuses: "a revoked buffer",
        when: ({ status }) => status === "TEMP",
      }],
    })),
  ),
  mutantOf(CODE, {
    id: "leon-iommufd-says-that-it-can-move",
    title: "iommufd declares the callback for moves and attaches to whatever moves",
    breaks: ["LEON1-15"],
    inspiration: "mainline before and after the series",
  }, inIommufd(() => ({ attachOps: iommufd73.attachOps }))),
  mutantOf(CODE, {
    id: "leon-iommufd-serves-a-revoked-area",
    title: "iommufd gives a new domain the translations of an area that was revoked",
    breaks: ["LEON1-16"],
  }, inIommufd(() => ({ translatesNothing: () => false, invalidated: [] }))),
];

/** A bug in the rules of iommufd. */
function inIommufd(bug: (iommufd: Rules["iommufd"]) => Partial<Rules["iommufd"]>): Bug {
  return (rules) => ({ ...rules, iommufd: { ...rules.iommufd, ...bug(rules.iommufd) } });
}

/** The checks with those of a clause refusing with a warning. */
function loud<C extends { readonly clause: string; readonly warns?: string | undefined }>(
  checks: readonly C[],
  clause: string,
  warns: string,
): readonly C[] {
  return checks.map((check) => check.clause === clause ? { ...check, warns } : check);
}

/** The checks with those of a clause refusing without a warning. */
function silent<C extends { readonly clause: string; readonly warns?: string | undefined }>(
  checks: readonly C[],
  clause: string,
): readonly C[] {
  return checks.map((check) => check.clause === clause ? { ...check, warns: undefined } : check);
}

function refuseRevoked<R>(clause: string, dmabufOf: (request: R) => DmaBuf) {
  return {
    clause,
    errno: "ENODEV",
    refuses: "a revoked buffer",
    when: (request: R) => dmabufOf(request).invalidated,
  } as const;
}

/** A bug in the callback of RDMA regions that pin. */
function inPinnedCallback(callback: Rules["umem"]["callbacks"]["pinned"]): Bug {
  return (rules) => ({
    ...rules,
    umem: { ...rules.umem, callbacks: { ...rules.umem.callbacks, pinned: callback } },
  });
}

/** The mutants of Leon Romanovsky's v3. */
export const nonOdpMutants: readonly Mutant[] = [
  mutantOf(NON_ODP, {
    id: "nonodp-callback-optional",
    title: "An importer with operations and without the callback is attached",
    breaks: ["RNOD-01"],
    inspiration: "mainline from 7.1 on",
  }, inCore(({ attach }) => ({ attach: forget(attach, "RNOD-01") }))),
  mutantOf(NON_ODP, {
    id: "nonodp-refused-in-silence",
    title: "An importer without the callback is refused without a warning",
    breaks: ["RNOD-01"],
  }, inCore(({ attach }) => ({ attach: silent(attach, "RNOD-01") }))),
  mutantOf(NON_ODP, {
    id: "nonodp-callback-is-silent",
    title: "The callback of an RDMA region without page faults does nothing at all",
    breaks: ["RNOD-02"],
  }, inPinnedCallback(() => {})),
  mutantOf(NON_ODP, {
    id: "nonodp-callback-revokes",
    title: "The callback of an RDMA region without page faults stops the hardware",
    breaks: ["RNOD-02"],
    inspiration: "regions that can be revoked, in 7.1",
  }, inPinnedCallback(revokeUmemLocked)),
];
