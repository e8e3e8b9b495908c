/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of the module share: sessions, the objects that belong to them, and what each kind of object offers.
 */
#ifndef _CONFORM_MODULE_H
#define _CONFORM_MODULE_H

#include <linux/dma-buf.h>
#include <linux/dma-fence.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include "uapi/conform.h"

struct device;
struct conform_session;

/* How long the module lets anybody wait for what it holds, in milliseconds; 0 for ever. */
extern unsigned int conform_safety_ms;
extern struct workqueue_struct *conform_queue;
extern struct device *conform_own_device;
extern atomic_t conform_objects;
extern atomic_t conform_buffers;

/* object.c: what user space names by a number. */

enum conform_type {
	CONFORM_TYPE_IMPORTER,
	CONFORM_TYPE_MAPPING,
	CONFORM_TYPE_VMAPPING,
	CONFORM_TYPE_FENCE,
	CONFORM_TYPE_DEVICE,
	CONFORM_TYPES,
};

struct conform_obj {
	struct kref ref;
	enum conform_type type;
	u32 id;
	void (*free)(struct conform_obj *obj);
};

void conform_obj_init(struct conform_obj *obj, enum conform_type type, void (*free)(struct conform_obj *obj));
void conform_obj_put(struct conform_obj *obj);
int conform_obj_add(struct conform_session *session, struct conform_obj *obj);
struct conform_obj *conform_obj_find(struct conform_session *session, u32 id, enum conform_type type);
struct conform_obj *conform_obj_take(struct conform_session *session, u32 id, enum conform_type type);
bool conform_obj_withdraw(struct conform_session *session, struct conform_obj *obj);
struct conform_obj *conform_obj_take_any(struct conform_session *session, enum conform_type type);

/* log.c: the events of a session, in order. */

struct conform_log {
	spinlock_t lock;
	wait_queue_head_t wait;
	struct conform_event *events;
	u32 head;
	u32 count;
	u32 sequence;
};

int conform_log_init(struct conform_log *log);
void conform_log_free(struct conform_log *log);
void conform_log_add(struct conform_log *log, u32 kind, u32 attachment, int error, u32 count);
ssize_t conform_log_read(struct conform_log *log, char __user *to, size_t size);
bool conform_log_has(struct conform_log *log);

struct conform_session {
	struct xarray objects;
	struct conform_log log;
};

/* main.c: one request. What it makes is handed out only when its answer has reached the caller. */

struct conform_call {
	struct conform_session *session;
	void *arg;
	struct conform_obj *made;	/* undone if the answer cannot be written */
	struct file *file;		/* gets the number fd */
	int fd;
};

int conform_call_file(struct conform_call *call, struct file *file);

/* importer.c, attachment.c, mapping.c, vmapping.c, access.c, pci.c */
int conform_attach(struct conform_call *call);
int conform_detach(struct conform_call *call);
int conform_pin(struct conform_call *call);
int conform_unpin(struct conform_call *call);
int conform_revocable(struct conform_call *call);
int conform_map(struct conform_call *call);
void conform_mapping_shut_down(struct conform_obj *obj);
void conform_vmapping_shut_down(struct conform_obj *obj);
int conform_private_map_request(struct conform_call *call);
int conform_unmap(struct conform_call *call);
int conform_vmap_request(struct conform_call *call);
int conform_vunmap_request(struct conform_call *call);
int conform_access(struct conform_call *call);
int conform_cpu_access(struct conform_call *call);
int conform_importer_counts(struct conform_call *call);
void conform_importer_shut_down(struct conform_obj *obj);
int conform_importer_init(void);
void conform_importer_exit(void);

/* fence.c */
struct conform_fence;
int conform_fence_create(struct conform_call *call);
int conform_fence_signal(struct conform_call *call);
int conform_fence_abandon(struct conform_call *call);
int conform_fence_add(struct conform_call *call);
void conform_fence_shut_down(struct conform_obj *obj);
struct dma_fence *conform_fence_new(unsigned int limit_ms);
void conform_fence_end(struct dma_fence *fence, int error);
void conform_fence_exit(void);

/* exporter.c */
int conform_export(struct conform_call *call);
int conform_move(struct conform_call *call);
int conform_invalidate_request(struct conform_call *call);
int conform_buffer_counts(struct conform_call *call);
u32 conform_pending_fences(struct dma_buf *dmabuf);

/* buffer.c */
int conform_private_map(struct dma_buf *dmabuf, u64 *length);

/* device.c */
int conform_device_create(struct conform_call *call);
int conform_device_open(struct conform_call *call);
int conform_device_fail(struct conform_call *call);
int conform_device_wake(struct conform_call *call);
int conform_device_unbind(struct conform_call *call);
int conform_device_init(void);
void conform_device_exit(void);

#endif /* _CONFORM_MODULE_H */
