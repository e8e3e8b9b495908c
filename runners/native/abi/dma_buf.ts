/**
 * dma-buf itself, the exporters udmabuf and dma-heap, sync files and the test fences of sw_sync.
 *
 * @module
 */
import { io, iow, iowr } from "./ioctl.ts";
import { struct } from "./layout.ts";

const DMA_BUF = "linux/dma-buf.h";
const DMA_HEAP = "linux/dma-heap.h";
const UDMABUF = "linux/udmabuf.h";
const SYNC_FILE = "linux/sync_file.h";

/** The argument of DMA_BUF_IOCTL_SYNC. */
export const dmaBufSync = struct("dma_buf_sync", DMA_BUF, { flags: "u64" });

/** The argument of DMA_BUF_IOCTL_EXPORT_SYNC_FILE. */
export const dmaBufExportSyncFile = struct("dma_buf_export_sync_file", DMA_BUF, { flags: "u32", fd: "s32" });

/** The argument of DMA_BUF_IOCTL_IMPORT_SYNC_FILE. */
export const dmaBufImportSyncFile = struct("dma_buf_import_sync_file", DMA_BUF, { flags: "u32", fd: "s32" });

/** The argument of DMA_HEAP_IOCTL_ALLOC. */
export const dmaHeapAllocationData = struct("dma_heap_allocation_data", DMA_HEAP, {
  len: "u64",
  fd: "u32",
  fd_flags: "u32",
  heap_flags: "u64",
});

/** The argument of UDMABUF_CREATE. */
export const udmabufCreate = struct("udmabuf_create", UDMABUF, {
  memfd: "u32",
  flags: "u32",
  offset: "u64",
  size: "u64",
});

/** One range of UDMABUF_CREATE_LIST. */
export const udmabufCreateItem = struct("udmabuf_create_item", UDMABUF, {
  memfd: "u32",
  __pad: "u32",
  offset: "u64",
  size: "u64",
});

/** The argument of UDMABUF_CREATE_LIST, which its ranges follow. */
export const udmabufCreateList = struct("udmabuf_create_list", UDMABUF, { flags: "u32", count: "u32" });

/** The argument of SYNC_IOC_MERGE. */
export const syncMergeData = struct("sync_merge_data", SYNC_FILE, {
  name: { text: 32 },
  fd2: "s32",
  fence: "s32",
  flags: "u32",
  pad: "u32",
});

/** What SYNC_IOC_FILE_INFO tells of one fence. */
export const syncFenceInfo = struct("sync_fence_info", SYNC_FILE, {
  obj_name: { text: 32 },
  driver_name: { text: 32 },
  status: "s32",
  flags: "u32",
  timestamp_ns: "u64",
});

/** The argument of SYNC_IOC_FILE_INFO. */
export const syncFileInfo = struct("sync_file_info", SYNC_FILE, {
  name: { text: 32 },
  status: "s32",
  flags: "u32",
  num_fences: "u32",
  pad: "u32",
  sync_fence_info: "u64",
});

/** The argument of SW_SYNC_IOC_CREATE_FENCE; only drivers/dma-buf/sw_sync.c declares it. */
export const swSyncCreateFenceData = struct("sw_sync_create_fence_data", undefined, {
  value: "u32",
  name: { text: 32 },
  fence: "s32",
});

/** Access flags of DMA_BUF_IOCTL_SYNC and of the sync file requests. */
export const DMA_BUF_SYNC = { read: 1, write: 2, start: 0, end: 4, unknown: 1 << 20 } as const;

/** UDMABUF_FLAGS_CLOEXEC. */
export const UDMABUF_FLAGS_CLOEXEC = 1;

/** The requests of these drivers. */
export const DMA_BUF_REQUESTS = {
  sync: iow("DMA_BUF_IOCTL_SYNC", DMA_BUF, "b", 0, dmaBufSync),
  setName: iow("DMA_BUF_SET_NAME_B", DMA_BUF, "b", 1, 8),
  exportSyncFile: iowr("DMA_BUF_IOCTL_EXPORT_SYNC_FILE", DMA_BUF, "b", 2, dmaBufExportSyncFile),
  importSyncFile: iow("DMA_BUF_IOCTL_IMPORT_SYNC_FILE", DMA_BUF, "b", 3, dmaBufImportSyncFile),
  revoke: io("DMA_BUF_IOCTL_REVOKE", undefined, "b", 4),
  heapAlloc: iowr("DMA_HEAP_IOCTL_ALLOC", DMA_HEAP, "H", 0, dmaHeapAllocationData),
  udmabufCreate: iow("UDMABUF_CREATE", UDMABUF, "u", 0x42, udmabufCreate),
  udmabufCreateList: iow("UDMABUF_CREATE_LIST", UDMABUF, "u", 0x43, udmabufCreateList),
  syncMerge: iowr("SYNC_IOC_MERGE", SYNC_FILE, ">", 3, syncMergeData),
  syncFileInfo: iowr("SYNC_IOC_FILE_INFO", SYNC_FILE, ">", 4, syncFileInfo),
  swSyncCreateFence: iowr("SW_SYNC_IOC_CREATE_FENCE", undefined, "W", 0, swSyncCreateFenceData),
  swSyncInc: iow("SW_SYNC_IOC_INC", undefined, "W", 1, 4),
} as const;

/** The structures of these drivers. */
export const DMA_BUF_STRUCTS = [
  dmaBufSync,
  dmaBufExportSyncFile,
  dmaBufImportSyncFile,
  dmaHeapAllocationData,
  udmabufCreate,
  udmabufCreateItem,
  udmabufCreateList,
  syncMergeData,
  syncFenceInfo,
  syncFileInfo,
  swSyncCreateFenceData,
] as const;
