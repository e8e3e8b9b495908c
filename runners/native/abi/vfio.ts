/**
 * VFIO devices, groups and containers, with the dma-buf feature and the proposed requests to revoke.
 *
 * @module
 */
import { io, type Request } from "./ioctl.ts";
import { struct } from "./layout.ts";

const VFIO = "linux/vfio.h";

/** What VFIO_GROUP_GET_STATUS tells. */
export const vfioGroupStatus = struct("vfio_group_status", VFIO, { argsz: "u32", flags: "u32" });

/** What VFIO_DEVICE_GET_INFO tells. */
export const vfioDeviceInfo = struct("vfio_device_info", VFIO, {
  argsz: "u32",
  flags: "u32",
  num_regions: "u32",
  num_irqs: "u32",
  cap_offset: "u32",
});

/** What VFIO_DEVICE_GET_REGION_INFO tells. */
export const vfioRegionInfo = struct("vfio_region_info", VFIO, {
  argsz: "u32",
  flags: "u32",
  index: "u32",
  cap_offset: "u32",
  size: "u64",
  offset: "u64",
});

/** The argument of VFIO_DEVICE_SET_IRQS, which descriptors may follow. */
export const vfioIrqSet = struct("vfio_irq_set", VFIO, {
  argsz: "u32",
  flags: "u32",
  index: "u32",
  start: "u32",
  count: "u32",
});

/** One device of VFIO_DEVICE_GET_PCI_HOT_RESET_INFO. */
export const vfioPciDependentDevice = struct("vfio_pci_dependent_device", VFIO, {
  group_id: "u32",
  segment: "u16",
  bus: "u8",
  devfn: "u8",
});

/** The argument of VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, which its devices follow. */
export const vfioPciHotResetInfo = struct("vfio_pci_hot_reset_info", VFIO, {
  argsz: "u32",
  flags: "u32",
  count: "u32",
});

/** The argument of VFIO_DEVICE_PCI_HOT_RESET, which group descriptors follow. */
export const vfioPciHotReset = struct("vfio_pci_hot_reset", VFIO, {
  argsz: "u32",
  flags: "u32",
  count: "u32",
});

/** The argument of VFIO_DEVICE_FEATURE, which the feature's own follows. */
export const vfioDeviceFeature = struct("vfio_device_feature", VFIO, { argsz: "u32", flags: "u32" });

/** The argument of VFIO_DEVICE_BIND_IOMMUFD. */
export const vfioDeviceBindIommufd = struct("vfio_device_bind_iommufd", VFIO, {
  argsz: "u32",
  flags: "u32",
  iommufd: "s32",
  out_devid: "u32",
});

/** The argument of VFIO_DEVICE_ATTACH_IOMMUFD_PT. */
export const vfioDeviceAttachIommufdPt = struct("vfio_device_attach_iommufd_pt", VFIO, {
  argsz: "u32",
  flags: "u32",
  pt_id: "u32",
});

/** The argument of VFIO_DEVICE_DETACH_IOMMUFD_PT. */
export const vfioDeviceDetachIommufdPt = struct("vfio_device_detach_iommufd_pt", VFIO, {
  argsz: "u32",
  flags: "u32",
});

/** One range of the dma-buf feature. */
export const vfioRegionDmaRange = struct("vfio_region_dma_range", VFIO, { offset: "u64", length: "u64" });

/** What follows the header of the dma-buf feature; its ranges follow it. */
export const vfioDeviceFeatureDmaBuf = struct("vfio_device_feature_dma_buf", VFIO, {
  region_index: "u32",
  open_flags: "u32",
  flags: "u32",
  nr_ranges: "u32",
});

/** The argument of VFIO_DEVICE_PCI_DMABUF_REVOKE (S2:385-389). */
export const vfioPciDmabufRevoke = struct("vfio_pci_dmabuf_revoke", undefined, {
  argsz: "u32",
  dmabuf_fd: "u32",
});

/** What follows the header of the revoke feature, from the third version of the series on. */
export const vfioDeviceFeatureDmaBufRevoke = struct("vfio_device_feature_dma_buf_revoke", undefined, {
  dmabuf_fd: "s32",
});

/** What follows the header of VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP. */
export const vfioDeviceLowPowerEntryWithWakeup = struct("vfio_device_low_power_entry_with_wakeup", VFIO, {
  wakeup_eventfd: "s32",
  reserved: "u32",
});

/** The argument of VFIO_IOMMU_MAP_DMA. */
export const vfioIommuType1DmaMap = struct("vfio_iommu_type1_dma_map", VFIO, {
  argsz: "u32",
  flags: "u32",
  vaddr: "u64",
  iova: "u64",
  size: "u64",
});

/** The argument of VFIO_IOMMU_UNMAP_DMA. */
export const vfioIommuType1DmaUnmap = struct("vfio_iommu_type1_dma_unmap", VFIO, {
  argsz: "u32",
  flags: "u32",
  iova: "u64",
  size: "u64",
});

/** What VFIO_DEVICE_FEATURE is asked: the flags beside the number of the feature. */
export const FEATURE_FLAG = { get: 1 << 16, set: 1 << 17, probe: 1 << 18, unknown: 1 << 24 } as const;

/** Features of VFIO devices. The number of the revoke feature is not among them: it differs between proposals. */
export const FEATURE = { lowPowerEntry: 3, lowPowerEntryWithWakeup: 4, lowPowerExit: 5, dmaBuf: 11 } as const;

/** The region of a PCI device that holds its configuration space. */
export const CONFIG_REGION = 7;

/** The interrupt of a PCI device by which its driver asks for it back. */
export const REQUEST_IRQ = 4;

/** Flags of VFIO_DEVICE_SET_IRQS: an eventfd is given, to be triggered. */
export const IRQ_SET_EVENTFD_TRIGGER = (1 << 2) | (1 << 5);

/** The type 1 IOMMU driver, which can unmap a part of an area. */
export const TYPE1_IOMMU = 1;

/** The type 1 IOMMU driver, second version. */
export const TYPE1V2_IOMMU = 3;

function request(name: string, number: number): Request {
  return io(name, VFIO, ";", 100 + number);
}

/** The requests of VFIO. */
export const VFIO_REQUESTS = {
  getApiVersion: request("VFIO_GET_API_VERSION", 0),
  checkExtension: request("VFIO_CHECK_EXTENSION", 1),
  setIommu: request("VFIO_SET_IOMMU", 2),
  groupGetStatus: request("VFIO_GROUP_GET_STATUS", 3),
  groupSetContainer: request("VFIO_GROUP_SET_CONTAINER", 4),
  groupGetDeviceFd: request("VFIO_GROUP_GET_DEVICE_FD", 6),
  getInfo: request("VFIO_DEVICE_GET_INFO", 7),
  getRegionInfo: request("VFIO_DEVICE_GET_REGION_INFO", 8),
  setIrqs: request("VFIO_DEVICE_SET_IRQS", 10),
  reset: request("VFIO_DEVICE_RESET", 11),
  getHotResetInfo: request("VFIO_DEVICE_GET_PCI_HOT_RESET_INFO", 12),
  hotReset: request("VFIO_DEVICE_PCI_HOT_RESET", 13),
  feature: request("VFIO_DEVICE_FEATURE", 17),
  bindIommufd: request("VFIO_DEVICE_BIND_IOMMUFD", 18),
  attachIommufdPt: request("VFIO_DEVICE_ATTACH_IOMMUFD_PT", 19),
  detachIommufdPt: request("VFIO_DEVICE_DETACH_IOMMUFD_PT", 20),
  dmabufRevoke: io("VFIO_DEVICE_PCI_DMABUF_REVOKE", undefined, ";", 122),
  mapDma: request("VFIO_IOMMU_MAP_DMA", 13),
  unmapDma: request("VFIO_IOMMU_UNMAP_DMA", 14),
} as const;

/** The structures of VFIO. */
export const VFIO_STRUCTS = [
  vfioGroupStatus,
  vfioDeviceInfo,
  vfioRegionInfo,
  vfioIrqSet,
  vfioPciDependentDevice,
  vfioPciHotResetInfo,
  vfioPciHotReset,
  vfioDeviceFeature,
  vfioDeviceBindIommufd,
  vfioDeviceAttachIommufdPt,
  vfioDeviceDetachIommufdPt,
  vfioRegionDmaRange,
  vfioDeviceFeatureDmaBuf,
  vfioPciDmabufRevoke,
  vfioDeviceFeatureDmaBufRevoke,
  vfioDeviceLowPowerEntryWithWakeup,
  vfioIommuType1DmaMap,
  vfioIommuType1DmaUnmap,
] as const;
