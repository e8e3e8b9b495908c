/**
 * Mistakes in what the other forms of the request decide: seed 3's on the buffer itself, the feature of the third
 * version of seed 2 and later, and what the newest version adds.
 *
 * @module
 */
import {
  lockReservation,
  notifyImporters,
  setStatus,
  unlockReservation,
  waitForFences,
  zapMappings,
} from "../kernel/vfio_pci_revoke.ts";
import {
  also,
  answer,
  atClose,
  forget,
  fromTemp,
  inCore,
  inRevoke,
  inVfio,
  type Mutant,
  mutantOf,
  tooEarly,
  tooLate,
  without,
} from "./mutant.ts";

const RFC = "matt-rfc-ioctl";
const FEATURE = "matt-v3-feature";
const NEWEST = "matt-v8";

/** The mutants of seed 3. */
export const rfcMutants: readonly Mutant[] = [
  mutantOf(
    RFC,
    {
      id: "rfc-argument-read",
      title: "The request reads its argument",
      breaks: ["RFC-01"],
    },
    inCore(({ revokeIoctl }) => ({
      revokeIoctl: revokeIoctl === "absent" ? revokeIoctl : also(revokeIoctl, {
        clause: "RFC-01",
        errno: "EINVAL",
        refuses: "an unreadable argument",
        when: ({ argument }) => argument === "unreadable",
      }),
    })),
  ),
  mutantOf(
    RFC,
    {
      id: "rfc-missing-operation-is-enotty",
      title: "A request to an exporter that cannot revoke fails with ENOTTY",
      breaks: ["RFC-02"],
      inspiration: "mainline, where the request does not exist",
    },
    inCore(({ revokeIoctl }) => ({
      revokeIoctl: revokeIoctl === "absent" ? revokeIoctl : answer(revokeIoctl, "RFC-02", "ENOTTY"),
    })),
  ),
  mutantOf(RFC, {
    id: "rfc-missing-operation-succeeds",
    title: "A request to an exporter that cannot revoke succeeds",
    breaks: ["RFC-02"],
  }, inCore(() => ({ revokeIoctl: [] }))),
  mutantOf(RFC, {
    id: "rfc-answer-swallowed",
    title: "The request succeeds whatever the exporter answers",
    breaks: ["RFC-03", "RFC-08", "RFC-09"],
  }, inCore(() => ({ revokeAnswer: () => 0 }))),
  mutantOf(RFC, {
    id: "rfc-every-refusal-is-einval",
    title: "The request fails with EINVAL whatever error the exporter answers",
    breaks: ["RFC-03"],
  }, inCore(() => ({ revokeAnswer: (given) => given === 0 ? 0 : "EINVAL" }))),
  mutantOf(
    RFC,
    {
      id: "rfc-operation-demanded",
      title: "An exporter without the revoke operation cannot export",
      breaks: ["RFC-04"],
    },
    inCore(({ exportInfo }) => ({
      exportInfo: also(exportInfo, {
        clause: "RFC-04",
        errno: "EINVAL",
        refuses: "an exporter without revoke",
        when: ({ ops }) => !ops.revoke,
      }),
    })),
  ),
  mutantOf(RFC, {
    id: "rfc-attach-after-revoke",
    title: "A buffer that was revoked on request can be attached to",
    breaks: ["RFC-05"],
  }, inVfio(({ attach }) => ({ attach: forget(attach, "VATT-02") }))),
  mutantOf(RFC, {
    id: "rfc-map-after-revoke",
    title: "A buffer that was revoked on request can be mapped by an old attachment",
    breaks: ["RFC-05", "RFC-11"],
  }, inVfio(() => ({ map: [] }))),
  mutantOf(RFC, {
    id: "rfc-mmap-after-revoke",
    title: "A buffer that was revoked on request can be mapped into a process",
    breaks: ["RFC-05"],
  }, inVfio(({ mmapChecks }) => ({ mmapChecks: forget(mmapChecks, "VMM-01") }))),
  mutantOf(RFC, {
    id: "rfc-requests-one-by-one",
    title: "Of two requests to revoke at the same time only one can succeed",
    breaks: ["RFC-13"],
    inspiration: "Matt Evans, v1 and later",
  }, inVfio(() => ({ revokeLock: "write" }))),
  mutantOf(RFC, {
    id: "rfc-reset-brings-back",
    title: "An event brings a buffer back that was revoked on request",
    breaks: ["RFC-05"],
  }, inVfio(({ transitions }) => ({ transitions: { ...transitions, PERM: transitions.TEMP } }))),
  mutantOf(RFC, {
    id: "rfc-no-zap",
    title: "The request leaves the entries of CPU mappings in place",
    breaks: ["RFC-06"],
  }, inRevoke((steps) => without(steps, zapMappings))),
  mutantOf(RFC, {
    id: "rfc-tells-nobody",
    title: "The request does not call the importers",
    breaks: ["RFC-06", "RFC-11"],
  }, inRevoke((steps) => without(steps, notifyImporters))),
  mutantOf(
    RFC,
    {
      id: "rfc-refuses-while-mapped",
      title: "The request fails with EBUSY while an importer has a mapping",
      breaks: ["RFC-06", "RFC-14"],
      inspiration: "a literal reading of S3:59-60",
    },
    inVfio(({ revokeState }) => ({
      krefsTakenByMap: () => 1,
      krefsPutByUnmap: 1,
      revokeState: also(revokeState, {
        clause: "RFC-14",
        errno: "EBUSY",
        refuses: "a buffer that is mapped",
        when: ({ buffer }) => buffer !== undefined && buffer.kref > 1,
      }),
    })),
  ),
  mutantOf(RFC, {
    id: "rfc-ended-session-is-ebadfd",
    title: "A request for a buffer whose device was closed fails with EBADFD",
    breaks: ["RFC-08"],
  }, inVfio(({ revokeState }) => ({ revokeState: answer(revokeState, "RFC-08", "EBADFD") }))),
  mutantOf(RFC, {
    id: "rfc-state-before-device",
    title: "The state is looked at before the device",
    breaks: ["RFC-10"],
  }, inVfio(({ revokeState }) => ({ revokeState: tooEarly(revokeState, "RFC-09") }))),
  mutantOf(RFC, {
    id: "rfc-twice-succeeds",
    title: "A second request succeeds",
    breaks: ["RFC-09"],
  }, inVfio(({ revokeState }) => ({ revokeState: forget(revokeState, "RFC-09") }))),
  mutantOf(
    RFC,
    {
      id: "rfc-temporary-is-ebadfd",
      title: "A request for a temporarily revoked buffer fails with EBADFD",
      breaks: ["RFC-09", "RFC-12"],
      inspiration: '"already revoked" misread',
    },
    inVfio(({ revokeState }) => ({
      revokeState: also(forget(revokeState, "RFC-09"), {
        clause: "RFC-09",
        errno: "EBADFD",
        refuses: "a buffer that is revoked in any way",
        when: ({ buffer }) => buffer?.status !== "OK",
      }),
    })),
  ),
  mutantOf(RFC, {
    id: "rfc-upgrade-tells-nobody",
    title: "Making a temporary revoke permanent calls nobody",
    breaks: ["RFC-12"],
    inspiration: "seed 2",
  }, fromTemp("PERM", () => [lockReservation, setStatus, unlockReservation])),
  mutantOf(
    RFC,
    {
      id: "rfc-owner-only",
      title: "Only the process that exported a buffer can ask for its revocation",
      breaks: ["RFC-11"],
      inspiration: "the objection to the proposal",
    },
    inCore(({ revokeIoctl }) => ({
      revokeIoctl: revokeIoctl === "absent" ? revokeIoctl : also(revokeIoctl, {
        clause: "RFC-11",
        errno: "EINVAL",
        refuses: "anybody but the suite",
        when: ({ caller }) => caller.name !== "suite",
      }),
    })),
  ),
];

/** The mutants of the third version of seed 2 and later. */
export const featureMutants: readonly Mutant[] = [
  mutantOf(
    FEATURE,
    {
      id: "feature-wants-the-exact-size",
      title: "A request for the revoke feature that is longer than it has to be is refused",
      breaks: ["VFT-01"],
    },
    inVfio(({ revokeFeaturePayload }) => ({
      revokeFeaturePayload: also(revokeFeaturePayload, {
        clause: "VFT-01",
        errno: "EINVAL",
        refuses: "a long payload",
        when: ({ argsz }) => argsz > 12,
      }),
    })),
  ),
  mutantOf(FEATURE, {
    id: "feature-revokes-nothing",
    title: "Setting the revoke feature leaves the buffer as it is",
    breaks: ["VFT-01"],
  }, inVfio(() => ({ buffersToRevoke: () => [] }))),
  mutantOf(FEATURE, {
    id: "feature-probe-revokes",
    title: "A probe of the revoke feature revokes",
    breaks: ["VFT-02"],
  }, inVfio(() => ({ probeRevokes: true }))),
  mutantOf(
    FEATURE,
    {
      id: "feature-header-not-copied",
      title: "An unreadable header of the revoke feature fails with EINVAL",
      breaks: ["VFT-02"],
    },
    inVfio(({ revokeFeatureHeader }) => ({
      revokeFeatureHeader: answer(revokeFeatureHeader, "VEXP-01", "EINVAL", "an unreadable header"),
    })),
  ),
  mutantOf(
    FEATURE,
    {
      id: "feature-unknown-flag-accepted",
      title: "A request for the revoke feature with an unknown flag is not refused for it",
      breaks: ["VFT-02"],
    },
    inVfio(({ revokeFeatureHeader }) => ({
      revokeFeatureHeader: forget(revokeFeatureHeader, "VEXP-01", "an unknown flag"),
    })),
  ),
  mutantOf(FEATURE, {
    id: "feature-access-not-checked",
    title: "A descriptor without access to the device is not refused for it",
    breaks: ["VFT-02"],
  }, inVfio(({ revokeFeatureHeader }) => ({ revokeFeatureHeader: forget(revokeFeatureHeader, "VEXP-24") }))),
  mutantOf(FEATURE, {
    id: "feature-variant-judged-late",
    title: "A driver that exports nothing judges the form of the request first",
    breaks: ["VFT-02"],
  }, inVfio(({ revokeFeatureHeader }) => ({ revokeFeatureHeader: tooLate(revokeFeatureHeader, "VFT-02") }))),
  mutantOf(
    FEATURE,
    {
      id: "feature-variant-is-enodev",
      title: "A driver that exports nothing answers ENODEV",
      breaks: ["VFT-02"],
    },
    inVfio(({ revokeFeatureHeader }) => ({
      revokeFeatureHeader: answer(revokeFeatureHeader, "VFT-02", "ENODEV"),
    })),
  ),
  mutantOf(
    FEATURE,
    {
      id: "feature-takes-nothing-for-set",
      title: "A request for the revoke feature that is neither GET nor SET is taken for SET",
      breaks: ["VFT-01", "VFT-02"],
    },
    inVfio(({ revokeFeaturePayload }) => ({
      revokeFeaturePayload: forget(
        revokeFeaturePayload,
        "VFT-02",
        "a request that is neither GET nor SET",
      ),
    })),
  ),
  mutantOf(
    FEATURE,
    {
      id: "feature-short-payload-accepted",
      title: "A payload of the revoke feature that is too short is read",
      breaks: ["VFT-02"],
    },
    inVfio(({ revokeFeaturePayload }) => ({
      revokeFeaturePayload: forget(revokeFeaturePayload, "VFT-02", "a short payload"),
    })),
  ),
  mutantOf(
    FEATURE,
    {
      id: "feature-payload-not-copied",
      title: "An unreadable payload of the revoke feature is used as it is",
      breaks: ["VFT-02"],
    },
    inVfio(({ revokeFeaturePayload }) => ({
      revokeFeaturePayload: forget(revokeFeaturePayload, "VFT-02", "an unreadable payload"),
    })),
  ),
  mutantOf(FEATURE, {
    id: "feature-foreign-is-einval",
    title: "A dma-buf of another exporter is refused with EINVAL",
    breaks: ["VFT-02"],
  }, inVfio(({ revokeForeign }) => ({ revokeForeign: answer(revokeForeign, "VREV-07", "EINVAL") }))),
  mutantOf(FEATURE, {
    id: "feature-state-before-device",
    title: "The state is looked at before the device",
    breaks: ["VFT-02"],
  }, inVfio(({ revokeState }) => ({ revokeState: tooEarly(revokeState, "VREV-10") }))),
  mutantOf(FEATURE, {
    id: "feature-get-accepted",
    title: "A probe for GET of the revoke feature succeeds",
    breaks: ["VFT-03"],
  }, inVfio(({ revokeFeatureHeader }) => ({ revokeFeatureHeader: forget(revokeFeatureHeader, "VFT-03") }))),
  mutantOf(
    FEATURE,
    {
      id: "feature-get-is-enotty",
      title: "GET of the revoke feature fails with ENOTTY",
      breaks: ["VFT-03"],
    },
    inVfio(({ revokeFeatureHeader }) => ({
      revokeFeatureHeader: answer(revokeFeatureHeader, "VFT-03", "ENOTTY"),
    })),
  ),
  mutantOf(
    FEATURE,
    {
      id: "feature-config-off-is-enodev",
      title: "A kernel without the buffers answers ENODEV",
      breaks: ["VFT-04"],
      inspiration: "v1 and v2 of the series",
    },
    inVfio(({ revokeFeatureHeader }) => ({
      revokeFeatureHeader: answer(revokeFeatureHeader, "VFT-04", "ENODEV"),
    })),
  ),
  mutantOf(NEWEST, {
    id: "return-tells",
    title: "A buffer that comes back calls its importers",
    breaks: ["VFT-05", "MODE-04"],
    inspiration: "mainline, and the series up to v3",
  }, fromTemp("OK", (steps) => [lockReservation, notifyImporters, unlockReservation, ...steps])),
  mutantOf(NEWEST, {
    id: "return-waits-for-fences",
    title: "A buffer comes back only when its fences have signalled",
    breaks: ["VFT-05"],
    inspiration: "mainline, and the series up to v3",
  }, fromTemp("OK", (steps) => [lockReservation, waitForFences("BOOKKEEP"), unlockReservation, ...steps])),
  mutantOf(NEWEST, {
    id: "close-tells-of-temporary-revokes",
    title: "Closing the device calls the importers of a buffer that is revoked for a while",
    breaks: ["VFT-06"],
    inspiration: "v1 of the series",
  }, atClose(["TEMP"], (steps) => [lockReservation, notifyImporters, unlockReservation, ...steps])),
  mutantOf(NEWEST, {
    id: "close-tells-of-permanent-revokes",
    title: "Closing the device calls the importers of a buffer that is revoked for good",
    breaks: ["VFT-06"],
    inspiration: "v1 of the series",
  }, atClose(["PERM"], (steps) => [lockReservation, notifyImporters, unlockReservation, ...steps])),
  mutantOf(
    NEWEST,
    {
      id: "range-stays-revoked",
      title: "A range of which a buffer was revoked for good gives only revoked buffers",
      breaks: ["VFT-08"],
    },
    inVfio(({ initialStatus }) => ({
      initialStatus: (device, memoryEnabled) =>
        device.dmabufs.some(({ status }) => status === "PERM")
          ? "PERM"
          : initialStatus(device, memoryEnabled),
    })),
  ),
  mutantOf(NEWEST, {
    id: "zombie-comes-back",
    title: "Enabling memory brings the old buffer of a range back together with the new one",
    breaks: ["VFT-08"],
  }, inVfio(({ transitions }) => ({ transitions: { ...transitions, PERM: transitions.TEMP } }))),
  mutantOf(NEWEST, {
    id: "shadow-flag-forgotten",
    title: "A new buffer does not look at what the last event left",
    breaks: ["VST-02", "VEXP-20"],
  }, inVfio(() => ({ initialStatus: () => "OK" }))),
  mutantOf(NEWEST, {
    id: "dmabuf-lock-forgotten",
    title: "The request holds memory_lock for reading and no lock of the buffers",
    breaks: ["VREV-13"],
    inspiration: "seed 3's VFIO implementation",
  }, inVfio(() => ({ bufferLock: "memory_lock" }))),
];
