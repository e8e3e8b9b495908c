/**
 * iommufd: address spaces of devices, what is mapped in them, DMA through them, and the mock exporter of its self-test.
 *
 * @module
 */
import { z } from "zod";
import { sizeSchema } from "../size.ts";
import { descriptorOrNumber, named, operation } from "./operation.ts";

const address = sizeSchema.default(() => sizeSchema.parse("16MiB"))
  .meta({
    description: "An address of the address space; 16 MiB where left out, which is the first that all allow.",
  });
const fourPages = sizeSchema.default(() => sizeSchema.parse("4 pages")).meta({ description: "Bytes." });
const access = z.array(z.enum(["read", "write"])).default(["read", "write"])
  .meta({ description: "What devices may do." });
const byte = z.int().min(0).max(255).meta({ description: "The byte to write." });
const unknownFlag = z.boolean().default(false).meta({ description: "Sets a flag bit that nothing defines." });

/** The operations on iommufd and on the devices attached to its domains. */
export const iommufdOperations = {
  "iommufd.open": operation({}, {
    summary: "Opens iommufd.",
    follows: "open(2) of /dev/iommu; iommufd_fops_open()",
    result: { gives: "object", kind: "iommufd" },
    errnos: ["ENOENT", "EACCES", "EMFILE"],
    missing: "ENOENT",
  }),
  "iommufd.ioas": operation({
    iommufd: named.iommufd,
    type1: z.boolean().default(false).meta({
      description: "Whether it also serves the requests of VFIO type1, which can unmap a part of an area.",
    }),
  }, {
    summary: "Makes an empty address space.",
    follows: "IOMMU_IOAS_ALLOC, IOMMU_VFIO_IOAS, VFIO_SET_IOMMU; iommufd_ioas_alloc_ioctl()",
    result: { gives: "object", kind: "ioas" },
    errnos: ["EBADF", "ENOMEM"],
  }),
  "iommufd.hwpt": operation({ ioas: named.ioas }, {
    summary: "Makes a domain of an address space and attaches a device to it that can do DMA.",
    follows:
      "IOMMU_HWPT_ALLOC, VFIO_DEVICE_ATTACH_IOMMUFD_PT, or IOMMU_TEST_OP_MOCK_DOMAIN; iopt_table_add_domain()",
    result: { gives: "object", kind: "hwpt" },
    errnos: ["EBADF", "ENOENT", "ENODEV", "EINVAL", "EADDRINUSE", "EBUSY", "ENOMEM"],
  }),
  "iommufd.destroy": operation({ object: named.iommufdObject }, {
    summary: "Destroys an address space or a domain.",
    follows: "IOMMU_DESTROY; iommufd_destroy()",
    result: { gives: "nothing" },
    errnos: ["EBADF", "ENOENT", "EBUSY"],
  }),
  "iommufd.map_file": operation({
    ioas: named.ioas,
    file: descriptorOrNumber,
    iova: address,
    length: fourPages,
    start: sizeSchema.default(() => sizeSchema.parse(0)).meta({
      description: "Where in the file it starts.",
    }),
    access,
    unknown_flag: unknownFlag,
    unknown_ioas: z.boolean().default(false).meta({ description: "Passes the id of no address space." }),
  }, {
    summary: "Maps a range of a dma-buf or of a memfd to an address.",
    follows: "IOMMU_IOAS_MAP_FILE with FIXED_IOVA; iommufd_ioas_map_file(), iopt_map_file_pages()",
    result: { gives: "value", of: "the address" },
    errnos: [
      "EBADF",
      "ENOTTY",
      "EOPNOTSUPP",
      "EOVERFLOW",
      "EINVAL",
      "ENOENT",
      "ENODEV",
      "EBUSY",
      "ENOMEM",
      "EEXIST",
    ],
    missing: "ENOTTY",
    access: true,
  }),
  "iommufd.unmap": operation({ ioas: named.ioas, iova: address, length: fourPages }, {
    summary: "Unmaps every area of a range of addresses; 0 and 2^64 - 1 stand for all of them.",
    follows: "IOMMU_IOAS_UNMAP; iommufd_ioas_unmap()",
    result: { gives: "value", of: "how many bytes were mapped" },
    errnos: ["EBADF", "EINVAL", "ENOENT", "EOVERFLOW", "EBUSY"],
  }),
  "iommufd.vfio_unmap": operation({ ioas: named.ioas, iova: address, length: fourPages }, {
    summary: "Unmaps a range of addresses as VFIO type1 does, which splits the areas at its ends.",
    follows: "VFIO_IOMMU_UNMAP_DMA on iommufd; iommufd_vfio_unmap_dma(), iopt_area_split()",
    result: { gives: "value", of: "how many bytes were mapped" },
    errnos: ["EBADF", "ENOENT", "ENODEV", "EBUSY", "EOPNOTSUPP", "EINVAL", "EOVERFLOW"],
  }),
  "iommufd.copy": operation({
    ioas: named.ioas,
    from: named.ioas,
    from_iova: address,
    iova: address,
    length: fourPages,
    access,
    unknown_flag: unknownFlag,
  }, {
    summary: "Maps what is mapped in another address space, or elsewhere in the same.",
    follows: "IOMMU_IOAS_COPY with FIXED_IOVA; iommufd_ioas_copy()",
    result: { gives: "value", of: "the address" },
    errnos: ["EBADF", "EOPNOTSUPP", "EOVERFLOW", "EINVAL", "ENOENT", "EPERM", "EEXIST"],
    access: true,
  }),
  "iommufd.dma_read": operation({ hwpt: named.hwpt, iova: address }, {
    summary: "Has the device of a domain read a byte; EIO stands for an address that is not translated.",
    follows: "a DMA read through the IOMMU, or IOMMU_TEST_OP_MD_CHECK_MAP; iommu_iova_to_phys()",
    result: { gives: "value", of: "the byte" },
    errnos: ["EIO"],
    access: true,
  }),
  "iommufd.dma_write": operation({ hwpt: named.hwpt, iova: address, value: byte }, {
    summary:
      "Has the device of a domain write a byte; EIO stands for an address that is not translated for writing.",
    follows: "a DMA write through the IOMMU; iommu_iova_to_phys()",
    result: { gives: "nothing" },
    errnos: ["EIO"],
    access: true,
  }),
  "iommufd.access_read": operation({ ioas: named.ioas, iova: address }, {
    summary: "Has the kernel read a byte of an address space with the CPU, as for an emulated device.",
    follows: "IOMMU_TEST_OP_ACCESS_RW; iommufd_access_rw()",
    result: { gives: "value", of: "the byte" },
    errnos: ["EBADF", "ENOENT", "EINVAL"],
    access: true,
  }),
  "iommufd.access_write": operation({ ioas: named.ioas, iova: address, value: byte }, {
    summary: "Has the kernel write a byte of an address space with the CPU, as for an emulated device.",
    follows: "IOMMU_TEST_OP_ACCESS_RW with write; iommufd_access_rw()",
    result: { gives: "nothing" },
    errnos: ["EBADF", "ENOENT", "EPERM", "EINVAL"],
    access: true,
  }),
  "iommufd.access_pin": operation({
    ioas: named.ioas,
    iova: address,
    length: fourPages,
    access: z.enum(["read", "write"]).default("read").meta({ description: "What the pin is for." }),
  }, {
    summary:
      "Has the kernel pin the pages of a range for the CPU, as for an emulated device, and let them go.",
    follows:
      "IOMMU_TEST_OP_ACCESS_PAGES, IOMMU_TEST_OP_DESTROY_ACCESS_PAGES; iommufd_access_pin_pages(), iopt_area_add_access()",
    result: { gives: "nothing" },
    errnos: ["EBADF", "ENOENT", "EPERM", "EINVAL"],
    access: true,
  }),
  "iommufd.change_process": operation({ iommufd: named.iommufd }, {
    summary: "Has the memory of every address space accounted to the calling process from now on.",
    follows: "IOMMU_IOAS_CHANGE_PROCESS; iommufd_ioas_change_process()",
    result: { gives: "nothing" },
    errnos: ["EBADF", "ENOTTY", "EINVAL", "ENOMEM"],
    missing: "ENOTTY",
  }),
  "iommufd.mock_get": operation({ iommufd: named.iommufd, length: fourPages }, {
    summary: "Makes a buffer of the mock exporter, which only iommufd can map.",
    follows: "IOMMU_TEST_OP_DMABUF_GET; iommufd_test_dmabuf_get()",
    result: { gives: "object", kind: "buffer" },
    errnos: ["EBADF", "ENOTTY", "EINVAL", "ENOMEM", "EMFILE"],
    missing: "ENOTTY",
  }),
  "iommufd.mock_revoke": operation({
    iommufd: named.iommufd,
    buffer: descriptorOrNumber,
    revoked: z.boolean().default(true).meta({ description: "Whether to revoke it or to un-revoke it." }),
  }, {
    summary: "Has the mock exporter revoke or un-revoke a buffer.",
    follows: "IOMMU_TEST_OP_DMABUF_REVOKE; iommufd_test_dmabuf_revoke()",
    result: { gives: "nothing" },
    errnos: ["ENOTTY", "EBADF", "EINVAL", "EOPNOTSUPP"],
    events: ["invalidate", "remap", "unmap"],
    missing: "ENOTTY",
  }),
};

/** The operations on memory that user space owns, and on buffers made of it, which nobody revokes. */
export const udmabufOperations = {
  "memfd.create": operation({
    length: fourPages,
    sealed: z.boolean().default(true).meta({ description: "Whether it is kept from shrinking." }),
  }, {
    summary: "Makes a file that lives in memory.",
    follows: "memfd_create(2), ftruncate(2), fcntl(2) with F_ADD_SEALS and F_SEAL_SHRINK",
    result: { gives: "object", kind: "file" },
    errnos: ["EMFILE", "ENFILE", "ENOMEM"],
  }),
  "udmabuf.create": operation({
    memfd: named.file,
    offset: sizeSchema.default(() => sizeSchema.parse(0)).meta({
      description: "Where in the file it starts.",
    }),
    length: fourPages,
  }, {
    summary: "Makes a buffer of the pages of a file in memory; it is never revoked.",
    follows: "UDMABUF_CREATE; udmabuf_create()",
    result: { gives: "object", kind: "buffer" },
    errnos: ["ENOENT", "EINVAL", "EBADF", "EBADFD", "ENOMEM", "EMFILE"],
    missing: "ENOENT",
  }),
};
