// SPDX-License-Identifier: GPL-2.0
/*
 * Mappings of an attachment for its device, as many as are asked for.
 */
#include <linux/dma-mapping.h>
#include <linux/slab.h>
#include "importer.h"

static bool give_back(struct mapping *mapping)
{
	struct importer *importer = mapping->importer;
	struct sg_table *sgt;

	mutex_lock(&mapping->lock);
	sgt = mapping->sgt;
	mapping->sgt = NULL;
	mutex_unlock(&mapping->lock);
	if (!sgt)
		return false;
	list_del_init(&mapping->node);
	dma_buf_unmap_attachment(importer->attach, sgt, mapping->direction);
	atomic_inc(&importer->unmaps);
	atomic_dec(&importer->mapped);
	return true;
}

u32 conform_give_back_all(struct importer *importer)
{
	struct mapping *mapping, *next;
	u32 count = 0;

	list_for_each_entry_safe(mapping, next, &importer->mappings, node)
		count += give_back(mapping);
	return count;
}

static struct sg_table *map_now(struct importer *importer, enum dma_data_direction direction)
{
	struct sg_table *sgt = dma_buf_map_attachment(importer->attach, direction);

	if (!sgt)
		return ERR_PTR(-ENOMEM);
	if (!IS_ERR(sgt)) {
		atomic_inc(&importer->maps);
		atomic_inc(&importer->mapped);
	}
	return sgt;
}

static void free_mapping(struct conform_obj *obj)
{
	struct mapping *mapping = container_of(obj, struct mapping, obj);

	conform_obj_put(&mapping->importer->obj);
	kfree(mapping);
}

struct mapping *conform_mapping_new(struct importer *importer, enum dma_data_direction direction)
{
	struct mapping *mapping = kzalloc(sizeof(*mapping), GFP_KERNEL_ACCOUNT);

	if (!mapping)
		return NULL;
	conform_obj_init(&mapping->obj, CONFORM_TYPE_MAPPING, free_mapping);
	kref_get(&importer->obj.ref);
	mapping->importer = importer;
	mapping->direction = direction;
	mutex_init(&mapping->lock);
	INIT_LIST_HEAD(&mapping->node);
	return mapping;
}

/* Maps, with the locks of the importer held, and gives the mapping its number. */
int conform_mapping_map(struct mapping *mapping)
{
	struct importer *importer = mapping->importer;
	struct sg_table *sgt = map_now(importer, mapping->direction);
	int ret;

	if (IS_ERR(sgt))
		return PTR_ERR(sgt);
	mapping->sgt = sgt;
	list_add_tail(&mapping->node, &importer->mappings);
	ret = conform_obj_add(importer->session, &mapping->obj);
	if (ret)
		give_back(mapping);
	return ret;
}

int conform_map(struct conform_call *call)
{
	static const enum dma_data_direction directions[] = { DMA_BIDIRECTIONAL, DMA_TO_DEVICE, DMA_FROM_DEVICE };
	struct conform_map *arg = call->arg;
	struct importer *importer;
	struct mapping *mapping;
	int ret;

	if (arg->direction >= ARRAY_SIZE(directions))
		return -EINVAL;
	importer = conform_importer_find(call, arg->attachment);
	if (!importer)
		return -ENOENT;
	mapping = conform_mapping_new(importer, directions[arg->direction]);
	if (!mapping) {
		ret = -ENOMEM;
		goto out;
	}
	ret = conform_importer_lock(importer);
	if (ret)
		goto err_mapping;
	ret = conform_mapping_map(mapping);
	conform_importer_unlock(importer);
	if (ret)
		goto err_mapping;
	arg->id = mapping->obj.id;
	call->made = &mapping->obj;
	goto out;

err_mapping:
	conform_obj_put(&mapping->obj);
out:
	conform_obj_put(&importer->obj);
	return ret;
}

/* Giving back what was given back already, by the importer's policy or by a detach, is no error. */
int conform_unmap(struct conform_call *call)
{
	struct conform_object *arg = call->arg;
	struct conform_obj *obj = conform_obj_find(call->session, arg->id, CONFORM_TYPE_MAPPING);
	struct mapping *mapping;
	int ret;

	if (!obj)
		return -ENOENT;
	mapping = container_of(obj, struct mapping, obj);
	ret = conform_importer_lock(mapping->importer);
	if (!ret) {
		give_back(mapping);
		conform_importer_unlock(mapping->importer);
	} else if (ret == -EINVAL) {
		ret = 0;
	}
	conform_obj_put(obj);
	return ret;
}

/* Gives a mapping back whose number nobody could be told. */
void conform_mapping_shut_down(struct conform_obj *obj)
{
	struct mapping *mapping = container_of(obj, struct mapping, obj);
	struct importer *importer = mapping->importer;

	if (!conform_importer_lock_at_last(importer))
		return;
	give_back(mapping);
	conform_importer_unlock(importer);
}
