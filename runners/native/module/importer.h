/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of the importer share.
 *
 * Locks: importer->lock, then the reservation lock, then mapping->lock. The callback runs with the reservation lock
 * held and takes mapping->lock only. An access through a mapping takes mapping->lock alone, since a device reads and
 * writes whatever the exporter waits for.
 *
 * Whoever has a number of an importer or of a mapping keeps the importer, not the buffer: a detach lets go of that.
 */
#ifndef _CONFORM_IMPORTER_H
#define _CONFORM_IMPORTER_H

#include <linux/completion.h>
#include <linux/iosys-map.h>
#include <linux/list.h>
#include "module.h"

struct importer {
	struct conform_obj obj;
	struct conform_session *session;
	/* NULL after the detach: with the lock and dying not set, or with buffer_lock and a reference of one's own */
	struct dma_buf *dmabuf;
	spinlock_t buffer_lock;
	size_t size;
	struct dma_buf_attachment *attach;
	struct device *dev;
	u32 policy;
	u32 delay_ms;
	bool is_static;

	struct mutex lock;
	bool dying;
	struct completion gone;
	struct list_head on_device;

	/* with the reservation lock, where the core wants it, else with the lock above */
	struct list_head mappings;
	u32 pins;
	struct dma_fence *job;

	/* with the lock above */
	struct list_head vmappings;
	u32 vmapped;

	atomic_t invalidations;
	atomic_t maps;
	atomic_t unmaps;
	atomic_t mapped;
	struct delayed_work later;
	struct delayed_work safety;
};

struct mapping {
	struct conform_obj obj;
	struct importer *importer;
	struct list_head node;
	enum dma_data_direction direction;
	struct mutex lock;
	struct sg_table *sgt;	/* NULL once it was given back */
};

struct vmapping {
	struct conform_obj obj;
	struct importer *importer;
	struct list_head node;
	struct mutex lock;
	struct iosys_map map;
	bool live;
};

static inline struct importer *to_importer(struct conform_obj *obj)
{
	return container_of(obj, struct importer, obj);
}

/* importer.c */
struct importer *conform_importer_find(struct conform_call *call, u32 id);
int conform_importer_lock(struct importer *importer);
bool conform_importer_lock_at_last(struct importer *importer);
void conform_importer_unlock(struct importer *importer);
struct dma_buf *conform_importer_buffer(struct importer *importer);

/* callback.c */
const struct dma_buf_attach_ops *conform_importer_ops(const struct conform_attach *arg);
void conform_callback_init(struct importer *importer);
void conform_callback_stop(struct importer *importer);
void conform_end_job(struct importer *importer);

/* mapping.c */
struct mapping *conform_mapping_new(struct importer *importer, enum dma_data_direction direction);
int conform_mapping_map(struct mapping *mapping);
u32 conform_give_back_all(struct importer *importer);

/* vmapping.c */
void conform_vunmap_all(struct importer *importer);

/* attachment.c */
int conform_importer_pin(struct importer *importer);
void conform_importer_unpin(struct importer *importer);

/* pci.c: the lock is held where a device is looked for, and until its importer is in the list. */
extern struct mutex conform_pci_lock;
extern struct list_head conform_pci_importers;
struct device *conform_importer_device(const struct conform_attach *arg);

#endif /* _CONFORM_IMPORTER_H */
