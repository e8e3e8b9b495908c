/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The reference exporter: a device with memory regions and a configuration space, and the buffers that it exports.
 *
 * Locks: set->lock, then device->memory_lock, then the reservation lock of a buffer. Nothing is copied to or from user
 * space with memory_lock held, since a fault takes it.
 */
#ifndef _CONFORM_DEVICE_H
#define _CONFORM_DEVICE_H

#include <linux/completion.h>
#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/rwsem.h>
#include <linux/wait.h>
#include "memory.h"
#include "module.h"

#define BARS 6
#define CONFIG_REGION 7
#define CONFIG_SIZE 256
#define REGION_SHIFT 40		/* of the offset of a region in the file */

enum conform_status { STATUS_OK, STATUS_TEMP, STATUS_PERM };

/* Devices that are reset together. A session begins and ends, and a hot reset goes on, with the lock held. */
struct conform_set {
	struct kref ref;
	struct mutex lock;
	struct list_head devices;
};

struct conform_device {
	struct conform_obj obj;
	struct conform_dialect dialect;
	u32 flags;
	u32 context;
	struct conform_set *set;
	struct list_head node;		/* of the set */
	struct inode *inode;		/* has the address space of the regions' mappings */

	u64 bar_size[BARS];
	u8 bar_kind[BARS];
	struct conform_memory *bar[BARS];

	/* with the lock of the set */
	unsigned int open_count;
	bool is_going;			/* its driver is being unbound */
	struct eventfd_ctx *asked;	/* tells the user to let go of it */

	atomic_t registrations;		/* descriptors, and buffers of the session */
	wait_queue_head_t let_go;

	struct rw_semaphore memory_lock;
	struct list_head buffers;	/* of this session */
	u8 config[CONFIG_SIZE];
	bool low_power;
	bool last_revoked;		/* what the last event left */
	struct eventfd_ctx *wakeup;
	u32 fail[2];			/* errors that the hardware will give */
};

/* A buffer that the device exported. */
struct conform_buf {
	struct dma_buf_ops ops;
	struct dma_buf *dmabuf;
	struct inode *inode;
	struct conform_device *device;	/* with a reference, until the release */
	struct conform_device *vdev;	/* NULL once the session has ended */
	struct list_head node;
	struct conform_memory *memory;
	unsigned int pages;
	unsigned int ranges;
	struct page **page;
	enum conform_status status;
	bool spent;			/* the buffer's own reference below was dropped */
	refcount_t refs;		/* 1 and the mappings */
	struct completion unmapped;
};

static inline bool conform_buffer_has(const struct conform_buf *buf, u32 flag)
{
	return buf->device->dialect.flags & flag;
}

static inline enum conform_status conform_status_of(const struct conform_buf *buf)
{
	return READ_ONCE(buf->status);
}

/* revoke.c */
void conform_move_buffers(struct conform_device *device, enum conform_status to);
void conform_close_buffers(struct conform_device *device);
void conform_buffer_change(struct conform_buf *buf, enum conform_status to);
void conform_buffer_put_ref(struct conform_buf *buf);

/* buffer.c */
bool conform_buffer_is_ours(const struct dma_buf *dmabuf);
int conform_export_pages(struct conform_device *device, struct conform_memory *memory, struct page **page,
			 unsigned int pages, unsigned int ranges, u32 open_flags);

/* request.c */
int conform_revoke_fd(struct conform_device *device, int fd);
int conform_revoke_ioctl(struct conform_device *device, void __user *user);

/* device.c */
void conform_register(struct conform_device *device);
void conform_unregister(struct conform_device *device);

/* file.c */
struct file *conform_device_file(struct conform_device *device, bool has_access);
void conform_set_asked(struct conform_device *device, struct eventfd_ctx *asked);

/* region.c */
ssize_t conform_region_read(struct conform_device *device, char __user *to, size_t size, loff_t *position);
ssize_t conform_region_write(struct conform_device *device, const char __user *from, size_t size, loff_t *position);
int conform_region_mmap(struct conform_device *device, struct vm_area_struct *vma);

/* config.c */
bool conform_memory_enabled(const struct conform_device *device);
void conform_config_reset(struct conform_device *device);
ssize_t conform_config_read(struct conform_device *device, char __user *to, size_t size, u64 at);
ssize_t conform_config_write(struct conform_device *device, const char __user *from, size_t size, u64 at);
int conform_reset(struct conform_device *device);
void conform_power_up(struct conform_device *device);
void conform_zap_bars(struct conform_device *device);
int conform_low_power_entry(struct conform_device *device, struct eventfd_ctx *wakeup);
void conform_low_power_exit(struct conform_device *device);
void conform_device_resume(struct conform_device *device);

/* feature.c */
int conform_feature(struct conform_device *device, void __user *user);

#endif /* _CONFORM_DEVICE_H */
