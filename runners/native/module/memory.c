// SPDX-License-Identifier: GPL-2.0
/*
 * Pages with a count of their users, and tables of them for devices. A table keeps the memory that it shows.
 */
#include <linux/dma-mapping.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include "memory.h"

/* 256 MiB: what no case needs, and no small machine misses. */
#define MAX_PAGES (1u << (28 - PAGE_SHIFT))

struct table {
	struct sg_table sgt;
	struct conform_memory *memory;
};

static void free_memory(struct kref *ref)
{
	struct conform_memory *memory = container_of(ref, struct conform_memory, ref);
	unsigned int page;

	for (page = 0; page < memory->pages; page++)
		__free_page(memory->page[page]);
	kvfree(memory);
}

void conform_memory_put(struct conform_memory *memory)
{
	if (memory)
		kref_put(&memory->ref, free_memory);
}

/* Gives zeroed memory of whole pages. */
struct conform_memory *conform_memory_new(u64 size)
{
	struct conform_memory *memory;
	u64 pages = (size >> PAGE_SHIFT) + !!offset_in_page(size);

	if (!pages)
		return ERR_PTR(-EINVAL);
	if (pages > MAX_PAGES)
		return ERR_PTR(-ENOMEM);
	memory = kvzalloc(struct_size(memory, page, pages), GFP_KERNEL_ACCOUNT);
	if (!memory)
		return ERR_PTR(-ENOMEM);
	kref_init(&memory->ref);
	for (; memory->pages < pages; memory->pages++) {
		struct page *page = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO | __GFP_NOWARN);

		if (!page) {
			conform_memory_put(memory);
			return ERR_PTR(-ENOMEM);
		}
		memory->page[memory->pages] = page;
	}
	return memory;
}

struct sg_table *conform_memory_map(struct conform_memory *memory, struct page **page, unsigned int count,
				    struct device *dev, enum dma_data_direction direction)
{
	struct table *table = kzalloc(sizeof(*table), GFP_KERNEL);
	int ret;

	if (!table)
		return ERR_PTR(-ENOMEM);
	ret = sg_alloc_table_from_pages_segment(&table->sgt, page, count, 0, (size_t)count << PAGE_SHIFT,
						dma_get_max_seg_size(dev), GFP_KERNEL);
	if (ret)
		goto err_table;
	ret = dma_map_sgtable(dev, &table->sgt, direction, 0);
	if (ret)
		goto err_sgt;
	kref_get(&memory->ref);
	table->memory = memory;
	return &table->sgt;

err_sgt:
	sg_free_table(&table->sgt);
err_table:
	kfree(table);
	return ERR_PTR(ret);
}

void conform_memory_unmap(struct sg_table *sgt, struct device *dev, enum dma_data_direction direction)
{
	struct table *table = container_of(sgt, struct table, sgt);

	dma_unmap_sgtable(dev, sgt, direction, 0);
	sg_free_table(sgt);
	conform_memory_put(table->memory);
	kfree(table);
}

void *conform_memory_vmap(struct page **page, unsigned int count)
{
	return vmap(page, count, VM_MAP, PAGE_KERNEL);
}
