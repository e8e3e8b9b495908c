// SPDX-License-Identifier: GPL-2.0
/*
 * What happened by itself, in order: a ring of events for each session. The oldest are lost when nobody reads them;
 * their sequence numbers tell.
 */
#include <linux/ktime.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include "module.h"

#define RING 1024

int conform_log_init(struct conform_log *log)
{
	spin_lock_init(&log->lock);
	init_waitqueue_head(&log->wait);
	log->events = kvcalloc(RING, sizeof(*log->events), GFP_KERNEL_ACCOUNT);
	return log->events ? 0 : -ENOMEM;
}

void conform_log_free(struct conform_log *log)
{
	kvfree(log->events);
}

void conform_log_add(struct conform_log *log, u32 kind, u32 attachment, int error, u32 count)
{
	struct conform_event *event;
	unsigned long flags;

	spin_lock_irqsave(&log->lock, flags);
	if (log->count == RING) {
		log->head = (log->head + 1) % RING;
		log->count--;
	}
	event = &log->events[(log->head + log->count++) % RING];
	*event = (struct conform_event) {
		.time_ns = ktime_get_ns(),
		.sequence = ++log->sequence,
		.kind = kind,
		.attachment = attachment,
		.error = -error,
		.count = count,
	};
	spin_unlock_irqrestore(&log->lock, flags);
	wake_up_interruptible(&log->wait);
}

static bool take(struct conform_log *log, struct conform_event *event)
{
	bool has;

	spin_lock_irq(&log->lock);
	has = log->count > 0;
	if (has) {
		*event = log->events[log->head];
		log->head = (log->head + 1) % RING;
		log->count--;
	}
	spin_unlock_irq(&log->lock);
	return has;
}

bool conform_log_has(struct conform_log *log)
{
	return READ_ONCE(log->count) > 0;
}

ssize_t conform_log_read(struct conform_log *log, char __user *to, size_t size)
{
	struct conform_event event;
	size_t done = 0;

	if (size < sizeof(event))
		return -EINVAL;
	while (size - done >= sizeof(event) && take(log, &event)) {
		if (copy_to_user(to + done, &event, sizeof(event)))
			return done ? done : -EFAULT;
		done += sizeof(event);
	}
	return done;
}
