// SPDX-License-Identifier: GPL-2.0
/*
 * The importer: how it attaches, and how it gives everything back.
 */
#include <linux/dma-resv.h>
#include <linux/slab.h>
#include "compat.h"
#include "importer.h"

static int lock_reservation(struct importer *importer)
{
	if (!conform_wants_lock(importer->is_static))
		return 0;
	return dma_resv_lock_interruptible(importer->dmabuf->resv, NULL);
}

static void lock_reservation_at_last(struct importer *importer)
{
	if (conform_wants_lock(importer->is_static))
		dma_resv_lock(importer->dmabuf->resv, NULL);
}

static void unlock_reservation(struct importer *importer)
{
	if (conform_wants_lock(importer->is_static))
		dma_resv_unlock(importer->dmabuf->resv);
}

/* Locks an importer that is still attached. A wait for the reservation lock can be interrupted. */
int conform_importer_lock(struct importer *importer)
{
	int ret = mutex_lock_interruptible(&importer->lock);

	if (ret)
		return ret;
	ret = importer->dying || !importer->attach ? -EINVAL : lock_reservation(importer);
	if (ret)
		mutex_unlock(&importer->lock);
	return ret;
}

/* The same without being interrupted; false, and nothing is locked, where the importer gives or gave everything back. */
bool conform_importer_lock_at_last(struct importer *importer)
{
	mutex_lock(&importer->lock);
	if (!importer->dying) {
		lock_reservation_at_last(importer);
		return true;
	}
	mutex_unlock(&importer->lock);
	return false;
}

void conform_importer_unlock(struct importer *importer)
{
	unlock_reservation(importer);
	mutex_unlock(&importer->lock);
}

struct importer *conform_importer_find(struct conform_call *call, u32 id)
{
	struct conform_obj *obj = conform_obj_find(call->session, id, CONFORM_TYPE_IMPORTER);

	return obj ? to_importer(obj) : NULL;
}

/* Gives the buffer with a reference, without waiting for anybody; NULL after the detach. */
struct dma_buf *conform_importer_buffer(struct importer *importer)
{
	struct dma_buf *dmabuf;

	spin_lock(&importer->buffer_lock);
	dmabuf = importer->dmabuf;
	if (dmabuf)
		get_dma_buf(dmabuf);
	spin_unlock(&importer->buffer_lock);
	return dmabuf;
}

static void put_buffer(struct importer *importer)
{
	struct dma_buf *dmabuf;

	spin_lock(&importer->buffer_lock);
	dmabuf = importer->dmabuf;
	importer->dmabuf = NULL;
	spin_unlock(&importer->buffer_lock);
	if (dmabuf)
		dma_buf_put(dmabuf);
}

static void free_importer(struct conform_obj *obj)
{
	struct importer *importer = to_importer(obj);

	put_buffer(importer);
	put_device(importer->dev);
	kfree(importer);
}

static struct importer *new_importer(struct conform_session *session, const struct conform_attach *arg,
				     struct dma_buf *dmabuf, struct device *dev)
{
	struct importer *importer = kzalloc(sizeof(*importer), GFP_KERNEL_ACCOUNT);

	if (!importer)
		return NULL;
	conform_obj_init(&importer->obj, CONFORM_TYPE_IMPORTER, free_importer);
	importer->session = session;
	importer->dmabuf = dmabuf;
	importer->size = dmabuf->size;
	spin_lock_init(&importer->buffer_lock);
	importer->dev = dev;
	importer->policy = arg->policy;
	importer->delay_ms = arg->delay_ms;
	importer->is_static = arg->kind == CONFORM_KIND_STATIC;
	mutex_init(&importer->lock);
	init_completion(&importer->gone);
	INIT_LIST_HEAD(&importer->on_device);
	INIT_LIST_HEAD(&importer->mappings);
	INIT_LIST_HEAD(&importer->vmappings);
	conform_callback_init(importer);
	return importer;
}

static int attach_importer(struct importer *importer, const struct conform_attach *arg)
{
	struct dma_buf_attachment *attach;
	int ret;

	attach = dma_buf_dynamic_attach(importer->dmabuf, importer->dev, conform_importer_ops(arg), importer);
	if (IS_ERR(attach))
		return PTR_ERR(attach);
	WRITE_ONCE(importer->attach, attach);
	if (arg->kind != CONFORM_KIND_PINNED && arg->kind != CONFORM_KIND_REVOCABLE)
		return 0;
	dma_resv_lock(importer->dmabuf->resv, NULL);
	ret = conform_importer_pin(importer);
	dma_resv_unlock(importer->dmabuf->resv);
	return ret;
}

static int check_attach(const struct conform_attach *arg)
{
	if (arg->kind > CONFORM_KIND_STATIC || arg->policy > CONFORM_POLICY_JOB || arg->pad)
		return -EINVAL;
	if (arg->flags & ~(CONFORM_ATTACH_PEER2PEER | CONFORM_ATTACH_NO_DEVICE))
		return -EINVAL;
	return arg->delay_ms > 60 * MSEC_PER_SEC ? -EINVAL : 0;
}

int conform_attach(struct conform_call *call)
{
	struct conform_attach *arg = call->arg;
	struct importer *importer;
	struct dma_buf *dmabuf;
	struct device *dev;
	int ret;

	ret = check_attach(arg);
	if (ret)
		return ret;
	dmabuf = dma_buf_get(arg->dmabuf_fd);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	mutex_lock(&conform_pci_lock);
	dev = conform_importer_device(arg);
	if (IS_ERR(dev)) {
		ret = PTR_ERR(dev);
		goto err_dmabuf;
	}
	importer = new_importer(call->session, arg, dmabuf, dev);
	if (!importer) {
		ret = -ENOMEM;
		goto err_device;
	}
	/* before the attach, so that the first event has its number; who guesses it waits for importer->lock */
	ret = conform_obj_add(call->session, &importer->obj);
	if (ret)
		goto err_importer;
	if (arg->device[0])
		list_add_tail(&importer->on_device, &conform_pci_importers);
	mutex_unlock(&conform_pci_lock);
	mutex_lock(&importer->lock);
	/* who guessed its number may have been here before */
	ret = importer->dying ? -EINVAL : attach_importer(importer, arg);
	mutex_unlock(&importer->lock);
	if (ret) {
		bool ours = conform_obj_withdraw(call->session, &importer->obj);

		conform_importer_shut_down(&importer->obj);
		if (ours)
			conform_obj_put(&importer->obj);
		conform_obj_put(&importer->obj);
		return ret;
	}
	arg->id = importer->obj.id;
	call->made = &importer->obj;
	return 0;

err_importer:
	mutex_unlock(&conform_pci_lock);
	conform_obj_put(&importer->obj);
	return ret;
err_device:
	put_device(dev);
err_dmabuf:
	mutex_unlock(&conform_pci_lock);
	dma_buf_put(dmabuf);
	return ret;
}

static void give_up(struct importer *importer)
{
	lock_reservation_at_last(importer);
	importer->dying = true;
	conform_give_back_all(importer);
	while (importer->pins)
		conform_importer_unpin(importer);
	unlock_reservation(importer);
}

/* Gives everything back, detaches, and lets go of the buffer. Whoever comes second waits until the first is through. */
void conform_importer_shut_down(struct conform_obj *obj)
{
	struct importer *importer = to_importer(obj);

	mutex_lock(&importer->lock);
	if (importer->dying) {
		mutex_unlock(&importer->lock);
		wait_for_completion(&importer->gone);
		return;
	}
	/* a job whose fence holds up the exporter holds up the lock below */
	conform_end_job(importer);
	if (importer->attach)
		give_up(importer);
	else	/* nobody has heard of it: an exporter that refuses does not make it wait */
		importer->dying = true;
	conform_vunmap_all(importer);
	mutex_unlock(&importer->lock);
	if (importer->attach)
		dma_buf_detach(importer->dmabuf, importer->attach);
	conform_callback_stop(importer);
	put_buffer(importer);
	mutex_lock(&conform_pci_lock);
	list_del_init(&importer->on_device);
	mutex_unlock(&conform_pci_lock);
	complete_all(&importer->gone);
}

int conform_detach(struct conform_call *call)
{
	struct conform_object *arg = call->arg;
	struct conform_obj *obj = conform_obj_take(call->session, arg->id, CONFORM_TYPE_IMPORTER);

	if (!obj)
		return -ENOENT;
	conform_importer_shut_down(obj);
	conform_obj_put(obj);
	return 0;
}
