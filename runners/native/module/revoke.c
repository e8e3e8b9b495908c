// SPDX-License-Identifier: GPL-2.0
/*
 * The three states of a buffer, and how it gets from one into another. The steps are those of semantics 3.1, in its
 * order:
 *
 *   R1 set the state, R2 tell the importers, R3 wait for the fences, R4 unlock the reservation, R5 drop the buffer's
 *   own reference, R6 wait until the last mapping is given back, R7 zap the CPU mappings, R8 re-arm the reference.
 *
 * What a proposal does otherwise is in device->dialect. A seeded bug leaves a step out, or takes it elsewhere.
 */
#include <linux/dma-resv.h>
#include <linux/mm.h>
#include "bugs.h"
#include "compat.h"
#include "device.h"

static void set_status(struct conform_buf *buf, enum conform_status to)
{
	if (to == STATUS_PERM && conform_bug(BUG_REVOKES_FOR_A_WHILE) && buf->vdev)
		to = STATUS_TEMP;
	WRITE_ONCE(buf->status, to);
}

/* The steps. */

static void lock(struct conform_buf *buf)
{
	dma_resv_lock(buf->dmabuf->resv, NULL);
}

static void unlock(struct conform_buf *buf)
{
	dma_resv_unlock(buf->dmabuf->resv);
}

static void wait_for_fences(struct conform_buf *buf)
{
	static const enum dma_resv_usage usages[] = {
		[CONFORM_USAGE_KERNEL] = DMA_RESV_USAGE_KERNEL,
		[CONFORM_USAGE_WRITE] = DMA_RESV_USAGE_WRITE,
		[CONFORM_USAGE_READ] = DMA_RESV_USAGE_READ,
		[CONFORM_USAGE_BOOKKEEP] = DMA_RESV_USAGE_BOOKKEEP,
	};
	u32 usage = buf->device->dialect.fence_usage;

	if (usage >= ARRAY_SIZE(usages) || conform_bug(BUG_NO_FENCE_WAIT))
		return;
	if (conform_bug(BUG_KERNEL_FENCES_ONLY))
		usage = CONFORM_USAGE_KERNEL;
	if (conform_bug(BUG_UP_TO_WRITE_FENCES))
		usage = CONFORM_USAGE_WRITE;
	if (conform_bug(BUG_UP_TO_READ_FENCES))
		usage = CONFORM_USAGE_READ;
	dma_resv_wait_timeout(buf->dmabuf->resv, usages[usage], false, MAX_SCHEDULE_TIMEOUT);
}

void conform_buffer_put_ref(struct conform_buf *buf)
{
	if (refcount_dec_and_test(&buf->refs))
		complete_all(&buf->unmapped);
}

static void wait_for_unmaps(struct conform_buf *buf)
{
	if (!conform_buffer_has(buf, CONFORM_WAIT_UNMAP) || buf->spent || conform_bug(BUG_NO_UNMAP_WAIT))
		return;
	buf->spent = true;
	conform_buffer_put_ref(buf);
	if (conform_bug(BUG_GIVES_UP))
		wait_for_completion_timeout(&buf->unmapped, HZ);
	else
		wait_for_completion(&buf->unmapped);
}

static void zap(struct conform_buf *buf)
{
	if (!conform_buffer_has(buf, CONFORM_HAS_MMAP) || conform_bug(BUG_NO_ZAP))
		return;
	unmap_mapping_range(buf->inode->i_mapping, 0, conform_bug(BUG_ZAPS_FIRST_PAGE) ? PAGE_SIZE : 0, 1);
}

static void rearm(struct conform_buf *buf, u8 when)
{
	if (!buf->spent || buf->device->dialect.rearm != when)
		return;
	buf->spent = false;
	refcount_set(&buf->refs, 1);
	reinit_completion(&buf->unmapped);
}

static void tell(struct conform_buf *buf)
{
	conform_invalidate(buf->dmabuf);
}

/* The transitions. memory_lock is held for writing. */

enum moment { BEFORE_TELLING, AFTER_TELLING, AT_THE_END, NEVER };

static enum moment moment_of_state(const struct conform_buf *buf)
{
	if (conform_bug(BUG_STATE_NOT_SET))
		return NEVER;
	if (conform_bug(BUG_STATE_SET_LAST))
		return AT_THE_END;
	if (conform_bug(BUG_STATE_AFTER_CALLBACKS) || !conform_buffer_has(buf, CONFORM_STATE_FIRST))
		return AFTER_TELLING;
	return BEFORE_TELLING;
}

static void tell_of_revoke(struct conform_buf *buf)
{
	if (conform_bug(BUG_REVOKE_TELLS_NOBODY))
		return;
	tell(buf);
	if (conform_bug(BUG_REVOKE_TELLS_TWICE))
		tell(buf);
}

static void revoke(struct conform_buf *buf, enum conform_status to)
{
	enum moment moment = moment_of_state(buf);

	if (conform_bug(BUG_ZAP_BEFORE_WAITS))
		zap(buf);
	lock(buf);
	if (moment == BEFORE_TELLING)
		set_status(buf, to);
	tell_of_revoke(buf);
	if (moment == AFTER_TELLING)
		set_status(buf, to);
	if (conform_bug(BUG_UNLOCKED_FENCE_WAIT)) {
		unlock(buf);
		wait_for_fences(buf);
	} else {
		wait_for_fences(buf);
		unlock(buf);
	}
	wait_for_unmaps(buf);
	if (!conform_bug(BUG_ZAP_BEFORE_WAITS))
		zap(buf);
	if (moment == AT_THE_END) {
		lock(buf);
		set_status(buf, to);
		unlock(buf);
	}
	rearm(buf, CONFORM_REARM_REVOKE);
}

/* The buffer is gone already, so there is nothing to wait for, unless the dialect says so. */
static void upgrade(struct conform_buf *buf)
{
	if (conform_bug(BUG_UPGRADE_FORGOTTEN))
		return;
	if (conform_buffer_has(buf, CONFORM_UPGRADE_NOTIFIES))
		return revoke(buf, STATUS_PERM);
	lock(buf);
	set_status(buf, STATUS_PERM);
	if (conform_bug(BUG_UPGRADE_TELLS))
		tell(buf);
	if (conform_bug(BUG_UPGRADE_WAITS))
		wait_for_fences(buf);
	unlock(buf);
}

/* Whoever is told, is told while the buffer is still revoked. */
static void unrevoke(struct conform_buf *buf)
{
	if (conform_buffer_has(buf, CONFORM_NEVER_RECOVERS) || conform_bug(BUG_UNREVOKE_FORGOTTEN))
		return;
	if (conform_buffer_has(buf, CONFORM_UNREVOKE_NOTIFIES)) {
		lock(buf);
		if (conform_bug(BUG_UNREVOKE_STATE_FIRST))
			set_status(buf, STATUS_OK);
		if (!conform_bug(BUG_UNREVOKE_TELLS_NOBODY))
			tell(buf);
		if (!conform_bug(BUG_UNREVOKE_NO_FENCE_WAIT))
			wait_for_fences(buf);
		unlock(buf);
	}
	rearm(buf, CONFORM_REARM_UNREVOKE);
	lock(buf);
	set_status(buf, STATUS_OK);
	unlock(buf);
}

static void change_permanent(struct conform_buf *buf, enum conform_status to)
{
	if (to == STATUS_OK && conform_bug(BUG_PERM_UNDONE))
		unrevoke(buf);
	if (to == STATUS_TEMP && conform_bug(BUG_PERM_MADE_TEMP))
		set_status(buf, STATUS_TEMP);
}

void conform_buffer_change(struct conform_buf *buf, enum conform_status to)
{
	switch (buf->status) {
	case STATUS_OK:
		if (to != STATUS_OK)
			revoke(buf, to);
		break;
	case STATUS_TEMP:
		if (to == STATUS_PERM)
			upgrade(buf);
		else if (to == STATUS_OK)
			unrevoke(buf);
		else if (conform_bug(BUG_TEMP_REPEATED))
			revoke(buf, STATUS_TEMP);
		break;
	case STATUS_PERM:
		change_permanent(buf, to);
		break;
	}
}

/*
 * An event revokes the buffers of the session, or makes them usable again. memory_lock is held for writing. Each buffer
 * is kept meanwhile, so that nobody's last close waits for the lock; one whose release waits for it already is passed over.
 */
void conform_move_buffers(struct conform_device *device, enum conform_status to)
{
	struct conform_buf *buf;

	lockdep_assert_held_write(&device->memory_lock);
	device->last_revoked = to != STATUS_OK;
	list_for_each_entry(buf, &device->buffers, node) {
		if (!conform_get_file_active(&buf->dmabuf->file))
			continue;
		conform_buffer_change(buf, to);
		fput(buf->dmabuf->file);
		if (conform_bug(BUG_FIRST_BUFFER_ONLY))
			break;
	}
}

static void close_buffer(struct conform_device *device, struct conform_buf *buf)
{
	bool was_usable = buf->status == STATUS_OK;
	bool tells = conform_buffer_has(buf, CONFORM_CLOSE_RENOTIFIES) && !conform_bug(BUG_CLOSE_TELLS_NOBODY) &&
		     (was_usable || !conform_bug(BUG_CLOSE_SKIPS_REVOKED));

	lock(buf);
	list_del_init(&buf->node);
	buf->vdev = NULL;
	if (!conform_bug(BUG_CLOSE_LEAVES_STATE))
		set_status(buf, STATUS_PERM);
	if (tells)
		tell(buf);
	if (conform_buffer_has(buf, CONFORM_CLOSE_RENOTIFIES) && !conform_bug(BUG_CLOSE_NO_FENCE_WAIT))
		wait_for_fences(buf);
	unlock(buf);
	if (was_usable && !conform_bug(BUG_CLOSE_NO_UNMAP_WAIT))
		wait_for_unmaps(buf);
	if (was_usable && !conform_bug(BUG_CLOSE_NO_ZAP))
		zap(buf);
	conform_unregister(device);
}

/* The session ends: nothing that it exported can be used any more. */
void conform_close_buffers(struct conform_device *device)
{
	struct conform_buf *buf, *next;

	down_write(&device->memory_lock);
	if (!(device->dialect.flags & CONFORM_CLOSE_RENOTIFIES))
		conform_move_buffers(device, STATUS_TEMP);
	list_for_each_entry_safe(buf, next, &device->buffers, node) {
		struct file *file = buf->dmabuf->file;

		if (!conform_get_file_active(&file))
			continue;
		close_buffer(device, buf);
		fput(file);
	}
	up_write(&device->memory_lock);
}
