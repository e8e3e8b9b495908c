/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory of the exporters: pages with a count of their users.
 */
#ifndef _CONFORM_MEMORY_H
#define _CONFORM_MEMORY_H

#include <linux/dma-direction.h>
#include <linux/kref.h>
#include <linux/scatterlist.h>

struct device;
struct page;

struct conform_memory {
	struct kref ref;
	unsigned int pages;
	struct page *page[];
};

struct conform_memory *conform_memory_new(u64 size);
void conform_memory_put(struct conform_memory *memory);
struct sg_table *conform_memory_map(struct conform_memory *memory, struct page **page, unsigned int count,
				    struct device *dev, enum dma_data_direction direction);
void conform_memory_unmap(struct sg_table *sgt, struct device *dev, enum dma_data_direction direction);
void *conform_memory_vmap(struct page **page, unsigned int count);

#endif /* _CONFORM_MEMORY_H */
