// SPDX-License-Identifier: GPL-2.0
/*
 * The importer: any kind of attachment, and any way of answering the callback.
 *
 * Locks: importer->lock, then the reservation lock, then mapping->lock. The callback runs with the reservation lock
 * held and takes mapping->lock only. An access through a mapping takes mapping->lock alone, since a device reads and
 * writes whatever the exporter waits for.
 */
#include <linux/dma-mapping.h>
#include <linux/dma-resv.h>
#include <linux/list.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include "compat.h"
#include "module.h"

struct importer {
	struct conform_obj obj;
	struct conform_session *session;
	struct dma_buf *dmabuf;
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

/* Every importer on a device that can be taken away. */
static LIST_HEAD(pci_importers);
static DEFINE_MUTEX(pci_lock);

static struct importer *to_importer(struct conform_obj *obj)
{
	return container_of(obj, struct importer, obj);
}

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
static int lock_importer(struct importer *importer)
{
	int ret = mutex_lock_interruptible(&importer->lock);

	if (ret)
		return ret;
	ret = lock_reservation(importer);
	if (!ret && !importer->dying && importer->attach)
		return 0;
	if (!ret) {
		unlock_reservation(importer);
		ret = -EINVAL;
	}
	mutex_unlock(&importer->lock);
	return ret;
}

static void unlock_importer(struct importer *importer)
{
	unlock_reservation(importer);
	mutex_unlock(&importer->lock);
}

/* Mappings. */

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

static u32 give_back_all(struct importer *importer)
{
	struct mapping *mapping, *next;
	u32 count = 0;

	list_for_each_entry_safe(mapping, next, &importer->mappings, node)
		count += give_back(mapping);
	return count;
}

static void tell_of_unmap(struct importer *importer, u32 kind, u32 count)
{
	if (count)
		conform_log_add(&importer->session->log, kind, importer->obj.id, 0, count);
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

static struct mapping *new_mapping(struct importer *importer, enum dma_data_direction direction)
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

/* The callback. */

static void finish_later(struct importer *importer)
{
	mod_delayed_work(conform_queue, &importer->later, msecs_to_jiffies(importer->delay_ms));
}

/* A job of the device goes on: its fence is in the reservation before the callback returns. */
static bool publish_job(struct importer *importer)
{
	struct dma_resv *resv = importer->dmabuf->resv;
	struct dma_fence *fence;

	if (importer->job)
		return true;
	fence = conform_fence_new(0);
	if (IS_ERR(fence))
		return false;
	if (dma_resv_reserve_fences(resv, 1)) {
		conform_fence_end(fence, -ENOMEM);
		dma_fence_put(fence);
		return false;
	}
	dma_resv_add_fence(resv, fence, DMA_RESV_USAGE_BOOKKEEP);
	importer->job = fence;
	return true;
}

static void map_again(struct importer *importer)
{
	struct mapping *mapping = new_mapping(importer, DMA_BIDIRECTIONAL);
	struct sg_table *sgt;
	int error = 0;

	if (!mapping)
		return conform_log_add(&importer->session->log, CONFORM_EVENT_REMAP, importer->obj.id, -ENOMEM, 0);
	sgt = map_now(importer, DMA_BIDIRECTIONAL);
	if (IS_ERR(sgt)) {
		error = PTR_ERR(sgt);
	} else {
		mapping->sgt = sgt;
		list_add_tail(&mapping->node, &importer->mappings);
		error = conform_obj_add(importer->session, &mapping->obj);
		if (error)
			give_back(mapping);
	}
	conform_log_add(&importer->session->log, CONFORM_EVENT_REMAP, importer->obj.id, error, 0);
	conform_obj_put(&mapping->obj);
}

static void arm_safety(struct importer *importer)
{
	unsigned int limit = READ_ONCE(conform_safety_ms);

	if (limit && !list_empty(&importer->mappings))
		queue_delayed_work(conform_queue, &importer->safety, msecs_to_jiffies(limit));
}

static void invalidated(struct dma_buf_attachment *attach)
{
	struct importer *importer = attach->importer_priv;

	/* the callback may come before dma_buf_dynamic_attach() has returned */
	WRITE_ONCE(importer->attach, attach);
	atomic_inc(&importer->invalidations);
	conform_log_add(&importer->session->log, CONFORM_EVENT_INVALIDATE, importer->obj.id, 0, 0);
	if (importer->dying)
		return;
	switch (importer->policy) {
	case CONFORM_POLICY_KEEP:
		arm_safety(importer);
		return;
	case CONFORM_POLICY_JOB:
		if (publish_job(importer))
			return finish_later(importer);
		break;
	case CONFORM_POLICY_LATER:
		return finish_later(importer);
	default:
		break;
	}
	tell_of_unmap(importer, CONFORM_EVENT_UNMAP, give_back_all(importer));
	if (importer->policy == CONFORM_POLICY_REMAP)
		map_again(importer);
}

static void unmap_by_itself(struct importer *importer, u32 kind)
{
	mutex_lock(&importer->lock);
	lock_reservation_at_last(importer);
	if (!importer->dying)
		tell_of_unmap(importer, kind, give_back_all(importer));
	unlock_importer(importer);
}

static void end_job(struct importer *importer)
{
	struct dma_fence *job = xchg(&importer->job, NULL);

	if (!job)
		return;
	conform_fence_end(job, 0);
	dma_fence_put(job);
}

/* The job's fence is signalled first: until then the exporter may hold the reservation lock. */
static void unmap_later(struct work_struct *work)
{
	struct importer *importer = container_of(to_delayed_work(work), struct importer, later);

	end_job(importer);
	unmap_by_itself(importer, CONFORM_EVENT_UNMAP);
}

static void unmap_for_safety(struct work_struct *work)
{
	struct importer *importer = container_of(to_delayed_work(work), struct importer, safety);

	pr_notice("dmabuf_conform: attachment %u kept its mappings for too long; giving them back\n",
		  importer->obj.id);
	unmap_by_itself(importer, CONFORM_EVENT_SAFETY);
}

/* Attach and detach. */

static const struct dma_buf_attach_ops callback_p2p = { .allow_peer2peer = true, .conform_callback = invalidated };
static const struct dma_buf_attach_ops callback_no_p2p = { .conform_callback = invalidated };
static const struct dma_buf_attach_ops no_callback_p2p = { .allow_peer2peer = true };
static const struct dma_buf_attach_ops no_callback_no_p2p = {};

static const struct dma_buf_attach_ops *ops_of(const struct conform_attach *arg)
{
	bool p2p = arg->flags & CONFORM_ATTACH_PEER2PEER;

	switch (arg->kind) {
	case CONFORM_KIND_STATIC:
		return NULL;
	case CONFORM_KIND_PINNED:
		return p2p ? &no_callback_p2p : &no_callback_no_p2p;
	default:
		return p2p ? &callback_p2p : &callback_no_p2p;
	}
}

static void free_importer(struct conform_obj *obj)
{
	struct importer *importer = to_importer(obj);

	dma_buf_put(importer->dmabuf);
	put_device(importer->dev);
	kfree(importer);
}

static int pin(struct importer *importer)
{
	int ret = dma_buf_pin(importer->attach);

	if (!ret)
		importer->pins++;
	return ret;
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
	importer->dev = dev;
	importer->policy = arg->policy;
	importer->delay_ms = arg->delay_ms;
	importer->is_static = arg->kind == CONFORM_KIND_STATIC;
	mutex_init(&importer->lock);
	init_completion(&importer->gone);
	INIT_LIST_HEAD(&importer->on_device);
	INIT_LIST_HEAD(&importer->mappings);
	INIT_LIST_HEAD(&importer->vmappings);
	INIT_DELAYED_WORK(&importer->later, unmap_later);
	INIT_DELAYED_WORK(&importer->safety, unmap_for_safety);
	return importer;
}

static struct pci_driver conform_pci;

/* A PCI device can be used once it is bound to this module's driver, which owns its DMA then. */
static struct device *find_device(const struct conform_attach *arg)
{
	unsigned int domain, bus, slot, function;
	struct pci_dev *pdev;

	if (arg->flags & CONFORM_ATTACH_NO_DEVICE)
		return NULL;
	if (!arg->device[0])
		return get_device(conform_own_device);
	if (!memchr(arg->device, 0, sizeof(arg->device)) ||
	    sscanf(arg->device, "%x:%x:%x.%x", &domain, &bus, &slot, &function) != 4)
		return ERR_PTR(-EINVAL);
	pdev = pci_get_domain_bus_and_slot(domain, bus, PCI_DEVFN(slot, function));
	if (!pdev)
		return ERR_PTR(-ENXIO);
	if (pci_dev_driver(pdev) == &conform_pci && pci_get_drvdata(pdev))
		return &pdev->dev;
	pci_dev_put(pdev);
	return ERR_PTR(-EPERM);
}

static int attach_importer(struct importer *importer, const struct conform_attach *arg)
{
	struct dma_buf_attachment *attach;
	int ret;

	attach = dma_buf_dynamic_attach(importer->dmabuf, importer->dev, ops_of(arg), importer);
	if (IS_ERR(attach))
		return PTR_ERR(attach);
	WRITE_ONCE(importer->attach, attach);
	if (arg->kind != CONFORM_KIND_PINNED && arg->kind != CONFORM_KIND_REVOCABLE)
		return 0;
	dma_resv_lock(importer->dmabuf->resv, NULL);
	ret = pin(importer);
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
	mutex_lock(&pci_lock);
	dev = find_device(arg);
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
		list_add_tail(&importer->on_device, &pci_importers);
	mutex_unlock(&pci_lock);
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
	mutex_unlock(&pci_lock);
	conform_obj_put(&importer->obj);
	return ret;
err_device:
	put_device(dev);
err_dmabuf:
	mutex_unlock(&pci_lock);
	dma_buf_put(dmabuf);
	return ret;
}

static void vunmap_all(struct importer *importer)
{
	struct vmapping *vmapping, *next;

	list_for_each_entry_safe(vmapping, next, &importer->vmappings, node) {
		list_del_init(&vmapping->node);
		mutex_lock(&vmapping->lock);
		vmapping->live = false;
		mutex_unlock(&vmapping->lock);
		conform_vunmap(importer->dmabuf, &vmapping->map);
		importer->vmapped--;
	}
}

/* Takes a pin back. Of an attachment without importer operations the core would warn, as it did of the pin. */
static void unpin(struct importer *importer)
{
	if (!importer->is_static)
		dma_buf_unpin(importer->attach);
	else if (importer->dmabuf->ops->unpin)
		importer->dmabuf->ops->unpin(importer->attach);
	importer->pins--;
}

static void give_up(struct importer *importer)
{
	lock_reservation_at_last(importer);
	importer->dying = true;
	give_back_all(importer);
	while (importer->pins)
		unpin(importer);
	unlock_reservation(importer);
}

/* Gives everything back and detaches. Whoever comes second waits until the first is through. */
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
	end_job(importer);
	if (importer->attach)
		give_up(importer);
	else
		importer->dying = true;	/* nobody has heard of it: an exporter that refuses does not make it wait */
	vunmap_all(importer);
	mutex_unlock(&importer->lock);
	if (importer->attach)
		dma_buf_detach(importer->dmabuf, importer->attach);
	cancel_delayed_work_sync(&importer->later);
	cancel_delayed_work_sync(&importer->safety);
	end_job(importer);
	mutex_lock(&pci_lock);
	list_del_init(&importer->on_device);
	mutex_unlock(&pci_lock);
	complete_all(&importer->gone);
}

/* Requests. */

static struct importer *find(struct conform_call *call, u32 id)
{
	struct conform_obj *obj = conform_obj_find(call->session, id, CONFORM_TYPE_IMPORTER);

	return obj ? to_importer(obj) : NULL;
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

/* Does something with an importer that is attached, with its locks held. */
static int with_importer(struct conform_call *call, u32 id, int (*act)(struct importer *importer))
{
	struct importer *importer = find(call, id);
	int ret;

	if (!importer)
		return -ENOENT;
	ret = lock_importer(importer);
	if (!ret) {
		ret = act(importer);
		unlock_importer(importer);
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
	ret = pin(importer);
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
	struct importer *importer = find(call, arg->id);
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
	struct importer *importer = find(call, arg->attachment);
	int ret;

	if (!importer)
		return -ENOENT;
	ret = mutex_lock_interruptible(&importer->lock);
	if (ret)
		goto out;
	ret = dma_resv_lock_interruptible(importer->dmabuf->resv, NULL);
	if (!ret) {
		ret = importer->dying ? -EINVAL : conform_private_map(importer->dmabuf, &arg->length);
		dma_resv_unlock(importer->dmabuf->resv);
	}
	mutex_unlock(&importer->lock);
out:
	conform_obj_put(&importer->obj);
	return ret;
}

int conform_map(struct conform_call *call)
{
	static const enum dma_data_direction directions[] = { DMA_BIDIRECTIONAL, DMA_TO_DEVICE, DMA_FROM_DEVICE };
	struct conform_map *arg = call->arg;
	struct importer *importer;
	struct mapping *mapping;
	struct sg_table *sgt;
	int ret;

	if (arg->direction >= ARRAY_SIZE(directions))
		return -EINVAL;
	importer = find(call, arg->attachment);
	if (!importer)
		return -ENOENT;
	mapping = new_mapping(importer, directions[arg->direction]);
	if (!mapping) {
		ret = -ENOMEM;
		goto out;
	}
	ret = lock_importer(importer);
	if (ret)
		goto err_mapping;
	sgt = map_now(importer, mapping->direction);
	if (IS_ERR(sgt)) {
		ret = PTR_ERR(sgt);
	} else {
		mapping->sgt = sgt;
		list_add_tail(&mapping->node, &importer->mappings);
		ret = conform_obj_add(call->session, &mapping->obj);
		if (ret)
			give_back(mapping);
	}
	unlock_importer(importer);
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
	ret = lock_importer(mapping->importer);
	if (!ret) {
		give_back(mapping);
		unlock_importer(mapping->importer);
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

	mutex_lock(&importer->lock);
	lock_reservation_at_last(importer);
	if (!importer->dying)
		give_back(mapping);
	unlock_importer(importer);
}

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

static void give_vmapping_back(struct vmapping *vmapping)
{
	struct importer *importer = vmapping->importer;

	mutex_lock(&importer->lock);
	if (!list_empty(&vmapping->node)) {
		list_del_init(&vmapping->node);
		mutex_lock(&vmapping->lock);
		vmapping->live = false;
		mutex_unlock(&vmapping->lock);
		conform_vunmap(importer->dmabuf, &vmapping->map);
		importer->vmapped--;
	}
	mutex_unlock(&importer->lock);
}

int conform_vmap_request(struct conform_call *call)
{
	struct conform_map *arg = call->arg;
	struct importer *importer = find(call, arg->attachment);
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

/* The same of a mapping of the kernel. */
void conform_vmapping_shut_down(struct conform_obj *obj)
{
	give_vmapping_back(container_of(obj, struct vmapping, obj));
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

static int access_mapping(struct mapping *mapping, struct conform_access *arg)
{
	int ret = -EIO;

	mutex_lock(&mapping->lock);
	if (mapping->sgt)
		ret = conform_sgt_access(mapping->importer->dev, mapping->sgt, arg);
	mutex_unlock(&mapping->lock);
	return ret;
}

static int access_vmapping(struct vmapping *vmapping, struct conform_access *arg)
{
	u64 size = vmapping->importer->dmabuf->size;
	int ret = -EIO;

	if (arg->offset > size || arg->size > size - arg->offset)
		return -EINVAL;
	mutex_lock(&vmapping->lock);
	if (vmapping->live) {
		if (arg->write)
			iosys_map_memcpy_to(&vmapping->map, arg->offset, &arg->value, arg->size);
		else
			iosys_map_memcpy_from(&arg->value, &vmapping->map, arg->offset, arg->size);
		ret = 0;
	}
	mutex_unlock(&vmapping->lock);
	return ret;
}

int conform_access(struct conform_call *call)
{
	struct conform_access *arg = call->arg;
	struct conform_obj *obj;
	int ret;

	if (!arg->size || arg->size > sizeof(arg->value) || arg->write > 1)
		return -EINVAL;
	if (!arg->write)
		arg->value = 0;
	obj = conform_obj_find(call->session, arg->id, CONFORM_TYPE_MAPPING);
	if (obj) {
		ret = access_mapping(container_of(obj, struct mapping, obj), arg);
		conform_obj_put(obj);
		return ret;
	}
	obj = conform_obj_find(call->session, arg->id, CONFORM_TYPE_VMAPPING);
	if (!obj)
		return -ENOENT;
	ret = access_vmapping(container_of(obj, struct vmapping, obj), arg);
	conform_obj_put(obj);
	return ret;
}

int conform_cpu_access(struct conform_call *call)
{
	static const enum dma_data_direction directions[] = { DMA_BIDIRECTIONAL, DMA_TO_DEVICE, DMA_FROM_DEVICE };
	struct conform_cpu_access *arg = call->arg;
	struct importer *importer;
	int ret;

	if (arg->direction >= ARRAY_SIZE(directions) || arg->end > 1)
		return -EINVAL;
	importer = find(call, arg->attachment);
	if (!importer)
		return -ENOENT;
	if (arg->end)
		ret = dma_buf_end_cpu_access(importer->dmabuf, directions[arg->direction]);
	else
		ret = dma_buf_begin_cpu_access(importer->dmabuf, directions[arg->direction]);
	conform_obj_put(&importer->obj);
	return ret;
}

int conform_importer_counts(struct conform_call *call)
{
	struct conform_importer_counts *arg = call->arg;
	struct importer *importer = find(call, arg->attachment);

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

/* PCI devices, which an administrator binds to this driver by its driver_override. */

static int pci_bound(struct pci_dev *pdev, const struct pci_device_id *id)
{
	int ret = pcim_enable_device(pdev);

	if (ret)
		return ret;
	pci_set_master(pdev);
	dma_set_max_seg_size(&pdev->dev, UINT_MAX);
	ret = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64));
	if (!ret)
		pci_set_drvdata(pdev, &conform_pci);
	return ret;
}

static struct importer *first_on(struct device *dev)
{
	struct importer *importer, *found = NULL;

	mutex_lock(&pci_lock);
	list_for_each_entry(importer, &pci_importers, on_device) {
		if (importer->dev == dev && kref_get_unless_zero(&importer->obj.ref)) {
			found = importer;
			break;
		}
	}
	mutex_unlock(&pci_lock);
	return found;
}

/* The device goes: whatever it holds of a buffer is given back. */
static void pci_unbound(struct pci_dev *pdev)
{
	struct importer *importer;

	mutex_lock(&pci_lock);
	pci_set_drvdata(pdev, NULL);
	mutex_unlock(&pci_lock);
	while ((importer = first_on(&pdev->dev))) {
		conform_importer_shut_down(&importer->obj);
		conform_obj_put(&importer->obj);
	}
}

static const struct pci_device_id no_ids[] = { {} };

static struct pci_driver conform_pci = {
	.name = "dmabuf-conform",
	.id_table = no_ids,
	.probe = pci_bound,
	.remove = pci_unbound,
};

int conform_importer_init(void)
{
	return pci_register_driver(&conform_pci);
}

void conform_importer_exit(void)
{
	pci_unregister_driver(&conform_pci);
}
