/**
 * The part of DRM by which buffers are imported and exported, and by which vgem, a driver without hardware, makes fences.
 *
 * @module
 */
import { iow, iowr } from "./ioctl.ts";
import { struct } from "./layout.ts";

const DRM = "drm/drm.h";
const VGEM = "drm/vgem_drm.h";

/** The argument of DRM_IOCTL_MODE_CREATE_DUMB. */
export const drmModeCreateDumb = struct("drm_mode_create_dumb", DRM, {
  height: "u32",
  width: "u32",
  bpp: "u32",
  flags: "u32",
  handle: "u32",
  pitch: "u32",
  size: "u64",
});

/** The argument of DRM_IOCTL_MODE_MAP_DUMB. */
export const drmModeMapDumb = struct("drm_mode_map_dumb", DRM, { handle: "u32", pad: "u32", offset: "u64" });

/** The argument of DRM_IOCTL_GEM_CLOSE. */
export const drmGemClose = struct("drm_gem_close", DRM, { handle: "u32", pad: "u32" });

/** The argument of DRM_IOCTL_PRIME_HANDLE_TO_FD and DRM_IOCTL_PRIME_FD_TO_HANDLE. */
export const drmPrimeHandle = struct("drm_prime_handle", DRM, { handle: "u32", flags: "u32", fd: "s32" });

/** The argument of DRM_IOCTL_VGEM_FENCE_ATTACH. */
export const drmVgemFenceAttach = struct("drm_vgem_fence_attach", VGEM, {
  handle: "u32",
  flags: "u32",
  out_fence: "u32",
  pad: "u32",
});

/** The argument of DRM_IOCTL_VGEM_FENCE_SIGNAL. */
export const drmVgemFenceSignal = struct("drm_vgem_fence_signal", VGEM, { fence: "u32", flags: "u32" });

/** VGEM_FENCE_WRITE: the fence is for a write, so that readers wait for it. */
export const VGEM_FENCE_WRITE = 1;

/** The requests of DRM. */
export const DRM_REQUESTS = {
  gemClose: iow("DRM_IOCTL_GEM_CLOSE", DRM, "d", 0x09, drmGemClose),
  primeHandleToFd: iowr("DRM_IOCTL_PRIME_HANDLE_TO_FD", DRM, "d", 0x2d, drmPrimeHandle),
  primeFdToHandle: iowr("DRM_IOCTL_PRIME_FD_TO_HANDLE", DRM, "d", 0x2e, drmPrimeHandle),
  modeCreateDumb: iowr("DRM_IOCTL_MODE_CREATE_DUMB", DRM, "d", 0xb2, drmModeCreateDumb),
  modeMapDumb: iowr("DRM_IOCTL_MODE_MAP_DUMB", DRM, "d", 0xb3, drmModeMapDumb),
  vgemFenceAttach: iowr("DRM_IOCTL_VGEM_FENCE_ATTACH", VGEM, "d", 0x41, drmVgemFenceAttach),
  vgemFenceSignal: iow("DRM_IOCTL_VGEM_FENCE_SIGNAL", VGEM, "d", 0x42, drmVgemFenceSignal),
} as const;

/** The structures of DRM. */
export const DRM_STRUCTS = [
  drmModeCreateDumb,
  drmModeMapDumb,
  drmGemClose,
  drmPrimeHandle,
  drmVgemFenceAttach,
  drmVgemFenceSignal,
] as const;
