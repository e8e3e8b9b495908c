// SPDX-License-Identifier: GPL-2.0
/*
 * The buffers of a device: what importers and processes ask of one, and how it is exported. Whether it may be used
 * depends on its state, which revoke.c changes.
 */
#include <linux/dma-resv.h>
#include <linux/mm.h>
#include <linux/pfn.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include "bugs.h"
#include "compat.h"
#include "device.h"

static bool may_attach(const struct conform_buf *buf)
{
	return conform_status_of(buf) == STATUS_OK || conform_bug(BUG_ATTACH_REVOKED);
}

static int attach(struct dma_buf *dmabuf, struct dma_buf_attachment *attachment)
{
	struct conform_buf *buf = dmabuf->priv;
	bool reaches = attachment->peer2peer || conform_bug(BUG_ATTACH_NO_P2P);
	bool is_revocable = conform_attach_revocable(attachment) || conform_bug(BUG_ATTACH_NO_CALLBACK);

	if ((conform_buffer_has(buf, CONFORM_AS_CORE) || conform_bug(BUG_ATTACH_STATE_FIRST)) && !may_attach(buf))
		return -ENODEV;
	if (!reaches)
		return -EOPNOTSUPP;
	if (conform_buffer_has(buf, CONFORM_AS_CORE))
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

	if (conform_status_of(buf) != STATUS_OK && !conform_bug(BUG_MAP_REVOKED)) {
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
	conform_buffer_put_ref(buf);
	if (conform_bug(BUG_ONE_UNMAP) && conform_status_of(buf) != STATUS_OK)
		complete_all(&buf->unmapped);
}

static bool may_fault(const struct conform_buf *buf)
{
	enum conform_status status = conform_status_of(buf);

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

	dma_resv_lock(buf->dmabuf->resv, NULL);
	usable = may_fault(buf);
	dma_resv_unlock(buf->dmabuf->resv);
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
	enum conform_status status = conform_status_of(buf);

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

	if (conform_status_of(buf) != STATUS_OK)
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

/* Whoever takes a buffer away from its device keeps its file meanwhile, so that vdev does not change any more. */
static void release(struct dma_buf *dmabuf)
{
	struct conform_buf *buf = dmabuf->priv;

	if (buf->vdev) {
		down_write(&buf->device->memory_lock);
		list_del_init(&buf->node);
		up_write(&buf->device->memory_lock);
		conform_unregister(buf->vdev);
	}
	iput(buf->inode);
	free_buf(buf);
}

bool conform_buffer_is_ours(const struct dma_buf *dmabuf)
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
	dma_resv_lock(buf->dmabuf->resv, NULL);
	buf->status = first_status(device);
	dma_resv_unlock(buf->dmabuf->resv);
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

	if (!conform_buffer_is_ours(dmabuf))
		return -EOPNOTSUPP;
	if (conform_status_of(buf) != STATUS_OK)
		return -ENODEV;
	if (buf->ranges != 1)
		return -EOPNOTSUPP;
	*length = (u64)buf->pages << PAGE_SHIFT;
	return 0;
}
