/**
 * The kernel's interface for a C program: which headers it includes, and what it defines itself where they are older
 * than what it asks for. Both come from the table of the native target, so that no number is written twice.
 *
 * @module
 */
import {
  DMA_BUF_REQUESTS,
  dmaBufExportSyncFile,
  dmaBufImportSyncFile,
  swSyncCreateFenceData,
} from "../../runners/native/abi/dma_buf.ts";
import {
  DRM_REQUESTS,
  drmGemClose,
  drmModeCreateDumb,
  drmModeMapDumb,
  drmPrimeHandle,
} from "../../runners/native/abi/drm.ts";
import type { Request } from "../../runners/native/abi/ioctl.ts";
import {
  iommuDestroy,
  IOMMUFD_REQUESTS,
  iommuIoasAlloc,
  iommuIoasChangeProcess,
  iommuIoasCopy,
  iommuIoasMap,
  iommuIoasMapFile,
  iommuIoasUnmap,
  iommuVfioIoas,
  MAP_FLAG,
  TEST_CMD_SIZE,
  TEST_FLAG,
  TEST_OP,
  testAccessPages,
  testAccessRw,
  testCreateAccess,
  testDestroyAccessPages,
  testDmabufGet,
  testDmabufRevoke,
  testMockDomain,
  VFIO_IOAS_OP,
} from "../../runners/native/abi/iommufd.ts";
import type { FieldType, Struct } from "../../runners/native/abi/layout.ts";
import {
  FEATURE,
  VFIO_REQUESTS,
  vfioDeviceAttachIommufdPt,
  vfioDeviceBindIommufd,
  vfioDeviceFeatureDmaBuf,
  vfioDeviceFeatureDmaBufRevoke,
  vfioDeviceLowPowerEntryWithWakeup,
  vfioPciDmabufRevoke,
  vfioRegionDmaRange,
} from "../../runners/native/abi/vfio.ts";

/** What a program needs of the kernel's interface: a header, and what it may lack. */
export interface AbiPart {
  /** The header; missing where none has it. */
  readonly header?: string | undefined;
  /** Whether there are systems without the header. */
  readonly headerMayBeMissing?: boolean | undefined;
  /** The definitions in C, each between `#ifndef` and `#endif`; empty where every header has it all. */
  readonly definitions: string;
}

const C_TYPES = { u8: "__u8", u16: "__u16", u32: "__u32", s32: "__s32", u64: "__aligned_u64" } as const;

function fieldText(name: string, type: FieldType): string {
  return typeof type === "string" ? `\t${C_TYPES[type]} ${name};` : `\tchar ${name}[${type.text}];`;
}

/** A structure as C declares it. */
export function structText({ name, fields }: Struct): string {
  const rows = Object.entries(fields).map(([field, type]) => fieldText(field, type));
  return [`struct ${name} {`, ...rows, "};"].join("\n");
}

const MACROS = { none: "_IO", write: "_IOW", read: "_IOR", both: "_IOWR" } as const;

/** The definition of a request; `of` is the argument whose size its number holds. */
function requestText({ name, type, number, direction, size }: Request, of?: Struct): string {
  const argument = direction === "none" ? "" : `, ${of ? `struct ${of.name}` : `__u${size * 8}`}`;
  const hex = `0x${number.toString(16).padStart(2, "0")}`;
  return `#define ${name} ${MACROS[direction]}('${type}', ${hex}${argument})`;
}

function guarded(guard: string, ...definitions: readonly string[]): string {
  return [`#ifndef ${guard}`, ...definitions, "#endif"].join("\n");
}

const VFIO = "linux/vfio.h";
const DMA_BUF = "linux/dma-buf.h";
const IOMMUFD = "linux/iommufd.h";

/** Requests and structures that every header of a system has which can build the program. */
function plainHeader(header: string): AbiPart {
  return { header, definitions: "" };
}

/** What a header has since some version: a request, and what goes with it. */
function later(header: string | undefined, request: Request, of: readonly Struct[] = []): AbiPart {
  const [argument] = of;
  const definitions = guarded(request.name, ...of.map(structText), requestText(request, argument));
  return { header, definitions, headerMayBeMissing: header === IOMMUFD };
}

function feature(name: string, number: number, of: readonly Struct[] = []): AbiPart {
  return { header: VFIO, definitions: guarded(name, `#define ${name} ${number}`, ...of.map(structText)) };
}

/** One member of the union within `struct iommu_test_cmd`. */
function testMember(name: string, of: Struct): string {
  const rows = Object.entries(of.fields).slice(4).map(([field, type]) => `\t${fieldText(field, type)}`);
  return ["\t\tstruct {", ...rows.map((row) => `\t${row}`), `\t\t} ${name};`].join("\n");
}

const TEST_MEMBERS = {
  mock_domain: testMockDomain,
  create_access: testCreateAccess,
  access_rw: testAccessRw,
  access_pages: testAccessPages,
  destroy_access_pages: testDestroyAccessPages,
  dmabuf_get: testDmabufGet,
  dmabuf_revoke: testDmabufRevoke,
} as const;

/** Bytes in front of the union. */
const TEST_HEADER = 16;

/** The self test of iommufd, whose header no system has: the part of its command that the suite uses. */
function selftest(): AbiPart {
  const define = (name: string, value: number) => `#define IOMMU_TEST_${name} ${value}`;
  const header = Object.entries(testMockDomain.fields).slice(0, 4);
  return {
    definitions: guarded(
      IOMMUFD_REQUESTS.test.name,
      define("OP_MOCK_DOMAIN", TEST_OP.mockDomain),
      define("OP_CREATE_ACCESS", TEST_OP.createAccess),
      define("OP_DESTROY_ACCESS_PAGES", TEST_OP.destroyAccessPages),
      define("OP_ACCESS_PAGES", TEST_OP.accessPages),
      define("OP_ACCESS_RW", TEST_OP.accessRw),
      define("OP_DMABUF_GET", TEST_OP.dmabufGet),
      define("OP_DMABUF_REVOKE", TEST_OP.dmabufRevoke),
      define("ACCESS_WRITE", TEST_FLAG.accessWrite),
      define("RW_WRITE", TEST_FLAG.rwWrite),
      define("CREATE_NEEDS_PIN_PAGES", TEST_FLAG.createNeedsPinPages),
      "",
      "struct iommu_test_cmd {",
      ...header.map(([name, type]) => fieldText(name, type)),
      "\tunion {",
      ...Object.entries(TEST_MEMBERS).map(([name, of]) => testMember(name, of)),
      `\t\t__u8 room[${TEST_CMD_SIZE - TEST_HEADER}];`,
      "\t};",
      "};",
      requestText(IOMMUFD_REQUESTS.test),
    ),
  };
}

function iommufdEnums(): AbiPart {
  return {
    header: IOMMUFD,
    headerMayBeMissing: true,
    definitions: guarded(
      IOMMUFD_REQUESTS.ioasAlloc.name,
      `#define IOMMU_IOAS_MAP_FIXED_IOVA ${MAP_FLAG.fixedIova}`,
      `#define IOMMU_IOAS_MAP_WRITEABLE ${MAP_FLAG.writeable}`,
      `#define IOMMU_IOAS_MAP_READABLE ${MAP_FLAG.readable}`,
      `#define IOMMU_VFIO_IOAS_SET ${VFIO_IOAS_OP.set}`,
      structText(iommuIoasAlloc),
      requestText(IOMMUFD_REQUESTS.ioasAlloc),
    ),
  };
}

/** The part of DRM by which buffers are shared; some systems have its header only with a library. */
function drm(): AbiPart {
  const requests = [
    [DRM_REQUESTS.gemClose, drmGemClose],
    [DRM_REQUESTS.primeHandleToFd, drmPrimeHandle],
    [DRM_REQUESTS.primeFdToHandle, drmPrimeHandle],
    [DRM_REQUESTS.modeCreateDumb, drmModeCreateDumb],
    [DRM_REQUESTS.modeMapDumb, drmModeMapDumb],
  ] as const;
  const structs = new Set(requests.map(([, of]) => of));
  return {
    header: "drm/drm.h",
    headerMayBeMissing: true,
    definitions: guarded(
      DRM_REQUESTS.gemClose.name,
      ...[...structs].map(structText),
      ...requests.map(([request, of]) => requestText(request, of)),
    ),
  };
}

/** The parts of the interface that programs use. */
export const ABI = {
  dmaBuf: plainHeader(DMA_BUF),
  exportSyncFile: later(DMA_BUF, DMA_BUF_REQUESTS.exportSyncFile, [dmaBufExportSyncFile]),
  importSyncFile: later(DMA_BUF, DMA_BUF_REQUESTS.importSyncFile, [dmaBufImportSyncFile]),
  bufferRevoke: later(DMA_BUF, DMA_BUF_REQUESTS.revoke),
  heap: plainHeader("linux/dma-heap.h"),
  udmabuf: plainHeader("linux/udmabuf.h"),
  swSync: {
    definitions: guarded(
      DMA_BUF_REQUESTS.swSyncCreateFence.name,
      structText(swSyncCreateFenceData),
      requestText(DMA_BUF_REQUESTS.swSyncCreateFence, swSyncCreateFenceData),
      requestText(DMA_BUF_REQUESTS.swSyncInc),
    ),
  },
  vfio: plainHeader(VFIO),
  bindIommufd: later(VFIO, VFIO_REQUESTS.bindIommufd, [vfioDeviceBindIommufd]),
  attachIommufd: later(VFIO, VFIO_REQUESTS.attachIommufdPt, [vfioDeviceAttachIommufdPt]),
  dmaBufFeature: feature("VFIO_DEVICE_FEATURE_DMA_BUF", FEATURE.dmaBuf, [
    vfioRegionDmaRange,
    vfioDeviceFeatureDmaBuf,
  ]),
  lowPowerEntry: feature("VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY", FEATURE.lowPowerEntry),
  lowPowerEntryWithWakeup: feature(
    "VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP",
    FEATURE.lowPowerEntryWithWakeup,
    [vfioDeviceLowPowerEntryWithWakeup],
  ),
  lowPowerExit: feature("VFIO_DEVICE_FEATURE_LOW_POWER_EXIT", FEATURE.lowPowerExit),
  dmabufRevoke: later(VFIO, VFIO_REQUESTS.dmabufRevoke, [vfioPciDmabufRevoke]),
  iommufd: iommufdEnums(),
  iommuDestroy: later(IOMMUFD, IOMMUFD_REQUESTS.destroy, [iommuDestroy]),
  iommuMap: later(IOMMUFD, IOMMUFD_REQUESTS.ioasMap, [iommuIoasMap]),
  iommuUnmap: later(IOMMUFD, IOMMUFD_REQUESTS.ioasUnmap, [iommuIoasUnmap]),
  iommuCopy: later(IOMMUFD, IOMMUFD_REQUESTS.ioasCopy, [iommuIoasCopy]),
  iommuMapFile: later(IOMMUFD, IOMMUFD_REQUESTS.ioasMapFile, [iommuIoasMapFile]),
  iommuVfioIoas: later(IOMMUFD, IOMMUFD_REQUESTS.vfioIoas, [iommuVfioIoas]),
  iommuChangeProcess: later(IOMMUFD, IOMMUFD_REQUESTS.ioasChangeProcess, [iommuIoasChangeProcess]),
  selftest: selftest(),
  drm: drm(),
  video: plainHeader("linux/videodev2.h"),
  module: plainHeader("conform.h"),
} satisfies Record<string, AbiPart>;

/** The revoke feature, whose number differs between proposals: the user's, or the reference exporter's. */
export function revokeFeaturePart(number: number): AbiPart {
  return feature("VFIO_DEVICE_FEATURE_DMA_BUF_REVOKE", number, [vfioDeviceFeatureDmaBufRevoke]);
}

/** The lines that bring in the parts: headers first, in the order of their names, then what they may lack. */
export function abiText(
  parts: readonly AbiPart[],
): { readonly includes: readonly string[]; readonly definitions: readonly string[] } {
  const headers = new Map(
    parts.flatMap(({ header, headerMayBeMissing }) =>
      header === undefined ? [] : [[header, headerMayBeMissing === true] as const]
    ),
  );
  const includes = [...headers].toSorted(([one], [other]) => one < other ? -1 : 1).flatMap(
    ([header, missing]) => {
      if (header === "conform.h") return [];
      if (!missing) return [`#include <${header}>`];
      return [`#if __has_include(<${header}>)`, `#include <${header}>`, "#endif"];
    },
  );
  return {
    includes,
    definitions: [...new Set(parts.map(({ definitions }) => definitions))].filter((each) => each !== ""),
  };
}
