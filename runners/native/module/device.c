// SPDX-License-Identifier: GPL-2.0
/*
 * The reference device: how it is made, in which set it is, and what happens to it from outside.
 */
#include <linux/eventfd.h>
#include <linux/fs_context.h>
#include <linux/mount.h>
#include <linux/pseudo_fs.h>
#include <linux/slab.h>
#include "compat.h"
#include "device.h"

#define FS_MAGIC	0x64636e66	/* "dcnf" */

static struct vfsmount *mount;

static struct conform_device *to_device(struct conform_obj *obj)
{
	return container_of(obj, struct conform_device, obj);
}

void conform_register(struct conform_device *device)
{
	atomic_inc(&device->registrations);
}

void conform_unregister(struct conform_device *device)
{
	if (atomic_dec_and_test(&device->registrations))
		wake_up_all(&device->let_go);
}

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
	conform_set_asked(device, NULL);
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
	file = conform_device_file(device, !(arg->flags & CONFORM_DEVICE_NO_ACCESS));
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
	file = conform_device_file(to_device(obj), true);
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

/* Whoever uses the device wakes it, where somebody wants to be told of that: it leaves low power, and its buffers stay. */
void conform_device_resume(struct conform_device *device)
{
	if (!READ_ONCE(device->wakeup))
		return;
	down_write(&device->memory_lock);
	if (device->low_power && device->wakeup) {
		conform_eventfd_signal(device->wakeup);
		eventfd_ctx_put(device->wakeup);
		device->wakeup = NULL;
		device->low_power = false;
	}
	up_write(&device->memory_lock);
}

/* Wakes the device from outside. */
int conform_device_wake(struct conform_call *call)
{
	struct conform_object *arg = call->arg;
	struct conform_obj *obj = conform_obj_find(call->session, arg->id, CONFORM_TYPE_DEVICE);

	if (!obj)
		return -ENOENT;
	conform_device_resume(to_device(obj));
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
