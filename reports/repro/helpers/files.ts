/**
 * Descriptors, files and buffers in C.
 *
 * @module
 */
import { ABI } from "../abi.ts";
import { helper } from "../helper.ts";
import { atPageEnd, request, resultOf, results, skip } from "./results.ts";

const c = String.raw;

/** Opens a device file, or ends the program as skipped. */
export const openOrSkip = helper(
  c`
static int open_or_skip(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		skip(path);
	return fd;
}
`,
  { headers: ["fcntl.h"], needs: [skip] },
);

/** Closes a descriptor. */
export const closeFd = helper(
  c`
/* Closes a descriptor. The next open gets its number, so that the case goes on with one that nothing can have. */
static long close_fd(int *fd)
{
	static int beyond = 1 << 20;
	long result = result_of(close(*fd));

	if (result >= 0)
		*fd = beyond++;
	return result;
}
`,
  { needs: [resultOf] },
);

/** Makes a file in memory. */
export const memfdCreate = helper(
  c`
/* A file in memory; not executable where the kernel has such, since it warns of others. */
static long make_memfd(off_t length, bool sealed)
{
	int fd = memfd_create("conform", MFD_CLOEXEC | MFD_ALLOW_SEALING | 8 /* MFD_NOEXEC_SEAL */);

	if (fd < 0)
		fd = memfd_create("conform", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0 || ftruncate(fd, length))
		return -errno;
	if (sealed && fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK))
		return -errno;
	return fd;
}
`,
  { headers: ["fcntl.h", "sys/mman.h"], needs: [results] },
);

/** A pipe, of which one end is used. */
export const openPipe = helper(
  c`
static long open_pipe(void)
{
	int ends[2];

	return pipe2(ends, O_CLOEXEC) ? -errno : ends[0];
}
`,
  { headers: ["fcntl.h"], needs: [results] },
);

/** A socket. */
export const openSocket = helper(
  c`
static long open_socket(void)
{
	int ends[2];

	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) ? -errno : ends[0];
}
`,
  { headers: ["sys/socket.h"], needs: [results] },
);

/** Opens a descriptor once more as a path. */
export const openPath = helper(
  c`
static long open_path(int fd)
{
	char path[32];
	long opened;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	opened = result_of(open(path, O_PATH | O_CLOEXEC));
	return opened == -ENOENT ? -EBADF : opened;
}
`,
  { headers: ["fcntl.h"], needs: [resultOf] },
);

/** The flags of a descriptor. */
export const fdFlags = helper(
  c`
static long fd_flags(int fd)
{
	static const char *const access[] = { "rdonly", "wronly", "rdwr", "rdwr" };
	int flags = fcntl(fd, F_GETFL);
	int own = fcntl(fd, F_GETFD);

	if (flags < 0 || own < 0)
		return -errno;
	snprintf(value, sizeof(value),
		 "{\"access\":\"%s\",\"nonblock\":%s,\"append\":%s,\"cloexec\":%s}",
		 access[flags & O_ACCMODE], flags & O_NONBLOCK ? "true" : "false",
		 flags & O_APPEND ? "true" : "false", own & FD_CLOEXEC ? "true" : "false");
	return 0;
}
`,
  { headers: ["fcntl.h"], needs: [results] },
);

/** The limit of open files. */
export const limitFiles = helper(
  c`
/* How many descriptors there may be; as many as ever for 0. */
static long limit_files(rlim_t many)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return -errno;
	limit.rlim_cur = many ? many : limit.rlim_max;
	return result_of(setrlimit(RLIMIT_NOFILE, &limit));
}
`,
  { headers: ["sys/resource.h"], needs: [resultOf] },
);

/** Lets time pass. */
export const pause = helper(
  c`
static long pause_ms(unsigned int ms)
{
	struct timespec time = { ms / 1000, ms % 1000 * 1000000L };

	return -clock_nanosleep(CLOCK_MONOTONIC, 0, &time, NULL);
}
`,
  { headers: ["time.h"], needs: [results] },
);

/** Makes a buffer of the system heap. */
export const heapAlloc = helper(
  c`
static long heap_alloc(__u64 length, __u32 flags)
{
	struct dma_heap_allocation_data data = { .len = length, .fd_flags = flags };
	int heap = open_or_skip("/dev/dma_heap/system");
	long result = request(heap, DMA_HEAP_IOCTL_ALLOC, &data);

	close(heap);
	return result < 0 ? result : (long)data.fd;
}
`,
  {
    abi: [ABI.heap],
    needs: [openOrSkip, request],
    requires: "CONFIG_DMABUF_HEAPS_SYSTEM (/dev/dma_heap/system)",
  },
);

/** Makes a buffer of udmabuf. */
export const udmabufCreate = helper(
  c`
static long make_udmabuf(int memfd, __u64 offset, __u64 size)
{
	struct udmabuf_create create = {
		.memfd = memfd,
		.flags = UDMABUF_FLAGS_CLOEXEC,
		.offset = offset,
		.size = size,
	};
	int driver = open_or_skip("/dev/udmabuf");
	long result = request(driver, UDMABUF_CREATE, &create);

	close(driver);
	return result;
}
`,
  { abi: [ABI.udmabuf], needs: [openOrSkip, request], requires: "CONFIG_UDMABUF (/dev/udmabuf)" },
);

/** Brackets an access. */
export const bufferSync = helper(
  c`
static long buffer_sync(int buffer, __u64 flags)
{
	struct dma_buf_sync sync = { .flags = flags };

	return request(buffer, DMA_BUF_IOCTL_SYNC, &sync);
}
`,
  { abi: [ABI.dmaBuf], needs: [request] },
);

/** A request whose argument cannot be read. */
export const requestUnreadable = helper(
  c`
/* Sends a request with a pointer that cannot be read. */
static long request_unreadable(int fd, unsigned long number)
{
	return request(fd, number, at_page_end("", 0));
}
`,
  { needs: [request, atPageEnd] },
);

/** What /proc tells of a buffer. */
export const bufferFdinfo = helper(
  c`
/* The text of a field of /proc/self/fdinfo, or false where there is none. */
static bool fdinfo_field(int fd, const char *name, char *text, size_t size)
{
	char path[64], line[256];
	bool found = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = fopen(path, "re");
	while (file && !found && fgets(line, sizeof(line), file)) {
		size_t length = strlen(name);

		found = !strncmp(line, name, length) && line[length] == ':';
		if (found)
			snprintf(text, size, "%.*s", (int)strcspn(line + length + 2, "\n"),
				 line + length + 2);
	}
	if (file)
		fclose(file);
	return found;
}
`,
  { needs: [results] },
);

/** Reads what /proc tells of a buffer. */
export const readFdinfo = helper(
  c`
static long buffer_fdinfo(int buffer)
{
	char size[32], count[32], exporter[64], name[64];
	bool named = fdinfo_field(buffer, "name", name, sizeof(name));
	const char *quote = named ? "\"" : "";

	if (!fdinfo_field(buffer, "size", size, sizeof(size)) ||
	    !fdinfo_field(buffer, "count", count, sizeof(count)) ||
	    !fdinfo_field(buffer, "exp_name", exporter, sizeof(exporter)))
		return -ENOENT;
	snprintf(value, sizeof(value), "{\"size\":%s,\"count\":%s,\"exporter\":\"%s\",\"name\":%s%s%s}",
		 size, count, exporter, quote, named ? name : "null", quote);
	return 0;
}
`,
  { needs: [bufferFdinfo] },
);

/** Counts the devices that are attached to a buffer. */
export const bufferAttached = helper(
  c`
/* How many devices are attached, as debugfs has it. */
static long buffer_attached(int buffer)
{
	char line[256], own[32];
	unsigned long inode, attached;
	bool ours = false;
	long found = -ENOENT;
	FILE *file;

	if (!fdinfo_field(buffer, "ino", own, sizeof(own)))
		return -EBADF;
	file = fopen("/sys/kernel/debug/dma_buf/bufinfo", "re");
	if (!file)
		skip("/sys/kernel/debug/dma_buf/bufinfo");
	while (found < 0 && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%*8x %*8x %*8x %*8u %*s %lu", &inode) == 1)
			ours = inode == strtoul(own, NULL, 10);
		else if (ours && sscanf(line, "Total %lu devices attached", &attached) == 1)
			found = attached;
	}
	fclose(file);
	return found;
}
`,
  { needs: [bufferFdinfo, skip], requires: "debugfs on /sys/kernel/debug" },
);

/** Polls a buffer. */
export const bufferPoll = helper(
  c`
static long buffer_poll(int buffer)
{
	struct pollfd ready = { .fd = buffer, .events = POLLIN | POLLOUT };

	if (poll(&ready, 1, 0) < 0)
		return -errno;
	if (ready.revents & POLLNVAL)
		return -EBADF;
	snprintf(value, sizeof(value), "{\"readable\":%s,\"writable\":%s}",
		 ready.revents & POLLIN ? "true" : "false",
		 ready.revents & POLLOUT ? "true" : "false");
	return 0;
}
`,
  { headers: ["poll.h"], needs: [results] },
);

/** Names a buffer. */
export const bufferSetName = helper(
  c`
static long buffer_set_name(int buffer, const char *name)
{
	return request(buffer, DMA_BUF_SET_NAME_B, (void *)name);
}
`,
  { abi: [ABI.dmaBuf], needs: [request] },
);

/** Takes fences out of a buffer. */
export const exportSyncFile = helper(
  c`
static long export_sync_file(int buffer, __u32 flags)
{
	struct dma_buf_export_sync_file file = { .flags = flags, .fd = -1 };
	long result = request(buffer, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &file);

	return result < 0 ? result : file.fd;
}
`,
  { abi: [ABI.dmaBuf, ABI.exportSyncFile], needs: [request] },
);

/** Adds a fence to a buffer. */
export const importSyncFile = helper(
  c`
static long import_sync_file(int buffer, int fence, __u32 flags)
{
	struct dma_buf_import_sync_file file = { .flags = flags, .fd = fence };

	return request(buffer, DMA_BUF_IOCTL_IMPORT_SYNC_FILE, &file);
}
`,
  { abi: [ABI.dmaBuf, ABI.importSyncFile], needs: [request] },
);

/** A fence of sw_sync. */
export const swSync = helper(
  c`
/* A fence that its timeline signals. */
static long sw_sync_fence(int *timeline)
{
	struct sw_sync_create_fence_data data = { .value = 1, .name = "conform" };
	long result;

	*timeline = open_or_skip("/sys/kernel/debug/sync/sw_sync");
	result = request(*timeline, SW_SYNC_IOC_CREATE_FENCE, &data);
	return result < 0 ? result : data.fence;
}

static long sw_sync_signal(int timeline)
{
	__u32 by = 1;

	return request(timeline, SW_SYNC_IOC_INC, &by);
}
`,
  {
    abi: [ABI.swSync],
    needs: [openOrSkip, request],
    requires: "CONFIG_SW_SYNC, and debugfs on /sys/kernel/debug",
  },
);
