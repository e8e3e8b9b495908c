/**
 * The part of DRM by which vgem, a driver without hardware, makes fences.
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

/** The argument of DRM_IOCTL_PRIME_HANDLE_TO_FD. */
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
  primeHandleToFd: iowr("DRM_IOCTL_PRIME_HANDLE_TO_FD", DRM, "d", 0x2d, drmPrimeHandle),
  modeCreateDumb: iowr("DRM_IOCTL_MODE_CREATE_DUMB", DRM, "d", 0xb2, drmModeCreateDumb),
  vgemFenceAttach: iowr("DRM_IOCTL_VGEM_FENCE_ATTACH", VGEM, "d", 0x41, drmVgemFenceAttach),
  vgemFenceSignal: iow("DRM_IOCTL_VGEM_FENCE_SIGNAL", VGEM, "d", 0x42, drmVgemFenceSignal),
} as const;

/** The structures of DRM. */
export const DRM_STRUCTS = [
  drmModeCreateDumb,
  drmPrimeHandle,
  drmVgemFenceAttach,
  drmVgemFenceSignal,
] as const;
