// SPDX-License-Identifier: GPL-2.0
/*
 * dmabuf_conform: an importer that does as it is told, and a reference exporter that revokes.
 *
 * The file holds the device node, the sessions and the table of requests. Everything that a session made is undone
 * when its descriptor closes, whatever state it is in.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/dma-mapping.h>
#include <linux/miscdevice.h>
#include <linux/platform_device.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include "bugs.h"
#include "compat.h"
#include "module.h"

unsigned int conform_safety_ms = 30000;
module_param_named(safety_ms, conform_safety_ms, uint, 0644);
MODULE_PARM_DESC(safety_ms, "Milliseconds after which kept mappings are given back and fences fail; 0 for never");

atomic_t conform_buffers = ATOMIC_INIT(0);
struct workqueue_struct *conform_queue;
struct device *conform_own_device;
static struct platform_device *own_device;

static int info(struct conform_call *call)
{
	struct conform_info *info = call->arg;

	info->version = CONFORM_VERSION;
	info->features = 0;
	if (IS_ENABLED(CONFIG_SYNC_FILE))
		info->features |= CONFORM_HAS_SYNC_FILE;
#ifdef HAVE_ATTACH_REVOCABLE
	info->features |= CONFORM_HAS_REVOCABLE;
#endif
#ifdef HAVE_ATTACHMENT_SGT
	info->features |= CONFORM_CORE_CACHES_MAPPINGS;
#endif
#ifdef HAVE_VMAP_UNLOCKED
	info->features |= CONFORM_CORE_LOCKS_MAPPINGS;
#endif
#ifdef HAVE_INVALIDATE_MAPPINGS
	info->features |= CONFORM_CALLBACK_RENAMED;
#endif
	info->bugs = conform_bug_count();
	info->objects = atomic_read(&conform_objects);
	info->buffers = atomic_read(&conform_buffers);
	return 0;
}

struct request {
	unsigned int size;
	int (*serve)(struct conform_call *call);
};

#define REQUEST(name, type, function) [_IOC_NR(name)] = { sizeof(struct type), function }

static const struct request requests[] = {
	REQUEST(CONFORM_INFO, conform_info, info),
	REQUEST(CONFORM_ATTACH, conform_attach, conform_attach),
	REQUEST(CONFORM_DETACH, conform_object, conform_detach),
	REQUEST(CONFORM_PIN, conform_object, conform_pin),
	REQUEST(CONFORM_UNPIN, conform_object, conform_unpin),
	REQUEST(CONFORM_REVOCABLE, conform_object, conform_revocable),
	REQUEST(CONFORM_MAP, conform_map, conform_map),
	REQUEST(CONFORM_UNMAP, conform_object, conform_unmap),
	REQUEST(CONFORM_VMAP, conform_map, conform_vmap_request),
	REQUEST(CONFORM_VUNMAP, conform_object, conform_vunmap_request),
	REQUEST(CONFORM_ACCESS, conform_access, conform_access),
	REQUEST(CONFORM_CPU_ACCESS, conform_cpu_access, conform_cpu_access),
	REQUEST(CONFORM_IMPORTER_COUNTS, conform_importer_counts, conform_importer_counts),
	REQUEST(CONFORM_PRIVATE_MAP, conform_private_map, conform_private_map_request),
	REQUEST(CONFORM_FENCE_CREATE, conform_fence_create, conform_fence_create),
	REQUEST(CONFORM_FENCE_SIGNAL, conform_fence_signal, conform_fence_signal),
	REQUEST(CONFORM_FENCE_ABANDON, conform_object, conform_fence_abandon),
	REQUEST(CONFORM_FENCE_ADD, conform_fence_add, conform_fence_add),
	REQUEST(CONFORM_EXPORT, conform_export, conform_export),
	REQUEST(CONFORM_MOVE, conform_buffer, conform_move),
	REQUEST(CONFORM_INVALIDATE, conform_buffer, conform_invalidate_request),
	REQUEST(CONFORM_BUFFER_COUNTS, conform_buffer_counts, conform_buffer_counts),
	REQUEST(CONFORM_DEVICE_CREATE, conform_device_create, conform_device_create),
	REQUEST(CONFORM_DEVICE_OPEN, conform_device_open, conform_device_open),
	REQUEST(CONFORM_DEVICE_FAIL, conform_device_fail, conform_device_fail),
	REQUEST(CONFORM_DEVICE_WAKE, conform_object, conform_device_wake),
	REQUEST(CONFORM_DEVICE_UNBIND, conform_object, conform_device_unbind),
};

/* Room for the longest structure. */
#define LONGEST 128

/* Has a file handed out under a new number; takes the reference over, also when it fails. */
int conform_call_file(struct conform_call *call, struct file *file)
{
	int fd = get_unused_fd_flags(O_CLOEXEC);

	if (fd < 0) {
		fput(file);
		return fd;
	}
	call->file = file;
	call->fd = fd;
	return fd;
}

static void shut_down(struct conform_obj *obj)
{
	switch (obj->type) {
	case CONFORM_TYPE_IMPORTER:
		conform_importer_shut_down(obj);
		break;
	case CONFORM_TYPE_FENCE:
		conform_fence_shut_down(obj);
		break;
	case CONFORM_TYPE_MAPPING:
		conform_mapping_shut_down(obj);
		break;
	case CONFORM_TYPE_VMAPPING:
		conform_vmapping_shut_down(obj);
		break;
	default:
		break;
	}
	conform_obj_put(obj);
}

static void hand_out(struct conform_call *call)
{
	if (call->file)
		fd_install(call->fd, call->file);
	if (call->made)
		conform_obj_put(call->made);
}

static void take_back(struct conform_call *call)
{
	struct conform_obj *obj = call->made;

	if (call->file) {
		put_unused_fd(call->fd);
		fput(call->file);
	}
	if (!obj)
		return;
	if (conform_obj_withdraw(call->session, obj))
		shut_down(obj);
	conform_obj_put(obj);
}

static long conform_ioctl(struct file *file, unsigned int cmd, unsigned long address)
{
	u8 arg[LONGEST] __aligned(8) = {};
	struct conform_call call = { .session = file->private_data, .arg = arg };
	void __user *user = (void __user *)address;
	const struct request *request;
	u32 argsz;
	int ret;

	BUILD_BUG_ON(sizeof(struct conform_device_create) > LONGEST);
	if (_IOC_TYPE(cmd) != CONFORM_TYPE || _IOC_DIR(cmd) != _IOC_NONE || _IOC_SIZE(cmd) ||
	    _IOC_NR(cmd) >= ARRAY_SIZE(requests))
		return -ENOTTY;
	request = &requests[_IOC_NR(cmd)];
	if (!request->serve)
		return -ENOTTY;
	if (get_user(argsz, (u32 __user *)user))
		return -EFAULT;
	if (argsz < request->size)
		return -EINVAL;
	if (copy_from_user(arg, user, request->size))
		return -EFAULT;
	ret = request->serve(&call);
	if (ret >= 0 && copy_to_user(user, arg, request->size))
		ret = -EFAULT;
	if (ret < 0)
		take_back(&call);
	else
		hand_out(&call);
	return ret;
}

static ssize_t conform_read(struct file *file, char __user *to, size_t size, loff_t *position)
{
	struct conform_session *session = file->private_data;

	return conform_log_read(&session->log, to, size);
}

static __poll_t conform_poll(struct file *file, poll_table *table)
{
	struct conform_session *session = file->private_data;

	poll_wait(file, &session->log.wait, table);
	return conform_log_has(&session->log) ? EPOLLIN | EPOLLRDNORM : 0;
}

static int conform_open(struct inode *inode, struct file *file)
{
	struct conform_session *session = kzalloc(sizeof(*session), GFP_KERNEL_ACCOUNT);

	if (!session)
		return -ENOMEM;
	if (conform_log_init(&session->log)) {
		kfree(session);
		return -ENOMEM;
	}
	xa_init_flags(&session->objects, XA_FLAGS_ALLOC1);
	file->private_data = session;
	return stream_open(inode, file);
}

static void shut_down_all(struct conform_session *session, enum conform_type type)
{
	struct conform_obj *obj;

	while ((obj = conform_obj_take_any(session, type)))
		shut_down(obj);
}

/* Fences go first: an exporter may wait for one with the reservation lock held, which importers need to detach. */
static int conform_release(struct inode *inode, struct file *file)
{
	struct conform_session *session = file->private_data;

	shut_down_all(session, CONFORM_TYPE_FENCE);
	shut_down_all(session, CONFORM_TYPE_IMPORTER);
	shut_down_all(session, CONFORM_TYPE_MAPPING);
	shut_down_all(session, CONFORM_TYPE_VMAPPING);
	shut_down_all(session, CONFORM_TYPE_DEVICE);
	xa_destroy(&session->objects);
	conform_log_free(&session->log);
	kfree(session);
	return 0;
}

static const struct file_operations conform_fops = {
	.owner = THIS_MODULE,
	.open = conform_open,
	.release = conform_release,
	.read = conform_read,
	.poll = conform_poll,
	.unlocked_ioctl = conform_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice conform_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "dmabuf-conform",
	.fops = &conform_fops,
	.mode = 0600,
};

static int __init conform_init(void)
{
	int ret;

	conform_queue = alloc_workqueue("dmabuf_conform", WQ_UNBOUND, 0);
	if (!conform_queue)
		return -ENOMEM;
	own_device = platform_device_register_simple("dmabuf-conform", PLATFORM_DEVID_NONE, NULL, 0);
	if (IS_ERR(own_device)) {
		ret = PTR_ERR(own_device);
		goto err_queue;
	}
	conform_own_device = &own_device->dev;
	ret = dma_coerce_mask_and_coherent(conform_own_device, DMA_BIT_MASK(64));
	if (ret)
		goto err_platform;
	dma_set_max_seg_size(conform_own_device, UINT_MAX);
	ret = conform_device_init();
	if (ret)
		goto err_platform;
	ret = conform_importer_init();
	if (ret)
		goto err_device;
	ret = misc_register(&conform_misc);
	if (ret)
		goto err_importer;
	return 0;

err_importer:
	conform_importer_exit();
err_device:
	conform_device_exit();
err_platform:
	platform_device_unregister(own_device);
err_queue:
	destroy_workqueue(conform_queue);
	return ret;
}

static void __exit conform_exit(void)
{
	misc_deregister(&conform_misc);
	conform_importer_exit();
	conform_device_exit();
	platform_device_unregister(own_device);
	destroy_workqueue(conform_queue);
	conform_fence_exit();
}

module_init(conform_init);
module_exit(conform_exit);

MODULE_DESCRIPTION("Test importer and reference exporter of dmabuf-conform");
MODULE_LICENSE("GPL");
conform_import_ns(DMA_BUF);
