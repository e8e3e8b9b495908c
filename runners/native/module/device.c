// SPDX-License-Identifier: GPL-2.0
/*
 * The reference device: how it is made, its sessions, and the file that stands for it.
 *
 * A session lasts from the first descriptor to the last. All mappings of a device's regions are in one address space
 * of its own, so that they can be zapped together.
 */
#include <linux/anon_inodes.h>
#include <linux/eventfd.h>
#include <linux/fs_context.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/mount.h>
#include <linux/pfn.h>
#include <linux/pseudo_fs.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <uapi/linux/vfio.h>
#include "compat.h"
#include "device.h"

#define FS_MAGIC	0x64636e66	/* "dcnf" */
#define REGION_SHIFT	40
#define CONFIG_REGION	7
#define REGIONS		9

struct device_file {
	struct conform_device *device;
	bool has_access;
};

static struct vfsmount *mount;

static struct conform_device *to_device(struct conform_obj *obj)
{
	return container_of(obj, struct conform_device, obj);
}

/* Sessions. */

void conform_register(struct conform_device *device)
{
	atomic_inc(&device->registrations);
}

void conform_unregister(struct conform_device *device)
{
	if (atomic_dec_and_test(&device->registrations))
		wake_up_all(&device->let_go);
}

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

static void set_asked(struct conform_device *device, struct eventfd_ctx *asked)
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
		set_asked(device, NULL);
	}
	mutex_unlock(&device->set->lock);
	conform_unregister(device);
}

/* Requests on the file. */

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
	int ret = 0;
	u32 argsz;

	if (get_user(argsz, (u32 __user *)user))
		return -EFAULT;
	if (argsz < offsetofend(struct vfio_pci_hot_reset, count) || device->flags & CONFORM_DEVICE_NO_RESET)
		return -EINVAL;
	mutex_lock(&device->set->lock);
	unrevoke_set(device, revoke_set(device, &ret));
	mutex_unlock(&device->set->lock);
	return ret;
}

/* The one interrupt: with it the user is asked to let go of the device. */
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
	set_asked(device, asked);
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

/* Reads and writes of regions, a page at most at a time, so that nothing is copied with the lock held. */

static int access_page(struct conform_device *device, u32 bar, u64 at, u8 *bytes, size_t size, bool write)
{
	struct page *page = device->bar[bar]->page[at >> PAGE_SHIFT];
	void *memory;
	int ret = 0;

	down_read(&device->memory_lock);
	if (!conform_memory_enabled(device)) {
		ret = -EIO;
	} else {
		memory = kmap_local_page(page) + offset_in_page(at);
		if (write)
			memcpy(memory, bytes, size);
		else
			memcpy(bytes, memory, size);
		kunmap_local(memory);
	}
	up_read(&device->memory_lock);
	return ret;
}

static ssize_t access_bar(struct conform_device *device, u32 bar, u64 at, char __user *to, const char __user *from,
			  size_t size)
{
	u8 *bytes;
	ssize_t ret;

	if (bar >= BARS || device->bar_kind[bar] != CONFORM_BAR_MEMORY || at >= device->bar_size[bar])
		return -EINVAL;
	size = min_t(u64, size, device->bar_size[bar] - at);
	size = min_t(size_t, size, PAGE_SIZE - offset_in_page(at));
	bytes = kmalloc(PAGE_SIZE, GFP_KERNEL);
	if (!bytes)
		return -ENOMEM;
	ret = -EFAULT;
	if (from && copy_from_user(bytes, from, size))
		goto out;
	ret = access_page(device, bar, at, bytes, size, from);
	if (!ret)
		ret = to && copy_to_user(to, bytes, size) ? -EFAULT : size;
out:
	kfree(bytes);
	return ret;
}

static ssize_t device_read(struct file *file, char __user *to, size_t size, loff_t *position)
{
	struct device_file *private = file->private_data;
	u64 at = *position & ((1ull << REGION_SHIFT) - 1);
	u32 region = *position >> REGION_SHIFT;
	ssize_t ret;

	if (!private->has_access)
		return -EINVAL;
	if (region == CONFIG_REGION)
		ret = conform_config_read(private->device, to, size, at);
	else
		ret = access_bar(private->device, region, at, to, NULL, size);
	if (ret > 0)
		*position += ret;
	return ret;
}

static ssize_t device_write(struct file *file, const char __user *from, size_t size, loff_t *position)
{
	struct device_file *private = file->private_data;
	u64 at = *position & ((1ull << REGION_SHIFT) - 1);
	u32 region = *position >> REGION_SHIFT;
	ssize_t ret;

	if (!private->has_access)
		return -EINVAL;
	if (region == CONFIG_REGION)
		ret = conform_config_write(private->device, from, size, at);
	else
		ret = access_bar(private->device, region, at, NULL, from, size);
	if (ret > 0)
		*position += ret;
	return ret;
}

static vm_fault_t fault(struct vm_fault *vmf)
{
	struct conform_device *device = vmf->vma->vm_private_data;
	u32 bar = vmf->pgoff >> (REGION_SHIFT - PAGE_SHIFT);
	u64 page = vmf->pgoff & ((1ull << (REGION_SHIFT - PAGE_SHIFT)) - 1);
	vm_fault_t ret = VM_FAULT_SIGBUS;

	down_read(&device->memory_lock);
	if (conform_memory_enabled(device) && !device->low_power && page < device->bar[bar]->pages)
		ret = vmf_insert_pfn(vmf->vma, vmf->address, page_to_pfn(device->bar[bar]->page[page]));
	up_read(&device->memory_lock);
	return ret;
}

static const struct vm_operations_struct vm_ops = { .fault = fault };

/* The file keeps the device, and the mapping keeps the file. */
static int device_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct device_file *private = file->private_data;
	struct conform_device *device = private->device;
	u64 first = vma->vm_pgoff & ((1ull << (REGION_SHIFT - PAGE_SHIFT)) - 1);
	u64 bar = vma->vm_pgoff >> (REGION_SHIFT - PAGE_SHIFT);

	if (!private->has_access || !(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	if (bar >= BARS || device->bar_kind[bar] != CONFORM_BAR_MEMORY)
		return -EINVAL;
	if (first + vma_pages(vma) > device->bar[bar]->pages)
		return -EINVAL;
	conform_vm_flags_set(vma, VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP);
	vma->vm_ops = &vm_ops;
	vma->vm_private_data = device;
	return 0;
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
static struct file *new_file(struct conform_device *device, bool has_access)
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

/* Devices. */

static void free_set(struct kref *ref)
{
	kfree(container_of(ref, struct conform_set, ref));
}

static void leave_set(struct conform_device *device)
{
	struct conform_set *set = device->set;

	if (!set)
		return;
	mutex_lock(&set->lock);
	list_del(&device->node);
	mutex_unlock(&set->lock);
	kref_put(&set->ref, free_set);
}

static void free_device(struct conform_obj *obj)
{
	struct conform_device *device = to_device(obj);
	int bar;

	leave_set(device);
	for (bar = 0; bar < BARS; bar++)
		conform_memory_put(device->bar[bar]);
	if (device->wakeup)
		eventfd_ctx_put(device->wakeup);
	set_asked(device, NULL);
	if (device->inode)
		iput(device->inode);
	kfree(device);
}

static int make_bars(struct conform_device *device, const struct conform_device_create *arg)
{
	const u64 *sizes = &arg->bar0_size;
	const u8 *kinds = &arg->bar0_kind;
	int bar;

	for (bar = 0; bar < BARS; bar++) {
		device->bar_kind[bar] = kinds[bar];
		if (kinds[bar] == CONFORM_BAR_ABSENT)
			continue;
		device->bar[bar] = conform_memory_new(sizes[bar]);
		if (IS_ERR(device->bar[bar])) {
			int ret = PTR_ERR(device->bar[bar]);

			device->bar[bar] = NULL;
			return ret;
		}
		device->bar_size[bar] = (u64)device->bar[bar]->pages << PAGE_SHIFT;
	}
	return 0;
}

static int check_create(const struct conform_device_create *arg)
{
	const u32 flags = CONFORM_DEVICE_VIRTUAL | CONFORM_DEVICE_NO_RESET | CONFORM_DEVICE_FLR |
			  CONFORM_DEVICE_NO_EXPORT | CONFORM_DEVICE_CONFIG_OFF | CONFORM_DEVICE_NO_ACCESS;
	const struct conform_dialect *dialect = &arg->dialect;
	const u8 *kinds = &arg->bar0_kind;
	int bar;

	BUILD_BUG_ON(offsetof(struct conform_device_create, bar5_size) !=
		     offsetof(struct conform_device_create, bar0_size) + 5 * sizeof(u64));
	if (arg->flags & ~flags || arg->pad || arg->pad2 || dialect->pad)
		return -EINVAL;
	if (dialect->flags >= CONFORM_NEVER_RECOVERS << 1 || dialect->pin_error > MAX_ERRNO ||
	    dialect->fence_usage > CONFORM_USAGE_NONE || dialect->rearm > CONFORM_REARM_UNREVOKE ||
	    dialect->request > CONFORM_REQUEST_FEATURE)
		return -EINVAL;
	for (bar = 0; bar < BARS; bar++)
		if (kinds[bar] > CONFORM_BAR_UNCLAIMABLE)
			return -EINVAL;
	return 0;
}

static struct conform_device *new_device(const struct conform_device_create *arg)
{
	struct conform_device *device = kzalloc(sizeof(*device), GFP_KERNEL_ACCOUNT);
	int ret;

	if (!device)
		return ERR_PTR(-ENOMEM);
	conform_obj_init(&device->obj, CONFORM_TYPE_DEVICE, free_device);
	device->dialect = arg->dialect;
	device->flags = arg->flags;
	device->context = arg->context;
	init_rwsem(&device->memory_lock);
	init_waitqueue_head(&device->let_go);
	INIT_LIST_HEAD(&device->buffers);
	device->inode = alloc_anon_inode(mount->mnt_sb);
	if (IS_ERR(device->inode)) {
		ret = PTR_ERR(device->inode);
		device->inode = NULL;
	} else {
		ret = make_bars(device, arg);
	}
	if (ret) {
		conform_obj_put(&device->obj);
		return ERR_PTR(ret);
	}
	conform_config_reset(device);
	return device;
}

static struct conform_set *new_set(void)
{
	struct conform_set *set = kzalloc(sizeof(*set), GFP_KERNEL_ACCOUNT);

	if (!set)
		return ERR_PTR(-ENOMEM);
	kref_init(&set->ref);
	mutex_init(&set->lock);
	INIT_LIST_HEAD(&set->devices);
	return set;
}

/* The set of another device of the session; one of its own where none is named. */
static struct conform_set *find_set(struct conform_session *session, u32 with)
{
	struct conform_set *set;
	struct conform_obj *other;

	if (!with)
		return new_set();
	other = conform_obj_find(session, with, CONFORM_TYPE_DEVICE);
	if (!other)
		return ERR_PTR(-ENOENT);
	set = to_device(other)->set;
	kref_get(&set->ref);
	conform_obj_put(other);
	return set;
}

static int join_set(struct conform_session *session, struct conform_device *device, u32 with)
{
	struct conform_set *set = find_set(session, with);

	if (IS_ERR(set))
		return PTR_ERR(set);
	device->set = set;
	mutex_lock(&set->lock);
	list_add_tail(&device->node, &set->devices);
	mutex_unlock(&set->lock);
	return 0;
}

int conform_device_create(struct conform_call *call)
{
	struct conform_device_create *arg = call->arg;
	struct conform_device *device;
	struct file *file;
	int ret = check_create(arg);

	if (ret)
		return ret;
	device = new_device(arg);
	if (IS_ERR(device))
		return PTR_ERR(device);
	ret = join_set(call->session, device, arg->set);
	ret = ret ?: conform_obj_add(call->session, &device->obj);
	if (ret) {
		conform_obj_put(&device->obj);
		return ret;
	}
	call->made = &device->obj;
	arg->id = device->obj.id;
	file = new_file(device, !(arg->flags & CONFORM_DEVICE_NO_ACCESS));
	if (IS_ERR(file))
		return PTR_ERR(file);
	arg->fd = conform_call_file(call, file);
	return arg->fd < 0 ? arg->fd : 0;
}

int conform_device_open(struct conform_call *call)
{
	struct conform_device_open *arg = call->arg;
	struct conform_obj *obj = conform_obj_find(call->session, arg->id, CONFORM_TYPE_DEVICE);
	struct file *file;

	if (!obj)
		return -ENOENT;
	file = new_file(to_device(obj), true);
	conform_obj_put(obj);
	if (IS_ERR(file))
		return PTR_ERR(file);
	arg->fd = conform_call_file(call, file);
	return arg->fd < 0 ? arg->fd : 0;
}

/* Has the hardware refuse the next request of a kind. */
int conform_device_fail(struct conform_call *call)
{
	struct conform_device_fail *arg = call->arg;
	struct conform_device *device;
	struct conform_obj *obj;

	if (arg->request > CONFORM_FAIL_RESET || arg->error > MAX_ERRNO)
		return -EINVAL;
	obj = conform_obj_find(call->session, arg->id, CONFORM_TYPE_DEVICE);
	if (!obj)
		return -ENOENT;
	device = to_device(obj);
	down_write(&device->memory_lock);
	device->fail[arg->request] = arg->error;
	up_write(&device->memory_lock);
	conform_obj_put(obj);
	return 0;
}

/* Wakes the device from outside: it leaves low power, and its buffers stay as they are. */
int conform_device_wake(struct conform_call *call)
{
	struct conform_object *arg = call->arg;
	struct conform_obj *obj = conform_obj_find(call->session, arg->id, CONFORM_TYPE_DEVICE);
	struct conform_device *device;

	if (!obj)
		return -ENOENT;
	device = to_device(obj);
	down_write(&device->memory_lock);
	if (device->low_power && device->wakeup) {
		conform_eventfd_signal(device->wakeup);
		eventfd_ctx_put(device->wakeup);
		device->wakeup = NULL;
		device->low_power = false;
	}
	up_write(&device->memory_lock);
	conform_obj_put(obj);
	return 0;
}

/* Unbinds the device's driver, if it had one: asks the user to let go of it, and waits until nobody holds it. */
int conform_device_unbind(struct conform_call *call)
{
	struct conform_object *arg = call->arg;
	struct conform_obj *obj = conform_obj_find(call->session, arg->id, CONFORM_TYPE_DEVICE);
	struct conform_device *device;
	int ret;

	if (!obj)
		return -ENOENT;
	device = to_device(obj);
	ret = mutex_lock_interruptible(&device->set->lock);
	if (ret)
		goto out;
	device->is_going = true;
	if (device->open_count && device->asked)
		conform_eventfd_signal(device->asked);
	mutex_unlock(&device->set->lock);
	ret = wait_event_interruptible(device->let_go, !atomic_read(&device->registrations));
out:
	conform_obj_put(obj);
	return ret;
}

/*
 * The file system that the inodes of the devices belong to. It has no owner, since its mount would hold the module for
 * ever; every device belongs to a file or a buffer, which do.
 */

static int init_fs_context(struct fs_context *context)
{
	return init_pseudo(context, FS_MAGIC) ? 0 : -ENOMEM;
}

static struct file_system_type fs_type = {
	.name = "dmabuf_conform",
	.init_fs_context = init_fs_context,
	.kill_sb = kill_anon_super,
};

int conform_device_init(void)
{
	mount = kern_mount(&fs_type);
	return PTR_ERR_OR_ZERO(mount);
}

void conform_device_exit(void)
{
	kern_unmount(mount);
}
