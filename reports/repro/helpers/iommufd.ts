/**
 * iommufd in C, its self test, and DMA through QEMU's edu device.
 *
 * @module
 */
import { ABI } from "../abi.ts";
import { helper } from "../helper.ts";
import { pause } from "./files.ts";
import { request } from "./results.ts";
import { configSpace, pciDevice, vfioOpen } from "./vfio.ts";

const c = String.raw;

/** Makes an address space. */
export const ioasAlloc = helper(
  c`
static long ioas_alloc(int iommufd)
{
	struct iommu_ioas_alloc alloc = { .size = sizeof(alloc) };
	long result = request(iommufd, IOMMU_IOAS_ALLOC, &alloc);

	return result < 0 ? result : (long)alloc.out_ioas_id;
}
`,
  { abi: [ABI.iommufd], needs: [request], requires: "CONFIG_IOMMUFD (/dev/iommu)" },
);

/** Makes an address space serve the requests of type1. */
export const ioasType1 = helper(
  c`
/* An address space that also serves the requests of VFIO type1. */
static long ioas_alloc_type1(int iommufd)
{
	long id = ioas_alloc(iommufd);
	struct iommu_vfio_ioas compat = {
		.size = sizeof(compat), .ioas_id = id, .op = IOMMU_VFIO_IOAS_SET,
	};
	long result = id < 0 ? id : request(iommufd, IOMMU_VFIO_IOAS, &compat);

	if (result >= 0)
		result = request(iommufd, VFIO_SET_IOMMU, (void *)VFIO_TYPE1_IOMMU);
	return result < 0 ? result : id;
}
`,
  { abi: [ABI.vfio, ABI.iommuVfioIoas], needs: [ioasAlloc] },
);

/** Destroys an object. */
export const iommuDestroy = helper(
  c`
static long iommu_destroy(int iommufd, __u32 id)
{
	struct iommu_destroy destroy = { .size = sizeof(destroy), .id = id };

	return request(iommufd, IOMMU_DESTROY, &destroy);
}
`,
  { abi: [ABI.iommufd, ABI.iommuDestroy], needs: [request] },
);

/** Maps a file. */
export const ioasMapFile = helper(
  c`
static long ioas_map_file(int iommufd, struct iommu_ioas_map_file map)
{
	long result;

	map.size = sizeof(map);
	map.flags |= IOMMU_IOAS_MAP_FIXED_IOVA;
	result = request(iommufd, IOMMU_IOAS_MAP_FILE, &map);
	return result < 0 ? result : (long)map.iova;
}
`,
  { abi: [ABI.iommufd, ABI.iommuMapFile], needs: [request] },
);

/** Unmaps a range. */
export const ioasUnmap = helper(
  c`
static long ioas_unmap(int iommufd, __u32 ioas, __u64 iova, __u64 length)
{
	struct iommu_ioas_unmap unmap = {
		.size = sizeof(unmap), .ioas_id = ioas, .iova = iova, .length = length,
	};
	long result = request(iommufd, IOMMU_IOAS_UNMAP, &unmap);

	return result < 0 ? result : (long)unmap.length;
}
`,
  { abi: [ABI.iommufd, ABI.iommuUnmap], needs: [request] },
);

/** Unmaps a range as type1 does. */
export const vfioUnmap = helper(
  c`
static long vfio_unmap(int iommufd, __u64 iova, __u64 size)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap), .iova = iova, .size = size,
	};
	long result = request(iommufd, VFIO_IOMMU_UNMAP_DMA, &unmap);

	return result < 0 ? result : (long)unmap.size;
}
`,
  { abi: [ABI.vfio], needs: [request] },
);

/** Copies a mapping. */
export const ioasCopy = helper(
  c`
static long ioas_copy(int iommufd, struct iommu_ioas_copy copy)
{
	long result;

	copy.size = sizeof(copy);
	copy.flags |= IOMMU_IOAS_MAP_FIXED_IOVA;
	result = request(iommufd, IOMMU_IOAS_COPY, &copy);
	return result < 0 ? result : (long)copy.dst_iova;
}
`,
  { abi: [ABI.iommufd, ABI.iommuCopy], needs: [request] },
);

/** Moves the accounting. */
export const changeProcess = helper(
  c`
static long ioas_change_process(int iommufd)
{
	struct iommu_ioas_change_process change = { .size = sizeof(change) };

	return request(iommufd, IOMMU_IOAS_CHANGE_PROCESS, &change);
}
`,
  { abi: [ABI.iommufd, ABI.iommuChangeProcess], needs: [request] },
);

/** Sends a request of the self test. */
export const selftest = helper(
  c`
static long selftest(int iommufd, __u32 op, __u32 id, struct iommu_test_cmd *command)
{
	command->size = sizeof(*command);
	command->op = op;
	command->id = id;
	return request(iommufd, IOMMU_TEST_CMD, command);
}
`,
  { abi: [ABI.iommufd, ABI.selftest], needs: [request], requires: "CONFIG_IOMMUFD_TEST" },
);

/** Makes a mock domain. */
export const mockDomain = helper(
  c`
static long mock_domain(int iommufd, __u32 ioas)
{
	struct iommu_test_cmd command = { 0 };
	long result = selftest(iommufd, IOMMU_TEST_OP_MOCK_DOMAIN, ioas, &command);

	return result < 0 ? result : (long)command.mock_domain.out_stdev_id;
}
`,
  { needs: [selftest] },
);

/** Makes a buffer of the mock exporter. */
export const mockGet = helper(
  c`
/* A buffer of the mock exporter. Linux 7.3 gives 0 and not the descriptor, which is the next to be had. */
static long mock_get(int iommufd, __u32 length)
{
	struct iommu_test_cmd command = {
		.dmabuf_get = { .length = length, .open_flags = O_RDWR | O_CLOEXEC },
	};
	int next = dup(iommufd);
	long result;

	close(next);
	result = selftest(iommufd, IOMMU_TEST_OP_DMABUF_GET, 0, &command);
	return result == 0 ? next : result;
}
`,
  { headers: ["fcntl.h"], needs: [selftest] },
);

/** Has the mock exporter revoke. */
export const mockRevoke = helper(
  c`
static long mock_revoke(int iommufd, int buffer, bool revoked)
{
	struct iommu_test_cmd command = {
		.dmabuf_revoke = { .dmabuf_fd = buffer, .revoked = revoked },
	};

	return selftest(iommufd, IOMMU_TEST_OP_DMABUF_REVOKE, 0, &command);
}
`,
  { needs: [selftest] },
);

/** An access of the kernel. */
export const testAccess = helper(
  c`
/* An access of the kernel to an address space, as an emulated device has it. */
static long create_access(int iommufd, __u32 ioas, __u32 flags)
{
	struct iommu_test_cmd command = { .create_access.flags = flags };
	long result = selftest(iommufd, IOMMU_TEST_OP_CREATE_ACCESS, ioas, &command);

	return result < 0 ? result : (long)command.create_access.out_access_fd;
}
`,
  { needs: [selftest] },
);

/** The kernel reads or writes a byte. */
export const accessRw = helper(
  c`
/* Has the kernel read or write a byte of an address space; gives the byte. */
static long access_rw(int iommufd, __u32 ioas, __u64 iova, unsigned char byte, __u32 flags)
{
	struct iommu_test_cmd command = {
		.access_rw = { .iova = iova, .length = 1, .uptr = (uintptr_t)&byte, .flags = flags },
	};
	long result, access = create_access(iommufd, ioas, 0);

	if (access < 0)
		return access;
	result = selftest(iommufd, IOMMU_TEST_OP_ACCESS_RW, access, &command);
	close(access);
	return result < 0 ? result : byte;
}
`,
  { headers: ["stdint.h"], needs: [testAccess] },
);

/** The kernel pins pages. */
export const accessPin = helper(
  c`
/* Has the kernel pin pages of an address space, and let them go. */
static long access_pin(int iommufd, __u32 ioas, __u64 iova, __u64 length, __u32 flags)
{
	struct iommu_test_cmd pages = {
		.access_pages = { .flags = flags, .iova = iova, .length = length },
	};
	struct iommu_test_cmd done = { 0 };
	long result, access = create_access(iommufd, ioas, IOMMU_TEST_CREATE_NEEDS_PIN_PAGES);

	if (access < 0)
		return access;
	result = selftest(iommufd, IOMMU_TEST_OP_ACCESS_PAGES, access, &pages);
	if (result >= 0) {
		done.destroy_access_pages.access_pages_id = pages.access_pages.out_access_pages_id;
		result = selftest(iommufd, IOMMU_TEST_OP_DESTROY_ACCESS_PAGES, access, &done);
	}
	close(access);
	return result;
}
`,
  { needs: [testAccess] },
);

/** The edu device. */
export const edu = helper(
  c`
/* QEMU's edu device (1234:11e8) copies between its own memory and an address of the IOMMU. */
#define EDU_SOURCE	0x80
#define EDU_TARGET	0x88
#define EDU_COUNT	0x90
#define EDU_COMMAND	0x98
#define EDU_START	1
#define EDU_TO_RAM	2
#define EDU_MEMORY	0x40000
#define EDU_PAGE	0x0f000000	/* an address that no case uses */

struct edu {
	int device, iommufd;
	__u32 ioas;
};

static void edu_write(const struct edu *edu, unsigned int at, __u32 number)
{
	__u64 offset = region_offset(edu->device, 0);

	if (pwrite(edu->device, &number, sizeof(number), offset + at) < 0)
		perror("edu");
}

static void edu_copy(const struct edu *edu, __u32 from, __u32 to, __u32 command)
{
	__u64 offset = region_offset(edu->device, 0);
	__u32 state = EDU_START;
	unsigned int looks;

	edu_write(edu, EDU_SOURCE, from);
	edu_write(edu, EDU_TARGET, to);
	edu_write(edu, EDU_COUNT, 8);
	edu_write(edu, EDU_COMMAND, command);
	for (looks = 0; looks < 100 && state & EDU_START; looks++) {
		pause_ms(20);
		if (pread(edu->device, &state, sizeof(state), offset + EDU_COMMAND) < 0)
			return;
	}
}

/* Attaches the device to an address space. */
static long edu_attach(struct edu *edu, const char *address, int iommufd, __u32 ioas)
{
	struct vfio_device_attach_iommufd_pt attach = { .argsz = sizeof(attach), .pt_id = ioas };
	long result, fd = open_cdev(address);

	if (fd < 0)
		return fd;
	*edu = (struct edu){ fd, iommufd, ioas };
	result = bind_iommufd(fd, iommufd);
	if (result >= 0)
		result = request(fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach);
	if (result >= 0)
		result = config_write(fd, PCI_COMMAND, 2, config_read(fd, PCI_COMMAND, 2) |
				      PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	return result < 0 ? result : 0;
}

/* Has the device write bytes, if any, and read one: it gives 0 where there is no translation. */
static long edu_dma(const struct edu *edu, __u64 iova, const unsigned char *bytes)
{
	unsigned char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
				   -1, 0);
	struct iommu_ioas_map map = {
		.size = sizeof(map), .ioas_id = edu->ioas, .length = 4096, .iova = EDU_PAGE,
		.user_va = (uintptr_t)page,
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE |
			 IOMMU_IOAS_MAP_WRITEABLE,
	};
	struct iommu_ioas_unmap unmap = {
		.size = sizeof(unmap), .ioas_id = edu->ioas, .length = 4096, .iova = EDU_PAGE,
	};
	long result = request(edu->iommufd, IOMMU_IOAS_MAP, &map);

	if (result < 0)
		return result;
	if (bytes) {
		memcpy(page, bytes, 8);
		edu_copy(edu, EDU_PAGE, EDU_MEMORY, EDU_START);
		edu_copy(edu, EDU_MEMORY, iova, EDU_START | EDU_TO_RAM);
	}
	edu_copy(edu, iova, EDU_MEMORY, EDU_START);
	edu_copy(edu, EDU_MEMORY, EDU_PAGE, EDU_START | EDU_TO_RAM);
	result = page[0];
	request(edu->iommufd, IOMMU_IOAS_UNMAP, &unmap);
	munmap(page, 4096);
	return result;
}
`,
  {
    headers: ["stdint.h", "sys/mman.h"],
    abi: [ABI.attachIommufd, ABI.iommuMap, ABI.iommuUnmap],
    needs: [vfioOpen, configSpace, pciDevice, pause, ioasAlloc],
    requires: "QEMU's edu device (-device edu), bound to vfio-pci",
  },
);

/** The device reads. */
export const eduRead = helper(
  c`
static long edu_dma_read(const struct edu *edu, __u64 iova)
{
	long result = edu_dma(edu, iova, NULL);

	return result ? result : -EIO;
}
`,
  { needs: [edu] },
);

/** The device writes. */
export const eduWrite = helper(
  c`
static long edu_dma_write(const struct edu *edu, __u64 iova, unsigned char byte)
{
	unsigned char bytes[8];
	long result;

	memset(bytes, byte, sizeof(bytes));
	result = edu_dma(edu, iova, bytes);
	if (result < 0)
		return result;
	return result == byte ? 0 : -EIO;
}
`,
  { needs: [edu] },
);
