/**
 * Mistakes in export, attach and map.
 *
 * @module
 */
import { putRegistration } from "../kernel/vfio_pci_core.ts";
import { dropBuffer } from "../kernel/vfio_pci_events.ts";
import { answer, forget, inVfio, type Mutant, mutantOf, tooEarly, tooLate } from "./mutant.ts";

const DIALECT = "matt-v1-vfio";

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
    breaks: ["VATT-03"],
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
    breaks: ["VATT-05"],
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
];
