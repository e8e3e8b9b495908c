// SPDX-License-Identifier: GPL-2.0
/*
 * Tries everything that the module offers once, in the ways that the suite relies on.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include "check.h"

static struct conform_info info(int module)
{
	struct conform_info info = { .argsz = sizeof(info) };

	GIVES(0, request(module, CONFORM_INFO, &info));
	return info;
}

static void nothing_is_left(void)
{
	int module = open_module();
	struct conform_info found = info(module);

	CHECK("no object is left", found.objects == 0);
	CHECK("no buffer is left", found.buffers == 0);
	close(module);
}

static void bad_requests(void)
{
	int module = open_module();
	unsigned int id;
	uint32_t small = 4;

	GIVES(-EINVAL, request(module, CONFORM_ATTACH, &small));
	GIVES(-EFAULT, request(module, CONFORM_ATTACH, NULL));
	GIVES(-ENOTTY, request(module, _IO(CONFORM_TYPE, 200), &small));
	GIVES(-ENOTTY, request(module, _IO(CONFORM_TYPE, 15), &small));
	GIVES(-EBADF, attach(module, -1, CONFORM_KIND_DYNAMIC, 0, 0, &id));
	GIVES(-EINVAL, attach(module, module, CONFORM_KIND_DYNAMIC, 0, 0, &id));
	GIVES(-EINVAL, attach(module, -1, 17, 0, 0, &id));
	GIVES(-ENOENT, with_id(module, CONFORM_DETACH, 77));
	GIVES(-ENOENT, with_id(module, CONFORM_UNMAP, 77));
	GIVES(-ENOENT, map(module, 77, &id));
	close(module);
}

static void revoke_once(void)
{
	int module = open_module();
	unsigned int id, attachment, mapping, again;
	int device = create_device(module, 0, 16, &id);
	int buffer = export_pages(device, 4, 4);
	long memory = map_cpu(buffer, 4);

	CHECK("a device", device > 0);
	CHECK("a buffer", buffer > 0);
	CHECK("a CPU mapping", memory > 0);
	GIVES(0, load(memory));
	GIVES(0, attach(module, buffer, CONFORM_KIND_DYNAMIC, CONFORM_POLICY_UNMAP, 0, &attachment));
	GIVES(1, with_id(module, CONFORM_REVOCABLE, attachment));
	GIVES(0, map(module, attachment, &mapping));
	*(volatile char *)memory = 42;
	GIVES(42, read_byte(module, mapping, 0));
	GIVES(0, write_byte(module, mapping, 1, 43));
	GIVES(43, load(memory + PAGE));
	GIVES(0, revoke_buffer(device, buffer));
	GIVES(-1, load(memory));
	GIVES(-ENODEV, map_cpu(buffer, 4));
	GIVES(-EINVAL, map_cpu(buffer, 5));
	GIVES(-EIO, read_byte(module, mapping, 0));
	GIVES(-ENODEV, map(module, attachment, &again));
	GIVES(-ENODEV, attach(module, buffer, CONFORM_KIND_DYNAMIC, 0, 0, &again));
	GIVES(1, invalidations(module, attachment));
	GIVES(-EBADFD, revoke_buffer(device, buffer));
	GIVES(0, set_memory(device, 0));
	GIVES(0, set_memory(device, 1));
	GIVES(-ENODEV, map_cpu(buffer, 4));
	GIVES(-EBADF, revoke_buffer(device, -1));
	GIVES(-EINVAL, revoke_buffer(device, module));
	GIVES(0, with_id(module, CONFORM_UNMAP, mapping));
	GIVES(0, with_id(module, CONFORM_DETACH, attachment));
	munmap((void *)memory, 4 * PAGE);
	close(buffer);
	close(device);
	close(module);
	nothing_is_left();
}

static void revoke_for_a_while(void)
{
	int module = open_module();
	unsigned int id, attachment, mapping, again;
	int device = create_device(module, 0, 4, &id);
	int buffer = export_pages(device, 0, 2);
	long memory = map_cpu(buffer, 2);

	GIVES(0, load(memory));
	GIVES(0, attach(module, buffer, CONFORM_KIND_REVOCABLE, CONFORM_POLICY_REMAP, 0, &attachment));
	GIVES(0, map(module, attachment, &mapping));
	GIVES(0, set_memory(device, 0));
	GIVES(-1, load(memory));
	GIVES(-ENODEV, map(module, attachment, &again));
	GIVES(0, set_memory(device, 1));
	GIVES(2, invalidations(module, attachment));
	GIVES(0, load(memory));
	GIVES(0, map(module, attachment, &again));
	GIVES(0, set_memory(device, 0));
	GIVES(0, revoke_buffer(device, buffer));
	GIVES(-EBADFD, revoke_buffer(device, buffer));
	close(device);
	GIVES(-ENODEV, map_cpu(buffer, 2));
	close(buffer);
	close(module);
	munmap((void *)memory, 2 * PAGE);
	nothing_is_left();
}

static void kinds_of_attachments(void)
{
	int module = open_module();
	unsigned int id;
	int device = create_device(module, 0, 4, &id);
	int buffer = export_pages(device, 0, 2);
	struct conform_attach no_p2p = { .argsz = sizeof(no_p2p), .dmabuf_fd = buffer };

	GIVES(-EOPNOTSUPP, attach(module, buffer, CONFORM_KIND_STATIC, 0, 0, &id));
	GIVES(-EOPNOTSUPP, request(module, CONFORM_ATTACH, &no_p2p));
	if (info(module).features & CONFORM_HAS_REVOCABLE)
		GIVES(-EOPNOTSUPP, attach(module, buffer, CONFORM_KIND_PINNED, 0, 0, &id));
	close(module);
	close(buffer);
	close(device);
	nothing_is_left();
}

struct call {
	pthread_t thread;
	int device;
	int buffer;
	volatile int is_over;
	int result;
};

static void *revoke_in_thread(void *argument)
{
	struct call *call = argument;

	call->result = revoke_buffer(call->device, call->buffer);
	call->is_over = 1;
	return NULL;
}

static void start(struct call *call, int device, int buffer)
{
	*call = (struct call) { .device = device, .buffer = buffer };
	pthread_create(&call->thread, NULL, revoke_in_thread, call);
	usleep(100000);
}

static int end(struct call *call)
{
	pthread_join(call->thread, NULL);
	return call->result;
}

static void waits_for_fences(void)
{
	int module = open_module();
	unsigned int id, fence, attachment, mapping;
	int device = create_device(module, 0, 4, &id);
	int buffer, usage;
	struct call call;

	for (usage = CONFORM_USAGE_KERNEL; usage <= CONFORM_USAGE_BOOKKEEP; usage++) {
		buffer = export_pages(device, 0, 2);
		GIVES(0, attach(module, buffer, CONFORM_KIND_DYNAMIC, CONFORM_POLICY_KEEP, 0, &attachment));
		GIVES(0, map(module, attachment, &mapping));
		close(create_fence(module, &fence));
		GIVES(0, add_fence(module, buffer, fence, usage));
		start(&call, device, buffer);
		CHECK("the revoke waits for the fence", !call.is_over);
		GIVES(0, read_byte(module, mapping, 0));
		GIVES(0, signal_fence(module, fence, usage == CONFORM_USAGE_READ ? EIO : 0));
		usleep(100000);
		CHECK("the revoke waits for the unmap", !call.is_over);
		GIVES(0, with_id(module, CONFORM_UNMAP, mapping));
		GIVES(0, end(&call));
		GIVES(0, with_id(module, CONFORM_DETACH, attachment));
		close(buffer);
	}
	close(device);
	close(module);
	nothing_is_left();
}

static void policies(void)
{
	int module = open_module();
	unsigned int id, attachment, mapping;
	int device = create_device(module, 0, 4, &id);
	int policy, buffer;

	for (policy = CONFORM_POLICY_LATER; policy <= CONFORM_POLICY_JOB; policy++) {
		buffer = export_pages(device, 0, 2);
		GIVES(0, attach(module, buffer, CONFORM_KIND_DYNAMIC, policy, 50, &attachment));
		GIVES(0, map(module, attachment, &mapping));
		GIVES(0, map(module, attachment, &mapping));
		GIVES(0, revoke_buffer(device, buffer));
		GIVES(-EIO, read_byte(module, mapping, 0));
		GIVES(0, with_id(module, CONFORM_DETACH, attachment));
		close(buffer);
	}
	close(device);
	close(module);
	nothing_is_left();
}

static void events_in_order(void)
{
	int module = open_module();
	struct conform_event events[8];
	unsigned int id, attachment, mapping;
	int device = create_device(module, 0, 4, &id);
	int buffer = export_pages(device, 0, 2);

	GIVES(0, attach(module, buffer, CONFORM_KIND_DYNAMIC, CONFORM_POLICY_REMAP, 0, &attachment));
	GIVES(0, map(module, attachment, &mapping));
	GIVES(0, revoke_buffer(device, buffer));
	GIVES(3 * (long)sizeof(events[0]), read(module, events, sizeof(events)));
	CHECK("told first", events[0].kind == CONFORM_EVENT_INVALIDATE && events[0].attachment == attachment);
	CHECK("then unmapped", events[1].kind == CONFORM_EVENT_UNMAP && events[1].count == 1);
	CHECK("then refused", events[2].kind == CONFORM_EVENT_REMAP && events[2].error == ENODEV);
	GIVES(0, read(module, events, sizeof(events)));
	/* everything is left open on purpose */
	close(module);
	GIVES(-EBADFD, revoke_buffer(device, buffer));
	close(buffer);
	close(device);
	nothing_is_left();
}

static void closing_undoes(void)
{
	int module = open_module(), other = open_module();
	unsigned int id, attachment, mapping, fence, vmapping;
	int device = create_device(other, 0, 4, &id);
	int buffer = export_pages(device, 0, 2);
	struct call call;

	GIVES(0, attach(module, buffer, CONFORM_KIND_REVOCABLE, CONFORM_POLICY_KEEP, 0, &attachment));
	GIVES(0, map(module, attachment, &mapping));
	GIVES(0, map(module, attachment, &vmapping));
	close(create_fence(module, &fence));
	GIVES(0, add_fence(module, buffer, fence, CONFORM_USAGE_READ));
	start(&call, device, buffer);
	CHECK("the revoke waits", !call.is_over);
	close(module);
	GIVES(0, end(&call));
	close(device);
	close(buffer);
	close(other);
	nothing_is_left();
}

/* The number of a mapping keeps nothing of a buffer whose importer is detached. */
static void detach_lets_go(void)
{
	int module = open_module();
	unsigned int id, attachment, mapping;
	int device = create_device(module, 0, 4, &id);
	int buffer = export_pages(device, 0, 2);

	GIVES(0, attach(module, buffer, CONFORM_KIND_DYNAMIC, CONFORM_POLICY_KEEP, 0, &attachment));
	GIVES(0, map(module, attachment, &mapping));
	close(buffer);
	CHECK("the attachment keeps the buffer", info(module).buffers == 1);
	GIVES(0, with_id(module, CONFORM_DETACH, attachment));
	CHECK("no buffer is left", info(module).buffers == 0);
	GIVES(-EIO, read_byte(module, mapping, 0));
	GIVES(0, with_id(module, CONFORM_UNMAP, mapping));
	GIVES(-ENOENT, with_id(module, CONFORM_DETACH, attachment));
	close(device);
	close(module);
	nothing_is_left();
}

static void *disable_in_thread(void *argument)
{
	struct call *call = argument;

	call->result = set_memory(call->device, 0);
	call->is_over = 1;
	return NULL;
}

/* An event that waits for a buffer keeps it, so that the last close does not wait for the event. */
static void last_close_goes_on(void)
{
	int module = open_module();
	unsigned int id, fence;
	int device = create_device(module, 0, 4, &id);
	int buffer = export_pages(device, 0, 2);
	struct call call = { .device = device };
	uint16_t command;

	close(create_fence(module, &fence));
	GIVES(0, add_fence(module, buffer, fence, CONFORM_USAGE_READ));
	pthread_create(&call.thread, NULL, disable_in_thread, &call);
	usleep(100000);
	CHECK("the event waits for the fence", !call.is_over);
	close(buffer);
	CHECK("the close does not wait for the event", !call.is_over);
	CHECK("the event keeps the buffer", info(module).buffers == 1);
	GIVES(2, pread(device, &command, 2, (7ll << 40) + 4));
	CHECK("a read of the configuration space does not wait for the event", !call.is_over);
	GIVES(0, signal_fence(module, fence, 0));
	GIVES(0, end(&call));
	CHECK("no buffer is left", info(module).buffers == 0);
	close(device);
	close(module);
	nothing_is_left();
}

static void reopened(void)
{
	int module = open_module();
	unsigned int id, attachment, mapping;
	int device = create_device(module, 0, 4, &id);
	int buffer = export_pages(device, 0, 2);
	struct conform_device_open open = { .argsz = sizeof(open), .id = id };

	GIVES(0, attach(module, buffer, CONFORM_KIND_DYNAMIC, CONFORM_POLICY_UNMAP, 0, &attachment));
	GIVES(0, map(module, attachment, &mapping));
	close(device);
	GIVES(1, invalidations(module, attachment));
	GIVES(-EIO, read_byte(module, mapping, 0));
	GIVES(0, request(module, CONFORM_DEVICE_OPEN, &open));
	GIVES(-ENODEV, revoke_buffer(open.fd, buffer));
	GIVES(-ENODEV, map_cpu(buffer, 2));
	close(buffer);
	buffer = export_pages(open.fd, 0, 2);
	GIVES(0, revoke_buffer(open.fd, buffer));
	close(buffer);
	close(open.fd);
	close(module);
	nothing_is_left();
}

static void test_exporter(void)
{
	int module = open_module();
	struct conform_export arg = {
		.argsz = sizeof(arg),
		.size = 4 * PAGE,
		.flags = CONFORM_EXPORT_MMAP | CONFORM_EXPORT_VMAP | CONFORM_EXPORT_PIN,
		.over_fd = -1,
	};
	struct conform_buffer_counts counts = { .argsz = sizeof(counts) };
	struct conform_cpu_access begin = { .argsz = sizeof(begin) };
	struct conform_buffer buffer = { .argsz = sizeof(buffer) };
	struct conform_map vmap = { .argsz = sizeof(vmap) };
	unsigned int attachment, mapping;
	long memory;

	GIVES(0, request(module, CONFORM_EXPORT, &arg));
	counts.dmabuf_fd = buffer.dmabuf_fd = arg.fd;
	memory = map_cpu(arg.fd, 4);
	*(volatile char *)(memory + PAGE) = 7;
	GIVES(0, attach(module, arg.fd, CONFORM_KIND_REVOCABLE, CONFORM_POLICY_UNMAP, 0, &attachment));
	GIVES(-EBUSY, request(module, CONFORM_MOVE, &buffer));
	GIVES(0, with_id(module, CONFORM_UNPIN, attachment));
	GIVES(0, map(module, attachment, &mapping));
	GIVES(7, read_byte(module, mapping, 1));
	GIVES(0, request(module, CONFORM_BUFFER_COUNTS, &counts));
	CHECK("one mapping", counts.mappings == 1 && counts.attachments == 1);
	GIVES(3, counts.references);
	/* a core without CONFIG_DMABUF_MOVE_NOTIFY pins what it maps */
	GIVES(counts.pins ? -EBUSY : 0, request(module, CONFORM_MOVE, &buffer));
	GIVES(counts.pins ? 7 : -EIO, read_byte(module, mapping, 1));
	GIVES(7, load(memory + PAGE));
	vmap.attachment = begin.attachment = attachment;
	GIVES(0, request(module, CONFORM_VMAP, &vmap));
	GIVES(7, read_byte(module, vmap.id, 1));
	GIVES(0, write_byte(module, vmap.id, 2, 9));
	GIVES(9, load(memory + 2 * PAGE));
	GIVES(0, request(module, CONFORM_CPU_ACCESS, &begin));
	GIVES(0, with_id(module, CONFORM_VUNMAP, vmap.id));
	GIVES(0, request(module, CONFORM_INVALIDATE, &buffer));
	GIVES(counts.pins ? 1 : 2, invalidations(module, attachment));
	munmap((void *)memory, 4 * PAGE);
	close(arg.fd);
	close(module);
	nothing_is_left();
}

static void cannot_unload_in_use(void)
{
	int module = open_module();

	GIVES(-EAGAIN, unload_module());
	close(module);
}

int main(void)
{
	become_init("safety_ms=5000");
	bad_requests();
	revoke_once();
	revoke_for_a_while();
	kinds_of_attachments();
	waits_for_fences();
	policies();
	events_in_order();
	closing_undoes();
	detach_lets_go();
	last_close_goes_on();
	reopened();
	test_exporter();
	cannot_unload_in_use();
	usleep(100000);
	GIVES(0, unload_module());
	GIVES(0, load_module("bugs=double-revoke-succeeds,no-zap"));
	GIVES(0, unload_module());
	GIVES(-EINVAL, load_module("bugs=no-such-bug"));
	return finish();
}
