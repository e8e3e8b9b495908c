/**
 * Importers of the kernel's own: PRIME and video queues as Linux has them.
 *
 * vgem and vkms map no table of addresses since 6.17 (drm_gem_shmem_prime_import_no_map()), and virtio-gpu uses
 * the memory of others since 6.14.
 *
 * @module
 */
import type { DrmRules, VideoRules } from "../foreign_rules.ts";
import { dmaBufVmap } from "../kernel/dma_buf.ts";
import {
  attachDynamically,
  attachStatically,
  detachImported,
  handleOf,
  mapAttachment,
  mapPinned,
  ownObject,
  putImported,
  refuseTable,
  sharedAs,
  unmapImported,
  unmapInvalidated,
} from "../kernel/drm_gem.ts";

const giveBack = [unmapImported, detachImported, putImported];

const drm73: DrmRules = {
  drivers: {
    "vgem": [attachStatically],
    "vkms": [attachStatically],
    "virtio-gpu": [attachStatically, mapAttachment, refuseTable],
    "virtio-gpu-blob": [attachDynamically, mapPinned],
  },
  undoImport: giveBack,
  importError: (error) => error,
  handleOf,
  own: ownObject,
  sharedAs,
  waits: true,
  unpins: true,
  invalidated: unmapInvalidated,
  map: [{
    clause: "PRIME-06",
    errno: "EINVAL",
    refuses: "an object that was imported",
    when: ({ imported }) => imported !== undefined,
  }],
  free: giveBack,
};

const video73: VideoRules = {
  device: "present",
  lookupError: () => "EINVAL",
  attach: [{
    clause: "VB2-01",
    errno: "EFAULT",
    refuses: "a buffer that is smaller than told",
    when: ({ dmabuf, length }) => dmabuf.size < length,
  }],
  putsAfterRefusal: 1,
  map: dmaBufVmap,
  mapError: () => "EFAULT",
  putsAfterFailedMap: 1,
  letsGoWhenTaken: false,
  putsAtTheEnd: 1,
};

/** The rules of importers in Linux 7.3, on which the proposals are built as well. */
export const foreign: { readonly drm: DrmRules; readonly video: VideoRules } = { drm: drm73, video: video73 };

/** The rules of importers in Linux 6.12, where every driver maps, none is told of anything, and virtio-gpu imports nothing. */
export const foreign612: { readonly drm: DrmRules; readonly video: VideoRules } = {
  ...foreign,
  drm: {
    ...drm73,
    drivers: {
      "vgem": [attachStatically, mapAttachment],
      "vkms": [attachStatically, mapAttachment],
      "virtio-gpu": [attachStatically, mapAttachment, refuseTable],
      "virtio-gpu-blob": "absent",
    },
  },
};
