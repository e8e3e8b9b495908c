// SPDX-License-Identifier: GPL-2.0
/*
 * Fences that somebody else says when to signal. None is left for ever: each fails with ETIMEDOUT after a limit, and
 * with ECANCELED when the descriptor that made it closes.
 */
#include <linux/dma-resv.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/sync_file.h>
#include "module.h"

struct conform_fence {
	struct dma_fence base;
	spinlock_t lock;
	struct delayed_work limit;
	struct rcu_head rcu;
};

/* A fence as the object of a session. */
struct named_fence {
	struct conform_obj obj;
	struct dma_fence *fence;
};

static const char *driver_name(struct dma_fence *fence)
{
	return "dmabuf-conform";
}

static const char *timeline_name(struct dma_fence *fence)
{
	return "test";
}

/* The fence may be freed after its module was asked to go, so the module waits for the last of them. */
static void free_fence_later(struct rcu_head *rcu)
{
	kfree(container_of(rcu, struct conform_fence, rcu));
	module_put(THIS_MODULE);
}

static void release(struct dma_fence *base)
{
	struct conform_fence *fence = container_of(base, struct conform_fence, base);

	call_rcu(&fence->rcu, free_fence_later);
}

static const struct dma_fence_ops fence_ops = {
	.get_driver_name = driver_name,
	.get_timeline_name = timeline_name,
	.release = release,
};

static void signal_once(struct conform_fence *fence, int error)
{
	unsigned long flags;

	spin_lock_irqsave(&fence->lock, flags);
	if (!test_bit(DMA_FENCE_FLAG_SIGNALED_BIT, &fence->base.flags)) {
		if (error)
			dma_fence_set_error(&fence->base, error);
		dma_fence_signal_locked(&fence->base);
	}
	spin_unlock_irqrestore(&fence->lock, flags);
}

/* The work owns a reference. */
static void reached_limit(struct work_struct *work)
{
	struct conform_fence *fence = container_of(to_delayed_work(work), struct conform_fence, limit);

	if (!dma_fence_is_signaled(&fence->base))
		pr_notice("dmabuf_conform: fence %llu:%llu was not signalled in time\n", fence->base.context,
			  fence->base.seqno);
	signal_once(fence, -ETIMEDOUT);
	dma_fence_put(&fence->base);
}

/* Makes a fence; the caller has one reference. */
struct dma_fence *conform_fence_new(unsigned int limit_ms)
{
	unsigned int limit = limit_ms ?: READ_ONCE(conform_safety_ms);
	struct conform_fence *fence = kzalloc(sizeof(*fence), GFP_KERNEL_ACCOUNT);

	if (!fence)
		return ERR_PTR(-ENOMEM);
	if (!try_module_get(THIS_MODULE)) {
		kfree(fence);
		return ERR_PTR(-ENODEV);
	}
	spin_lock_init(&fence->lock);
	INIT_DELAYED_WORK(&fence->limit, reached_limit);
	dma_fence_init(&fence->base, &fence_ops, &fence->lock, dma_fence_context_alloc(1), 1);
	if (limit) {
		dma_fence_get(&fence->base);
		queue_delayed_work(conform_queue, &fence->limit, msecs_to_jiffies(limit));
	}
	return &fence->base;
}

/* Signals a fence of this module, the first time only. */
void conform_fence_end(struct dma_fence *base, int error)
{
	struct conform_fence *fence = container_of(base, struct conform_fence, base);

	signal_once(fence, error);
	if (cancel_delayed_work(&fence->limit))
		dma_fence_put(base);
}

static void free_named(struct conform_obj *obj)
{
	struct named_fence *named = container_of(obj, struct named_fence, obj);

	dma_fence_put(named->fence);
	kfree(named);
}

static struct named_fence *new_named(unsigned int limit_ms)
{
	struct named_fence *named = kzalloc(sizeof(*named), GFP_KERNEL_ACCOUNT);

	if (!named)
		return ERR_PTR(-ENOMEM);
	named->fence = conform_fence_new(limit_ms);
	if (IS_ERR(named->fence)) {
		struct dma_fence *error = named->fence;

		kfree(named);
		return ERR_CAST(error);
	}
	conform_obj_init(&named->obj, CONFORM_TYPE_FENCE, free_named);
	return named;
}

static int hand_out_file(struct conform_call *call, struct dma_fence *fence)
{
#if IS_ENABLED(CONFIG_SYNC_FILE)
	struct sync_file *sync = sync_file_create(fence);

	if (!sync)
		return -ENOMEM;
	return conform_call_file(call, sync->file);
#else
	return -1;
#endif
}

int conform_fence_create(struct conform_call *call)
{
	struct conform_fence_create *arg = call->arg;
	struct named_fence *named = new_named(arg->limit_ms);
	int ret;

	if (IS_ERR(named))
		return PTR_ERR(named);
	ret = conform_obj_add(call->session, &named->obj);
	if (ret) {
		conform_fence_end(named->fence, -ECANCELED);
		conform_obj_put(&named->obj);
		return ret;
	}
	call->made = &named->obj;
	arg->id = named->obj.id;
	arg->fd = hand_out_file(call, named->fence);
	return IS_ENABLED(CONFIG_SYNC_FILE) && arg->fd < 0 ? arg->fd : 0;
}

void conform_fence_shut_down(struct conform_obj *obj)
{
	conform_fence_end(container_of(obj, struct named_fence, obj)->fence, -ECANCELED);
}

int conform_fence_signal(struct conform_call *call)
{
	struct conform_fence_signal *arg = call->arg;
	struct conform_obj *obj;

	if (arg->error > MAX_ERRNO || arg->pad)
		return -EINVAL;
	obj = conform_obj_find(call->session, arg->id, CONFORM_TYPE_FENCE);
	if (!obj)
		return -ENOENT;
	conform_fence_end(container_of(obj, struct named_fence, obj)->fence, -(int)arg->error);
	conform_obj_put(obj);
	return 0;
}

/* Forgets a fence without signalling it, as a driver does that hangs; only its limit ends it. */
int conform_fence_abandon(struct conform_call *call)
{
	struct conform_object *arg = call->arg;
	struct conform_obj *obj = conform_obj_take(call->session, arg->id, CONFORM_TYPE_FENCE);

	if (!obj)
		return -ENOENT;
	conform_obj_put(obj);
	return 0;
}

static struct dma_fence *find_fence(struct conform_call *call, const struct conform_fence_add *arg)
{
	struct dma_fence *fence = NULL;
	struct conform_obj *obj;

#if IS_ENABLED(CONFIG_SYNC_FILE)
	if (arg->fence_fd >= 0)
		return sync_file_get_fence(arg->fence_fd);
#endif
	obj = conform_obj_find(call->session, arg->id, CONFORM_TYPE_FENCE);
	if (obj) {
		fence = dma_fence_get(container_of(obj, struct named_fence, obj)->fence);
		conform_obj_put(obj);
	}
	return fence;
}

static int add_fence(struct dma_resv *resv, struct dma_fence *fence, enum dma_resv_usage usage)
{
	int ret = dma_resv_lock_interruptible(resv, NULL);

	if (ret)
		return ret;
	ret = dma_resv_reserve_fences(resv, 1);
	if (!ret)
		dma_resv_add_fence(resv, fence, usage);
	dma_resv_unlock(resv);
	return ret;
}

int conform_fence_add(struct conform_call *call)
{
	static const enum dma_resv_usage usages[] = {
		[CONFORM_USAGE_KERNEL] = DMA_RESV_USAGE_KERNEL,
		[CONFORM_USAGE_WRITE] = DMA_RESV_USAGE_WRITE,
		[CONFORM_USAGE_READ] = DMA_RESV_USAGE_READ,
		[CONFORM_USAGE_BOOKKEEP] = DMA_RESV_USAGE_BOOKKEEP,
	};
	struct conform_fence_add *arg = call->arg;
	struct dma_fence *fence;
	struct dma_buf *dmabuf;
	int ret;

	if (arg->usage >= ARRAY_SIZE(usages) || arg->pad)
		return -EINVAL;
	dmabuf = dma_buf_get(arg->dmabuf_fd);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	fence = find_fence(call, arg);
	ret = fence ? add_fence(dmabuf->resv, fence, usages[arg->usage]) : -EINVAL;
	dma_fence_put(fence);
	dma_buf_put(dmabuf);
	return ret;
}

/* The last release may still be under way. */
void conform_fence_exit(void)
{
	rcu_barrier();
}
