/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernels' different spellings of the same thing. What a kernel has is found out by Kbuild from what its headers
 * declare; no version is compared.
 */
#ifndef _CONFORM_COMPAT_H
#define _CONFORM_COMPAT_H

#include <linux/dma-buf.h>
#include <linux/eventfd.h>
#include <linux/fs.h>
#include <linux/iosys-map.h>
#include <linux/mm.h>
#include <linux/module.h>

#ifdef HAVE_IMPORT_NS_STRING
#define conform_import_ns(ns) MODULE_IMPORT_NS(#ns)
#else
#define conform_import_ns(ns) MODULE_IMPORT_NS(ns)
#endif

/* The importer's callback, and the call of the exporter that runs it. */
#ifdef HAVE_INVALIDATE_MAPPINGS
#define conform_callback invalidate_mappings
#define conform_invalidate(dmabuf) dma_buf_invalidate_mappings(dmabuf)
#else
#define conform_callback move_notify
#define conform_invalidate(dmabuf) dma_buf_move_notify(dmabuf)
#endif

static inline bool conform_attach_revocable(struct dma_buf_attachment *attach)
{
#ifdef HAVE_ATTACH_REVOCABLE
	return dma_buf_attach_revocable(attach);
#else
	return attach->importer_ops && attach->importer_ops->conform_callback;
#endif
}

/*
 * Since dma_buf_vmap_unlocked() exists, every map and unmap wants the reservation lock. Before, an attachment without
 * importer operations must be mapped without it, since the exporter may take it.
 */
static inline bool conform_wants_lock(bool is_static)
{
#ifdef HAVE_VMAP_UNLOCKED
	return true;
#else
	return !is_static;
#endif
}

static inline int conform_vmap(struct dma_buf *dmabuf, struct iosys_map *map)
{
#ifdef HAVE_VMAP_UNLOCKED
	return dma_buf_vmap_unlocked(dmabuf, map);
#else
	return dma_buf_vmap(dmabuf, map);
#endif
}

static inline void conform_vunmap(struct dma_buf *dmabuf, struct iosys_map *map)
{
#ifdef HAVE_VMAP_UNLOCKED
	dma_buf_vunmap_unlocked(dmabuf, map);
#else
	dma_buf_vunmap(dmabuf, map);
#endif
}

static inline void conform_vm_flags_set(struct vm_area_struct *vma, unsigned long flags)
{
#ifdef HAVE_VM_FLAGS_SET
	vm_flags_set(vma, flags);
#else
	vma->vm_flags |= flags;
#endif
}

/* Takes a reference on a file that may be on its way out; false if it is. */
static inline bool conform_get_file_active(struct file **file)
{
#ifdef HAVE_GET_FILE_ACTIVE
	return get_file_active(file);
#else
	return get_file_rcu(*file);
#endif
}

static inline void conform_eventfd_signal(struct eventfd_ctx *ctx)
{
#ifdef HAVE_EVENTFD_SIGNAL_COUNT
	eventfd_signal(ctx, 1);
#else
	eventfd_signal(ctx);
#endif
}

#endif /* _CONFORM_COMPAT_H */
