/**
 * The kernel's binary interface: every structure and request that the native target uses, in one table.
 *
 * @module
 */
import { DMA_BUF_REQUESTS, DMA_BUF_STRUCTS } from "./dma_buf.ts";
import { DRM_REQUESTS, DRM_STRUCTS } from "./drm.ts";
import type { Request } from "./ioctl.ts";
import { IOMMUFD_REQUESTS, IOMMUFD_STRUCTS } from "./iommufd.ts";
import type { Struct } from "./layout.ts";
import { V4L2_REQUESTS, V4L2_STRUCTS } from "./v4l2.ts";
import { VFIO_REQUESTS, VFIO_STRUCTS } from "./vfio.ts";

/** Every structure. */
export const STRUCTS: readonly Struct[] = [
  ...DMA_BUF_STRUCTS,
  ...DRM_STRUCTS,
  ...VFIO_STRUCTS,
  ...IOMMUFD_STRUCTS,
  ...V4L2_STRUCTS,
];

/** Every request. */
export const REQUESTS: readonly Request[] = [
  DMA_BUF_REQUESTS,
  DRM_REQUESTS,
  VFIO_REQUESTS,
  IOMMUFD_REQUESTS,
  V4L2_REQUESTS,
].flatMap((requests) => Object.values(requests));
