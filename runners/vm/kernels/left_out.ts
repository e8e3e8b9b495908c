/**
 * The modules that Debian leaves out of its kernels and that cases can use.
 *
 * @module
 */
import { IOMMUFD_AND_VFIO } from "./iommufd.ts";
import type { Recipe } from "./rebuild.ts";
import { VKMS_ALONE } from "./vkms.ts";

/** How each of them is built. */
export const LEFT_OUT: readonly Recipe[] = [IOMMUFD_AND_VFIO, VKMS_ALONE];
