/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * What user space says to the module dmabuf_conform.
 *
 * Every structure begins with argsz, the bytes that the caller has. The kernel refuses fewer than it needs with
 * EINVAL, and neither reads nor writes more. Numbers named "id" belong to the descriptor that they were given to.
 */
#ifndef _UAPI_CONFORM_H
#define _UAPI_CONFORM_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define CONFORM_PATH "/dev/dmabuf-conform"
#define CONFORM_VERSION 1
#define CONFORM_TYPE '~'

/* What this kernel and this build have. */
#define CONFORM_HAS_REVOCABLE		(1 << 0) /* dma_buf_attach_revocable() */
#define CONFORM_HAS_SYNC_FILE		(1 << 1) /* a fence has a descriptor */
#define CONFORM_CORE_CACHES_MAPPINGS	(1 << 2) /* the core keeps a mapping until the detach */
#define CONFORM_CORE_LOCKS_MAPPINGS	(1 << 3) /* every map and unmap holds the reservation lock */
#define CONFORM_CALLBACK_RENAMED	(1 << 4) /* invalidate_mappings, before: move_notify */

struct conform_info {
	__u32 argsz;
	__u32 version;
	__u32 features;
	__u32 bugs;		/* how many seeded bugs are on */
	__u32 objects;		/* attachments, mappings, fences and devices of all descriptors */
	__u32 buffers;		/* dma-bufs of the module that have not been released */
};
#define CONFORM_INFO		_IO(CONFORM_TYPE, 0)

/* Importers. */

#define CONFORM_KIND_DYNAMIC	0	/* has the callback, does not pin */
#define CONFORM_KIND_REVOCABLE	1	/* has the callback and pins */
#define CONFORM_KIND_PINNED	2	/* pins and has no callback */
#define CONFORM_KIND_STATIC	3	/* has no importer operations */

#define CONFORM_POLICY_UNMAP	0	/* unmaps inside the callback */
#define CONFORM_POLICY_KEEP	1	/* keeps its mappings until it is told, or the safety release */
#define CONFORM_POLICY_REMAP	2	/* unmaps and tries to map again inside the callback */
#define CONFORM_POLICY_LATER	3	/* unmaps delay_ms later */
#define CONFORM_POLICY_JOB	4	/* publishes a fence for a job of delay_ms, and unmaps then */

#define CONFORM_ATTACH_PEER2PEER	(1 << 0)
#define CONFORM_ATTACH_NO_DEVICE	(1 << 1)	/* passes a null pointer for the device */

struct conform_attach {
	__u32 argsz;
	__s32 dmabuf_fd;
	__u32 kind;
	__u32 policy;
	__u32 delay_ms;
	__u32 flags;
	char device[16];	/* a PCI address as 0000:00:01.0; empty for the module's own device */
	__u32 id;		/* out */
	__u32 pad;
};
#define CONFORM_ATTACH		_IO(CONFORM_TYPE, 1)

/* An object by its id. */
struct conform_object {
	__u32 argsz;
	__u32 id;
};
#define CONFORM_DETACH		_IO(CONFORM_TYPE, 2)
#define CONFORM_PIN		_IO(CONFORM_TYPE, 3)
#define CONFORM_UNPIN		_IO(CONFORM_TYPE, 4)
#define CONFORM_REVOCABLE	_IO(CONFORM_TYPE, 5)	/* gives 1 or 0 */

#define CONFORM_BIDIRECTIONAL	0
#define CONFORM_TO_DEVICE	1
#define CONFORM_FROM_DEVICE	2

struct conform_map {
	__u32 argsz;
	__u32 attachment;
	__u32 direction;	/* unused by VMAP */
	__u32 id;		/* out */
};
#define CONFORM_MAP		_IO(CONFORM_TYPE, 6)
#define CONFORM_UNMAP		_IO(CONFORM_TYPE, 7)	/* struct conform_object; the id stays known */
#define CONFORM_VMAP		_IO(CONFORM_TYPE, 8)
#define CONFORM_VUNMAP		_IO(CONFORM_TYPE, 9)	/* struct conform_object */

/* Reads or writes up to eight bytes through a mapping, as the device would, or through a vmapping, as the CPU. */
struct conform_access {
	__u32 argsz;
	__u32 id;
	__u64 offset;
	__u64 value;
	__u32 size;
	__u32 write;
};
#define CONFORM_ACCESS		_IO(CONFORM_TYPE, 10)

struct conform_cpu_access {
	__u32 argsz;
	__u32 attachment;
	__u32 direction;
	__u32 end;		/* 0 begins, 1 ends */
};
#define CONFORM_CPU_ACCESS	_IO(CONFORM_TYPE, 11)

struct conform_importer_counts {
	__u32 argsz;
	__u32 attachment;
	__u32 invalidations;
	__u32 maps;
	__u32 unmaps;
	__u32 mappings;
	__u32 pins;
	__u32 vmappings;
};
#define CONFORM_IMPORTER_COUNTS	_IO(CONFORM_TYPE, 12)

struct conform_private_map {
	__u32 argsz;
	__u32 attachment;
	__u64 length;		/* out */
};
#define CONFORM_PRIVATE_MAP	_IO(CONFORM_TYPE, 13)

/* Fences. */

struct conform_fence_create {
	__u32 argsz;
	__u32 limit_ms;		/* it fails with ETIMEDOUT after so long; 0 takes the module's safety_ms */
	__u32 id;		/* out */
	__s32 fd;		/* out; a sync file, or -1 where the kernel has none */
};
#define CONFORM_FENCE_CREATE	_IO(CONFORM_TYPE, 16)

struct conform_fence_signal {
	__u32 argsz;
	__u32 id;
	__u32 error;		/* an error number, or 0 */
	__u32 pad;
};
#define CONFORM_FENCE_SIGNAL	_IO(CONFORM_TYPE, 17)
#define CONFORM_FENCE_ABANDON	_IO(CONFORM_TYPE, 18)	/* struct conform_object */

#define CONFORM_USAGE_KERNEL	0
#define CONFORM_USAGE_WRITE	1
#define CONFORM_USAGE_READ	2
#define CONFORM_USAGE_BOOKKEEP	3
#define CONFORM_USAGE_NONE	4	/* of a dialect: waits for no fence */

struct conform_fence_add {
	__u32 argsz;
	__s32 dmabuf_fd;
	__s32 fence_fd;		/* a sync file of anybody, or -1 to take the id */
	__u32 id;
	__u32 usage;
	__u32 pad;
};
#define CONFORM_FENCE_ADD	_IO(CONFORM_TYPE, 19)

/* The exporter that answers as it is told and never revokes. */

#define CONFORM_EXPORT_MMAP	(1 << 0)
#define CONFORM_EXPORT_VMAP	(1 << 1)
#define CONFORM_EXPORT_PIN	(1 << 2)	/* has the operations pin and unpin */
#define CONFORM_EXPORT_NULL_MAP	(1 << 3)	/* map gives no table and no error */
#define CONFORM_EXPORT_REVOKES	(1 << 4)	/* an invalidation revokes it, for good */

#define CONFORM_OMIT_MAP	(1 << 0)
#define CONFORM_OMIT_UNMAP	(1 << 1)
#define CONFORM_OMIT_RELEASE	(1 << 2)
#define CONFORM_OMIT_UNPIN	(1 << 3)

struct conform_export {
	__u32 argsz;
	__u32 flags;
	__u64 size;
	__u32 attach_error;	/* error numbers that the operations give, or 0 */
	__u32 pin_error;
	__u32 map_error;
	__u32 omit;
	__s32 over_fd;		/* a buffer of this exporter whose memory it shares, or -1 */
	__s32 fd;		/* out */
};
#define CONFORM_EXPORT		_IO(CONFORM_TYPE, 24)

#define CONFORM_BUFFER_UNLOCKED	(1 << 0)	/* invalidates without the reservation lock; only to be found out */

struct conform_buffer {
	__u32 argsz;
	__s32 dmabuf_fd;
	__u32 flags;
	__u32 pad;
};
#define CONFORM_MOVE		_IO(CONFORM_TYPE, 25)
#define CONFORM_INVALIDATE	_IO(CONFORM_TYPE, 26)

struct conform_buffer_counts {
	__u32 argsz;
	__s32 dmabuf_fd;
	__u32 references;
	__u32 attachments;
	__s32 pins;
	__u32 mappings;
	__u32 fences;
	__u32 vmappings;
};
#define CONFORM_BUFFER_COUNTS	_IO(CONFORM_TYPE, 27)

/*
 * The reference exporter: a device that revokes. Its descriptor takes the requests of a VFIO PCI device: region info,
 * reset, features, hot reset, reads and writes of regions, mmap, and the proposed request to revoke a buffer.
 */

#define CONFORM_STATE_FIRST		(1 << 0) /* the state changes before the callbacks */
#define CONFORM_WAIT_UNMAP		(1 << 1)
#define CONFORM_UPGRADE_NOTIFIES	(1 << 2)
#define CONFORM_UNREVOKE_NOTIFIES	(1 << 3)
#define CONFORM_CLOSE_RENOTIFIES	(1 << 4)
#define CONFORM_HAS_MMAP		(1 << 5)
#define CONFORM_HAS_VMAP		(1 << 6)
#define CONFORM_STARTS_AS_LAST_EVENT	(1 << 7) /* a new buffer's state is what the last event left */
#define CONFORM_AS_CORE			(1 << 8) /* state as of the core: looked at first, any importer, none at the export */
#define CONFORM_NEVER_RECOVERS		(1 << 9) /* what an event has revoked stays so */

#define CONFORM_REARM_NEVER	0
#define CONFORM_REARM_REVOKE	1
#define CONFORM_REARM_UNREVOKE	2

#define CONFORM_REQUEST_NONE	0
#define CONFORM_REQUEST_IOCTL	1
#define CONFORM_REQUEST_FEATURE	2

struct conform_dialect {
	__u32 flags;
	__u8 fence_usage;	/* CONFORM_USAGE_*, up to which fences are waited for */
	__u8 rearm;
	__u8 request;
	__u8 pad;
	__u32 pin_error;	/* what pin answers; 0 for no such operation */
	__u32 feature;		/* number of the feature that revokes, if that is the request */
};

#define CONFORM_DEVICE_VIRTUAL		(1 << 0) /* a virtual function: no memory enable bit */
#define CONFORM_DEVICE_NO_RESET		(1 << 1)
#define CONFORM_DEVICE_FLR		(1 << 2)
#define CONFORM_DEVICE_NO_EXPORT	(1 << 3) /* a variant driver that exports nothing */
#define CONFORM_DEVICE_CONFIG_OFF	(1 << 4) /* a kernel without the feature */
#define CONFORM_DEVICE_NO_ACCESS	(1 << 5) /* the descriptor has no access to the device */

#define CONFORM_BAR_ABSENT	0
#define CONFORM_BAR_MEMORY	1
#define CONFORM_BAR_IO		2
#define CONFORM_BAR_UNMAPPABLE	3
#define CONFORM_BAR_UNCLAIMABLE	4

struct conform_device_create {
	__u32 argsz;
	__u32 flags;
	struct conform_dialect dialect;
	__u64 bar0_size;
	__u64 bar1_size;
	__u64 bar2_size;
	__u64 bar3_size;
	__u64 bar4_size;
	__u64 bar5_size;
	__u8 bar0_kind;
	__u8 bar1_kind;
	__u8 bar2_kind;
	__u8 bar3_kind;
	__u8 bar4_kind;
	__u8 bar5_kind;
	__u16 pad;
	__u32 context;		/* who owns it, for hot resets */
	__u32 set;		/* id of a device that is reset together with it, or 0 */
	__u32 id;		/* out */
	__s32 fd;		/* out */
	__u32 pad2;
};
#define CONFORM_DEVICE_CREATE	_IO(CONFORM_TYPE, 32)

struct conform_device_open {
	__u32 argsz;
	__u32 id;
	__s32 fd;		/* out */
	__u32 pad;
};
#define CONFORM_DEVICE_OPEN	_IO(CONFORM_TYPE, 33)

#define CONFORM_FAIL_CONFIG_WRITE	0
#define CONFORM_FAIL_RESET		1

struct conform_device_fail {
	__u32 argsz;
	__u32 id;
	__u32 request;
	__u32 error;
};
#define CONFORM_DEVICE_FAIL	_IO(CONFORM_TYPE, 34)
#define CONFORM_DEVICE_WAKE	_IO(CONFORM_TYPE, 35)	/* struct conform_object */
#define CONFORM_DEVICE_UNBIND	_IO(CONFORM_TYPE, 36)	/* struct conform_object; waits until nobody holds it */

/* What read(2) gives: whole events, the oldest first; nothing where there is none. */

#define CONFORM_EVENT_INVALIDATE	1
#define CONFORM_EVENT_UNMAP		2	/* by the importer's own policy */
#define CONFORM_EVENT_REMAP		3	/* error says what became of it */
#define CONFORM_EVENT_SAFETY		4	/* the safety release gave mappings back */

struct conform_event {
	__u64 time_ns;		/* CLOCK_MONOTONIC */
	__u32 sequence;		/* counts from 1; a gap is where events were lost */
	__u32 kind;
	__u32 attachment;
	__u32 error;
	__u32 count;		/* mappings that were given back */
	__u32 pad;
};

#endif /* _UAPI_CONFORM_H */
