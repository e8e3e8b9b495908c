// SPDX-License-Identifier: GPL-2.0
/*
 * The file that stands for a reference device: its sessions, and what is asked of it by VFIO's own requests.
 *
 * A session lasts from the first descriptor to the last.
 */
#include <linux/anon_inodes.h>
#include <linux/eventfd.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <uapi/linux/vfio.h>
#include "compat.h"
#include "device.h"

#define REGIONS 9

struct device_file {
	struct conform_device *device;
	bool has_access;
};

/* Sessions. */

static int open_session(struct conform_device *device)
{
	int ret = 0;

	mutex_lock(&device->set->lock);
	if (device->is_going) {
		ret = -ENOENT;
	} else {
		conform_register(device);
		if (!device->open_count++) {
			down_write(&device->memory_lock);
			conform_config_reset(device);
			up_write(&device->memory_lock);
		}
	}
	mutex_unlock(&device->set->lock);
	return ret;
}

void conform_set_asked(struct conform_device *device, struct eventfd_ctx *asked)
{
	swap(device->asked, asked);
	if (asked)
		eventfd_ctx_put(asked);
}

static void close_session(struct conform_device *device)
{
	mutex_lock(&device->set->lock);
	if (!--device->open_count) {
		conform_close_buffers(device);
		conform_low_power_exit(device);
	}
	mutex_unlock(&device->set->lock);
	conform_unregister(device);
}

/* Requests. */

static int get_info(struct conform_device *device, void __user *user)
{
	const u32 size = offsetofend(struct vfio_device_info, num_irqs);
	struct vfio_device_info info = {};

	if (copy_from_user(&info, user, size))
		return -EFAULT;
	if (info.argsz < size)
		return -EINVAL;
	info.flags = VFIO_DEVICE_FLAGS_PCI;
	if (!(device->flags & CONFORM_DEVICE_NO_RESET))
		info.flags |= VFIO_DEVICE_FLAGS_RESET;
	info.num_regions = REGIONS;
	info.num_irqs = 0;
	return copy_to_user(user, &info, size) ? -EFAULT : 0;
}

static u64 size_of_region(const struct conform_device *device, u32 index)
{
	if (index == CONFIG_REGION)
		return CONFIG_SIZE;
	return index < BARS ? device->bar_size[index] : 0;
}

static int get_region_info(struct conform_device *device, void __user *user)
{
	const u32 size = offsetofend(struct vfio_region_info, offset);
	struct vfio_region_info info = {};

	if (copy_from_user(&info, user, size))
		return -EFAULT;
	if (info.argsz < size || info.index >= REGIONS)
		return -EINVAL;
	info.size = size_of_region(device, info.index);
	info.offset = (u64)info.index << REGION_SHIFT;
	info.flags = info.size ? VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE : 0;
	if (info.index < BARS && device->bar_kind[info.index] == CONFORM_BAR_MEMORY)
		info.flags |= VFIO_REGION_INFO_FLAG_MMAP;
	info.cap_offset = 0;
	return copy_to_user(user, &info, size) ? -EFAULT : 0;
}

/* Revokes what the device and its set have exported; gives the device that refuses, if one does. */
static struct conform_device *revoke_set(struct conform_device *asked, int *ret)
{
	struct conform_device *device;

	list_for_each_entry(device, &asked->set->devices, node) {
		if (device->open_count && device->context != asked->context)
			*ret = -EINVAL;
		else if (!down_write_trylock(&device->memory_lock))
			*ret = -EBUSY;
		if (*ret)
			return device;
		conform_zap_bars(device);
		conform_move_buffers(device, STATUS_TEMP);
	}
	return NULL;
}

/* Whoever is open and enabled gets its buffers back. */
static void unrevoke_set(struct conform_device *asked, const struct conform_device *end)
{
	struct conform_device *device;

	list_for_each_entry(device, &asked->set->devices, node) {
		if (device == end)
			return;
		if (device->open_count && conform_memory_enabled(device))
			conform_move_buffers(device, STATUS_OK);
		up_write(&device->memory_lock);
	}
}

static int hot_reset(struct conform_device *device, void __user *user)
{
	struct conform_device *each, *end;
	int ret = 0;
	u32 argsz;

	if (get_user(argsz, (u32 __user *)user))
		return -EFAULT;
	if (argsz < offsetofend(struct vfio_pci_hot_reset, count) || device->flags & CONFORM_DEVICE_NO_RESET)
		return -EINVAL;
	mutex_lock(&device->set->lock);
	list_for_each_entry(each, &device->set->devices, node)
		conform_device_resume(each);
	end = revoke_set(device, &ret);
	if (!ret)
		list_for_each_entry(each, &device->set->devices, node)
			conform_power_up(each);
	unrevoke_set(device, end);
	mutex_unlock(&device->set->lock);
	return ret;
}

/* The one interrupt: with it the user is asked to let go of the device. It stays set for the sessions to come. */
static int set_irqs(struct conform_device *device, void __user *user)
{
	const u32 flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER;
	struct eventfd_ctx *asked;
	struct vfio_irq_set set;
	s32 fd;

	if (copy_from_user(&set, user, sizeof(set)))
		return -EFAULT;
	if (set.argsz < sizeof(set) + sizeof(fd) || set.index != VFIO_PCI_REQ_IRQ_INDEX || set.flags != flags ||
	    set.start || set.count != 1)
		return -EINVAL;
	if (copy_from_user(&fd, user + sizeof(set), sizeof(fd)))
		return -EFAULT;
	asked = eventfd_ctx_fdget(fd);
	if (IS_ERR(asked))
		return PTR_ERR(asked);
	mutex_lock(&device->set->lock);
	conform_set_asked(device, asked);
	mutex_unlock(&device->set->lock);
	return 0;
}

static long device_ioctl(struct file *file, unsigned int cmd, unsigned long address)
{
	struct device_file *private = file->private_data;
	struct conform_device *device = private->device;
	void __user *user = (void __user *)address;

	if (!private->has_access)
		return -EINVAL;
	conform_device_resume(device);
	switch (cmd) {
	case VFIO_DEVICE_GET_INFO:
		return get_info(device, user);
	case VFIO_DEVICE_GET_REGION_INFO:
		return get_region_info(device, user);
	case VFIO_DEVICE_SET_IRQS:
		return set_irqs(device, user);
	case VFIO_DEVICE_RESET:
		return conform_reset(device);
	case VFIO_DEVICE_PCI_HOT_RESET:
		return hot_reset(device, user);
	case VFIO_DEVICE_FEATURE:
		return conform_feature(device, user);
	case _IO(VFIO_TYPE, VFIO_BASE + 22):
		return conform_revoke_ioctl(device, user);
	default:
		return -ENOTTY;
	}
}

static ssize_t device_read(struct file *file, char __user *to, size_t size, loff_t *position)
{
	struct device_file *private = file->private_data;

	if (!private->has_access)
		return -EINVAL;
	conform_device_resume(private->device);
	return conform_region_read(private->device, to, size, position);
}

static ssize_t device_write(struct file *file, const char __user *from, size_t size, loff_t *position)
{
	struct device_file *private = file->private_data;

	if (!private->has_access)
		return -EINVAL;
	conform_device_resume(private->device);
	return conform_region_write(private->device, from, size, position);
}

/* The file keeps the device, and the mapping keeps the file. */
static int device_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct device_file *private = file->private_data;

	return private->has_access ? conform_region_mmap(private->device, vma) : -EINVAL;
}

static int device_release(struct inode *inode, struct file *file)
{
	struct device_file *private = file->private_data;

	if (private->has_access)
		close_session(private->device);
	conform_obj_put(&private->device->obj);
	kfree(private);
	return 0;
}

static const struct file_operations device_fops = {
	.owner = THIS_MODULE,
	.release = device_release,
	.read = device_read,
	.write = device_write,
	.mmap = device_mmap,
	.unlocked_ioctl = device_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

/* Gives a file of the device, and opens a session with it. */
struct file *conform_device_file(struct conform_device *device, bool has_access)
{
	struct device_file *private = kzalloc(sizeof(*private), GFP_KERNEL_ACCOUNT);
	struct file *file;
	int ret = 0;

	if (!private)
		return ERR_PTR(-ENOMEM);
	private->device = device;
	private->has_access = has_access;
	if (has_access)
		ret = open_session(device);
	if (ret) {
		kfree(private);
		return ERR_PTR(ret);
	}
	file = anon_inode_getfile("[dmabuf-conform]", &device_fops, private, O_RDWR);
	if (IS_ERR(file)) {
		if (has_access)
			close_session(device);
		kfree(private);
		return file;
	}
	kref_get(&device->obj.ref);
	file->f_mapping = device->inode->i_mapping;
	file->f_mode |= FMODE_PREAD | FMODE_PWRITE;
	return file;
}
