/**
 * iommufd as an importer, in Linux 7.3, in earlier releases, and as Leon Romanovsky's first series would have it.
 *
 * 7.3 was read line by line. Of the releases before, what commits say is modelled: 6.19 and 7.0 did not pin, 7.1 still
 * let the CPU pin pages of a dma-buf. That 7.1 unpinned without the reservation lock (e745cd2c749e) only lockdep
 * could see; it is a mutant here.
 *
 * @module
 */
import type { Check, Checks } from "../kernel/check.ts";
import { areasIn, type CpuAccess, type IovaRange, type MapRequest } from "../kernel/iommufd_ioas.ts";
import {
  attachToDmaBuf,
  detachAfterFailure,
  detachFromDmaBuf,
  DmaBufPages,
  forgetPhys,
  lockDmaBuf,
  pinDmaBuf,
  privateMapDmaBuf,
  putDmaBuf,
  unlockDmaBuf,
  unmapTranslations,
  unpinAfterFailure,
  unpinDmaBuf,
} from "../kernel/iommufd_pages.ts";
import {
  lockMock,
  markMockValid,
  setMockState,
  tellImportersOfMock,
  tellImportersOfMockRevoke,
  unlockMock,
} from "../kernel/iommufd_selftest.ts";
import { PAGE_SIZE } from "../kernel/kernel.ts";
import { Memfd } from "../kernel/udmabuf.ts";
import type { IommufdRules } from "../iommufd_rules.ts";

const PAGE = BigInt(PAGE_SIZE);
const ULONG_MAX = (1n << 64n) - 1n;

/** The most pages of a file that the simulated machine can hold at once. */
const MOST_FILE_PAGES = 1 << 16;

/** The most pages of a buffer of the mock exporter. */
const MOST_MOCK_PAGES = 512n;

function isBeyondUlong({ iova, length }: IovaRange): boolean {
  return iova >= ULONG_MAX || length >= ULONG_MAX;
}

function overflows({ iova, length }: IovaRange): boolean {
  return iova + length - 1n > ULONG_MAX;
}

/** The checks with which every request to map begins, in the order of ioas.c. */
const mapArgument: Checks<MapRequest> = [
  {
    clause: "IOFD-01",
    errno: "EOPNOTSUPP",
    refuses: "an unknown flag",
    when: ({ unknownFlag }) => unknownFlag,
  },
  {
    clause: "IOFD-01",
    errno: "EOVERFLOW",
    refuses: "an address or a length beyond ULONG_MAX",
    when: isBeyondUlong,
  },
  {
    clause: "IOFD-01",
    errno: "EINVAL",
    refuses: "neither reading nor writing",
    when: ({ access }) => access.length === 0,
  },
];

/** Whether pages come from a dma-buf. */
function isDmaBuf(pages: unknown): boolean {
  return pages instanceof DmaBufPages;
}

const refuseToWriteReadOnly: Check<CpuAccess> = {
  clause: "IOFD-12",
  errno: "EPERM",
  refuses: "writing what was mapped for reading",
  when: ({ access, pages }) => access === "write" && !pages.writable,
};

const refuseDmaBufToCpu: Check<CpuAccess> = {
  clause: "IOFD-12",
  errno: "EINVAL",
  refuses: "pages of a dma-buf",
  when: ({ pages }) => isDmaBuf(pages),
};

/** iommufd in Linux 7.3. */
export const iommufd73: IommufdRules = {
  device: "present",
  mapFile: [
    ...mapArgument,
    {
      clause: "IOFD-01",
      errno: "ENOENT",
      refuses: "an unknown address space",
      when: ({ ioasExists }) => !ioasExists,
    },
    { clause: "IOFD-01", errno: "EINVAL", refuses: "no bytes", when: ({ length }) => length === 0n },
    {
      clause: "IOFD-01",
      errno: "EOVERFLOW",
      refuses: "a range of the file that overflows",
      when: ({ start, length }) => start + length - 1n > ULONG_MAX,
    },
  ],
  noSuchFile: "EBADF",
  pinFolios: [
    {
      clause: "IOFD-02",
      errno: "EINVAL",
      refuses: "a file that is not in memory",
      when: ({ file }) => !(file.of instanceof Memfd),
    },
    {
      clause: "IOFD-02",
      errno: "EINVAL",
      refuses: "pages beyond the end",
      when: ({ file: { of }, first, count }) => of instanceof Memfd && first + count > of.pages,
    },
    {
      clause: "IOFD-02",
      errno: "ENOMEM",
      refuses: "more than the machine has",
      when: ({ count }) => count > MOST_FILE_PAGES,
    },
  ],
  dmaBufRange: [{
    clause: "IOFD-03",
    errno: "EINVAL",
    refuses: "a range beyond the end of the buffer",
    when: ({ dmabuf, start, length }) => BigInt(dmabuf.size) <= start + length - 1n,
  }],
  attachOps: (invalidate) => ({ allowPeer2peer: true, invalidate }),
  importDmaBuf: [
    attachToDmaBuf,
    lockDmaBuf,
    pinDmaBuf,
    privateMapDmaBuf,
    unpinAfterFailure,
    unlockDmaBuf,
    detachAfterFailure,
  ],
  putsAfterFailedMap: 1,
  placement: [
    {
      clause: "IOFD-01",
      errno: "EINVAL",
      refuses: "an address or a length that is not of pages",
      when: ({ request: { ioas, iova, length } }) =>
        iova % ioas.alignment !== 0n || length % ioas.alignment !== 0n,
    },
    {
      clause: "IOFD-01",
      errno: "EOVERFLOW",
      refuses: "addresses that overflow",
      when: ({ request }) => overflows(request),
    },
    {
      clause: "IOFD-14",
      errno: "EEXIST",
      refuses: "addresses that are taken",
      when: ({ request }) => areasIn(request.ioas, request).length > 0,
    },
    {
      clause: "IOFD-11",
      errno: "EPERM",
      refuses: "writing what was mapped for reading",
      when: ({ request, pages }) => request.access.includes("write") && !pages.writable,
    },
  ],

  ignoresInvalidation: ({ revoked }) => revoked,
  invalidated: [unmapTranslations, forgetPhys],
  translatesNothing: (pages) => pages instanceof DmaBufPages && pages.revoked,
  tracked: (area, domain) => [{ area, domain }],
  addDomain: [{
    clause: "IOFD-01",
    errno: "EADDRINUSE",
    refuses: "areas that are not of pages",
    when: ({ areas }) => areas.some(({ iova, length }) => iova % PAGE !== 0n || length % PAGE !== 0n),
  }],

  unmap: [{
    clause: "IOFD-10",
    errno: "EOVERFLOW",
    refuses: "an address or a length beyond ULONG_MAX, but for all of it",
    when: (request) => isBeyondUlong(request) && (request.iova !== 0n || request.length !== ULONG_MAX),
  }],
  unmapRange: [
    { clause: "IOFD-10", errno: "EINVAL", refuses: "no bytes", when: ({ length }) => length === 0n },
    { clause: "IOFD-10", errno: "EOVERFLOW", refuses: "addresses that overflow", when: overflows },
  ],
  unmapArea: [
    { clause: "IOFD-10", errno: "EBUSY", refuses: "an area in the making", when: ({ area }) => !area.pages },
    {
      clause: "IOFD-13",
      errno: "ENOENT",
      refuses: "a part of an area",
      when: ({ area, range }) =>
        area.iova < range.iova || area.iova + area.length > range.iova + range.length,
    },
  ],
  unmappedBytes: ({ length }) => length,
  split: [
    { clause: "IOFD-13", errno: "EBUSY", refuses: "an area in the making", when: ({ area }) => !area.pages },
    {
      clause: "IOFD-13",
      errno: "EOPNOTSUPP",
      refuses: "an area of a dma-buf",
      when: ({ area }) => isDmaBuf(area.pages),
    },
    {
      clause: "IOFD-13",
      errno: "EINVAL",
      refuses: "an address that is not of pages",
      when: ({ at }) => at % PAGE !== 0n,
    },
  ],
  copy: [
    ...mapArgument,
    { clause: "IOFD-11", errno: "EINVAL", refuses: "no bytes", when: ({ length }) => length === 0n },
  ],
  copyPages: [],
  releaseDmaBuf: [lockDmaBuf, unpinDmaBuf, unlockDmaBuf, detachFromDmaBuf, putDmaBuf],
  accessRw: [refuseToWriteReadOnly, refuseDmaBufToCpu],
  accessPin: [refuseToWriteReadOnly, refuseDmaBufToCpu],
  changeProcess: [{
    clause: "IOFD-13",
    errno: "EINVAL",
    refuses: "pages of a dma-buf",
    when: (pages) => pages.some(isDmaBuf),
  }],

  mockGet: [
    { clause: "IOFD-16", errno: "EINVAL", refuses: "no bytes", when: ({ length }) => length === 0n },
    {
      clause: "IOFD-16",
      errno: "EINVAL",
      refuses: "more than 512 pages",
      when: ({ length }) => length > MOST_MOCK_PAGES * PAGE,
    },
  ],
  mockRevokeSemantics: false,
  mockRequest: [],
  mockLookupError: (error) => error,
  mockForeign: [{
    clause: "IOFD-16",
    errno: "EOPNOTSUPP",
    refuses: "a buffer of another exporter",
    when: ({ mock }) => !mock,
  }],
  mockRevoke: [lockMock, setMockState, tellImportersOfMock, unlockMock],
  mockPrivateMap: [{
    clause: "IOFD-04",
    errno: "ENODEV",
    refuses: "a revoked buffer",
    when: ({ revoked }) => revoked,
  }],
};

/** Until 5f3fc0ad9a41 nothing kept the CPU from pinning pages of a dma-buf; what came of it nobody has seen. */
export const iommufd71: IommufdRules = { ...iommufd73, accessPin: [refuseToWriteReadOnly] };

/** iommufd pins since 7.1; VFIO refused every pin before (VATT-09). */
export const iommufd70: IommufdRules = {
  ...iommufd71,
  importDmaBuf: iommufd73.importDmaBuf.filter((step) => step !== pinDmaBuf && step !== unpinAfterFailure),
  releaseDmaBuf: [detachFromDmaBuf, putDmaBuf],
};

/**
 * Leon Romanovsky's v1: iommufd declares revoke_notify, so it gets no buffer of an exporter without revoke semantics
 * (LEON1-15); the mock exporter leaves the state to the core and un-revokes by dma_buf_mark_valid() (L1-4).
 */
export const iommufdLeonV1: IommufdRules = {
  ...iommufd70,
  attachOps: (revokeNotify) => ({ allowPeer2peer: true, revokeNotify }),
  mockRevokeSemantics: true,
  mockRevoke: [lockMock, tellImportersOfMockRevoke, markMockValid, unlockMock],
  mockPrivateMap: [],
};

/** A request that the kernel does not know. */
function unknown<R>(): Check<R> {
  return { clause: "IOFD-01", errno: "ENOTTY", refuses: "an unknown request", when: () => true };
}

/** 6.12 maps no files at all, and its self-test has no mock exporter: the requests came with 6.13, 6.14 and 6.19. */
export const iommufd612: IommufdRules = {
  ...iommufd70,
  mapFile: [unknown()],
  changeProcess: [unknown()],
  mockGet: [unknown()],
  mockRequest: [unknown()],
};
