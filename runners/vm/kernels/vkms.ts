/**
 * vkms, a GPU driver without hardware, which Debian leaves out of its kernels.
 *
 * All that it is made of is there: DRM and its helpers are modules of the stock kernel, which are loaded with it.
 *
 * @module
 */
import type { Recipe } from "./rebuild.ts";

const VKMS = "drivers/gpu/drm/vkms";

/** How vkms is built. */
export const VKMS_ALONE: Recipe = {
  what: "vkms",
  sources: [VKMS],
  subject: { folder: VKMS, since: "4.19" },
  makefiles: [VKMS],
  entries: [VKMS],
  on: { CONFIG_DRM_VKMS: "m" },
  defines: ["CONFIG_DRM_VKMS_MODULE"],
  built: ["vkms"],
};
