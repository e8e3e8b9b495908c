/**
 * VFIO devices in C, and the module's reference devices that stand for them.
 *
 * @module
 */
import { ABI } from "../abi.ts";
import { helper } from "../helper.ts";
import { openOrSkip } from "./files.ts";
import { events, module } from "./importer.ts";
import { atPageEnd, request, resultOf, skip } from "./results.ts";

const c = String.raw;

/** Where a region stands in the file of a device. */
export const region = helper(
  c`
/* Where a region stands in the file of the device. */
static __u64 region_offset(int device, __u32 index)
{
	struct vfio_region_info info = { .argsz = sizeof(info), .index = index };

	request(device, VFIO_DEVICE_GET_REGION_INFO, &info);
	return info.offset;
}
`,
  { abi: [ABI.vfio], needs: [request] },
);

/** The configuration space. */
export const configSpace = helper(
  c`
#define PCI_COMMAND		4	/* as <linux/pci_regs.h> has them */
#define PCI_COMMAND_IO		1
#define PCI_COMMAND_MEMORY	2
#define PCI_COMMAND_MASTER	4
#define PCI_COMMAND_INTX	0x400

static long config_read(int device, unsigned int at, unsigned int width)
{
	__u32 register_value = 0;
	__u64 offset = region_offset(device, VFIO_PCI_CONFIG_REGION_INDEX) + at;

	if (pread(device, &register_value, width, offset) < 0)
		return -errno;
	return le32toh(register_value);
}

static long config_write(int device, unsigned int at, unsigned int width, __u32 register_value)
{
	__u64 offset = region_offset(device, VFIO_PCI_CONFIG_REGION_INDEX) + at;

	register_value = htole32(register_value);
	return pwrite(device, &register_value, width, offset) < 0 ? -errno : 0;
}
`,
  { headers: ["endian.h"], needs: [region, resultOf] },
);

/** Changes the command register. */
export const command = helper(
  c`
/* Sets and clears bits of the command register, by a write of some width at some byte of it. */
static long vfio_command(int device, __u32 set, __u32 clear, unsigned int at, unsigned int width)
{
	long now = config_read(device, PCI_COMMAND, 2);

	if (now < 0)
		return now;
	now = (now | set) & ~(long)clear;
	return config_write(device, at, width, now >> 8 * (at - PCI_COMMAND));
}
`,
  { needs: [configSpace] },
);

/** Reads the command register. */
export const readCommand = helper(
  c`
static long vfio_read_command(int device)
{
	long now = config_read(device, PCI_COMMAND, 2);

	if (now < 0)
		return now;
	snprintf(value, sizeof(value),
		 "{\"memory\":%s,\"bus_master\":%s,\"io\":%s,\"intx_disable\":%s}",
		 now & PCI_COMMAND_MEMORY ? "true" : "false",
		 now & PCI_COMMAND_MASTER ? "true" : "false", now & PCI_COMMAND_IO ? "true" : "false",
		 now & PCI_COMMAND_INTX ? "true" : "false");
	return 0;
}
`,
  { needs: [configSpace] },
);

/** Finds a capability. */
export const capability = helper(
  c`
static unsigned int capability(int device, int id)
{
	unsigned int seen, at = config_read(device, 0x34, 1);

	for (seen = 0; at >= 0x40 && seen < 48; seen++) {
		if (config_read(device, at, 1) == id)
			return at;
		at = config_read(device, at + 1, 1) & ~3;
	}
	errno = ENODEV;
	skip("a capability that the case needs");
}
`,
  { needs: [configSpace, skip] },
);

/** Changes a register of a capability. */
export const capabilityBits = helper(
  c`
/* Sets and clears bits of a register of a capability. */
static long capability_bits(int device, int id, unsigned int at, unsigned int width, __u32 set,
			    __u32 clear)
{
	long now;

	at += capability(device, id);
	now = config_read(device, at, width);
	return now < 0 ? now : config_write(device, at, width, (now & ~(long)clear) | set);
}
`,
  { needs: [capability] },
);

/** A PCI device that fits. */
export const pciDevice = helper(
  c`
#define BAR_IO		1	/* kinds of regions besides memory of so many bytes */
#define BAR_ABSENT	2

/* A PCI device, and which of its BARs stands for each region that the case speaks of. */
struct pci_device {
	const char *address;
	unsigned int bar[6];
};

static void fit_bars(struct pci_device *device, const char *address, const __u64 *wanted,
		     unsigned int count)
{
	unsigned long long start, end, flags;
	bool taken[6] = { false };
	__u64 has[6] = { 0 };
	unsigned int i, bar;
	char path[96];
	FILE *file;

	*device = (struct pci_device){ .address = address };
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/resource", address);
	file = fopen(path, "re");
	if (!file)
		skip(path);
	for (bar = 0; bar < 6 && fscanf(file, "%llx %llx %llx", &start, &end, &flags) == 3; bar++) {
		has[bar] = end ? end - start + 1 : BAR_ABSENT;
		if (end && flags & 0x100 /* IORESOURCE_IO */)
			has[bar] = BAR_IO;
	}
	fclose(file);
	for (i = 0; i < 6; i++) {
		__u64 want = i < count ? wanted[i] : BAR_ABSENT;

		for (bar = 0; bar < 6; bar++)
			if (!(i < count && taken[bar]) &&
			    (want > BAR_ABSENT ? has[bar] >= want : has[bar] == want))
				break;
		errno = ENODEV;
		if (bar == 6 && i < count)
			skip("a device with such BARs");
		device->bar[i] = bar;
		if (bar < 6)
			taken[bar] = true;
	}
}
`,
  { headers: ["stdbool.h"], needs: [skip] },
);

/** Opens a VFIO device. */
export const vfioOpen = helper(
  c`
/* A name in a folder of sysfs that begins with some letters; empty where there is none. */
static void find_name(const char *address, const char *folder, const char *prefix, char *name)
{
	char path[96];
	struct dirent *entry;
	DIR *entries;

	name[0] = 0;
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s", address, folder);
	entries = opendir(path);
	while (entries && (entry = readdir(entries)))
		if (!strncmp(entry->d_name, prefix, strlen(prefix)))
			snprintf(name, 32, "%.31s", entry->d_name);
	if (entries)
		closedir(entries);
}

/* The file of a device; it has no access to the device before it is bound to an iommufd. */
static long open_cdev(const char *address)
{
	char name[32], path[64];

	find_name(address, "vfio-dev", "vfio", name);
	snprintf(path, sizeof(path), "/dev/vfio/devices/%s", name);
	return name[0] ? result_of(open(path, O_RDWR | O_CLOEXEC)) : -ENODEV;
}

static long bind_iommufd(int device, int iommufd)
{
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind), .iommufd = iommufd };

	return request(device, VFIO_DEVICE_BIND_IOMMUFD, &bind);
}
`,
  {
    headers: ["dirent.h", "fcntl.h"],
    abi: [ABI.vfio, ABI.bindIommufd],
    needs: [openOrSkip, request],
    requires: "a PCI device bound to vfio-pci, with an IOMMU",
  },
);

/** Opens a device by its group, as kernels without device files of their own have it. */
export const vfioOpenGroup = helper(
  c`
static int groups[4], group_numbers[4];
static unsigned int group_count;

/* Opens a device through its group, for a kernel without device files of VFIO. */
static long open_in_group(const char *address)
{
	static int container = -1;
	char link[96], target[256], path[64];
	unsigned int i;
	ssize_t length;
	int group;

	snprintf(link, sizeof(link), "/sys/bus/pci/devices/%s/iommu_group", address);
	length = readlink(link, target, sizeof(target) - 1);
	if (length < 0)
		skip(link);
	target[length] = 0;
	group = atoi(strrchr(target, '/') + 1);
	for (i = 0; i < group_count && group_numbers[i] != group; i++)
		;
	if (i == group_count && group_count < 4) {
		snprintf(path, sizeof(path), "/dev/vfio/%d", group);
		group_numbers[i] = group;
		groups[group_count++] = open_or_skip(path);
		if (container < 0)
			container = open_or_skip("/dev/vfio/vfio");
		if (ioctl(groups[i], VFIO_GROUP_SET_CONTAINER, &container))
			return -errno;
		if (i == 0 && ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
			return -errno;
	}
	return request(groups[i], VFIO_GROUP_GET_DEVICE_FD, (void *)address);
}
`,
  { headers: ["sys/ioctl.h"], abi: [ABI.vfio], needs: [vfioOpen] },
);

/** Opens a device with access. */
export const vfioOpenGranted = helper(
  c`
/* Opens a device with memory enabled, by its own file or else by its group. */
static long vfio_open(const struct pci_device *device, int *iommufd)
{
	long result, fd = open_cdev(device->address);

	if (fd == -ENODEV) {
		fd = open_in_group(device->address);
	} else if (fd >= 0) {
		if (*iommufd < 0)
			*iommufd = open_or_skip("/dev/iommu");
		result = bind_iommufd(fd, *iommufd);
		if (result < 0)
			return result;
	}
	if (fd >= 0 && !(config_read(fd, PCI_COMMAND, 2) & PCI_COMMAND_MEMORY))
		config_write(fd, PCI_COMMAND, 2, config_read(fd, PCI_COMMAND, 2) | PCI_COMMAND_MEMORY);
	return fd;
}
`,
  { needs: [pciDevice, vfioOpen, vfioOpenGroup, configSpace] },
);

/** Eventfds that tell of something that happens by itself. */
export const watches = helper(
  c`
static struct {
	int fd;
	const char *what, *name;
} watches[8];
static unsigned int watch_count;

/* Tells of an eventfd once. */
static void watch_eventfd(int fd, const char *what, const char *name)
{
	if (watch_count == 8)
		return;
	watches[watch_count].fd = fd;
	watches[watch_count].what = what;
	watches[watch_count++].name = name;
}

static void look_at_eventfds(void)
{
	__u64 times;
	unsigned int i;

	for (i = 0; i < watch_count; i++) {
		if (watches[i].fd < 0 || read(watches[i].fd, &times, sizeof(times)) < 0)
			continue;
		note("%s of %s", watches[i].what, watches[i].name);
		watches[i].fd = -1;
	}
}
`,
  { needs: [events] },
);

/** Has the driver say when it wants a device back. */
export const requestIrq = helper(
  c`
/* Has the driver say when it wants the device back. */
static void ask_for_requests(int device, const char *name)
{
	struct {
		struct vfio_irq_set set;
		__s32 eventfd;
	} irq = {
		.set = {
			.argsz = sizeof(irq),
			.flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
			.index = VFIO_PCI_REQ_IRQ_INDEX,
			.count = 1,
		},
		.eventfd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
	};

	if (request(device, VFIO_DEVICE_SET_IRQS, &irq) >= 0)
		watch_eventfd(irq.eventfd, "release-request", name);
}
`,
  {
    abi: [ABI.vfio],
    headers: ["sys/eventfd.h"],
    needs: [request, watches],
  },
);

/** Exports one range of a region. */
export const vfioExport = helper(
  c`
static long vfio_export(int device, __u32 region, __u64 offset, __u64 length)
{
	struct {
		struct vfio_device_feature feature;
		struct vfio_device_feature_dma_buf buffer;
		struct vfio_region_dma_range range;
	} argument = {
		.feature.argsz = sizeof(argument),
		.feature.flags = VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_DMA_BUF,
		.buffer.region_index = region,
		.buffer.open_flags = O_RDWR | O_CLOEXEC,
		.buffer.nr_ranges = 1,
		.range = { offset, length },
	};

	return request(device, VFIO_DEVICE_FEATURE, &argument);
}
`,
  { headers: ["fcntl.h"], abi: [ABI.vfio, ABI.dmaBufFeature], needs: [request] },
);

/** Sends a feature request of which only a part can be read. */
export const vfioFeature = helper(
  c`
/* Sends a request for a feature; only so many bytes of it can be read, all where it is SIZE_MAX. */
static long vfio_feature(int device, __u32 argsz, __u32 flags, const void *payload, size_t length,
			 size_t readable)
{
	char bytes[512];
	struct vfio_device_feature header = { .argsz = argsz, .flags = flags };
	size_t size = sizeof(header) + length;

	memcpy(bytes, &header, sizeof(header));
	memcpy(bytes + sizeof(header), payload, length);
	return request(device, VFIO_DEVICE_FEATURE,
		       at_page_end(bytes, readable < size ? readable : size));
}
`,
  { headers: ["stdint.h"], abi: [ABI.vfio], needs: [request, atPageEnd] },
);

/** Exports ranges with whatever argument. */
export const vfioExportRanges = helper(
  c`
/* Exports ranges; argsz is the true size for 0. */
static long vfio_export_ranges(int device, struct vfio_device_feature_dma_buf buffer,
			       const struct vfio_region_dma_range *ranges, unsigned int count,
			       __u32 argsz, size_t readable)
{
	char payload[sizeof(buffer) + count * sizeof(*ranges)];

	memcpy(payload, &buffer, sizeof(buffer));
	memcpy(payload + sizeof(buffer), ranges, count * sizeof(*ranges));
	return vfio_feature(device, argsz, VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_DMA_BUF,
			    payload, sizeof(payload), readable);
}
`,
  { headers: ["fcntl.h"], abi: [ABI.dmaBufFeature], needs: [vfioFeature] },
);

/** Revokes by the ioctl. */
export const vfioRevoke = helper(
  c`
static long vfio_revoke(int device, int buffer)
{
	struct vfio_pci_dmabuf_revoke revoke = { .argsz = sizeof(revoke), .dmabuf_fd = buffer };

	return request(device, VFIO_DEVICE_PCI_DMABUF_REVOKE, &revoke);
}
`,
  { abi: [ABI.vfio, ABI.dmabufRevoke], needs: [request] },
);

/** Revokes by the ioctl with whatever argument. */
export const vfioRevokeRaw = helper(
  c`
/* The request to revoke with another size, or where only so many bytes of it can be read. */
static long vfio_revoke_raw(int device, int buffer, __u32 argsz, size_t readable)
{
	struct vfio_pci_dmabuf_revoke revoke = { .argsz = argsz, .dmabuf_fd = buffer };

	return request(device, VFIO_DEVICE_PCI_DMABUF_REVOKE, at_page_end(&revoke, readable));
}
`,
  { abi: [ABI.vfio, ABI.dmabufRevoke], needs: [request, atPageEnd] },
);

/** Reads and writes a BAR. */
export const barAccess = helper(
  c`
/* Reads the first byte of a page of a BAR through the device. */
static long read_bar(int device, __u32 region, unsigned int page)
{
	unsigned char byte = 0;
	__u64 offset = region_offset(device, region) + page * PAGE;

	return pread(device, &byte, 1, offset) < 0 ? -errno : byte;
}
`,
  { needs: [region, resultOf] },
);

/** Fills a page of a BAR. */
export const barWrite = helper(
  c`
/* Fills a page of a BAR through the device. */
static long write_bar(int device, __u32 region, unsigned int page, unsigned char byte)
{
	__u64 offset = region_offset(device, region) + page * PAGE;
	char bytes[PAGE];

	memset(bytes, byte, sizeof(bytes));
	return pwrite(device, bytes, sizeof(bytes), offset) < 0 ? -errno : 0;
}
`,
  { needs: [region, resultOf] },
);

/** Resets what belongs together. */
export const hotReset = helper(
  c`
/* Resets the device with all that are reset together; by the groups that are open, if any. */
static long vfio_hot_reset(int device, const int *groups, unsigned int count)
{
	struct {
		struct vfio_pci_hot_reset reset;
		__s32 groups[4];
	} argument = { .reset.argsz = sizeof(argument.reset) + 4 * count, .reset.count = count };

	memcpy(argument.groups, groups, count * sizeof(*groups));
	return request(device, VFIO_DEVICE_PCI_HOT_RESET, &argument);
}
`,
  { abi: [ABI.vfio], needs: [request] },
);

/** Low power with a wake-up. */
export const lowPowerWakeup = helper(
  c`
static long low_power_with_wakeup(int device, const char *name)
{
	struct vfio_device_low_power_entry_with_wakeup entry = {
		.wakeup_eventfd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
	};
	long result = vfio_feature(device, sizeof(struct vfio_device_feature) + sizeof(entry),
				   VFIO_DEVICE_FEATURE_SET |
				   VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP,
				   &entry, sizeof(entry), SIZE_MAX);

	if (result >= 0)
		watch_eventfd(entry.wakeup_eventfd, "wakeup", name);
	return result;
}
`,
  { headers: ["sys/eventfd.h"], abi: [ABI.lowPowerEntryWithWakeup], needs: [vfioFeature, watches] },
);

/** Unbinds the driver. */
export const unbind = helper(
  c`
static void write_driver(const char *file, const char *address)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/pci/drivers/vfio-pci/%s", file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, address, strlen(address)) < 0)
		perror(path);
	close(fd);
}

static const char *unbound;

static void bind_again(void)
{
	if (unbound)
		write_driver("bind", unbound);
}

/* Waits until nobody holds the device any more. */
static long vfio_unbind(const struct pci_device *device)
{
	unbound = device->address;
	atexit(bind_again);
	write_driver("unbind", unbound);
	return 0;
}
`,
  { headers: ["fcntl.h"], needs: [pciDevice] },
);

/** Opens a device of the reference exporter. */
export const referenceOpen = helper(
  c`
/* A device of the module's reference exporter, which takes the requests of a VFIO device. */
static long reference_open(__u32 *id, struct conform_device_create create)
{
	long result;

	create.argsz = sizeof(create);
	create.dialect = dialect;
	result = request(module(), CONFORM_DEVICE_CREATE, &create);
	*id = create.id;
	return result < 0 ? result : create.fd;
}
`,
  { needs: [module, request] },
);

/** Opens a device of the reference exporter again. */
export const referenceReopen = helper(
  c`
static long reference_reopen(__u32 id)
{
	struct conform_device_open argument = { .argsz = sizeof(argument), .id = id };
	long result = request(module(), CONFORM_DEVICE_OPEN, &argument);

	return result < 0 ? result : argument.fd;
}
`,
  { needs: [module, request] },
);

/** Has a request of a reference device fail. */
export const referenceFail = helper(
  c`
static long reference_fail(__u32 id, __u32 what, __u32 error)
{
	struct conform_device_fail fail = {
		.argsz = sizeof(fail), .id = id, .request = what, .error = error,
	};

	return request(module(), CONFORM_DEVICE_FAIL, &fail);
}
`,
  { needs: [module, request] },
);
