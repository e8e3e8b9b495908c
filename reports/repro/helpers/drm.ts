/**
 * GPU drivers and video queues in C: importers of the kernel's own.
 *
 * @module
 */
import { ABI } from "../abi.ts";
import { helper } from "../helper.ts";
import { heapAlloc, openOrSkip } from "./files.ts";
import { mapFile } from "./memory.ts";
import { request, skip } from "./results.ts";

const c = String.raw;

/** An object of a GPU driver. */
export const gem = helper(
  c`
/* An object of a GPU driver; its handle is one of this descriptor. */
struct gem {
	int gpu;
	__u32 handle;
	__u64 size;
};
`,
  { abi: [ABI.drm], headers: ["fcntl.h"], needs: [request] },
);

/** Opens the GPU of a driver. */
export const openGpu = helper(
  c`
static bool leads_to(const char *folder, const char *link, const char *name)
{
	char path[96], target[256] = "";
	const char *end;

	snprintf(path, sizeof(path), "%s%s", folder, link);
	if (readlink(path, target, sizeof(target) - 1) < 0)
		return false;
	end = strrchr(target, '/');
	return !strcmp(end ? end + 1 : target, name);
}

/* Whether a device of virtio can use the memory of others: it has blobs and no virgl. */
static bool has_blobs(const char *device)
{
	char path[96], features[128] = "";
	FILE *file;

	snprintf(path, sizeof(path), "%s/features", device);
	file = fopen(path, "re");
	if (file && !fgets(features, sizeof(features), file))
		features[0] = 0;
	if (file)
		fclose(file);
	return features[0] == '0' && strnlen(features, 4) == 4 && features[3] == '1';
}

/*
 * Whether a device is the GPU of a driver. Drivers without hardware are known by their device, virtio's by the driver
 * of what is on the bus of the device.
 */
static bool is_gpu(const char *device, const char *driver)
{
	char virtio[80];

	if (strncmp(driver, "virtio", 6))
		return leads_to(device, "", driver);
	for (unsigned int number = 0; number < 64; number++) {
		snprintf(virtio, sizeof(virtio), "%s/virtio%u", device, number);
		if (leads_to(virtio, "/driver", "virtio_gpu"))
			return has_blobs(virtio) == !strcmp(driver, "virtio-gpu-blob");
	}
	return false;
}

static int open_gpu(const char *driver)
{
	char device[64], path[64];

	for (unsigned int card = 0; card < 64; card++) {
		snprintf(device, sizeof(device), "/sys/class/drm/card%u/device", card);
		snprintf(path, sizeof(path), "/dev/dri/card%u", card);
		if (is_gpu(device, driver))
			return open_or_skip(path);
	}
	errno = ENODEV;
	skip(driver);
}
`,
  { needs: [openOrSkip, skip], requires: "the driver of the GPU that the case names" },
);

/** Imports a buffer. */
export const gemImport = helper(
  c`
static long gem_import(struct gem *gem, int gpu, int buffer)
{
	struct drm_prime_handle prime = { .fd = buffer };
	off_t size = lseek(buffer, 0, SEEK_END);
	long result = request(gpu, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime);

	if (result >= 0)
		*gem = (struct gem){ gpu, prime.handle, size < 0 ? 0 : size };
	return result;
}
`,
  { needs: [gem] },
);

/** Opens a virtio GPU that imports. */
export const openBlobGpu = helper(
  c`
/* virtio-gpu takes memory of others since Linux 6.14: tries it with a page, and an open of its own. */
static int open_blob_gpu(void)
{
	int gpu = open_gpu("virtio-gpu-blob"), tried = open_gpu("virtio-gpu-blob");
	long page = heap_alloc(PAGE, O_RDWR | O_CLOEXEC);
	struct gem gem;

	if (gem_import(&gem, tried, page) == -ENODEV) {
		errno = ENODEV;
		skip("imports by virtio-gpu");
	}
	close(page);
	close(tried);
	return gpu;
}
`,
  { needs: [openGpu, gemImport, heapAlloc] },
);

/** Makes an object of the driver's own memory. */
export const gemCreate = helper(
  c`
static long gem_create(struct gem *gem, int gpu, __u64 bytes)
{
	struct drm_mode_create_dumb dumb = { .width = (bytes + 3) / 4, .height = 1, .bpp = 32 };
	long result = request(gpu, DRM_IOCTL_MODE_CREATE_DUMB, &dumb);

	if (result >= 0)
		*gem = (struct gem){ gpu, dumb.handle, dumb.size };
	return result;
}
`,
  { needs: [gem] },
);

/** Gives an object as a buffer. */
export const gemExport = helper(
  c`
static long gem_export(struct gem gem)
{
	struct drm_prime_handle prime = { .handle = gem.handle, .flags = O_RDWR | O_CLOEXEC, .fd = -1 };
	long result = request(gem.gpu, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime);

	return result < 0 ? result : prime.fd;
}
`,
  { needs: [gem] },
);

/** Maps an object. */
export const gemMap = helper(
  c`
static long gem_map(struct vma *vma, struct gem gem)
{
	struct drm_mode_map_dumb map = { .handle = gem.handle };
	long result = request(gem.gpu, DRM_IOCTL_MODE_MAP_DUMB, &map);

	if (result < 0)
		return result;
	return map_file(vma, gem.gpu, map.offset, gem.size, PROT_READ | PROT_WRITE, MAP_SHARED);
}
`,
  { needs: [gem, mapFile] },
);

/** Gives a handle back. */
export const gemClose = helper(
  c`
static long gem_close(struct gem gem)
{
	struct drm_gem_close handle = { .handle = gem.handle };

	return request(gem.gpu, DRM_IOCTL_GEM_CLOSE, &handle);
}
`,
  { needs: [gem] },
);

/** Has a queue begin anew. */
export const videoRequest = helper(
  c`
/* Has a queue begin anew with so many places for buffers of others; with none, it lets go of what it has. */
static long video_request(int video, __u32 type, __u32 count)
{
	struct v4l2_requestbuffers places = {
		.count = count, .type = type, .memory = V4L2_MEMORY_DMABUF,
	};

	return request(video, VIDIOC_REQBUFS, &places);
}
`,
  { abi: [ABI.video], needs: [request] },
);

/** Opens a queue of vivid. */
export const videoOpen = helper(
  c`
/* Whether a video device is a queue of vivid in a direction, by the name that the driver gives it. */
static bool is_vivid(unsigned int number, __u32 type)
{
	const char *end = type == V4L2_BUF_TYPE_VIDEO_OUTPUT ? "-vid-out\n" : "-vid-cap\n";
	char path[64], name[64] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/sys/class/video4linux/video%u/name", number);
	file = fopen(path, "re");
	if (file && !fgets(name, sizeof(name), file))
		name[0] = 0;
	if (file)
		fclose(file);
	return !strncmp(name, "vivid-", 6) && strstr(name, end);
}

static int open_vivid(__u32 type)
{
	char path[32];

	for (unsigned int number = 0; number < 64; number++) {
		snprintf(path, sizeof(path), "/dev/video%u", number);
		if (is_vivid(number, type))
			return open_or_skip(path);
	}
	errno = ENODEV;
	skip("vivid");
}

/* Opens a queue of vivid for its smallest frames. */
static long video_open(__u32 type, __u32 count)
{
	struct v4l2_format format = {
		.type = type,
		.fmt.pix = { .pixelformat = V4L2_PIX_FMT_GREY, .field = V4L2_FIELD_NONE },
	};
	int video = open_vivid(type);
	long result = request(video, VIDIOC_S_FMT, &format);

	if (result >= 0)
		result = video_request(video, type, count);
	if (result >= 0)
		return video;
	close(video);
	return result;
}
`,
  { needs: [openOrSkip, skip, videoRequest], requires: "CONFIG_VIDEO_VIVID" },
);

/** Queues a buffer. */
export const videoQueue = helper(
  c`
static long video_queue(int video, struct v4l2_buffer buffer)
{
	struct v4l2_format format = { .type = buffer.type };
	long result = request(video, VIDIOC_G_FMT, &format);

	if (result < 0)
		return result;
	if (buffer.type == V4L2_BUF_TYPE_VIDEO_OUTPUT)
		buffer.bytesused = format.fmt.pix.sizeimage;
	buffer.field = V4L2_FIELD_NONE;
	buffer.memory = V4L2_MEMORY_DMABUF;
	return request(video, VIDIOC_QBUF, &buffer);
}
`,
  { abi: [ABI.video], needs: [request] },
);

/** Starts and stops a queue. */
export const videoStream = helper(
  c`
static long video_stream(int video, unsigned long number, __u32 type)
{
	return request(video, number, &type);
}
`,
  { abi: [ABI.video], needs: [request] },
);

/** Waits for a buffer. */
export const videoTake = helper(
  c`
static long video_take(int video, __u32 type)
{
	struct v4l2_buffer taken = { .type = type, .memory = V4L2_MEMORY_DMABUF };
	long result = request(video, VIDIOC_DQBUF, &taken);

	if (result >= 0)
		snprintf(value, sizeof(value), "{\"index\":%u,\"failed\":%s}", taken.index,
			 taken.flags & V4L2_BUF_FLAG_ERROR ? "true" : "false");
	return result;
}
`,
  { abi: [ABI.video], needs: [request] },
);
