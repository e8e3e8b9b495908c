// SPDX-License-Identifier: GPL-2.0
/*
 * The importer's callback, and its ways of answering it: at once, later, with a job that goes on, or not at all.
 */
#include <linux/dma-resv.h>
#include "compat.h"
#include "importer.h"

static void tell_of_unmap(struct importer *importer, u32 kind, u32 count)
{
	if (count)
		conform_log_add(&importer->session->log, kind, importer->obj.id, 0, count);
}

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
	struct mapping *mapping = conform_mapping_new(importer, DMA_BIDIRECTIONAL);
	int error = mapping ? conform_mapping_map(mapping) : -ENOMEM;

	conform_log_add(&importer->session->log, CONFORM_EVENT_REMAP, importer->obj.id, error, 0);
	if (mapping)
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
	tell_of_unmap(importer, CONFORM_EVENT_UNMAP, conform_give_back_all(importer));
	if (importer->policy == CONFORM_POLICY_REMAP)
		map_again(importer);
}

static void unmap_by_itself(struct importer *importer, u32 kind)
{
	if (!conform_importer_lock_at_last(importer))
		return;
	tell_of_unmap(importer, kind, conform_give_back_all(importer));
	conform_importer_unlock(importer);
}

void conform_end_job(struct importer *importer)
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

	conform_end_job(importer);
	unmap_by_itself(importer, CONFORM_EVENT_UNMAP);
}

static void unmap_for_safety(struct work_struct *work)
{
	struct importer *importer = container_of(to_delayed_work(work), struct importer, safety);

	pr_notice("dmabuf_conform: attachment %u kept its mappings for too long; giving them back\n",
		  importer->obj.id);
	unmap_by_itself(importer, CONFORM_EVENT_SAFETY);
}

void conform_callback_init(struct importer *importer)
{
	INIT_DELAYED_WORK(&importer->later, unmap_later);
	INIT_DELAYED_WORK(&importer->safety, unmap_for_safety);
}

/* Nothing is left to come, once the importer is detached. */
void conform_callback_stop(struct importer *importer)
{
	cancel_delayed_work_sync(&importer->later);
	cancel_delayed_work_sync(&importer->safety);
	conform_end_job(importer);
}

static const struct dma_buf_attach_ops callback_p2p = { .allow_peer2peer = true, .conform_callback = invalidated };
static const struct dma_buf_attach_ops callback_no_p2p = { .conform_callback = invalidated };
static const struct dma_buf_attach_ops no_callback_p2p = { .allow_peer2peer = true };
static const struct dma_buf_attach_ops no_callback_no_p2p = {};

const struct dma_buf_attach_ops *conform_importer_ops(const struct conform_attach *arg)
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
