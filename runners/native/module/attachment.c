// SPDX-License-Identifier: GPL-2.0
/*
 * What else can be asked of an attachment: to pin, whether it can be revoked, the range itself, what it counted.
 */
#include <linux/dma-resv.h>
#include "compat.h"
#include "importer.h"

int conform_importer_pin(struct importer *importer)
{
	int ret = dma_buf_pin(importer->attach);

	if (!ret)
		importer->pins++;
	return ret;
}

/* Takes a pin back. Of an attachment without importer operations the core would warn, as it did of the pin. */
void conform_importer_unpin(struct importer *importer)
{
	if (!importer->is_static)
		dma_buf_unpin(importer->attach);
	else if (importer->dmabuf->ops->unpin)
		importer->dmabuf->ops->unpin(importer->attach);
	importer->pins--;
}

/* Does something with an importer that is attached, with its locks held. */
static int with_importer(struct conform_call *call, u32 id, int (*act)(struct importer *importer))
{
	struct importer *importer = conform_importer_find(call, id);
	int ret;

	if (!importer)
		return -ENOENT;
	ret = conform_importer_lock(importer);
	if (!ret) {
		ret = act(importer);
		conform_importer_unlock(importer);
	}
	conform_obj_put(&importer->obj);
	return ret;
}

/* Without the lock, where the core does not want it for maps, pin and unpin want it all the same. */
static int pin_with_lock(struct importer *importer)
{
	int ret;

	if (!conform_wants_lock(importer->is_static))
		dma_resv_lock(importer->dmabuf->resv, NULL);
	ret = conform_importer_pin(importer);
	if (!conform_wants_lock(importer->is_static))
		dma_resv_unlock(importer->dmabuf->resv);
	return ret;
}

static int unpin_with_lock(struct importer *importer)
{
	if (!importer->pins)
		return 0;
	if (!conform_wants_lock(importer->is_static))
		dma_resv_lock(importer->dmabuf->resv, NULL);
	dma_buf_unpin(importer->attach);
	importer->pins--;
	if (!conform_wants_lock(importer->is_static))
		dma_resv_unlock(importer->dmabuf->resv);
	return 0;
}

int conform_pin(struct conform_call *call)
{
	struct conform_object *arg = call->arg;

	return with_importer(call, arg->id, pin_with_lock);
}

int conform_unpin(struct conform_call *call)
{
	struct conform_object *arg = call->arg;

	return with_importer(call, arg->id, unpin_with_lock);
}

/* Needs no lock but that which keeps the attachment: what it reads is never changed. */
int conform_revocable(struct conform_call *call)
{
	struct conform_object *arg = call->arg;
	struct importer *importer = conform_importer_find(call, arg->id);
	int ret = -EINVAL;

	if (!importer)
		return -ENOENT;
	mutex_lock(&importer->lock);
	if (!importer->dying && importer->attach)
		ret = conform_attach_revocable(importer->attach);
	mutex_unlock(&importer->lock);
	conform_obj_put(&importer->obj);
	return ret;
}

/* What iommufd asks of VFIO: the range itself, which nobody counts. Only the reference device has such an answer. */
int conform_private_map_request(struct conform_call *call)
{
	struct conform_private_map *arg = call->arg;
	struct importer *importer = conform_importer_find(call, arg->attachment);
	int ret;

	if (!importer)
		return -ENOENT;
	ret = mutex_lock_interruptible(&importer->lock);
	if (ret)
		goto out;
	ret = importer->dying ? -EINVAL : dma_resv_lock_interruptible(importer->dmabuf->resv, NULL);
	if (!ret) {
		ret = conform_private_map(importer->dmabuf, &arg->length);
		dma_resv_unlock(importer->dmabuf->resv);
	}
	mutex_unlock(&importer->lock);
out:
	conform_obj_put(&importer->obj);
	return ret;
}

int conform_importer_counts(struct conform_call *call)
{
	struct conform_importer_counts *arg = call->arg;
	struct importer *importer = conform_importer_find(call, arg->attachment);

	if (!importer)
		return -ENOENT;
	arg->invalidations = atomic_read(&importer->invalidations);
	arg->maps = atomic_read(&importer->maps);
	arg->unmaps = atomic_read(&importer->unmaps);
	arg->mappings = atomic_read(&importer->mapped);
	arg->pins = READ_ONCE(importer->pins);
	arg->vmappings = READ_ONCE(importer->vmapped);
	conform_obj_put(&importer->obj);
	return 0;
}
