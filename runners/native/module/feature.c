// SPDX-License-Identifier: GPL-2.0
/*
 * VFIO_DEVICE_FEATURE with its checks in their order (semantics 4.1 and 4.3): exports, low power, and the revoke of a
 * proposal that has a feature for it.
 */
#include <linux/eventfd.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <uapi/linux/vfio.h>
#include "bugs.h"
#include "device.h"

/* Older headers have not all of them. */
#define FEATURE_LOW_POWER_ENTRY		3
#define FEATURE_LOW_POWER_WAKEUP	4
#define FEATURE_LOW_POWER_EXIT		5
#define FEATURE_DMA_BUF			11

/* Where the BARs would be on the bus; only to find addresses that overflow. */
#define BAR_ADDRESS 0x380000000000ull

struct export_request {
	__u32 region_index;
	__u32 open_flags;
	__u32 flags;
	__u32 nr_ranges;
};

struct export_range {
	__u64 offset;
	__u64 length;
};

struct request {
	__u32 argsz;
	__u32 flags;
};

/* Gives 1 where the request is to be carried out, 0 where it was a probe that succeeds. */
static int check_feature(const struct request *request, u32 supported, size_t size)
{
	const u32 operations = VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_SET;

	if (request->flags & operations & ~supported)
		return -EINVAL;
	if (request->flags & VFIO_DEVICE_FEATURE_PROBE)
		return 0;
	if (!(request->flags & operations))
		return -EINVAL;
	return request->argsz - sizeof(*request) < size ? -EINVAL : 1;
}

static int check_range(const struct export_range *range, u64 *sum)
{
	if (!range->length && !conform_bug(BUG_EMPTY_RANGE))
		return -EINVAL;
	if (offset_in_page(range->offset) || offset_in_page(range->length))
		return -EINVAL;
	return check_add_overflow(*sum, range->length, sum) ? -EINVAL : 0;
}

static int check_bounds(const struct export_range *range, u64 size)
{
	u64 start, end;

	if (check_add_overflow(BAR_ADDRESS, range->offset, &start) ||
	    check_add_overflow(start, range->length, &end))
		return -EOVERFLOW;
	return end > BAR_ADDRESS + size ? -EINVAL : 0;
}

static int check_ranges(struct conform_device *device, u32 bar, const struct export_range *ranges, u32 count, u64 *sum)
{
	u32 each;
	int ret;

	*sum = 0;
	for (each = 0; each < count; each++) {
		ret = check_range(&ranges[each], sum);
		if (ret)
			return ret;
	}
	if (*sum >> 63)
		return -EINVAL;
	if (device->bar_kind[bar] != CONFORM_BAR_MEMORY)
		return -EINVAL;
	for (each = 0; each < count; each++) {
		ret = check_bounds(&ranges[each], device->bar_size[bar]);
		if (ret)
			return ret;
	}
	return 0;
}

static int export_ranges(struct conform_device *device, const struct export_request *request,
			 const struct export_range *ranges)
{
	struct conform_memory *memory = device->bar[request->region_index];
	unsigned int pages, at = 0;
	struct page **page;
	u64 sum, from, each;
	u32 range;
	int ret;

	ret = check_ranges(device, request->region_index, ranges, request->nr_ranges, &sum);
	if (ret)
		return ret;
	if (conform_bug(BUG_EXPORT_REFUSED_OFF) && !conform_memory_enabled(device))
		return -ENODEV;
	if (sum >> PAGE_SHIFT > INT_MAX)
		return -ENOMEM;
	pages = sum >> PAGE_SHIFT;
	page = kvmalloc_array(pages, sizeof(*page), GFP_KERNEL_ACCOUNT);
	if (!page)
		return -ENOMEM;
	for (range = 0; range < request->nr_ranges; range++) {
		from = ranges[range].offset >> PAGE_SHIFT;
		for (each = 0; each < ranges[range].length >> PAGE_SHIFT; each++)
			page[at++] = memory->page[from + each];
	}
	return conform_export_pages(device, memory, page, pages, request->nr_ranges, request->open_flags);
}

static bool can_claim(const struct conform_device *device, u32 bar)
{
	return bar < BARS && device->bar_kind[bar] != CONFORM_BAR_ABSENT &&
	       device->bar_kind[bar] != CONFORM_BAR_UNCLAIMABLE;
}

static int export(struct conform_device *device, const struct request *request, u8 __user *payload)
{
	struct export_request export;
	struct export_range *ranges;
	size_t bytes;
	int ret;

	if (device->flags & CONFORM_DEVICE_NO_EXPORT)
		return -EOPNOTSUPP;
	ret = check_feature(request, VFIO_DEVICE_FEATURE_GET, sizeof(export));
	if (ret != 1)
		return ret;
	if (copy_from_user(&export, payload, sizeof(export)))
		return -EFAULT;
	if (!export.nr_ranges || (export.flags && !conform_bug(BUG_EXPORT_FLAGS_IGNORED)))
		return -EINVAL;
	if (!can_claim(device, export.region_index))
		return -ENODEV;
	if (check_mul_overflow((size_t)export.nr_ranges, sizeof(*ranges), &bytes))
		return -EOVERFLOW;
	ranges = memdup_user(payload + sizeof(export), bytes);
	if (IS_ERR(ranges))
		return PTR_ERR(ranges);
	ret = export_ranges(device, &export, ranges);
	kfree(ranges);
	return ret;
}

static int revoke_by_feature(struct conform_device *device, const struct request *request, u8 __user *payload)
{
	s32 fd;
	int ret;

	if (device->flags & CONFORM_DEVICE_NO_EXPORT)
		return -EOPNOTSUPP;
	ret = check_feature(request, VFIO_DEVICE_FEATURE_SET, sizeof(fd));
	if (ret != 1)
		return ret;
	if (copy_from_user(&fd, payload, sizeof(fd)))
		return -EFAULT;
	return conform_revoke_fd(device, fd);
}

static int enter_low_power(struct conform_device *device, const struct request *request, u8 __user *payload,
			   bool wakes)
{
	struct eventfd_ctx *wakeup = NULL;
	s32 entry[2];
	int ret = check_feature(request, VFIO_DEVICE_FEATURE_SET, wakes ? sizeof(entry) : 0);

	if (ret != 1)
		return ret;
	if (wakes) {
		if (copy_from_user(entry, payload, sizeof(entry)))
			return -EFAULT;
		wakeup = eventfd_ctx_fdget(entry[0]);
		if (IS_ERR(wakeup))
			return PTR_ERR(wakeup);
	}
	return conform_low_power_entry(device, wakeup);
}

static int leave_low_power(struct conform_device *device, const struct request *request)
{
	int ret = check_feature(request, VFIO_DEVICE_FEATURE_SET, 0);

	if (ret == 1) {
		conform_low_power_exit(device);
		ret = 0;
	}
	return ret;
}

static bool is_revoke_feature(const struct conform_device *device, u32 feature)
{
	return device->dialect.request == CONFORM_REQUEST_FEATURE && feature == device->dialect.feature;
}

int conform_feature(struct conform_device *device, void __user *user)
{
	const u32 flags = VFIO_DEVICE_FEATURE_MASK | VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_SET |
			  VFIO_DEVICE_FEATURE_PROBE;
	u8 __user *payload = user + sizeof(struct request);
	struct request request;
	u32 feature;

	if (copy_from_user(&request, user, sizeof(request)))
		return -EFAULT;
	if (request.argsz < sizeof(request) || request.flags & ~flags)
		return -EINVAL;
	if (!(request.flags & VFIO_DEVICE_FEATURE_PROBE) && request.flags & VFIO_DEVICE_FEATURE_GET &&
	    request.flags & VFIO_DEVICE_FEATURE_SET)
		return -EINVAL;
	feature = request.flags & VFIO_DEVICE_FEATURE_MASK;
	if (feature == FEATURE_LOW_POWER_ENTRY || feature == FEATURE_LOW_POWER_WAKEUP)
		return enter_low_power(device, &request, payload, feature == FEATURE_LOW_POWER_WAKEUP);
	if (feature == FEATURE_LOW_POWER_EXIT)
		return leave_low_power(device, &request);
	if (device->flags & CONFORM_DEVICE_CONFIG_OFF)
		return -ENOTTY;
	if (is_revoke_feature(device, feature))
		return revoke_by_feature(device, &request, payload);
	return feature == FEATURE_DMA_BUF ? export(device, &request, payload) : -ENOTTY;
}
