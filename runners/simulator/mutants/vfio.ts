/**
 * Mistakes in export, attach and map.
 *
 * @module
 */
import { putRegistration } from "../kernel/vfio_pci_core.ts";
import { mmapVfioBuffer } from "../kernel/vfio_pci_dmabuf.ts";
import { dropBuffer, listBuffer, setInitialStatus } from "../kernel/vfio_pci_events.ts";
import { setStatus } from "../kernel/vfio_pci_revoke.ts";
import {
  also,
  answer,
  forget,
  fromTemp,
  inVfio,
  type Mutant,
  mutantOf,
  replaced,
  tooEarly,
  tooLate,
  without,
} from "./mutant.ts";

const DIALECT = "matt-v1-vfio";
const MAINLINE = "mainline-7.3";

/** The mutants of export. */
export const exportMutants: readonly Mutant[] = [
  mutantOf(DIALECT, {
    id: "export-with-memory-off-is-usable",
    title: "A buffer that is exported while memory is off starts usable",
    breaks: ["VEXP-20", "VST-02"],
    inspiration: "Leon Romanovsky's v1 on VFIO",
  }, inVfio(() => ({ initialStatus: () => "OK" }))),
  mutantOf(DIALECT, {
    id: "export-starts-revoked",
    title: "A buffer always starts revoked",
    breaks: ["VEXP-19", "VST-02"],
  }, inVfio(() => ({ initialStatus: () => "TEMP" }))),
  mutantOf(
    DIALECT,
    {
      id: "export-refused-with-memory-off",
      title: "An export while memory is off is refused",
      breaks: ["VEXP-20"],
    },
    inVfio(({ exportPayload }) => ({
      exportPayload: [...exportPayload, {
        clause: "VEXP-20",
        errno: "ENODEV",
        refuses: "a device whose memory is off",
        when: ({ device }) => !device.command.memory || device.power !== "D0",
      }],
    })),
  ),
  mutantOf(
    DIALECT,
    {
      id: "emfile-releases-twice",
      title: "An export without a free descriptor puts the device registration twice",
      breaks: ["VEXP-18"],
      inspiration: "CVE-2026-31468",
    },
    inVfio(() => ({
      undoExport: [dropBuffer, {
        ...dropBuffer,
        run: (kernel, { device }) => putRegistration(kernel, device),
      }],
    })),
  ),
  mutantOf(DIALECT, {
    id: "emfile-leaks-the-buffer",
    title: "An export without a free descriptor leaks the buffer",
    breaks: ["VEXP-18"],
    survives:
      "nobody holds the buffer, so that only its memory is missed, which the look for leaks after a case sees",
  }, inVfio(() => ({ undoExport: [] }))),
  mutantOf(DIALECT, {
    id: "probe-exports",
    title: "A probe creates a buffer",
    breaks: ["VEXP-03"],
  }, inVfio(() => ({ probeExports: true }))),
  mutantOf(DIALECT, {
    id: "set-accepted",
    title: "A SET of the export feature is not refused",
    breaks: ["VEXP-03"],
  }, inVfio(({ featureHeader }) => ({ featureHeader: forget(featureHeader, "VEXP-03") }))),
  mutantOf(DIALECT, {
    id: "unknown-feature-flag-accepted",
    title: "A feature request with an unknown flag is accepted",
    breaks: ["VEXP-01"],
  }, inVfio(({ featureHeader }) => ({ featureHeader: forget(featureHeader, "VEXP-01", "an unknown flag") }))),
  mutantOf(DIALECT, {
    id: "short-header-accepted",
    title: "A feature request with a short header is accepted",
    breaks: ["VEXP-01"],
  }, inVfio(({ featureHeader }) => ({ featureHeader: forget(featureHeader, "VEXP-01", "a short header") }))),
  mutantOf(
    DIALECT,
    {
      id: "short-header-is-efault",
      title: "A feature request with a short header fails with EFAULT",
      breaks: ["VEXP-01"],
    },
    inVfio(({ featureHeader }) => ({
      featureHeader: answer(featureHeader, "VEXP-01", "EFAULT", "a short header"),
    })),
  ),
  mutantOf(
    DIALECT,
    {
      id: "header-not-copied",
      title: "A feature request with an unreadable header fails with EINVAL",
      breaks: ["VEXP-01"],
    },
    inVfio(({ featureHeader }) => ({
      featureHeader: answer(featureHeader, "VEXP-01", "EINVAL", "an unreadable header"),
    })),
  ),
  mutantOf(
    DIALECT,
    {
      id: "get-and-set-accepted",
      title: "GET together with SET is judged by the feature instead of by the header",
      breaks: ["VEXP-01"],
    },
    inVfio(({ featureHeader }) => ({
      featureHeader: answer(featureHeader, "VEXP-01", "EOPNOTSUPP", "GET and SET without PROBE"),
    })),
  ),
  mutantOf(DIALECT, {
    id: "access-not-checked",
    title: "A descriptor that has no access to the device can export",
    breaks: ["VEXP-24"],
  }, inVfio(({ featureHeader }) => ({ featureHeader: forget(featureHeader, "VEXP-24") }))),
  mutantOf(DIALECT, {
    id: "variant-driver-is-enotty",
    title: "A driver that exports nothing answers ENOTTY",
    breaks: ["VEXP-02"],
  }, inVfio(({ featureHeader }) => ({ featureHeader: answer(featureHeader, "VEXP-02", "ENOTTY") }))),
  mutantOf(DIALECT, {
    id: "short-payload-accepted",
    title: "A payload that is too short is accepted",
    breaks: ["VEXP-04"],
  }, inVfio(({ exportPayload }) => ({ exportPayload: forget(exportPayload, "VEXP-04") }))),
  mutantOf(DIALECT, {
    id: "payload-not-copied",
    title: "An unreadable payload is refused with EINVAL",
    breaks: ["VEXP-05"],
  }, inVfio(({ exportPayload }) => ({ exportPayload: answer(exportPayload, "VEXP-05", "EINVAL") }))),
  mutantOf(DIALECT, {
    id: "no-ranges-accepted",
    title: "An export of no range gives an empty buffer",
    breaks: ["VEXP-06"],
  }, inVfio(({ exportPayload }) => ({ exportPayload: forget(exportPayload, "VEXP-06") }))),
  mutantOf(DIALECT, {
    id: "export-flags-ignored",
    title: "Flags of an export are ignored",
    breaks: ["VEXP-07"],
  }, inVfio(({ exportPayload }) => ({ exportPayload: forget(exportPayload, "VEXP-07") }))),
  mutantOf(DIALECT, {
    id: "bad-region-is-einval",
    title: "A region that is no BAR is refused with EINVAL",
    breaks: ["VEXP-08"],
  }, inVfio(({ exportPayload }) => ({ exportPayload: answer(exportPayload, "VEXP-08", "EINVAL") }))),
  mutantOf(DIALECT, {
    id: "region-before-flags",
    title: "The region is looked at before the flags",
    breaks: ["VEXP-07", "VEXP-06"],
  }, inVfio(({ exportPayload }) => ({ exportPayload: tooEarly(exportPayload, "VEXP-08") }))),
  mutantOf(DIALECT, {
    id: "ranges-before-region",
    title: "The ranges are read before the region is looked at",
    breaks: ["VEXP-08"],
  }, inVfio(({ exportPayload }) => ({ exportPayload: tooEarly(exportPayload, "VEXP-09") }))),
  mutantOf(DIALECT, {
    id: "empty-range-accepted",
    title: "An empty range is accepted",
    breaks: ["VEXP-10"],
  }, inVfio(({ exportPayload }) => ({ exportPayload: forget(exportPayload, "VEXP-10", "an empty range") }))),
  mutantOf(
    DIALECT,
    {
      id: "unaligned-offset-accepted",
      title: "An unaligned offset is accepted",
      breaks: ["VEXP-10"],
    },
    inVfio(({ exportPayload }) => ({
      exportPayload: forget(exportPayload, "VEXP-10", "an unaligned offset"),
    })),
  ),
  mutantOf(
    DIALECT,
    {
      id: "unaligned-length-accepted",
      title: "A length that is not of whole pages is accepted",
      breaks: ["VEXP-10"],
    },
    inVfio(({ exportPayload }) => ({
      exportPayload: forget(exportPayload, "VEXP-10", "an unaligned length"),
    })),
  ),
  mutantOf(
    DIALECT,
    {
      id: "set-exports",
      title: "A SET of the export feature, or a request for neither, exports",
      breaks: ["VEXP-03"],
    },
    inVfio(({ featureHeader, exportPayload }) => ({
      featureHeader: forget(featureHeader, "VEXP-03"),
      exportPayload: forget(exportPayload, "VEXP-03"),
    })),
  ),
  mutantOf(DIALECT, {
    id: "bounds-before-alignment",
    title: "The BAR's end is looked at before a later range's alignment",
    breaks: ["VEXP-10"],
  }, inVfio(({ exportPayload }) => ({ exportPayload: tooLate(exportPayload, "VEXP-10") }))),
  mutantOf(DIALECT, {
    id: "sum-overflow-accepted",
    title: "An overflow of the sum of the lengths is not found",
    breaks: ["VEXP-11"],
  }, inVfio(({ exportPayload }) => ({ exportPayload: answer(exportPayload, "VEXP-11", "EOVERFLOW") }))),
  mutantOf(DIALECT, {
    id: "io-bar-is-enodev",
    title: "A BAR that peers cannot reach is refused with ENODEV",
    breaks: ["VEXP-12"],
  }, inVfio(({ exportPayload }) => ({ exportPayload: answer(exportPayload, "VEXP-12", "ENODEV") }))),
  mutantOf(DIALECT, {
    id: "io-bar-accepted",
    title: "A BAR that peers cannot reach is accepted",
    breaks: ["VEXP-12"],
    inspiration: "commit 951ebc18d181",
  }, inVfio(({ exportPayload }) => ({ exportPayload: forget(exportPayload, "VEXP-12") }))),
  mutantOf(DIALECT, {
    id: "bar-end-not-checked",
    title: "A range beyond the BAR is accepted",
    breaks: ["VEXP-13"],
  }, inVfio(({ exportPayload }) => ({ exportPayload: forget(exportPayload, "VEXP-13") }))),
  mutantOf(
    DIALECT,
    {
      id: "address-overflow-is-einval",
      title: "An address that overflows is refused with EINVAL",
      breaks: ["VEXP-13"],
    },
    inVfio(({ exportPayload }) => ({
      exportPayload: answer(exportPayload, "VEXP-13", "EINVAL", "an address that overflows"),
    })),
  ),
];

/** The mutants of what an export gives, and of the moment in which it becomes visible. */
export const newBufferMutants: readonly Mutant[] = [
  mutantOf(
    DIALECT,
    {
      id: "unreadable-ranges-are-einval",
      title: "Ranges that cannot be read are refused with EINVAL",
      breaks: ["VEXP-09"],
    },
    inVfio(({ exportPayload }) => ({
      exportPayload: answer(exportPayload, "VEXP-09", "EINVAL", "ranges that cannot be read"),
    })),
  ),
  mutantOf(
    DIALECT,
    {
      id: "too-many-ranges-are-einval",
      title: "More ranges than there is memory for are refused with EINVAL",
      breaks: ["VEXP-09"],
    },
    inVfio(({ exportPayload }) => ({
      exportPayload: answer(exportPayload, "VEXP-09", "EINVAL", "more ranges than can be held"),
    })),
  ),
  mutantOf(
    DIALECT,
    {
      id: "argsz-must-cover-the-ranges",
      title: "An argument whose size does not cover the ranges is refused",
      breaks: ["VEXP-09"],
    },
    inVfio(({ exportPayload }) => ({
      exportPayload: also(exportPayload, {
        clause: "VEXP-09",
        errno: "EINVAL",
        refuses: "an argument that does not cover the ranges",
        when: ({ argsz, rangeCount }) => argsz < 24 + 16 * rangeCount,
      }),
    })),
  ),
  mutantOf(DIALECT, {
    id: "size-of-the-first-range",
    title: "A buffer has the size of its first range",
    breaks: ["VEXP-15"],
  }, inVfio(({ sizeOf }) => ({ sizeOf: (ranges) => sizeOf(ranges.slice(0, 1)) }))),
  mutantOf(DIALECT, {
    id: "size-cut-to-32-bits",
    title: "The size of a buffer is cut to 32 bits",
    breaks: ["VEXP-15"],
    inspiration: "commit 590d745680",
  }, inVfio(({ sizeOf }) => ({ sizeOf: (ranges) => sizeOf(ranges) % 2 ** 32 }))),
  mutantOf(
    DIALECT,
    {
      id: "overlapping-ranges-refused",
      title: "Ranges that overlap or are out of order are refused",
      breaks: ["VEXP-15"],
    },
    inVfio(({ exportPayload }) => ({
      exportPayload: also(exportPayload, {
        clause: "VEXP-15",
        errno: "EINVAL",
        refuses: "ranges that are not in order",
        when: ({ ranges }) =>
          ranges.some(({ offset }, index) => {
            const before = ranges[index - 1];
            return before !== undefined && offset < before.offset + before.length;
          }),
      }),
    })),
  ),
  mutantOf(
    DIALECT,
    {
      id: "access-mode-ignored",
      title: "A buffer can always be read and written, whatever access was asked for",
      breaks: ["VEXP-16"],
    },
    inVfio(({ openFlags }) => ({
      openFlags(request) {
        const { flags, cloexec } = openFlags(request);
        return { flags: { ...flags, access: "rdwr" }, cloexec };
      },
    })),
  ),
  mutantOf(
    DIALECT,
    {
      id: "nonblock-ignored",
      title: "O_NONBLOCK does not reach the file of a new buffer",
      breaks: ["VEXP-16"],
    },
    inVfio(({ openFlags }) => ({
      openFlags(request) {
        const { flags, cloexec } = openFlags(request);
        return { flags: { ...flags, nonblock: false }, cloexec };
      },
    })),
  ),
  mutantOf(DIALECT, {
    id: "cloexec-ignored",
    title: "O_CLOEXEC does not reach the descriptor of a new buffer",
    breaks: ["VEXP-16"],
  }, inVfio(({ openFlags }) => ({ openFlags: (request) => ({ ...openFlags(request), cloexec: false }) }))),
  mutantOf(DIALECT, {
    id: "cloexec-forced",
    title: "The descriptor of a new buffer is always closed on exec",
    breaks: ["VEXP-16"],
  }, inVfio(({ openFlags }) => ({ openFlags: (request) => ({ ...openFlags(request), cloexec: true }) }))),
  mutantOf(DIALECT, {
    id: "export-answers-zero",
    title: "A successful export answers 0 in place of the number of the descriptor",
    breaks: ["VEXP-17"],
    inspiration: "the iommufd selftest of 7.3",
  }, inVfio(() => ({ exportAnswer: ({ process }) => ({ process, number: 0 }) }))),
  mutantOf(
    DIALECT,
    {
      id: "first-state-read-before-the-lock",
      title: "The first state of a buffer is read before the lock is taken",
      breaks: ["VEXP-21"],
    },
    inVfio(({ publish }) => ({
      publish: [setInitialStatus, ...without(publish, setInitialStatus)],
    })),
  ),
  mutantOf(
    DIALECT,
    {
      id: "listed-before-the-first-state",
      title: "A buffer is listed before its first state is known, without a lock",
      breaks: ["VEXP-21"],
      survives:
        "nobody can reach the buffer before it has a descriptor, and by then its state was set under the lock",
    },
    inVfio(({ publish }) => ({ publish: [listBuffer, ...without(publish, listBuffer)] })),
  ),
  mutantOf(DIALECT, {
    id: "new-buffer-never-listed",
    title: "A new buffer is not put on the list of its device, so no event reaches it",
    breaks: ["VEXP-21", "VMOV-02"],
  }, inVfio(({ publish }) => ({ publish: without(publish, listBuffer) }))),
  mutantOf(
    DIALECT,
    {
      id: "bar-exported-once-only",
      title: "A device that has exported a buffer exports no other",
      breaks: ["VEXP-22"],
    },
    inVfio(({ exportPayload }) => ({
      exportPayload: also(exportPayload, {
        clause: "VEXP-22",
        errno: "EBUSY",
        refuses: "a second export",
        when: ({ device }) => device.dmabufs.length > 0,
      }),
    })),
  ),
  mutantOf(DIALECT, {
    id: "config-off-is-eopnotsupp",
    title: "A kernel without the feature answers EOPNOTSUPP",
    breaks: ["VEXP-23"],
  }, inVfio(({ featureHeader }) => ({ featureHeader: answer(featureHeader, "VEXP-23", "EOPNOTSUPP") }))),
  mutantOf(DIALECT, {
    id: "config-off-looks-at-the-request",
    title: "A kernel without the feature looks at the request before it says so",
    breaks: ["VEXP-23"],
  }, inVfio(({ featureHeader }) => ({ featureHeader: tooLate(featureHeader, "VEXP-23") }))),
];

/** The mutants of attach and map. */
export const attachMutants: readonly Mutant[] = [
  mutantOf(DIALECT, {
    id: "attach-state-before-peer2peer",
    title: "Attach looks at the state before the reach of the importer",
    breaks: ["VATT-01"],
  }, inVfio(({ attach }) => ({ attach: tooEarly(attach, "VATT-02") }))),
  mutantOf(DIALECT, {
    id: "attach-callback-before-state",
    title: "Attach looks at the callback before the state",
    breaks: ["VATT-02"],
  }, inVfio(({ attach }) => ({ attach: tooLate(attach, "VATT-02") }))),
  mutantOf(DIALECT, {
    id: "attach-to-revoked-buffer",
    title: "A revoked buffer can be attached to",
    breaks: ["VATT-02", "VCLS-05"],
  }, inVfio(({ attach }) => ({ attach: forget(attach, "VATT-02") }))),
  mutantOf(DIALECT, {
    id: "attach-without-callback",
    title: "An importer that cannot be revoked can attach",
    breaks: ["VATT-03", "INVAL-10"],
    inspiration: "mainline before commit 61ceaf236115",
  }, inVfio(({ attach }) => ({ attach: forget(attach, "VATT-03") }))),
  mutantOf(DIALECT, {
    id: "attach-without-peer2peer",
    title: "An importer that cannot reach PCI memory can attach",
    breaks: ["VATT-01"],
  }, inVfio(({ attach }) => ({ attach: forget(attach, "VATT-01") }))),
  mutantOf(DIALECT, {
    id: "map-of-revoked-buffer",
    title: "An old attachment can map a revoked buffer",
    breaks: ["VATT-05", "VATT-04", "BASE-12"],
  }, inVfio(() => ({ map: [] }))),
  mutantOf(DIALECT, {
    id: "map-revoked-is-einval",
    title: "Mapping a revoked buffer fails with EINVAL",
    breaks: ["VATT-05"],
  }, inVfio(({ map }) => ({ map: answer(map, "VATT-05", "EINVAL") }))),
  mutantOf(DIALECT, {
    id: "failed-map-takes-kref",
    title: "A map that fails takes a kref",
    breaks: ["VATT-05", "VATT-06"],
  }, inVfio(() => ({ krefsTakenByMap: () => 1 }))),
  mutantOf(DIALECT, {
    id: "map-takes-no-kref",
    title: "A map takes no kref",
    breaks: ["VATT-06"],
  }, inVfio(() => ({ krefsTakenByMap: () => 0 }))),
  mutantOf(DIALECT, {
    id: "unmap-puts-twice",
    title: "An unmap puts the kref twice",
    breaks: ["VATT-07"],
  }, inVfio(() => ({ krefsPutByUnmap: 2 }))),
  mutantOf(DIALECT, {
    id: "unmap-puts-nothing",
    title: "An unmap does not put the kref",
    breaks: ["VATT-07"],
  }, inVfio(() => ({ krefsPutByUnmap: 0 }))),
  mutantOf(DIALECT, {
    id: "private-map-of-revoked-buffer",
    title: "A private map of a revoked buffer succeeds",
    breaks: ["VATT-08"],
    inspiration: "Leon Romanovsky's v1 on the iommufd selftest",
  }, inVfio(({ privateMap }) => ({ privateMap: forget(privateMap, "VATT-08", "a revoked buffer") }))),
  mutantOf(DIALECT, {
    id: "private-map-of-several-ranges",
    title: "A private map of several ranges gives the first of them",
    breaks: ["VATT-08"],
  }, inVfio(({ privateMap }) => ({ privateMap: forget(privateMap, "VATT-08", "more than one range") }))),
  mutantOf(
    DIALECT,
    {
      id: "private-map-ranges-before-state",
      title: "A private map looks at the number of ranges before the state",
      breaks: ["VATT-08"],
    },
    inVfio(({ privateMap: [foreign, revoked, ranges] }) => ({
      privateMap: [foreign, ranges, revoked].flatMap((check) => check ? [check] : []),
    })),
  ),
  mutantOf(
    DIALECT,
    {
      id: "private-map-of-foreign-buffer",
      title: "A private map of a foreign buffer is refused with ENODEV",
      breaks: ["VATT-08"],
    },
    inVfio(({ privateMap }) => ({ privateMap: answer(privateMap, "VATT-08", "ENODEV", "a foreign buffer") })),
  ),
  mutantOf(MAINLINE, {
    id: "mainline-buffer-can-be-mapped",
    title: "A VFIO buffer of mainline can be mapped into a process",
    breaks: ["VATT-10"],
  }, inVfio(() => ({ mmap: mmapVfioBuffer }))),
  mutantOf(
    DIALECT,
    {
      id: "attached-buffer-stays-revoked",
      title: "An un-revoke leaves out a buffer that somebody is attached to",
      breaks: ["VATT-11", "VST-08"],
    },
    fromTemp("OK", (steps) =>
      replaced(steps, (step) => step === setStatus, {
        ...setStatus,
        run(kernel, change) {
          if (change.buffer.dmabuf.attachments.length === 0) setStatus.run(kernel, change);
        },
      })),
  ),
];
