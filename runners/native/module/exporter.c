// SPDX-License-Identifier: GPL-2.0
/*
 * The test exporter: answers as it was told when the buffer was made, counts what importers hold, can move its memory
 * as the driver of a GPU does, and never revokes; unless it was told that an invalidation is one, for good.
 */
#include <linux/dma-resv.h>
#include <linux/highmem.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include "compat.h"
#include "memory.h"
#include "module.h"

struct test_buffer {
	struct dma_buf_ops ops;
	struct conform_export told;
	struct inode *inode;
	struct mutex lock;		/* memory, against faults */
	struct conform_memory *memory;
	bool revoked;			/* written with the reservation lock and the lock above */
	atomic_t pins;
	atomic_t mappings;
	atomic_t vmappings;
};

static bool is_revoked(const struct test_buffer *buffer)
{
	return READ_ONCE(buffer->revoked);
}

static int attach(struct dma_buf *dmabuf, struct dma_buf_attachment *attachment)
{
	struct test_buffer *buffer = dmabuf->priv;

	if (is_revoked(buffer))
		return -ENODEV;
	return -(int)buffer->told.attach_error;
}

static int pin(struct dma_buf_attachment *attachment)
{
	struct test_buffer *buffer = attachment->dmabuf->priv;

	if (buffer->told.pin_error)
		return -(int)buffer->told.pin_error;
	atomic_inc(&buffer->pins);
	return 0;
}

static void unpin(struct dma_buf_attachment *attachment)
{
	struct test_buffer *buffer = attachment->dmabuf->priv;

	atomic_dec(&buffer->pins);
}

static struct sg_table *map(struct dma_buf_attachment *attachment, enum dma_data_direction direction)
{
	struct test_buffer *buffer = attachment->dmabuf->priv;
	struct conform_memory *memory;
	struct sg_table *sgt;

	if (is_revoked(buffer))
		return ERR_PTR(-ENODEV);
	if (buffer->told.flags & CONFORM_EXPORT_NULL_MAP)
		return NULL;
	if (buffer->told.map_error)
		return ERR_PTR(-(int)buffer->told.map_error);
	mutex_lock(&buffer->lock);
	memory = buffer->memory;
	sgt = conform_memory_map(memory, memory->page, memory->pages, attachment->dev, direction);
	mutex_unlock(&buffer->lock);
	if (!IS_ERR(sgt))
		atomic_inc(&buffer->mappings);
	return sgt;
}

static void unmap(struct dma_buf_attachment *attachment, struct sg_table *sgt, enum dma_data_direction direction)
{
	struct test_buffer *buffer = attachment->dmabuf->priv;

	conform_memory_unmap(sgt, attachment->dev, direction);
	atomic_dec(&buffer->mappings);
}

static vm_fault_t fault(struct vm_fault *vmf)
{
	struct test_buffer *buffer = vmf->vma->vm_private_data;
	vm_fault_t ret = VM_FAULT_SIGBUS;

	mutex_lock(&buffer->lock);
	if (!buffer->revoked && vmf->pgoff < buffer->memory->pages) {
		vmf->page = buffer->memory->page[vmf->pgoff];
		get_page(vmf->page);
		ret = 0;
	}
	mutex_unlock(&buffer->lock);
	return ret;
}

static const struct vm_operations_struct vm_ops = { .fault = fault };

static int mmap(struct dma_buf *dmabuf, struct vm_area_struct *vma)
{
	if (is_revoked(dmabuf->priv))
		return -ENODEV;
	conform_vm_flags_set(vma, VM_DONTEXPAND | VM_DONTDUMP);
	vma->vm_ops = &vm_ops;
	vma->vm_private_data = dmabuf->priv;
	return 0;
}

static int vmap_buffer(struct dma_buf *dmabuf, struct iosys_map *map)
{
	struct test_buffer *buffer = dmabuf->priv;
	void *address;

	if (is_revoked(buffer))
		return -ENODEV;
	mutex_lock(&buffer->lock);
	address = conform_memory_vmap(buffer->memory->page, buffer->memory->pages);
	if (address)
		atomic_inc(&buffer->vmappings);
	mutex_unlock(&buffer->lock);
	if (!address)
		return -ENOMEM;
	iosys_map_set_vaddr(map, address);
	return 0;
}

static void vunmap_buffer(struct dma_buf *dmabuf, struct iosys_map *map)
{
	struct test_buffer *buffer = dmabuf->priv;

	vunmap(map->vaddr);
	atomic_dec(&buffer->vmappings);
}

static void free_buffer(struct test_buffer *buffer)
{
	conform_memory_put(buffer->memory);
	kfree(buffer);
	atomic_dec(&conform_buffers);
}

static void release(struct dma_buf *dmabuf)
{
	struct test_buffer *buffer = dmabuf->priv;

	iput(buffer->inode);
	free_buffer(buffer);
}

static struct test_buffer *test_buffer_of(struct dma_buf *dmabuf)
{
	return dmabuf->ops->release == release ? dmabuf->priv : NULL;
}

/* Which operations there are is told for each buffer, so each has a table of its own. */
static void set_ops(struct dma_buf_ops *ops, const struct conform_export *told)
{
	bool pins = told->flags & CONFORM_EXPORT_PIN;

	*ops = (struct dma_buf_ops) {
		.attach = attach,
		.pin = pins ? pin : NULL,
		.unpin = pins && !(told->omit & CONFORM_OMIT_UNPIN) ? unpin : NULL,
		.map_dma_buf = told->omit & CONFORM_OMIT_MAP ? NULL : map,
		.unmap_dma_buf = told->omit & CONFORM_OMIT_UNMAP ? NULL : unmap,
		.release = told->omit & CONFORM_OMIT_RELEASE ? NULL : release,
		.mmap = told->flags & CONFORM_EXPORT_MMAP ? mmap : NULL,
		.vmap = told->flags & CONFORM_EXPORT_VMAP ? vmap_buffer : NULL,
		.vunmap = told->flags & CONFORM_EXPORT_VMAP ? vunmap_buffer : NULL,
	};
}

static struct conform_memory *memory_over(int fd)
{
	struct conform_memory *memory = ERR_PTR(-EINVAL);
	struct dma_buf *dmabuf = dma_buf_get(fd);
	struct test_buffer *buffer;

	if (IS_ERR(dmabuf))
		return ERR_CAST(dmabuf);
	buffer = test_buffer_of(dmabuf);
	if (buffer) {
		mutex_lock(&buffer->lock);
		memory = buffer->memory;
		kref_get(&memory->ref);
		mutex_unlock(&buffer->lock);
	}
	dma_buf_put(dmabuf);
	return memory;
}

static struct test_buffer *new_buffer(const struct conform_export *told)
{
	struct test_buffer *buffer = kzalloc(sizeof(*buffer), GFP_KERNEL_ACCOUNT);
	struct conform_memory *memory;

	if (!buffer)
		return ERR_PTR(-ENOMEM);
	memory = told->over_fd >= 0 ? memory_over(told->over_fd) : conform_memory_new(told->size);
	if (IS_ERR(memory)) {
		kfree(buffer);
		return ERR_CAST(memory);
	}
	buffer->memory = memory;
	buffer->told = *told;
	mutex_init(&buffer->lock);
	set_ops(&buffer->ops, told);
	atomic_inc(&conform_buffers);
	return buffer;
}

static int check_export(const struct conform_export *arg)
{
	const u32 flags = CONFORM_EXPORT_MMAP | CONFORM_EXPORT_VMAP | CONFORM_EXPORT_PIN | CONFORM_EXPORT_NULL_MAP |
			  CONFORM_EXPORT_REVOKES;
	const u32 omit = CONFORM_OMIT_MAP | CONFORM_OMIT_UNMAP | CONFORM_OMIT_RELEASE | CONFORM_OMIT_UNPIN;

	if (arg->flags & ~flags || arg->omit & ~omit)
		return -EINVAL;
	return max3(arg->attach_error, arg->pin_error, arg->map_error) > MAX_ERRNO ? -EINVAL : 0;
}

int conform_export(struct conform_call *call)
{
	struct conform_export *arg = call->arg;
	DEFINE_DMA_BUF_EXPORT_INFO(export);
	struct test_buffer *buffer;
	struct dma_buf *dmabuf;
	int ret = check_export(arg);

	if (ret)
		return ret;
	buffer = new_buffer(arg);
	if (IS_ERR(buffer))
		return PTR_ERR(buffer);
	export.exp_name = "dmabuf_conform_test";
	export.ops = &buffer->ops;
	export.size = (size_t)buffer->memory->pages << PAGE_SHIFT;
	export.flags = O_RDWR | O_CLOEXEC;
	export.priv = buffer;
	dmabuf = dma_buf_export(&export);
	if (IS_ERR(dmabuf)) {
		free_buffer(buffer);
		return PTR_ERR(dmabuf);
	}
	buffer->inode = file_inode(dmabuf->file);
	ihold(buffer->inode);
	arg->fd = conform_call_file(call, dmabuf->file);
	return arg->fd < 0 ? arg->fd : 0;
}

/* Moves a buffer. The old memory stays as long as a device has it mapped; the kernel's own mapping pins it. */

static bool is_pinned(struct test_buffer *buffer)
{
	return atomic_read(&buffer->pins) > 0 || atomic_read(&buffer->vmappings) > 0;
}

static int copy_memory(struct test_buffer *buffer)
{
	struct conform_memory *old = buffer->memory, *new;
	unsigned int page;

	new = conform_memory_new((u64)old->pages << PAGE_SHIFT);
	if (IS_ERR(new))
		return PTR_ERR(new);
	mutex_lock(&buffer->lock);
	if (is_pinned(buffer)) {
		mutex_unlock(&buffer->lock);
		conform_memory_put(new);
		return -EBUSY;
	}
	for (page = 0; page < old->pages; page++)
		copy_highpage(new->page[page], old->page[page]);
	buffer->memory = new;
	mutex_unlock(&buffer->lock);
	unmap_mapping_range(buffer->inode->i_mapping, 0, 0, 1);
	conform_memory_put(old);
	return 0;
}

static int move_locked(struct dma_buf *dmabuf, struct test_buffer *buffer)
{
	long ret;

	if (is_pinned(buffer))
		return -EBUSY;
	conform_invalidate(dmabuf);
	ret = dma_resv_wait_timeout(dmabuf->resv, DMA_RESV_USAGE_BOOKKEEP, true, MAX_SCHEDULE_TIMEOUT);
	if (ret < 0)
		return ret;
	return copy_memory(buffer);
}

static int move_buffer(struct dma_buf *dmabuf, struct test_buffer *buffer)
{
	int ret = dma_resv_lock_interruptible(dmabuf->resv, NULL);

	if (ret)
		return ret;
	ret = move_locked(dmabuf, buffer);
	dma_resv_unlock(dmabuf->resv);
	return ret;
}

int conform_move(struct conform_call *call)
{
	struct conform_buffer *arg = call->arg;
	struct dma_buf *dmabuf = dma_buf_get(arg->dmabuf_fd);
	struct test_buffer *buffer;
	int ret;

	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	buffer = test_buffer_of(dmabuf);
	ret = buffer ? move_buffer(dmabuf, buffer) : -EINVAL;
	dma_buf_put(dmabuf);
	return ret;
}

/* The state changes before anybody is told, and what processes have mapped goes last. */
static void invalidate(struct dma_buf *dmabuf, struct test_buffer *buffer)
{
	bool revokes = buffer->told.flags & CONFORM_EXPORT_REVOKES;

	if (revokes) {
		mutex_lock(&buffer->lock);
		WRITE_ONCE(buffer->revoked, true);
		mutex_unlock(&buffer->lock);
	}
	conform_invalidate(dmabuf);
	if (revokes)
		unmap_mapping_range(buffer->inode->i_mapping, 0, 0, 1);
}

int conform_invalidate_request(struct conform_call *call)
{
	struct conform_buffer *arg = call->arg;
	struct dma_buf *dmabuf = dma_buf_get(arg->dmabuf_fd);
	bool locked = !(arg->flags & CONFORM_BUFFER_UNLOCKED);
	struct test_buffer *buffer;
	int ret = -EINVAL;

	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	buffer = test_buffer_of(dmabuf);
	if (!buffer)
		goto out;
	ret = locked ? dma_resv_lock_interruptible(dmabuf->resv, NULL) : 0;
	if (ret)
		goto out;
	invalidate(dmabuf, buffer);
	if (locked)
		dma_resv_unlock(dmabuf->resv);
out:
	dma_buf_put(dmabuf);
	return ret;
}

u32 conform_pending_fences(struct dma_buf *dmabuf)
{
	struct dma_resv_iter cursor;
	struct dma_fence *fence;
	u32 count = 0;

	dma_resv_for_each_fence(&cursor, dmabuf->resv, DMA_RESV_USAGE_BOOKKEEP, fence)
		count += !dma_fence_is_signaled(fence);
	return count;
}

int conform_buffer_counts(struct conform_call *call)
{
	struct conform_buffer_counts *arg = call->arg;
	struct dma_buf *dmabuf = dma_buf_get(arg->dmabuf_fd);
	struct dma_buf_attachment *each;
	struct test_buffer *buffer;
	int ret = -EINVAL;

	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	buffer = test_buffer_of(dmabuf);
	if (!buffer)
		goto out;
	ret = dma_resv_lock_interruptible(dmabuf->resv, NULL);
	if (ret)
		goto out;
	arg->references = file_count(dmabuf->file) - 1;
	arg->attachments = 0;
	list_for_each_entry(each, &dmabuf->attachments, node)
		arg->attachments++;
	arg->pins = atomic_read(&buffer->pins);
	arg->mappings = atomic_read(&buffer->mappings);
	arg->fences = conform_pending_fences(dmabuf);
	arg->vmappings = atomic_read(&buffer->vmappings);
	dma_resv_unlock(dmabuf->resv);
out:
	dma_buf_put(dmabuf);
	return ret;
}
