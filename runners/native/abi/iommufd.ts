/**
 * iommufd, and the requests of its self test, which has a mock device and a mock exporter.
 *
 * @module
 */
import { io, type Request } from "./ioctl.ts";
import { struct } from "./layout.ts";

const IOMMUFD = "linux/iommufd.h";

/** The argument of IOMMU_DESTROY. */
export const iommuDestroy = struct("iommu_destroy", IOMMUFD, { size: "u32", id: "u32" });

/** The argument of IOMMU_IOAS_ALLOC. */
export const iommuIoasAlloc = struct("iommu_ioas_alloc", IOMMUFD, {
  size: "u32",
  flags: "u32",
  out_ioas_id: "u32",
});

/** The argument of IOMMU_IOAS_MAP_FILE. */
export const iommuIoasMapFile = struct("iommu_ioas_map_file", IOMMUFD, {
  size: "u32",
  flags: "u32",
  ioas_id: "u32",
  fd: "s32",
  start: "u64",
  length: "u64",
  iova: "u64",
});

/** The argument of IOMMU_IOAS_MAP. */
export const iommuIoasMap = struct("iommu_ioas_map", IOMMUFD, {
  size: "u32",
  flags: "u32",
  ioas_id: "u32",
  __reserved: "u32",
  user_va: "u64",
  length: "u64",
  iova: "u64",
});

/** The argument of IOMMU_IOAS_COPY. */
export const iommuIoasCopy = struct("iommu_ioas_copy", IOMMUFD, {
  size: "u32",
  flags: "u32",
  dst_ioas_id: "u32",
  src_ioas_id: "u32",
  length: "u64",
  dst_iova: "u64",
  src_iova: "u64",
});

/** The argument of IOMMU_IOAS_UNMAP. */
export const iommuIoasUnmap = struct("iommu_ioas_unmap", IOMMUFD, {
  size: "u32",
  ioas_id: "u32",
  iova: "u64",
  length: "u64",
});

/** The argument of IOMMU_VFIO_IOAS. */
export const iommuVfioIoas = struct("iommu_vfio_ioas", IOMMUFD, {
  size: "u32",
  ioas_id: "u32",
  op: "u16",
  __reserved: "u16",
});

/** The argument of IOMMU_IOAS_CHANGE_PROCESS. */
export const iommuIoasChangeProcess = struct("iommu_ioas_change_process", IOMMUFD, {
  size: "u32",
  __reserved: "u32",
});

/** Size of `struct iommu_test_cmd`, whose middle is a union; it is one of the structures below. */
export const TEST_CMD_SIZE = 72;

const testHeader = { size: "u32", op: "u32", id: "u32", __reserved: "u32" } as const;

/** `struct iommu_test_cmd` of IOMMU_TEST_OP_MOCK_DOMAIN. */
export const testMockDomain = struct("iommu_test_cmd", undefined, {
  ...testHeader,
  out_stdev_id: "u32",
  out_hwpt_id: "u32",
  out_idev_id: "u32",
});

/** `struct iommu_test_cmd` of IOMMU_TEST_OP_CREATE_ACCESS. */
export const testCreateAccess = struct("iommu_test_cmd", undefined, {
  ...testHeader,
  out_access_fd: "u32",
  flags: "u32",
});

/** `struct iommu_test_cmd` of IOMMU_TEST_OP_ACCESS_RW. */
export const testAccessRw = struct("iommu_test_cmd", undefined, {
  ...testHeader,
  iova: "u64",
  length: "u64",
  uptr: "u64",
  flags: "u32",
});

/** `struct iommu_test_cmd` of IOMMU_TEST_OP_ACCESS_PAGES. */
export const testAccessPages = struct("iommu_test_cmd", undefined, {
  ...testHeader,
  flags: "u32",
  out_access_pages_id: "u32",
  iova: "u64",
  length: "u64",
  uptr: "u64",
});

/** `struct iommu_test_cmd` of IOMMU_TEST_OP_DESTROY_ACCESS_PAGES. */
export const testDestroyAccessPages = struct("iommu_test_cmd", undefined, {
  ...testHeader,
  access_pages_id: "u32",
});

/** `struct iommu_test_cmd` of IOMMU_TEST_OP_DMABUF_GET. */
export const testDmabufGet = struct("iommu_test_cmd", undefined, {
  ...testHeader,
  length: "u32",
  open_flags: "u32",
});

/** `struct iommu_test_cmd` of IOMMU_TEST_OP_DMABUF_REVOKE. */
export const testDmabufRevoke = struct("iommu_test_cmd", undefined, {
  ...testHeader,
  dmabuf_fd: "s32",
  revoked: "u32",
});

/** Operations of the self test; `drivers/iommu/iommufd/iommufd_test.h` of Linux 7.3. */
export const TEST_OP = {
  mockDomain: 2,
  mdCheckMap: 3,
  createAccess: 5,
  destroyAccessPages: 6,
  accessPages: 7,
  accessRw: 8,
  dmabufGet: 22,
  dmabufRevoke: 23,
} as const;

/** Flags of the self test. */
export const TEST_FLAG = { accessWrite: 1, rwWrite: 1, createNeedsPinPages: 1 } as const;

/** Flags of a map request. */
export const MAP_FLAG = { fixedIova: 1, writeable: 2, readable: 4, unknown: 1 << 20 } as const;

/** Operations of IOMMU_VFIO_IOAS. */
export const VFIO_IOAS_OP = { get: 0, set: 1, clear: 2 } as const;

function request(name: string, number: number): Request {
  return io(name, IOMMUFD, ";", number);
}

/** The requests of iommufd. */
export const IOMMUFD_REQUESTS = {
  destroy: request("IOMMU_DESTROY", 0x80),
  ioasAlloc: request("IOMMU_IOAS_ALLOC", 0x81),
  ioasCopy: request("IOMMU_IOAS_COPY", 0x83),
  ioasMap: request("IOMMU_IOAS_MAP", 0x85),
  ioasUnmap: request("IOMMU_IOAS_UNMAP", 0x86),
  vfioIoas: request("IOMMU_VFIO_IOAS", 0x88),
  ioasMapFile: request("IOMMU_IOAS_MAP_FILE", 0x8f),
  ioasChangeProcess: request("IOMMU_IOAS_CHANGE_PROCESS", 0x92),
  test: io("IOMMU_TEST_CMD", undefined, ";", 0xa0),
} as const;

/** The structures of iommufd. */
export const IOMMUFD_STRUCTS = [
  iommuDestroy,
  iommuIoasAlloc,
  iommuIoasMapFile,
  iommuIoasMap,
  iommuIoasCopy,
  iommuIoasUnmap,
  iommuVfioIoas,
  iommuIoasChangeProcess,
] as const;
