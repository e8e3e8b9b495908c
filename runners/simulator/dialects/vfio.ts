/**
 * What the VFIO dialects share: the checks of export and attach, and the events on a device, as Linux 7.3 has them.
 *
 * @module
 */
import type { ErrnoName } from "../../../spec/errno.ts";
import type { Check, Checks } from "../kernel/check.ts";
import { getFileActive } from "../kernel/file.ts";
import { PAGE_SIZE } from "../kernel/kernel.ts";
import type { Sequence } from "../kernel/sequence.ts";
import type { DeviceEvent, VfioPciDevice } from "../kernel/vfio_pci_core.ts";
import type {
  ExportRequest,
  FeatureHeader,
  RequestedRange,
  VfioAttach,
  VfioPciDmaBuf,
} from "../kernel/vfio_pci_dmabuf.ts";
import {
  dropBuffer,
  engageLowPower,
  leaveLowPower,
  listBuffer,
  lockBuffersForExport,
  lockMemory,
  lockNewBuffer,
  powerUpDevice,
  refuseSecondEntry,
  releaseRunningRegistration,
  resetHardware,
  revokeBuffers,
  setInitialStatus,
  tryResetHardware,
  unlinkFromDevice,
  unlockBuffersAfterExport,
  unlockMemory,
  unlockNewBuffer,
  unrevokeAfterReset,
  unrevokeIfEnabled,
  unrevokeIfOpen,
  wakeUp,
  writeConfig,
  zapBarMappings,
} from "../kernel/vfio_pci_events.ts";
import type { VfioRules } from "../rules.ts";

/** Bytes of struct vfio_device_feature. */
export const HEADER_SIZE = 8;

/** Bytes of struct vfio_device_feature_dma_buf before its ranges. */
const PAYLOAD_SIZE = 16;

/** Where the simulated BARs begin in the physical address space. */
const BAR_ADDRESS = 1n << 32n;

/** Beyond this many ranges the array cannot be allocated: 64 GiB for 2^32 ranges, against 24 bytes each. */
const MOST_RANGES = 1 << 20;

const PAGE = BigInt(PAGE_SIZE);
const SIGN_BIT = 1n << 63n;
const LIMIT = 1n << 64n;

/** The access check of every device request: vfio_device_fops_unl_ioctl(). */
export const refuseWithoutAccess: Check<{ readonly accessGranted: boolean }> = {
  clause: "VEXP-24",
  errno: "EINVAL",
  refuses: "a descriptor without access to the device",
  when: ({ accessGranted }) => !accessGranted,
};

/** What a kernel without CONFIG_VFIO_PCI_DMABUF answers, where it has the request at all. */
export function kernelWithout(clause: string, errno: ErrnoName): Check<{ readonly device: VfioPciDevice }> {
  return {
    clause,
    errno,
    refuses: WITHOUT_DMABUF,
    when: ({ device }) => device.model.driver === "config-off",
  };
}

/** What the checks of {@link kernelWithout} refuse, in words. */
export const WITHOUT_DMABUF = "a kernel without the feature";

/** What is wrong with the header of a request for any feature; vfio_ioctl_device_feature(). */
export const headerChecks: Checks<FeatureHeader> = [
  refuseWithoutAccess,
  {
    clause: "VEXP-01",
    errno: "EFAULT",
    refuses: "an unreadable header",
    when: ({ unreadable }) => unreadable === "header",
  },
  { clause: "VEXP-01", errno: "EINVAL", refuses: "a short header", when: ({ argsz }) => argsz < HEADER_SIZE },
  { clause: "VEXP-01", errno: "EINVAL", refuses: "an unknown flag", when: ({ unknownFlag }) => unknownFlag },
  {
    clause: "VEXP-01",
    errno: "EINVAL",
    refuses: "GET and SET without PROBE",
    when: ({ request }) => request.includes("get") && request.includes("set") && !request.includes("probe"),
  },
];

/** Which feature requests are refused before a probe is answered, in the order of semantics table 4.1. */
export const featureHeader: Checks<ExportRequest> = [
  ...headerChecks,
  kernelWithout("VEXP-23", "ENOTTY"),
  {
    clause: "VEXP-02",
    errno: "EOPNOTSUPP",
    refuses: "a driver that exports nothing",
    when: ({ device }) => device.model.driver === "without-dmabuf",
  },
  { clause: "VEXP-03", errno: "EINVAL", refuses: "SET", when: ({ request }) => request.includes("set") },
];

/** Which exports are refused, in the order of semantics table 4.1. */
export const exportPayload: Checks<ExportRequest> = [
  {
    clause: "VEXP-03",
    errno: "EINVAL",
    refuses: "a request that is neither GET nor SET",
    when: ({ request }) => !request.includes("get"),
  },
  {
    clause: "VEXP-04",
    errno: "EINVAL",
    refuses: "a short payload",
    when: ({ argsz }) => argsz < HEADER_SIZE + PAYLOAD_SIZE,
  },
  {
    clause: "VEXP-05",
    errno: "EFAULT",
    refuses: "an unreadable payload",
    when: ({ unreadable }) => unreadable === "payload",
  },
  { clause: "VEXP-06", errno: "EINVAL", refuses: "no range", when: ({ rangeCount }) => rangeCount === 0 },
  { clause: "VEXP-07", errno: "EINVAL", refuses: "flags", when: ({ flags }) => flags !== 0 },
  {
    clause: "VEXP-08",
    errno: "ENODEV",
    refuses: "a region that is no BAR",
    when: ({ region }) => region > 5,
  },
  {
    clause: "VEXP-08",
    errno: "ENODEV",
    refuses: "a BAR that cannot be claimed",
    when: (request) => ["absent", "unclaimable"].includes(barKind(request)),
  },
  {
    clause: "VEXP-09",
    errno: "ENOMEM",
    refuses: "more ranges than can be held",
    when: ({ rangeCount }) => rangeCount > MOST_RANGES,
  },
  {
    clause: "VEXP-09",
    errno: "EFAULT",
    refuses: "ranges that cannot be read",
    when: ({ unreadable, rangeCount, ranges }) => unreadable === "ranges" || rangeCount > ranges.length,
  },
  {
    clause: "VEXP-10",
    errno: "EINVAL",
    refuses: "an empty range",
    when: some(({ length }) => length === 0n),
  },
  {
    clause: "VEXP-10",
    errno: "EINVAL",
    refuses: "an unaligned offset",
    when: some(({ offset }) => offset % PAGE !== 0n),
  },
  {
    clause: "VEXP-10",
    errno: "EINVAL",
    refuses: "an unaligned length",
    when: some(({ length }) => length % PAGE !== 0n),
  },
  {
    clause: "VEXP-11",
    errno: "EINVAL",
    refuses: "an overflow of the sum",
    when: (request) => sum(request) >= LIMIT,
  },
  {
    clause: "VEXP-11",
    errno: "EINVAL",
    refuses: "a sum with the sign bit",
    when: (request) => sum(request) >= SIGN_BIT,
  },
  {
    clause: "VEXP-12",
    errno: "EINVAL",
    refuses: "a BAR that peers cannot reach",
    when: (request) => barKind(request) !== "memory",
  },
  {
    clause: "VEXP-13",
    errno: "EOVERFLOW",
    refuses: "an address that overflows",
    when: (request) => wraps(firstOutside(request)),
  },
  {
    clause: "VEXP-13",
    errno: "EINVAL",
    refuses: "a range beyond the BAR",
    when: (request) => firstOutside(request) !== undefined,
  },
  {
    clause: "VEXP-14",
    errno: "ENODEV",
    refuses: "a device that gives out no registration any more",
    when: ({ device }) => device.registration.value === 0,
  },
];

function some(wrong: (range: RequestedRange) => boolean): (request: ExportRequest) => boolean {
  return ({ ranges }) => ranges.some(wrong);
}

function sum({ ranges }: ExportRequest): bigint {
  return ranges.reduce((total, { length }) => total + length, 0n);
}

function barKind({ device, region }: ExportRequest): string {
  return device.model.bars[region]?.kind ?? "absent";
}

function firstOutside({ device, region, ranges }: ExportRequest): RequestedRange | undefined {
  const size = BigInt(device.model.bars[region]?.size ?? 0);
  return ranges.find(({ offset, length }) => offset + length > size);
}

function wraps(range: RequestedRange | undefined): boolean {
  return range !== undefined && BAR_ADDRESS + range.offset + range.length > LIMIT;
}

function isRevoked(buffer: VfioPciDmaBuf | undefined): boolean {
  return buffer?.status !== "OK";
}

/** Which attachments are refused, in the order of semantics table 4.4. */
export const attach: Checks<VfioAttach> = [
  {
    clause: "VATT-01",
    errno: "EOPNOTSUPP",
    refuses: "an importer that cannot reach PCI memory",
    when: ({ attachment }) => !attachment.peer2peer,
  },
  {
    clause: "VATT-02",
    errno: "ENODEV",
    refuses: "a revoked buffer",
    when: ({ buffer }) => isRevoked(buffer),
  },
  {
    clause: "VATT-03",
    errno: "EOPNOTSUPP",
    refuses: "an importer without the callback",
    when: ({ attachment }) => attachment.ops?.invalidate === undefined,
  },
];

/** Up to 7.0 VFIO did not ask whether an importer can be revoked; the core refused those without a callback. */
export const attachTo70: Checks<VfioAttach> = attach.filter(({ clause }) => clause !== "VATT-03");

const privateMap: Checks<VfioAttach> = [
  { clause: "VATT-08", errno: "EOPNOTSUPP", refuses: "a foreign buffer", when: ({ buffer }) => !buffer },
  {
    clause: "VATT-08",
    errno: "ENODEV",
    refuses: "a revoked buffer",
    when: ({ buffer }) => isRevoked(buffer),
  },
  {
    clause: "VATT-08",
    errno: "EOPNOTSUPP",
    refuses: "more than one range",
    when: ({ buffer }) => buffer?.ranges.length !== 1,
  },
];

/** A sequence under memory_lock, with the device's own BAR mappings zapped: vfio_pci_zap_and_down_write_memory_lock(). */
function zapped(...steps: Sequence<DeviceEvent>): Sequence<DeviceEvent> {
  return [lockMemory, zapBarMappings, ...steps, unlockMemory];
}

/** The rules that {@link vfioOf} in `revocation.ts` makes of a row. */
type FromRow =
  | "events"
  | "transitions"
  | "closing"
  | "pin"
  | "mmap"
  | "mmapChecks"
  | "firstFaultCheck"
  | "secondFaultCheck"
  | "bufferLock"
  | "requestForm"
  | "revokeSemantics"
  | "revokeArgument"
  | "revokeFeatureHeader"
  | "revokeFeaturePayload"
  | "revokeForeign"
  | "revokeLock"
  | "revokeState";

/** The VFIO rules that do not follow from a row of the table of proposals, as Linux 7.3 has them. */
export const vfioBase: Omit<VfioRules, FromRow> & {
  readonly events: Omit<VfioRules["events"], "lastClose">;
} = {
  memoryEnabled: ({ power, command, model }) => power === "D0" && (command.memory || model.isVirtual),
  endsSession: ({ openCount }) => openCount === 0,
  startsFlr: ({ model }) => model.hasFlr,
  resetChecks: [{
    clause: "VEVT-09",
    errno: "EINVAL",
    refuses: "a device that cannot be reset",
    when: ({ model }: VfioPciDevice) => !model.canReset,
  }],
  events: {
    commandMemoryOff: zapped(revokeBuffers, writeConfig, unrevokeIfEnabled),
    commandMemoryOn: [lockMemory, writeConfig, unrevokeIfEnabled, unlockMemory],
    commandUpperByte: [writeConfig],
    powerDown: zapped(revokeBuffers, writeConfig),
    powerUp: [lockMemory, writeConfig, unrevokeIfEnabled, unlockMemory],
    reset: zapped(powerUpDevice, revokeBuffers, resetHardware, unrevokeAfterReset),
    flr: zapped(revokeBuffers, tryResetHardware, unrevokeIfEnabled),
    lowPowerEntry: zapped(revokeBuffers, refuseSecondEntry, engageLowPower),
    lowPowerExit: [lockMemory, leaveLowPower, unrevokeIfEnabled, unlockMemory],
    wakeup: [lockMemory, wakeUp, unlockMemory],
  },
  hotReset: {
    revokes: ({ devSet }) => devSet.devices,
    owns: (device, member) => member.openCount === 0 || member.model.context === device.model.context,
    begin: [revokeBuffers, zapBarMappings],
    end: [unrevokeIfOpen, unlockMemory],
  },
  featureHeader,
  probeExports: false,
  sizeOf: (ranges) => Number(ranges.reduce((total, { length }) => total + length, 0n)),
  openFlags: ({ openFlags, cloexec }) => ({ flags: openFlags, cloexec }),
  exportAnswer: (fd) => fd,
  exportPayload,
  publish: [
    lockBuffersForExport,
    lockNewBuffer,
    setInitialStatus,
    listBuffer,
    unlockNewBuffer,
    unlockBuffersAfterExport,
  ],
  undoExport: [dropBuffer],
  initialStatus: (_device, memoryEnabled) => memoryEnabled ? "OK" : "TEMP",
  release: [unlinkFromDevice, releaseRunningRegistration],
  attach,
  map: [{ clause: "VATT-05", errno: "ENODEV", refuses: "a revoked buffer", when: isRevoked }],
  krefsTakenByMap: (error) => error ? 0 : 1,
  krefsPutByUnmap: 1,
  privateMap,
  refusedFault: () => undefined,
  frameOf: ({ frames }, page) => frames[page],
  visits: getFileActive,
  buffersToMove: ({ dmabufs }) => [...dmabufs],
  probeRevokes: false,
  revokeLookupError: (error) => error,
  buffersToRevoke: ({ buffer }) => buffer ? [buffer] : [],
  putsAfterRevoke: () => 1,
};
