// SPDX-License-Identifier: GPL-2.0
/*
 * Mappings of a buffer for the kernel itself.
 */
#include <linux/slab.h>
#include "compat.h"
#include "importer.h"

static void free_vmapping(struct conform_obj *obj)
{
	struct vmapping *vmapping = container_of(obj, struct vmapping, obj);

	conform_obj_put(&vmapping->importer->obj);
	kfree(vmapping);
}

static struct vmapping *new_vmapping(struct importer *importer)
{
	struct vmapping *vmapping = kzalloc(sizeof(*vmapping), GFP_KERNEL_ACCOUNT);

	if (!vmapping)
		return NULL;
	conform_obj_init(&vmapping->obj, CONFORM_TYPE_VMAPPING, free_vmapping);
	kref_get(&importer->obj.ref);
	vmapping->importer = importer;
	mutex_init(&vmapping->lock);
	INIT_LIST_HEAD(&vmapping->node);
	return vmapping;
}

static int vmap_importer(struct importer *importer, struct vmapping *vmapping)
{
	int ret = mutex_lock_interruptible(&importer->lock);

	if (ret)
		return ret;
	ret = importer->dying ? -EINVAL : conform_vmap(importer->dmabuf, &vmapping->map);
	if (!ret) {
		vmapping->live = true;
		list_add_tail(&vmapping->node, &importer->vmappings);
		importer->vmapped++;
	}
	mutex_unlock(&importer->lock);
	return ret;
}

/* With importer->lock held. */
static void vunmap_one(struct vmapping *vmapping)
{
	struct importer *importer = vmapping->importer;

	list_del_init(&vmapping->node);
	mutex_lock(&vmapping->lock);
	vmapping->live = false;
	mutex_unlock(&vmapping->lock);
	conform_vunmap(importer->dmabuf, &vmapping->map);
	importer->vmapped--;
}

void conform_vunmap_all(struct importer *importer)
{
	struct vmapping *vmapping, *next;

	list_for_each_entry_safe(vmapping, next, &importer->vmappings, node)
		vunmap_one(vmapping);
}

static void give_vmapping_back(struct vmapping *vmapping)
{
	mutex_lock(&vmapping->importer->lock);
	if (!list_empty(&vmapping->node))
		vunmap_one(vmapping);
	mutex_unlock(&vmapping->importer->lock);
}

int conform_vmap_request(struct conform_call *call)
{
	struct conform_map *arg = call->arg;
	struct importer *importer = conform_importer_find(call, arg->attachment);
	struct vmapping *vmapping;
	int ret;

	if (!importer)
		return -ENOENT;
	vmapping = new_vmapping(importer);
	if (!vmapping) {
		ret = -ENOMEM;
		goto out;
	}
	ret = vmap_importer(importer, vmapping);
	if (!ret) {
		ret = conform_obj_add(call->session, &vmapping->obj);
		if (ret)
			give_vmapping_back(vmapping);
	}
	if (ret) {
		conform_obj_put(&vmapping->obj);
		goto out;
	}
	arg->id = vmapping->obj.id;
	call->made = &vmapping->obj;
out:
	conform_obj_put(&importer->obj);
	return ret;
}

int conform_vunmap_request(struct conform_call *call)
{
	struct conform_object *arg = call->arg;
	struct conform_obj *obj = conform_obj_find(call->session, arg->id, CONFORM_TYPE_VMAPPING);

	if (!obj)
		return -ENOENT;
	give_vmapping_back(container_of(obj, struct vmapping, obj));
	conform_obj_put(obj);
	return 0;
}

/* Gives a mapping back whose number nobody could be told. */
void conform_vmapping_shut_down(struct conform_obj *obj)
{
	give_vmapping_back(container_of(obj, struct vmapping, obj));
}
