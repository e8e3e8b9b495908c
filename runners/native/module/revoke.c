// SPDX-License-Identifier: GPL-2.0
/*
 * The buffers of a device and their three states. The steps are those of semantics 3.1, in its order:
 *
 *   R1 set the state, R2 tell the importers, R3 wait for the fences, R4 unlock the reservation, R5 drop the buffer's
 *   own reference, R6 wait until the last mapping is given back, R7 zap the CPU mappings, R8 re-arm the reference.
 *
 * What a proposal does otherwise is in device->dialect. A seeded bug leaves a step out, or takes it elsewhere.
 */
#include <linux/dma-resv.h>
#include <linux/mm.h>
#include <linux/pfn.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include "bugs.h"
#include "compat.h"
#include "device.h"

static bool has(const struct conform_buf *buf, u32 flag)
{
	return buf->device->dialect.flags & flag;
}

static enum conform_status status_of(const struct conform_buf *buf)
{
	return READ_ONCE(buf->status);
}

static void set_status(struct conform_buf *buf, enum conform_status to)
{
	if (to == STATUS_PERM && conform_bug(BUG_REVOKES_FOR_A_WHILE) && buf->vdev)
		to = STATUS_TEMP;
	WRITE_ONCE(buf->status, to);
}

/* The steps. */

static void lock(struct conform_buf *buf)
{
	dma_resv_lock(buf->dmabuf->resv, NULL);
}

static void unlock(struct conform_buf *buf)
{
	dma_resv_unlock(buf->dmabuf->resv);
}

static void wait_for_fences(struct conform_buf *buf)
{
	static const enum dma_resv_usage usages[] = {
		[CONFORM_USAGE_KERNEL] = DMA_RESV_USAGE_KERNEL,
		[CONFORM_USAGE_WRITE] = DMA_RESV_USAGE_WRITE,
		[CONFORM_USAGE_READ] = DMA_RESV_USAGE_READ,
		[CONFORM_USAGE_BOOKKEEP] = DMA_RESV_USAGE_BOOKKEEP,
	};
	u32 usage = buf->device->dialect.fence_usage;

	if (usage >= ARRAY_SIZE(usages) || conform_bug(BUG_NO_FENCE_WAIT))
		return;
	if (conform_bug(BUG_KERNEL_FENCES_ONLY))
		usage = CONFORM_USAGE_KERNEL;
	if (conform_bug(BUG_UP_TO_WRITE_FENCES))
		usage = CONFORM_USAGE_WRITE;
	if (conform_bug(BUG_UP_TO_READ_FENCES))
		usage = CONFORM_USAGE_READ;
	dma_resv_wait_timeout(buf->dmabuf->resv, usages[usage], false, MAX_SCHEDULE_TIMEOUT);
}

static void put_ref(struct conform_buf *buf)
{
	if (refcount_dec_and_test(&buf->refs))
		complete_all(&buf->unmapped);
}

static void wait_for_unmaps(struct conform_buf *buf)
{
	if (!has(buf, CONFORM_WAIT_UNMAP) || buf->spent || conform_bug(BUG_NO_UNMAP_WAIT))
		return;
	buf->spent = true;
	put_ref(buf);
	if (conform_bug(BUG_GIVES_UP))
		wait_for_completion_timeout(&buf->unmapped, HZ);
	else
		wait_for_completion(&buf->unmapped);
}

static void zap(struct conform_buf *buf)
{
	if (!has(buf, CONFORM_HAS_MMAP) || conform_bug(BUG_NO_ZAP))
		return;
	unmap_mapping_range(buf->inode->i_mapping, 0, conform_bug(BUG_ZAPS_FIRST_PAGE) ? PAGE_SIZE : 0, 1);
}

static void rearm(struct conform_buf *buf, u8 when)
{
	if (!buf->spent || buf->device->dialect.rearm != when)
		return;
	buf->spent = false;
	refcount_set(&buf->refs, 1);
	reinit_completion(&buf->unmapped);
}

static void tell(struct conform_buf *buf)
{
	conform_invalidate(buf->dmabuf);
}

/* The transitions. memory_lock is held for writing. */

enum moment { BEFORE_TELLING, AFTER_TELLING, AT_THE_END, NEVER };

static enum moment moment_of_state(const struct conform_buf *buf)
{
	if (conform_bug(BUG_STATE_NOT_SET))
		return NEVER;
	if (conform_bug(BUG_STATE_SET_LAST))
		return AT_THE_END;
	if (conform_bug(BUG_STATE_AFTER_CALLBACKS) || !has(buf, CONFORM_STATE_FIRST))
		return AFTER_TELLING;
	return BEFORE_TELLING;
}

static void tell_of_revoke(struct conform_buf *buf)
{
	if (conform_bug(BUG_REVOKE_TELLS_NOBODY))
		return;
	tell(buf);
	if (conform_bug(BUG_REVOKE_TELLS_TWICE))
		tell(buf);
}

static void revoke(struct conform_buf *buf, enum conform_status to)
{
	enum moment moment = moment_of_state(buf);

	if (conform_bug(BUG_ZAP_BEFORE_WAITS))
		zap(buf);
	lock(buf);
	if (moment == BEFORE_TELLING)
		set_status(buf, to);
	tell_of_revoke(buf);
	if (moment == AFTER_TELLING)
		set_status(buf, to);
	if (conform_bug(BUG_UNLOCKED_FENCE_WAIT)) {
		unlock(buf);
		wait_for_fences(buf);
	} else {
		wait_for_fences(buf);
		unlock(buf);
	}
	wait_for_unmaps(buf);
	if (!conform_bug(BUG_ZAP_BEFORE_WAITS))
		zap(buf);
	if (moment == AT_THE_END) {
		lock(buf);
		set_status(buf, to);
		unlock(buf);
	}
	rearm(buf, CONFORM_REARM_REVOKE);
}

/* The buffer is gone already, so there is nothing to wait for, unless the dialect says so. */
static void upgrade(struct conform_buf *buf)
{
	if (conform_bug(BUG_UPGRADE_FORGOTTEN))
		return;
	if (has(buf, CONFORM_UPGRADE_NOTIFIES))
		return revoke(buf, STATUS_PERM);
	lock(buf);
	set_status(buf, STATUS_PERM);
	if (conform_bug(BUG_UPGRADE_TELLS))
		tell(buf);
	if (conform_bug(BUG_UPGRADE_WAITS))
		wait_for_fences(buf);
	unlock(buf);
}

/* Whoever is told, is told while the buffer is still revoked. */
static void unrevoke(struct conform_buf *buf)
{
	if (has(buf, CONFORM_NEVER_RECOVERS) || conform_bug(BUG_UNREVOKE_FORGOTTEN))
		return;
	if (has(buf, CONFORM_UNREVOKE_NOTIFIES)) {
		lock(buf);
		if (conform_bug(BUG_UNREVOKE_STATE_FIRST))
			set_status(buf, STATUS_OK);
		if (!conform_bug(BUG_UNREVOKE_TELLS_NOBODY))
			tell(buf);
		if (!conform_bug(BUG_UNREVOKE_NO_FENCE_WAIT))
			wait_for_fences(buf);
		unlock(buf);
	}
	rearm(buf, CONFORM_REARM_UNREVOKE);
	lock(buf);
	set_status(buf, STATUS_OK);
	unlock(buf);
}

static void change_permanent(struct conform_buf *buf, enum conform_status to)
{
	if (to == STATUS_OK && conform_bug(BUG_PERM_UNDONE))
		unrevoke(buf);
	if (to == STATUS_TEMP && conform_bug(BUG_PERM_MADE_TEMP))
		set_status(buf, STATUS_TEMP);
}

static void change(struct conform_buf *buf, enum conform_status to)
{
	switch (buf->status) {
	case STATUS_OK:
		if (to != STATUS_OK)
			revoke(buf, to);
		break;
	case STATUS_TEMP:
		if (to == STATUS_PERM)
			upgrade(buf);
		else if (to == STATUS_OK)
			unrevoke(buf);
		else if (conform_bug(BUG_TEMP_REPEATED))
			revoke(buf, STATUS_TEMP);
		break;
	case STATUS_PERM:
		change_permanent(buf, to);
		break;
	}
}

/* An event revokes the buffers of the session, or makes them usable again. memory_lock is held for writing. */
void conform_move_buffers(struct conform_device *device, enum conform_status to)
{
	struct conform_buf *buf;

	lockdep_assert_held_write(&device->memory_lock);
	device->last_revoked = to != STATUS_OK;
	list_for_each_entry(buf, &device->buffers, node) {
		change(buf, to);
		if (conform_bug(BUG_FIRST_BUFFER_ONLY))
			break;
	}
}

static void close_buffer(struct conform_device *device, struct conform_buf *buf)
{
	bool was_usable = buf->status == STATUS_OK;
	bool tells = has(buf, CONFORM_CLOSE_RENOTIFIES) && !conform_bug(BUG_CLOSE_TELLS_NOBODY) &&
		     (was_usable || !conform_bug(BUG_CLOSE_SKIPS_REVOKED));

	lock(buf);
	list_del_init(&buf->node);
	buf->vdev = NULL;
	if (!conform_bug(BUG_CLOSE_LEAVES_STATE))
		set_status(buf, STATUS_PERM);
	if (tells)
		tell(buf);
	if (has(buf, CONFORM_CLOSE_RENOTIFIES) && !conform_bug(BUG_CLOSE_NO_FENCE_WAIT))
		wait_for_fences(buf);
	unlock(buf);
	if (was_usable && !conform_bug(BUG_CLOSE_NO_UNMAP_WAIT))
		wait_for_unmaps(buf);
	if (was_usable && !conform_bug(BUG_CLOSE_NO_ZAP))
		zap(buf);
	conform_unregister(device);
}

/* The session ends: nothing that it exported can be used any more. */
void conform_close_buffers(struct conform_device *device)
{
	struct conform_buf *buf, *next;

	down_write(&device->memory_lock);
	if (!(device->dialect.flags & CONFORM_CLOSE_RENOTIFIES))
		conform_move_buffers(device, STATUS_TEMP);
	list_for_each_entry_safe(buf, next, &device->buffers, node)
		close_buffer(device, buf);
	up_write(&device->memory_lock);
}

/* What importers and processes ask of a buffer. */

static bool may_attach(const struct conform_buf *buf)
{
	return status_of(buf) == STATUS_OK || conform_bug(BUG_ATTACH_REVOKED);
}

static int attach(struct dma_buf *dmabuf, struct dma_buf_attachment *attachment)
{
	struct conform_buf *buf = dmabuf->priv;
	bool reaches = attachment->peer2peer || conform_bug(BUG_ATTACH_NO_P2P);
	bool is_revocable = conform_attach_revocable(attachment) || conform_bug(BUG_ATTACH_NO_CALLBACK);

	if ((has(buf, CONFORM_AS_CORE) || conform_bug(BUG_ATTACH_STATE_FIRST)) && !may_attach(buf))
		return -ENODEV;
	if (!reaches)
		return -EOPNOTSUPP;
	if (has(buf, CONFORM_AS_CORE))
		return 0;
	if (conform_bug(BUG_ATTACH_CALLBACK_FIRST) && !is_revocable)
		return -EOPNOTSUPP;
	if (!may_attach(buf))
		return -ENODEV;
	return is_revocable ? 0 : -EOPNOTSUPP;
}

static int pin(struct dma_buf_attachment *attachment)
{
	struct conform_buf *buf = attachment->dmabuf->priv;

	return -(int)buf->device->dialect.pin_error;
}

static void unpin(struct dma_buf_attachment *attachment)
{
}

static struct sg_table *map(struct dma_buf_attachment *attachment, enum dma_data_direction direction)
{
	struct conform_buf *buf = attachment->dmabuf->priv;
	struct sg_table *sgt;

	if (status_of(buf) != STATUS_OK && !conform_bug(BUG_MAP_REVOKED)) {
		if (conform_bug(BUG_FAILED_MAP_TAKES_KREF))
			refcount_inc(&buf->refs);
		return ERR_PTR(conform_bug(BUG_MAP_IS_EINVAL) ? -EINVAL : -ENODEV);
	}
	sgt = conform_memory_map(buf->memory, buf->page, buf->pages, attachment->dev, direction);
	if (!IS_ERR(sgt) && !conform_bug(BUG_MAP_TAKES_NO_KREF))
		refcount_inc(&buf->refs);
	return sgt;
}

static void unmap(struct dma_buf_attachment *attachment, struct sg_table *sgt, enum dma_data_direction direction)
{
	struct conform_buf *buf = attachment->dmabuf->priv;

	conform_memory_unmap(sgt, attachment->dev, direction);
	if (conform_bug(BUG_UNMAP_PUTS_NOTHING) || conform_bug(BUG_MAP_TAKES_NO_KREF))
		return;
	put_ref(buf);
	if (conform_bug(BUG_ONE_UNMAP) && status_of(buf) != STATUS_OK)
		complete_all(&buf->unmapped);
}

static bool may_fault(const struct conform_buf *buf)
{
	enum conform_status status = status_of(buf);

	if (status == STATUS_OK || conform_bug(BUG_FAULT_REVOKED))
		return true;
	return status == STATUS_TEMP && conform_bug(BUG_FAULT_TEMP);
}

static vm_fault_t insert(struct conform_buf *buf, struct vm_fault *vmf)
{
	unsigned long page = conform_bug(BUG_FAULT_IGNORES_OFFSET) ? 0 : vmf->pgoff;

	if (page >= buf->pages)
		return VM_FAULT_SIGBUS;
	return vmf_insert_pfn(vmf->vma, vmf->address, page_to_pfn(buf->page[page]));
}

/* Looks twice: a revoke can begin between the two locks. */
static vm_fault_t fault(struct vm_fault *vmf)
{
	struct conform_buf *buf = vmf->vma->vm_private_data;
	vm_fault_t ret = VM_FAULT_SIGBUS;
	bool usable;

	lock(buf);
	usable = may_fault(buf);
	unlock(buf);
	if (!usable)
		return VM_FAULT_SIGBUS;
	down_read(&buf->device->memory_lock);
	if (conform_bug(BUG_FAULT_LOOKS_ONCE) || may_fault(buf))
		ret = insert(buf, vmf);
	up_read(&buf->device->memory_lock);
	return ret;
}

static const struct vm_operations_struct vm_ops = { .fault = fault };

static bool may_mmap(const struct conform_buf *buf)
{
	enum conform_status status = status_of(buf);

	if (status == STATUS_OK || conform_bug(BUG_MMAP_REVOKED))
		return true;
	return status == STATUS_TEMP && conform_bug(BUG_MMAP_TEMP);
}

static int mmap(struct dma_buf *dmabuf, struct vm_area_struct *vma)
{
	struct conform_buf *buf = dmabuf->priv;
	bool is_private = !(vma->vm_flags & VM_SHARED);

	if (is_private && conform_bug(BUG_PRIVATE_BEFORE_STATE))
		return -EINVAL;
	if (!may_mmap(buf))
		return -ENODEV;
	if (is_private || vma->vm_pgoff + vma_pages(vma) > buf->pages)
		return -EINVAL;
	conform_vm_flags_set(vma, VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP);
	vma->vm_ops = &vm_ops;
	vma->vm_private_data = buf;
	return 0;
}

static int vmap_buffer(struct dma_buf *dmabuf, struct iosys_map *map)
{
	struct conform_buf *buf = dmabuf->priv;
	void *address;

	if (status_of(buf) != STATUS_OK)
		return -ENODEV;
	address = conform_memory_vmap(buf->page, buf->pages);
	if (!address)
		return -ENOMEM;
	iosys_map_set_vaddr(map, address);
	return 0;
}

static void vunmap_buffer(struct dma_buf *dmabuf, struct iosys_map *map)
{
	vunmap(map->vaddr);
}

static void free_buf(struct conform_buf *buf)
{
	conform_memory_put(buf->memory);
	conform_obj_put(&buf->device->obj);
	kvfree(buf->page);
	kfree(buf);
	atomic_dec(&conform_buffers);
}

static void release(struct dma_buf *dmabuf)
{
	struct conform_buf *buf = dmabuf->priv;

	down_write(&buf->device->memory_lock);
	list_del_init(&buf->node);
	if (buf->vdev)
		conform_unregister(buf->vdev);
	up_write(&buf->device->memory_lock);
	iput(buf->inode);
	free_buf(buf);
}

static bool is_ours(const struct dma_buf *dmabuf)
{
	return dmabuf->ops->release == release;
}

/* A core that keeps mappings until the detach does so for an exporter without pin; such a one needs the operation. */
static bool needs_pin(const struct conform_dialect *dialect)
{
#ifdef HAVE_ATTACHMENT_SGT
	return true;
#else
	return dialect->pin_error;
#endif
}

static void set_ops(struct dma_buf_ops *ops, const struct conform_dialect *dialect)
{
	*ops = (struct dma_buf_ops) {
		.attach = attach,
		.pin = needs_pin(dialect) ? pin : NULL,
		.unpin = needs_pin(dialect) ? unpin : NULL,
		.map_dma_buf = map,
		.unmap_dma_buf = unmap,
		.release = release,
		.mmap = dialect->flags & CONFORM_HAS_MMAP ? mmap : NULL,
		.vmap = dialect->flags & CONFORM_HAS_VMAP ? vmap_buffer : NULL,
		.vunmap = dialect->flags & CONFORM_HAS_VMAP ? vunmap_buffer : NULL,
	};
}

static enum conform_status first_status(const struct conform_device *device)
{
	bool is_off = !conform_memory_enabled(device);

	if (conform_bug(BUG_EXPORT_STARTS_REVOKED))
		return STATUS_TEMP;
	if (device->dialect.flags & CONFORM_AS_CORE)
		return STATUS_OK;
	if (device->dialect.flags & CONFORM_STARTS_AS_LAST_EVENT)
		is_off = device->last_revoked;
	return is_off && !conform_bug(BUG_EXPORT_OFF_USABLE) ? STATUS_TEMP : STATUS_OK;
}

static struct conform_buf *new_buf(struct conform_device *device, struct conform_memory *memory, struct page **page,
				   unsigned int pages, unsigned int ranges)
{
	struct conform_buf *buf = kzalloc(sizeof(*buf), GFP_KERNEL_ACCOUNT);

	if (!buf)
		return NULL;
	kref_get(&device->obj.ref);
	kref_get(&memory->ref);
	buf->device = device;
	buf->vdev = device;
	buf->memory = memory;
	buf->page = page;
	buf->pages = pages;
	buf->ranges = ranges;
	INIT_LIST_HEAD(&buf->node);
	refcount_set(&buf->refs, 1);
	init_completion(&buf->unmapped);
	set_ops(&buf->ops, &device->dialect);
	atomic_inc(&conform_buffers);
	return buf;
}

/* Exports pages, which it takes over in any case; gives a new descriptor. */
int conform_export_pages(struct conform_device *device, struct conform_memory *memory, struct page **page,
			 unsigned int pages, unsigned int ranges, u32 open_flags)
{
	DEFINE_DMA_BUF_EXPORT_INFO(export);
	struct conform_buf *buf;
	int ret;

	buf = new_buf(device, memory, page, pages, ranges);
	if (!buf) {
		kvfree(page);
		return -ENOMEM;
	}
	export.exp_name = "dmabuf_conform";
	export.ops = &buf->ops;
	export.size = (size_t)pages << PAGE_SHIFT;
	export.flags = open_flags & (O_ACCMODE | O_NONBLOCK);
	export.priv = buf;
	buf->dmabuf = dma_buf_export(&export);
	if (IS_ERR(buf->dmabuf)) {
		ret = PTR_ERR(buf->dmabuf);
		free_buf(buf);
		return ret;
	}
	buf->inode = file_inode(buf->dmabuf->file);
	ihold(buf->inode);
	down_write(&device->memory_lock);
	lock(buf);
	buf->status = first_status(device);
	unlock(buf);
	list_add_tail(&buf->node, &device->buffers);
	conform_register(device);
	up_write(&device->memory_lock);
	ret = dma_buf_fd(buf->dmabuf, open_flags & O_CLOEXEC);
	if (ret < 0)
		dma_buf_put(buf->dmabuf);
	return ret;
}

/* The reservation lock is held. */
int conform_private_map(struct dma_buf *dmabuf, u64 *length)
{
	struct conform_buf *buf = dmabuf->priv;

	if (!is_ours(dmabuf))
		return -EOPNOTSUPP;
	if (status_of(buf) != STATUS_OK)
		return -ENODEV;
	if (buf->ranges != 1)
		return -EOPNOTSUPP;
	*length = (u64)buf->pages << PAGE_SHIFT;
	return 0;
}

/* The request to revoke a buffer for good, in the order of semantics 4.2. */

static void revoke_every_buffer(struct conform_device *device)
{
	struct conform_buf *buf;

	list_for_each_entry(buf, &device->buffers, node)
		change(buf, STATUS_PERM);
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

	if (!is_ours(dmabuf)) {
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
		change(buf, STATUS_PERM);
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
