// SPDX-License-Identifier: GPL-2.0
/*
 * Requests to the module, checks that count, and what process 1 of a virtual machine does.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "check.h"

int failures;

void check_that(int is_so, const char *what, long seen, int line)
{
	if (is_so)
		return;
	failures++;
	printf("not ok: %s (saw %ld, line %d)\n", what, seen, line);
}

long request(int fd, unsigned long number, void *argument)
{
	long ret = ioctl(fd, number, argument);

	return ret < 0 ? -errno : ret;
}

int open_module(void)
{
	int fd = open(CONFORM_PATH, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int attach(int module, int buffer, unsigned int kind, unsigned int policy, unsigned int delay, unsigned int *id)
{
	struct conform_attach arg = {
		.argsz = sizeof(arg),
		.dmabuf_fd = buffer,
		.kind = kind,
		.policy = policy,
		.delay_ms = delay,
		.flags = kind == CONFORM_KIND_STATIC ? 0 : CONFORM_ATTACH_PEER2PEER,
	};
	int ret = request(module, CONFORM_ATTACH, &arg);

	*id = arg.id;
	return ret;
}

int map(int module, unsigned int attachment, unsigned int *id)
{
	struct conform_map arg = { .argsz = sizeof(arg), .attachment = attachment };
	int ret = request(module, CONFORM_MAP, &arg);

	*id = arg.id;
	return ret;
}

int with_id(int module, unsigned long number, unsigned int id)
{
	struct conform_object arg = { .argsz = sizeof(arg), .id = id };

	return request(module, number, &arg);
}

int read_byte(int module, unsigned int mapping, unsigned int page)
{
	struct conform_access arg = { .argsz = sizeof(arg), .id = mapping, .offset = page * PAGE, .size = 1 };
	int ret = request(module, CONFORM_ACCESS, &arg);

	return ret < 0 ? ret : (int)arg.value;
}

int write_byte(int module, unsigned int mapping, unsigned int page, unsigned char value)
{
	struct conform_access arg = {
		.argsz = sizeof(arg),
		.id = mapping,
		.offset = page * PAGE,
		.size = 1,
		.value = value,
		.write = 1,
	};

	return request(module, CONFORM_ACCESS, &arg);
}

int create_fence(int module, unsigned int *id)
{
	struct conform_fence_create arg = { .argsz = sizeof(arg) };
	int ret = request(module, CONFORM_FENCE_CREATE, &arg);

	*id = arg.id;
	return ret < 0 ? ret : arg.fd;
}

int add_fence(int module, int buffer, unsigned int fence, unsigned int usage)
{
	struct conform_fence_add arg = {
		.argsz = sizeof(arg),
		.dmabuf_fd = buffer,
		.fence_fd = -1,
		.id = fence,
		.usage = usage,
	};

	return request(module, CONFORM_FENCE_ADD, &arg);
}

int signal_fence(int module, unsigned int id, unsigned int error)
{
	struct conform_fence_signal arg = { .argsz = sizeof(arg), .id = id, .error = error };

	return request(module, CONFORM_FENCE_SIGNAL, &arg);
}

unsigned int invalidations(int module, unsigned int attachment)
{
	struct conform_importer_counts arg = { .argsz = sizeof(arg), .attachment = attachment };
	int ret = request(module, CONFORM_IMPORTER_COUNTS, &arg);

	return ret < 0 ? 999 : arg.invalidations;
}

int create_device(int module, unsigned int flags, unsigned int pages, unsigned int *id)
{
	struct conform_device_create arg = {
		.argsz = sizeof(arg),
		.flags = flags,
		.dialect = {
			.flags = CONFORM_STATE_FIRST | CONFORM_WAIT_UNMAP | CONFORM_UNREVOKE_NOTIFIES |
				 CONFORM_CLOSE_RENOTIFIES | CONFORM_HAS_MMAP,
			.fence_usage = CONFORM_USAGE_BOOKKEEP,
			.rearm = CONFORM_REARM_UNREVOKE,
			.request = CONFORM_REQUEST_IOCTL,
		},
		.bar0_size = (uint64_t)pages * PAGE,
		.bar0_kind = CONFORM_BAR_MEMORY,
	};
	int ret = request(module, CONFORM_DEVICE_CREATE, &arg);

	*id = arg.id;
	return ret < 0 ? ret : arg.fd;
}

/* VFIO_DEVICE_FEATURE with GET, the feature 11, and one range. */
int export_pages(int device, unsigned int first, unsigned int pages)
{
	struct {
		uint32_t argsz, flags, region, open_flags, export_flags, count;
		uint64_t offset, length;
	} arg = {
		.argsz = sizeof(arg),
		.flags = 11 | 1 << 16,
		.open_flags = O_RDWR | O_CLOEXEC,
		.count = 1,
		.offset = (uint64_t)first * PAGE,
		.length = (uint64_t)pages * PAGE,
	};

	return request(device, _IO(';', 117), &arg);
}

int revoke_buffer(int device, int buffer)
{
	uint32_t arg[2] = { 8, buffer };

	return request(device, _IO(';', 122), arg);
}

int set_memory(int device, int on)
{
	uint16_t command = on ? 2 : 0;

	return pwrite(device, &command, 2, (7ll << 40) + 4) == 2 ? 0 : -errno;
}

long map_cpu(int buffer, unsigned int pages)
{
	void *at = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, buffer, 0);

	return at == MAP_FAILED ? -errno : (long)at;
}

static __thread sigjmp_buf after_fault;

static void faulted(int signal)
{
	siglongjmp(after_fault, 1);
}

int load(long address)
{
	struct sigaction action = { .sa_handler = faulted };

	sigaction(SIGBUS, &action, NULL);
	if (sigsetjmp(after_fault, 1))
		return -1;
	return *(volatile unsigned char *)address;
}

int load_module(const char *parameters)
{
	int fd = open("/dmabuf_conform.ko", O_RDONLY | O_CLOEXEC);
	long ret = syscall(SYS_finit_module, fd, parameters, 0);

	if (ret < 0)
		ret = -errno;
	close(fd);
	return ret;
}

int unload_module(void)
{
	return syscall(SYS_delete_module, "dmabuf_conform", O_NONBLOCK) ? -errno : 0;
}

void become_init(const char *parameters)
{
	struct utsname name;

	if (getpid() != 1)
		return;
	mkdir("/proc", 0755);
	mkdir("/dev", 0755);
	mkdir("/sys", 0755);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("dev", "/dev", "devtmpfs", 0, NULL);
	mount("sys", "/sys", "sysfs", 0, NULL);
	setvbuf(stdout, NULL, _IOLBF, 0);
	uname(&name);
	printf("kernel %s\n", name.release);
	GIVES(0, load_module(parameters));
}

int finish(void)
{
	printf("%s: %d\n", failures ? "FAILED" : "PASSED", failures);
	if (getpid() != 1)
		return failures != 0;
	fflush(stdout);
	sync();
	reboot(RB_POWER_OFF);
	return 0;
}
