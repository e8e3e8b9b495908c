/**
 * Mistakes of iommufd as an importer, and of the mock exporter of its self-test.
 *
 * @module
 */
import { DmaBuf } from "../kernel/dma_buf.ts";
import { fget } from "../kernel/file.ts";
import type { CpuAccess } from "../kernel/iommufd_ioas.ts";
import {
  attachToDmaBuf,
  detachAfterFailure,
  detachFromDmaBuf,
  DmaBufPages,
  forgetPhys,
  type ImportStep,
  type IoptPages,
  pinDmaBuf,
  privateMapDmaBuf,
  putDmaBuf,
  type RevokeStep,
  unlockDmaBuf,
  unmapTranslations,
  unpinAfterFailure,
  unpinDmaBuf,
} from "../kernel/iommufd_pages.ts";
import { type MockStep, setMockState, tellImportersOfMock } from "../kernel/iommufd_selftest.ts";
import type { Check, Checks } from "../kernel/check.ts";
import { PAGE_SIZE } from "../kernel/kernel.ts";
import { vfioBufferOf } from "../kernel/vfio_pci_dmabuf.ts";
import type { IommufdRules } from "../iommufd_rules.ts";
import {
  also,
  answer,
  type Bug,
  type BugText,
  forget,
  inVfio,
  movedBehind,
  type Mutant,
  mutantOf,
  replaced,
  without,
} from "./mutant.ts";

const DIALECT = "mainline-7.3";
/** The dialect whose owner can revoke a buffer for good. */
const PROPOSAL = "matt-v1-vfio";

const PAGE = BigInt(PAGE_SIZE);
const ULONG_MAX = (1n << 64n) - 1n;

/** A bug in the rules of iommufd. */
function inIommufd(bug: (iommufd: IommufdRules) => Partial<IommufdRules>): Bug {
  return (rules) => ({ ...rules, iommufd: { ...rules.iommufd, ...bug(rules.iommufd) } });
}

function bug(text: BugText, change: (iommufd: IommufdRules) => Partial<IommufdRules>): Mutant {
  return mutantOf(DIALECT, text, inIommufd(change));
}

/** The checks with what one of them refuses looked at last. */
function last<R>(checks: Checks<R>, refuses: string): Checks<R> {
  const isIt = (check: Check<R>) => check.refuses === refuses;
  return [...checks.filter((check) => !isIt(check)), ...checks.filter(isIt)];
}

/** The checks without what one of them refuses. */
function unasked<R>(checks: Checks<R>, refuses: string): Checks<R> {
  return checks.filter((check) => check.refuses !== refuses);
}

function isRevoked(pages: IoptPages | undefined): boolean {
  return pages instanceof DmaBufPages && pages.revoked;
}

const refuseRevoked: Check<IoptPages> = {
  clause: "IOFD-11",
  errno: "ENODEV",
  refuses: "revoked pages",
  when: isRevoked,
};

/** Mistakes in the request to map. */
const requestMutants: readonly Mutant[] = [
  bug({
    id: "iommufd-ignores-unknown-flags",
    title: "A request to map with an unknown flag is not refused for it",
    breaks: ["IOFD-01"],
  }, ({ mapFile }) => ({ mapFile: unasked(mapFile, "an unknown flag") })),
  bug({
    id: "iommufd-looks-at-flags-last",
    title: "A request to map is asked for its flags last",
    breaks: ["IOFD-01"],
  }, ({ mapFile }) => ({ mapFile: last(mapFile, "an unknown flag") })),
  bug({
    id: "iommufd-takes-any-address",
    title: "An address or a length of ULONG_MAX is not refused for it",
    breaks: ["IOFD-01"],
  }, ({ mapFile }) => ({ mapFile: unasked(mapFile, "an address or a length beyond ULONG_MAX") })),
  bug({
    id: "iommufd-looks-at-address-only",
    title: "An address of ULONG_MAX is refused, and a length of ULONG_MAX is not",
    breaks: ["IOFD-01"],
  }, ({ mapFile }) => ({
    mapFile: mapFile.map((check) =>
      check.refuses === "an address or a length beyond ULONG_MAX"
        ? { ...check, when: ({ iova }) => iova >= ULONG_MAX }
        : check
    ),
  })),
  bug({
    id: "iommufd-maps-without-access",
    title: "A map that allows neither reading nor writing is not refused",
    breaks: ["IOFD-01"],
  }, ({ mapFile }) => ({ mapFile: unasked(mapFile, "neither reading nor writing") })),
  bug({
    id: "iommufd-looks-for-the-space-late",
    title: "The address space is looked up after the length was checked",
    breaks: ["IOFD-01"],
  }, ({ mapFile }) => ({ mapFile: last(mapFile, "an unknown address space") })),
  bug({
    id: "iommufd-maps-no-bytes",
    title: "A map of no bytes is not refused",
    breaks: ["IOFD-01"],
  }, ({ mapFile }) => ({ mapFile: unasked(mapFile, "no bytes") })),
  bug({
    id: "iommufd-lets-the-range-overflow",
    title: "A range of the file that overflows is not noticed",
    breaks: ["IOFD-01"],
  }, ({ mapFile }) => ({ mapFile: unasked(mapFile, "a range of the file that overflows") })),
  bug({
    id: "iommufd-overflows-too-early",
    title: "A range of the file overflows one byte too early",
    breaks: ["IOFD-01"],
  }, ({ mapFile }) => ({
    mapFile: mapFile.map((check) =>
      check.refuses === "a range of the file that overflows"
        ? { ...check, when: ({ start, length }) => start + length > ULONG_MAX }
        : check
    ),
  })),
  bug({
    id: "iommufd-looks-at-the-descriptor-first",
    title: "The descriptor is looked up before anything else is checked",
    breaks: ["IOFD-01"],
  }, ({ mapFile }) => ({
    mapFile: [
      { clause: "IOFD-01", errno: "EBADF", refuses: "a closed descriptor", when: ({ fd }) => !fget(fd) },
      ...mapFile,
    ],
  })),
  bug({
    id: "iommufd-answers-einval-to-closed-descriptor",
    title: "A descriptor that is not open answers EINVAL",
    breaks: ["IOFD-02"],
  }, () => ({ noSuchFile: "EINVAL" })),
  bug({
    id: "iommufd-answers-ebadf-to-other-files",
    title: "A file that is not in memory answers EBADF, as if it were closed",
    breaks: ["IOFD-02"],
  }, ({ pinFolios }) => ({
    pinFolios: answer(pinFolios, "IOFD-02", "EBADF", "a file that is not in memory"),
  })),
  bug({
    id: "iommufd-maps-dma-bufs-only",
    title: "A memfd is refused like any file that is no dma-buf",
    breaks: ["IOFD-02"],
  }, ({ mapFile }) => ({
    mapFile: also(mapFile, {
      clause: "IOFD-02",
      errno: "EINVAL",
      refuses: "what is no dma-buf",
      when: ({ fd }) => fget(fd) !== undefined && !(fget(fd)?.of instanceof DmaBuf),
    }),
  })),
  bug({
    id: "iommufd-maps-over-an-area",
    title: "An area can be mapped where another one is",
    breaks: ["IOFD-14"],
  }, ({ placement }) => ({ placement: unasked(placement, "addresses that are taken") })),
];

/** Counts without the start of the range. */
const checkLengthOnly: IommufdRules["dmaBufRange"] = [{
  clause: "IOFD-03",
  errno: "EINVAL",
  refuses: "more than the buffer has",
  when: ({ dmabuf, length }) => BigInt(dmabuf.size) < length,
}];

/** Lets one byte too many pass, and so a page. */
const checkOneTooFew: IommufdRules["dmaBufRange"] = [{
  clause: "IOFD-03",
  errno: "EINVAL",
  refuses: "more than a page beyond the end",
  when: ({ dmabuf, start, length }) => BigInt(dmabuf.size) < start + length - PAGE,
}];

/** Makes EINVAL of whatever the exporter answers. */
const attachOrEinval: ImportStep = {
  ...attachToDmaBuf,
  *run(kernel, pages) {
    const given = attachToDmaBuf.run(kernel, pages);
    const error = typeof given === "object" ? yield* given : given;
    return error && "EINVAL";
  },
};

/** Forgets where in the buffer the range starts. */
const mapFromTheStart: ImportStep = {
  ...privateMapDmaBuf,
  *run(kernel, pages) {
    const given = privateMapDmaBuf.run(kernel, pages);
    const error = typeof given === "object" ? yield* given : given;
    if (!error) pages.phys = [...pages.phys.slice(0, pages.start), ...pages.phys];
    return error;
  },
};

/** Counts the private map as a mapping of VFIO, which nobody gives back before the area is unmapped. */
const takeKref: ImportStep = {
  name: "take a kref",
  clause: "VMOV-12",
  run(_kernel, { dmabuf }) {
    vfioBufferOf(dmabuf)?.getKref(1);
  },
};

/** Gives that kref back. */
const putKref: ImportStep = {
  name: "put the kref",
  clause: "VMOV-12",
  run(kernel, { dmabuf }) {
    vfioBufferOf(dmabuf)?.putKref(kernel);
  },
};

/** Mistakes in the import of a dma-buf. */
const importMutants: readonly Mutant[] = [
  bug({
    id: "iommufd-does-not-look-at-the-size",
    title: "A range beyond the end of a buffer can be mapped",
    breaks: ["IOFD-03"],
  }, () => ({ dmaBufRange: [] })),
  bug({
    id: "iommufd-size-off-by-one-page",
    title: "One page behind the end of a buffer can be mapped",
    breaks: ["IOFD-03"],
  }, () => ({ dmaBufRange: checkOneTooFew })),
  bug({
    id: "iommufd-size-without-start",
    title: "The length is held against the size of the buffer, and the start is forgotten",
    breaks: ["IOFD-03"],
  }, () => ({ dmaBufRange: checkLengthOnly })),
  bug({
    id: "iommufd-maps-from-the-start",
    title: "A part of a buffer is mapped from the start of the buffer",
    breaks: ["IOFD-03"],
  }, ({ importDmaBuf }) => ({
    importDmaBuf: replaced(importDmaBuf, (step) => step === privateMapDmaBuf, mapFromTheStart),
  })),
  bug({
    id: "iommufd-hides-the-attach-error",
    title: "Whatever the exporter answers to the attach, the user gets EINVAL",
    breaks: ["IOFD-04"],
  }, ({ importDmaBuf }) => ({
    importDmaBuf: replaced(importDmaBuf, (step) => step === attachToDmaBuf, attachOrEinval),
  })),
  bug({
    id: "iommufd-maps-revoked-mock-buffers",
    title: "The mock exporter gives out the range of a revoked buffer",
    breaks: ["IOFD-04"],
    inspiration: "Leon Romanovsky's v1 4/4 leaves the check to the core",
  }, () => ({ mockPrivateMap: [] })),
  mutantOf(
    DIALECT,
    {
      id: "iommufd-maps-several-ranges",
      title: "A VFIO buffer of several ranges is given to iommufd",
      breaks: ["IOFD-05"],
    },
    inVfio(({ privateMap }) => ({ privateMap: unasked(privateMap, "more than one range") })),
  ),
  mutantOf(
    DIALECT,
    {
      id: "iommufd-maps-foreign-buffers",
      title: "A foreign buffer fails with EINVAL",
      breaks: ["IOFD-04"],
    },
    inVfio(({ privateMap }) => ({ privateMap: answer(privateMap, "VATT-08", "EINVAL", "a foreign buffer") })),
  ),
  bug({
    id: "iommufd-does-not-pin",
    title: "iommufd does not pin what it maps",
    breaks: ["MODE-11"],
    inspiration: "mainline before 7.1",
  }, ({ importDmaBuf, releaseDmaBuf }) => ({
    importDmaBuf: without(importDmaBuf, pinDmaBuf),
    releaseDmaBuf: without(releaseDmaBuf, unpinDmaBuf),
  })),
  bug({
    id: "iommufd-pins-after-the-range",
    title: "iommufd asks for the range before it pins",
    breaks: ["MODE-11"],
  }, ({ importDmaBuf }) => ({ importDmaBuf: movedBehind(importDmaBuf, pinDmaBuf, privateMapDmaBuf) })),
  bug({
    id: "iommufd-leaves-the-pin",
    title: "A map that fails after the pin leaves the pin behind",
    breaks: ["IOFD-06"],
  }, ({ importDmaBuf }) => ({ importDmaBuf: without(importDmaBuf, unpinAfterFailure) })),
  bug({
    id: "iommufd-leaves-the-attachment",
    title: "A map that fails after the attach leaves the attachment behind",
    breaks: ["IOFD-06"],
  }, ({ importDmaBuf }) => ({ importDmaBuf: without(importDmaBuf, detachAfterFailure) })),
  bug({
    id: "iommufd-leaves-the-reference",
    title: "A map that fails leaves its reference on the buffer behind",
    breaks: ["IOFD-06"],
    inspiration: "dba4254e216d",
  }, () => ({ putsAfterFailedMap: 0 })),
  bug({
    id: "iommufd-puts-the-reference-twice",
    title: "A map that fails puts its reference on the buffer twice",
    breaks: ["IOFD-06"],
  }, () => ({ putsAfterFailedMap: 2 })),
  mutantOf(
    PROPOSAL,
    {
      id: "iommufd-counts-as-a-mapping",
      title: "The private map takes a kref, so that a revocation waits for the user's unmap",
      breaks: ["VMOV-12", "VREV-12"],
    },
    inIommufd(({ importDmaBuf, releaseDmaBuf }) => ({
      importDmaBuf: importDmaBuf.flatMap((step) => step === privateMapDmaBuf ? [step, takeKref] : [step]),
      releaseDmaBuf: [putKref, ...releaseDmaBuf],
    })),
  ),
];

/** The callback's steps with one replaced by another one. */
function callbackWith(step: RevokeStep, by: RevokeStep): Partial<IommufdRules> {
  return { invalidated: [unmapTranslations, forgetPhys].map((each) => each === step ? by : each) };
}

/** Unmaps in the domain that comes first only. */
const unmapFirstDomain: RevokeStep = {
  ...unmapTranslations,
  run(_kernel, { tracker }) {
    for (const { area, domain } of tracker) {
      if (domain === tracker[0]?.domain) domain.unmap(area.first, area.count);
    }
  },
};

/** Unmaps the area that came first only. */
const unmapFirstArea: RevokeStep = {
  ...unmapTranslations,
  run(_kernel, { tracker }) {
    for (const { area, domain } of tracker) {
      if (area === tracker[0]?.area) domain.unmap(area.first, area.count);
    }
  },
};

/** Unmaps in the address space that came first only. */
const unmapFirstSpace: RevokeStep = {
  ...unmapTranslations,
  run(_kernel, { tracker }) {
    for (const { area, domain } of tracker) {
      if (area.ioas === tracker[0]?.area.ioas) domain.unmap(area.first, area.count);
    }
  },
};

/** Unmaps the first page of each area only. */
const unmapFirstPage: RevokeStep = {
  ...unmapTranslations,
  run(_kernel, { tracker }) {
    for (const { area, domain } of tracker) domain.unmap(area.first, 1);
  },
};

/** Forgets the last page of each area. */
const unmapAllButOnePage: RevokeStep = {
  ...unmapTranslations,
  run(_kernel, { tracker }) {
    for (const { area, domain } of tracker) domain.unmap(area.first, area.count - 1);
  },
};

/** Takes the translations out of the page table and leaves those that devices have cached. */
const unmapWithoutFlush: RevokeStep = {
  ...unmapTranslations,
  run(_kernel, { tracker }) {
    for (const { area, domain } of tracker) domain.unmapFast(area.first, area.count);
  },
};

/** Unmaps a little later, when the callback has long returned. */
const unmapLater: RevokeStep = {
  ...unmapTranslations,
  run(kernel, pages) {
    kernel.spawn(
      "deferred unmap of iommufd",
      (function* () {
        yield* kernel.sleep(10);
        unmapTranslations.run(kernel, pages);
      })(),
    );
  },
};

/** Takes every second invalidation for the end of the first. */
const toggle: RevokeStep = {
  name: "unmap, or map again",
  clause: "IOFD-08",
  run(kernel, pages) {
    if (!pages.revoked) {
      unmapTranslations.run(kernel, pages);
      forgetPhys.run(kernel, pages);
      return;
    }
    pages.length = pages.phys.length;
    for (const { area, domain } of pages.tracker) {
      for (const [index, frame] of pages.frames(kernel, area.offset, area.count).entries()) {
        domain.map(area.first + index, { frame, access: area.access });
      }
    }
  },
};

/** Detaches in the callback, as a literal reading of "cleanly detached" has it. */
const detachInCallback: RevokeStep = {
  ...forgetPhys,
  run(kernel, pages) {
    forgetPhys.run(kernel, pages);
    const { dmabuf, attachment } = pages;
    dmabuf.attachments = dmabuf.attachments.filter((each) => each !== attachment);
  },
};

/** Takes the areas out of their address spaces. */
const removeAreas: RevokeStep = {
  ...forgetPhys,
  run(kernel, pages) {
    for (const { area } of pages.tracker) {
      area.ioas.areas = area.ioas.areas.filter((each) => each !== area);
    }
    forgetPhys.run(kernel, pages);
  },
};

/** Mistakes in the callback, and in what follows from it. */
const invalidationMutants: readonly Mutant[] = [
  bug({
    id: "iommufd-unmaps-first-domain-only",
    title: "The callback unmaps in the first domain only",
    breaks: ["IOFD-07", "LEON0-03", "LEON0-11"],
  }, () => callbackWith(unmapTranslations, unmapFirstDomain)),
  bug({
    id: "iommufd-unmaps-first-area-only",
    title: "The callback unmaps one of several areas only",
    breaks: ["IOFD-07"],
  }, () => callbackWith(unmapTranslations, unmapFirstArea)),
  bug({
    id: "iommufd-unmaps-first-space-only",
    title: "The callback does not find copies in other address spaces",
    breaks: ["IOFD-07"],
  }, () => callbackWith(unmapTranslations, unmapFirstSpace)),
  bug({
    id: "iommufd-unmaps-first-page-only",
    title: "The callback unmaps the first page of an area only",
    breaks: ["IOFD-07"],
  }, () => callbackWith(unmapTranslations, unmapFirstPage)),
  bug({
    id: "iommufd-leaves-last-page",
    title: "The callback leaves the last page of an area translated",
    breaks: ["IOFD-07"],
  }, () => callbackWith(unmapTranslations, unmapAllButOnePage)),
  bug({
    id: "iommufd-does-not-flush",
    title: "The callback unmaps and does not flush what devices have cached",
    breaks: ["IOFD-07"],
  }, () => callbackWith(unmapTranslations, unmapWithoutFlush)),
  mutantOf(PROPOSAL, {
    id: "iommufd-unmaps-later",
    title: "The callback leaves the unmapping to a worker and returns",
    breaks: ["IOFD-07", "VREV-14"],
  }, inIommufd(() => callbackWith(unmapTranslations, unmapLater))),
  mutantOf(PROPOSAL, {
    id: "iommufd-marks-and-does-not-unmap",
    title: "The callback marks the pages as revoked and leaves the translations",
    breaks: ["IOFD-07", "LEON0-03", "LEON0-11", "MODE-08", "VREV-14"],
    inspiration:
      "the patch that brought dma-bufs to iommufd had the mark only; the next one added the tracking",
  }, inIommufd(() => ({ invalidated: [forgetPhys] }))),
  bug({
    id: "iommufd-unmaps-and-does-not-mark",
    title: "The callback unmaps and does not mark the pages as revoked",
    breaks: ["IOFD-09", "IOFD-11"],
  }, () => ({ invalidated: [unmapTranslations] })),
  bug({
    id: "iommufd-ignores-the-callback",
    title: "The callback does nothing, so that a pin protects from revocation",
    breaks: ["IOFD-07", "MODE-05"],
    inspiration: "ib_umem_dmabuf_unsupported_move_notify()",
  }, () => ({ ignoresInvalidation: () => true })),
  bug({
    id: "iommufd-maps-again",
    title: "A second invalidation brings the translations back",
    breaks: ["IOFD-08"],
    inspiration: "what dynamic importers do",
  }, () => ({ ignoresInvalidation: () => false, invalidated: [toggle] })),
  bug({
    id: "iommufd-forgets-late-domains",
    title: "A domain that is attached to a mapped address space is not remembered for the callback",
    breaks: ["IOFD-07"],
  }, ({ tracked }) => ({ tracked: (area, domain) => area.pages ? [] : tracked(area, domain) })),
  bug({
    id: "iommufd-fills-domain-from-revoked-area",
    title: "A new domain gets the translations of a revoked area",
    breaks: ["IOFD-09", "IOFD-11"],
  }, () => ({ translatesNothing: () => false })),
  bug({
    id: "iommufd-refuses-domain-after-revoke",
    title: "No domain can be attached to an address space with a revoked area",
    breaks: ["IOFD-09"],
  }, () => ({
    addDomain: [{
      clause: "IOFD-09",
      errno: "ENODEV",
      refuses: "an address space with a revoked area",
      when: ({ areas }) => areas.some(({ pages }) => isRevoked(pages)),
    }],
  })),
  bug({
    id: "iommufd-detaches-in-the-callback",
    title: "The callback detaches from the buffer",
    breaks: ["MODE-13"],
    inspiration: "literal reading of S2:30",
  }, () => callbackWith(forgetPhys, detachInCallback)),
  bug({
    id: "iommufd-removes-the-area",
    title: "The callback takes the area out of the address space, so that its address is free",
    breaks: ["IOFD-10", "IOFD-14"],
  }, () => callbackWith(forgetPhys, removeAreas)),
];

/** Mistakes in what a user can do with an area. */
const areaMutants: readonly Mutant[] = [
  bug({
    id: "iommufd-cannot-unmap-revoked-area",
    title: "Unmapping a revoked area fails",
    breaks: ["IOFD-10"],
  }, ({ unmapArea }) => ({
    unmapArea: also(unmapArea, {
      clause: "IOFD-10",
      errno: "EINVAL",
      refuses: "a revoked area",
      when: ({ area }) => isRevoked(area.pages),
    }),
  })),
  bug({
    id: "iommufd-counts-no-revoked-bytes",
    title: "Unmapping a revoked area counts no bytes",
    breaks: ["IOFD-10"],
  }, ({ unmappedBytes }) => ({
    unmappedBytes: (area, pages) => isRevoked(pages) ? 0n : unmappedBytes(area, pages),
  })),
  bug({
    id: "iommufd-unmaps-more-than-asked",
    title: "A request for a part of an area unmaps all of it",
    breaks: ["IOFD-10"],
  }, ({ unmapArea }) => ({ unmapArea: unasked(unmapArea, "a part of an area") })),
  bug({
    id: "iommufd-splits-dma-bufs",
    title: "An area of a dma-buf can be split",
    breaks: ["IOFD-13"],
  }, ({ split }) => ({ split: unasked(split, "an area of a dma-buf") })),
  bug({
    id: "iommufd-answers-einval-to-split",
    title: "Splitting an area of a dma-buf fails with EINVAL",
    breaks: ["IOFD-13"],
  }, ({ split }) => ({ split: answer(split, "IOFD-13", "EINVAL", "an area of a dma-buf") })),
  bug({
    id: "iommufd-does-not-copy-revoked-area",
    title: "A revoked area cannot be copied",
    breaks: ["IOFD-11"],
  }, () => ({ copyPages: [refuseRevoked] })),
  bug({
    id: "iommufd-lets-the-cpu-in",
    title: "The CPU can read and write pages of a dma-buf",
    breaks: ["IOFD-12"],
  }, ({ accessRw }) => ({ accessRw: unasked<CpuAccess>(accessRw, "pages of a dma-buf") })),
  bug({
    id: "iommufd-lets-the-cpu-pin",
    title: "The CPU can pin pages of a dma-buf",
    breaks: ["IOFD-12"],
    inspiration: "5f3fc0ad9a41",
  }, ({ accessPin }) => ({ accessPin: unasked<CpuAccess>(accessPin, "pages of a dma-buf") })),
  bug({
    id: "iommufd-says-dma-buf-before-read-only",
    title: "Writing a read-only area of a dma-buf fails with EINVAL",
    breaks: ["IOFD-12"],
  }, ({ accessRw }) => ({ accessRw: last<CpuAccess>(accessRw, "writing what was mapped for reading") })),
  bug(
    {
      id: "iommufd-pins-read-only-for-writing",
      title: "Pinning a read-only area of a dma-buf for writing fails with EINVAL",
      breaks: ["IOFD-12"],
    },
    ({ accessPin }) => ({ accessPin: unasked<CpuAccess>(accessPin, "writing what was mapped for reading") }),
  ),
  bug({
    id: "iommufd-keeps-the-cpu-out-until-revoked",
    title: "The CPU can reach pages of a dma-buf once they were revoked",
    breaks: ["IOFD-12"],
  }, ({ accessRw, accessPin }) => {
    const onlyLive = ({ pages }: CpuAccess) => pages instanceof DmaBufPages && !pages.revoked;
    const weaken = (checks: Checks<CpuAccess>) =>
      checks.map((check) => check.refuses === "pages of a dma-buf" ? { ...check, when: onlyLive } : check);
    return { accessRw: weaken(accessRw), accessPin: weaken(accessPin) };
  }),
  bug({
    id: "iommufd-changes-process-of-dma-bufs",
    title: "An address space with a dma-buf can change hands",
    breaks: ["IOFD-13"],
  }, ({ changeProcess }) => ({ changeProcess: forget(changeProcess, "IOFD-13") })),
  bug({
    id: "iommufd-changes-process-of-revoked",
    title: "An address space with a dma-buf can change hands once the buffer was revoked",
    breaks: ["IOFD-13"],
  }, ({ changeProcess }) => ({
    changeProcess: changeProcess.map((check) => ({
      ...check,
      when: (pages) => pages.some((each) => each instanceof DmaBufPages && !each.revoked),
    })),
  })),
];

/** Leaves a revoked buffer attached. */
const detachUnlessRevoked: ImportStep = {
  ...detachFromDmaBuf,
  *run(kernel, pages) {
    const given = pages.revoked ? undefined : detachFromDmaBuf.run(kernel, pages);
    if (typeof given === "object") yield* given;
  },
};

/** Mistakes in letting go of a buffer. */
const releaseMutants: readonly Mutant[] = [
  bug({
    id: "iommufd-unpins-without-the-lock",
    title: "Releasing the pages unpins without the reservation lock",
    breaks: ["IOFD-15"],
    inspiration: "e745cd2c749e",
    survives: "Only lockdep notices, which is looked at after every case",
  }, () => ({ releaseDmaBuf: [unpinDmaBuf, detachFromDmaBuf, putDmaBuf] })),
  bug({
    id: "iommufd-does-not-unpin",
    title: "Releasing the pages does not unpin",
    breaks: ["IOFD-15"],
    inspiration: "f2d70dbd3dce",
    survives:
      "No exporter that iommufd can map tells of its pins; what is left is looked at after every case",
  }, ({ releaseDmaBuf }) => ({ releaseDmaBuf: without(releaseDmaBuf, unpinDmaBuf) })),
  bug({
    id: "iommufd-does-not-detach",
    title: "Releasing the pages leaves the attachment",
    breaks: ["IOFD-15", "MODE-13"],
  }, ({ releaseDmaBuf }) => ({ releaseDmaBuf: without(releaseDmaBuf, detachFromDmaBuf) })),
  bug({
    id: "iommufd-does-not-detach-once-revoked",
    title: "Releasing revoked pages leaves the attachment, as if the revocation had detached",
    breaks: ["IOFD-15", "MODE-13"],
  }, ({ releaseDmaBuf }) => ({
    releaseDmaBuf: replaced(releaseDmaBuf, (step) => step === detachFromDmaBuf, detachUnlessRevoked),
  })),
  bug({
    id: "iommufd-keeps-the-buffer",
    title: "Releasing the pages does not put the buffer",
    breaks: ["IOFD-15"],
  }, ({ releaseDmaBuf }) => ({ releaseDmaBuf: without(releaseDmaBuf, putDmaBuf) })),
  bug({
    id: "iommufd-detaches-with-the-lock",
    title: "Releasing the pages detaches with the reservation locked, and waits for itself",
    breaks: ["IOFD-15"],
  }, ({ releaseDmaBuf }) => ({ releaseDmaBuf: movedBehind(releaseDmaBuf, unlockDmaBuf, detachFromDmaBuf) })),
];

/** Tells the importers of a revoke only. */
const tellOfRevokeOnly: MockStep = {
  ...tellImportersOfMock,
  run: (kernel, change) => change.revoked ? tellImportersOfMock.run(kernel, change) : undefined,
};

/** Waits for the fences of the buffer. */
const waitForMockFences: MockStep = {
  name: "wait for the fences",
  clause: "IOFD-17",
  *run(_kernel, { dmabuf }) {
    yield dmabuf.resv.waitFor("BOOKKEEP");
  },
};

/** Revokes for ever. */
const setRevoked: MockStep = {
  ...setMockState,
  run(_kernel, { mock }) {
    if (mock) mock.revoked = true;
  },
};

/** Mistakes of the mock exporter. */
const mockMutants: readonly Mutant[] = [
  bug({
    id: "mock-makes-empty-buffers",
    title: "The mock exporter makes a buffer of no bytes",
    breaks: ["IOFD-16"],
  }, ({ mockGet }) => ({ mockGet: unasked(mockGet, "no bytes") })),
  bug({
    id: "mock-makes-huge-buffers",
    title: "The mock exporter makes buffers of more than 512 pages",
    breaks: ["IOFD-16"],
  }, ({ mockGet }) => ({
    mockGet: mockGet.map((check) =>
      check.refuses === "no bytes" ? check : { ...check, when: ({ length }) => length > 1024n * PAGE }
    ),
  })),
  bug({
    id: "mock-limit-off-by-one",
    title: "The mock exporter refuses a buffer of 512 pages",
    breaks: ["IOFD-16"],
  }, ({ mockGet }) => ({
    mockGet: mockGet.map((check) =>
      check.refuses === "no bytes" ? check : { ...check, when: ({ length }) => length >= 512n * PAGE }
    ),
  })),
  bug({
    id: "mock-revokes-foreign-buffers",
    title: "The mock exporter takes a foreign buffer for its own",
    breaks: ["IOFD-16"],
  }, () => ({ mockForeign: [] })),
  bug({
    id: "mock-answers-einval-to-foreign",
    title: "The mock exporter answers EINVAL to a foreign buffer",
    breaks: ["IOFD-16"],
  }, ({ mockForeign }) => ({ mockForeign: answer(mockForeign, "IOFD-16", "EINVAL") })),
  bug({
    id: "mock-answers-ebadf-to-any-file",
    title: "The mock exporter answers EBADF to an open file that is no dma-buf",
    breaks: ["IOFD-16"],
  }, () => ({ mockLookupError: () => "EBADF" })),
  bug({
    id: "mock-answers-einval-to-closed",
    title: "The mock exporter answers EINVAL to a closed descriptor",
    breaks: ["IOFD-16"],
  }, () => ({ mockLookupError: () => "EINVAL" })),
  bug({
    id: "mock-tells-of-revoke-only",
    title: "The mock exporter does not tell its importers of an un-revoke",
    breaks: ["IOFD-17"],
  }, ({ mockRevoke }) => ({
    mockRevoke: replaced(mockRevoke, (step) => step === tellImportersOfMock, tellOfRevokeOnly),
  })),
  bug({
    id: "mock-tells-nobody",
    title: "The mock exporter tells nobody",
    breaks: ["IOFD-17", "IOFD-07"],
  }, ({ mockRevoke }) => ({ mockRevoke: without(mockRevoke, tellImportersOfMock) })),
  bug({
    id: "mock-waits-for-fences",
    title: "The mock exporter waits for fences",
    breaks: ["IOFD-17"],
  }, ({ mockRevoke }) => ({
    mockRevoke: mockRevoke.flatMap((step) =>
      step === tellImportersOfMock ? [step, waitForMockFences] : [step]
    ),
  })),
  bug({
    id: "mock-never-un-revokes",
    title: "The mock exporter cannot un-revoke",
    breaks: ["IOFD-14"],
  }, ({ mockRevoke }) => ({
    mockRevoke: replaced(mockRevoke, (step) => step === setMockState, setRevoked),
  })),
];

/** The mutants of iommufd and of its mock exporter. */
export const iommufdMutants: readonly Mutant[] = [
  ...requestMutants,
  ...importMutants,
  ...invalidationMutants,
  ...areaMutants,
  ...releaseMutants,
  ...mockMutants,
];
