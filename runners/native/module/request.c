// SPDX-License-Identifier: GPL-2.0
/*
 * The request to revoke a buffer for good, in the order of semantics 4.2, and that of seed 2, which asks for it.
 */
#include <linux/uaccess.h>
#include "bugs.h"
#include "device.h"

static void revoke_every_buffer(struct conform_device *device)
{
	struct conform_buf *buf;

	list_for_each_entry(buf, &device->buffers, node)
		conform_buffer_change(buf, STATUS_PERM);
}

static int refuse_permanent(const struct conform_buf *buf)
{
	if (buf->status != STATUS_PERM || conform_bug(BUG_DOUBLE_SUCCEEDS))
		return 0;
	return conform_bug(BUG_DOUBLE_IS_EBADF) ? -EBADF : -EBADFD;
}

static int refuse_other_device(struct conform_device *device, struct conform_buf *buf)
{
	if (!buf->vdev)
		return conform_bug(BUG_ENDED_IS_EBADFD) ? -EBADFD : -ENODEV;
	if (buf->vdev == device || conform_bug(BUG_OTHER_DEVICE_ACCEPTED))
		return 0;
	if (conform_bug(BUG_REFUSED_CHANGES_STATE))
		WRITE_ONCE(buf->status, STATUS_PERM);
	return -ENODEV;
}

static int refuse_by_bug(struct conform_device *device, struct dma_buf *dmabuf, const struct conform_buf *buf)
{
	if (conform_bug(BUG_REFUSED_WHEN_OFF) && !conform_memory_enabled(device))
		return -ENODEV;
	if (conform_bug(BUG_SHARED_IS_EBUSY) && file_count(dmabuf->file) > 2)
		return -EBUSY;
	if (conform_bug(BUG_READ_ONLY_IS_EBADF) && (~dmabuf->file->f_mode & (FMODE_READ | FMODE_WRITE)))
		return -EBADF;
	return conform_bug(BUG_TEMP_IS_EBADFD) && buf->status == STATUS_TEMP ? -EBADFD : 0;
}

static int revoke_buffer(struct conform_device *device, struct dma_buf *dmabuf)
{
	struct conform_buf *buf = dmabuf->priv;
	int ret;

	if (!conform_buffer_is_ours(dmabuf)) {
		if (conform_bug(BUG_FOREIGN_ACCEPTED))
			return 0;
		return conform_bug(BUG_FOREIGN_IS_EINVAL) ? -EINVAL : -ENODEV;
	}
	down_write(&device->memory_lock);
	ret = conform_bug(BUG_EBADFD_BEFORE_ENODEV) ? refuse_permanent(buf) : 0;
	ret = ret ?: refuse_other_device(device, buf);
	ret = ret ?: refuse_permanent(buf);
	ret = ret ?: refuse_by_bug(device, dmabuf, buf);
	if (!ret && conform_bug(BUG_REVOKES_EVERY_BUFFER))
		revoke_every_buffer(device);
	else if (!ret)
		conform_buffer_change(buf, STATUS_PERM);
	up_write(&device->memory_lock);
	return ret;
}

int conform_revoke_fd(struct conform_device *device, int fd)
{
	struct dma_buf *dmabuf = dma_buf_get(fd);
	int ret;

	if (IS_ERR(dmabuf))
		return conform_bug(BUG_LOOKUP_IS_ENODEV) ? -ENODEV : PTR_ERR(dmabuf);
	ret = revoke_buffer(device, dmabuf);
	if (!conform_bug(ret ? BUG_LEAK_ON_ERROR : BUG_LEAK_ON_SUCCESS))
		dma_buf_put(dmabuf);
	return ret;
}

/* The argument of the request of seed 2. */
struct revoke_request {
	__u32 argsz;
	__u32 dmabuf_fd;
};

int conform_revoke_ioctl(struct conform_device *device, void __user *user)
{
	struct revoke_request request;

	if (device->dialect.request != CONFORM_REQUEST_IOCTL)
		return -ENOTTY;
	if (copy_from_user(&request, user, sizeof(request)))
		return conform_bug(BUG_UNREADABLE_IS_EINVAL) ? -EINVAL : -EFAULT;
	if (request.argsz < sizeof(request) && !conform_bug(BUG_ARGSZ_NOT_CHECKED))
		return -EINVAL;
	if (request.argsz > sizeof(request) && conform_bug(BUG_ARGSZ_EXACT))
		return -EINVAL;
	if (device->flags & CONFORM_DEVICE_CONFIG_OFF)
		return -ENODEV;
	return conform_revoke_fd(device, request.dmabuf_fd);
}
