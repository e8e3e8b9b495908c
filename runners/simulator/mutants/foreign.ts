/**
 * Mistakes in importers of the kernel's own: GPU drivers by PRIME, and video queues.
 *
 * @module
 */
import type { DrmRules, VideoRules } from "../foreign_rules.ts";
import {
  attachStatically,
  detachImported,
  mapAttachment,
  putImported,
  sharedAs,
  unmapImported,
} from "../kernel/drm_gem.ts";
import { type Bug, type BugText, type Mutant, mutantOf, without } from "./mutant.ts";

const DIALECT = "mainline-7.3";

function inDrm(bug: (drm: DrmRules) => Partial<DrmRules>): Bug {
  return (rules) => ({ ...rules, drm: { ...rules.drm, ...bug(rules.drm) } });
}

function inVideo(bug: Partial<VideoRules>): Bug {
  return (rules) => ({ ...rules, video: { ...rules.video, ...bug } });
}

function drmMutant(text: BugText, bug: (drm: DrmRules) => Partial<DrmRules>): Mutant {
  return mutantOf(DIALECT, text, inDrm(bug));
}

function videoMutant(text: BugText, bug: Partial<VideoRules>): Mutant {
  return mutantOf(DIALECT, text, inVideo(bug));
}

/** Mistakes of GPU drivers. */
export const primeMutants: readonly Mutant[] = [
  drmMutant({
    id: "import-forgets-its-handles",
    title: "Importing a buffer again attaches again and gives another handle",
    breaks: ["PRIME-01"],
  }, () => ({ handleOf: () => undefined })),
  drmMutant({
    id: "own-buffer-is-attached-to",
    title: "A driver attaches to buffers of its own device",
    breaks: ["PRIME-02"],
  }, () => ({ own: () => undefined })),
  drmMutant({
    id: "driver-without-dma-maps",
    title: "A driver whose device does no DMA maps what it imports",
    breaks: ["PRIME-03"],
    inspiration: "the helpers of DRM before drm_gem_shmem_prime_import_no_map()",
  }, ({ drivers }) => ({
    drivers: {
      ...drivers,
      vgem: [attachStatically, mapAttachment],
      vkms: [attachStatically, mapAttachment],
    },
  })),
  drmMutant({
    id: "failed-import-stays-attached",
    title: "An import that fails after the attach does not detach",
    breaks: ["PRIME-04"],
  }, ({ undoImport }) => ({ undoImport: without(undoImport, detachImported) })),
  drmMutant({
    id: "failed-import-stays-mapped",
    title: "An import that fails after the mapping does not unmap",
    breaks: ["PRIME-04"],
  }, ({ undoImport }) => ({ undoImport: without(undoImport, unmapImported) })),
  drmMutant({
    id: "failed-import-keeps-the-buffer",
    title: "An import that fails after the attach keeps its reference",
    breaks: ["PRIME-04"],
  }, ({ undoImport }) => ({ undoImport: without(undoImport, putImported) })),
  drmMutant({
    id: "failed-import-is-einval",
    title: "Whatever fails in an import is told as EINVAL",
    breaks: ["PRIME-04"],
  }, () => ({ importError: () => "EINVAL" })),
  drmMutant({
    id: "told-driver-keeps-its-pin",
    title: "A driver with the callback keeps the pin that it mapped with",
    breaks: ["PRIME-05"],
  }, () => ({ unpins: false })),
  drmMutant({
    id: "told-driver-keeps-its-mapping",
    title: "The callback of a driver leaves the mapping as it is",
    breaks: ["PRIME-05"],
  }, () => ({ invalidated: () => {} })),
  drmMutant({
    id: "told-driver-maps-before-the-fences",
    title: "A driver with the callback maps what the kernel is still moving",
    breaks: ["PRIME-09"],
  }, () => ({ waits: false })),
  drmMutant({
    id: "imported-object-is-mapped",
    title: "A driver lets user space map what it has imported",
    breaks: ["PRIME-06"],
    inspiration: "drivers with an offset of their own for imported objects",
  }, () => ({ map: [] })),
  drmMutant({
    id: "closed-import-stays-attached",
    title: "The end of an imported object does not detach",
    breaks: ["PRIME-07"],
  }, ({ free }) => ({ free: without(free, detachImported) })),
  drmMutant({
    id: "closed-import-stays-mapped",
    title: "The end of an imported object does not unmap",
    breaks: ["PRIME-07"],
  }, ({ free }) => ({ free: without(free, unmapImported) })),
  drmMutant({
    id: "closed-import-keeps-the-buffer",
    title: "The end of an imported object keeps the reference of its attachment",
    breaks: ["PRIME-07"],
  }, ({ free }) => ({ free: without(free, putImported) })),
  drmMutant({
    id: "import-puts-the-buffer-twice",
    title: "An import gives back a reference that its attachment needs",
    breaks: ["PRIME-07"],
  }, ({ drivers }) => ({
    drivers: { ...drivers, vgem: [attachStatically, putImported], vkms: [attachStatically, putImported] },
  })),
  drmMutant({
    id: "import-is-exported-anew",
    title: "An imported object is exported as a buffer of the driver's own",
    breaks: ["PRIME-08"],
  }, () => ({
    sharedAs: (file, handle, object) => object.imported ? undefined : sharedAs(file, handle, object),
  })),
];

/** Mistakes of video queues. */
export const videoMutants: readonly Mutant[] = [
  videoMutant({
    id: "queue-maps-nothing",
    title: "A buffer is queued without being mapped into the kernel",
    breaks: ["VB2-01"],
  }, { map: () => undefined }),
  videoMutant({
    id: "queue-passes-the-exporters-error",
    title: "A queue answers what the exporter has answered",
    breaks: ["VB2-01"],
  }, { mapError: (error) => error }),
  videoMutant({
    id: "place-lets-go-when-taken",
    title: "A place gives its buffer back as soon as the device is done with it",
    breaks: ["VB2-02"],
    inspiration: "__vb2_dqbuf() of older kernels, which unmapped there",
  }, { letsGoWhenTaken: true }),
  videoMutant({
    id: "place-keeps-every-buffer",
    title: "A place that gets another buffer keeps the reference on the one before",
    breaks: ["VB2-02"],
  }, { putsAtTheEnd: 0 }),
  videoMutant({
    id: "queue-passes-the-lookups-error",
    title: "A queue answers EBADF to a descriptor that is not open",
    breaks: ["VB2-03"],
  }, { lookupError: (error) => error }),
  videoMutant({
    id: "refused-buffer-is-kept",
    title: "A buffer that is smaller than told is refused and never put",
    breaks: ["VB2-04", "BASE-04"],
    inspiration: "__prepare_dmabuf(), unfixed in 7.3.4",
  }, { putsAfterRefusal: 0 }),
  videoMutant({
    id: "unmappable-buffer-is-kept",
    title: "A buffer that cannot be mapped into the kernel is refused and never put",
    breaks: ["VB2-04"],
  }, { putsAfterFailedMap: 0 }),
];
