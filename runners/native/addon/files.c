// SPDX-License-Identifier: MIT
/*
 * Descriptors and files.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "call.h"

/* args: flags, mode; data: the path */
int64_t do_open(struct call *call, void *data)
{
	const char *path = call_text(call, data);

	if (!path)
		return -EINVAL;
	return result_of(open(path, (int)call->args[0], (mode_t)call->args[1]));
}

int64_t do_close(struct call *call, void *data)
{
	return result_of(close((int)call->args[0]));
}

int64_t do_dup(struct call *call, void *data)
{
	return result_of(dup((int)call->args[0]));
}

int64_t do_dup_over(struct call *call, void *data)
{
	return result_of(dup2((int)call->args[0], (int)call->args[1]));
}

/* args: fd, command, argument */
int64_t do_fcntl(struct call *call, void *data)
{
	return result_of(fcntl((int)call->args[0], (int)call->args[1], (long)call->args[2]));
}

/* args: fd */
int64_t do_inode(struct call *call, void *data)
{
	struct stat about;

	if (fstat((int)call->args[0], &about))
		return -errno;
	return (int64_t)about.st_ino;
}

/* args: fd, offset, whence */
int64_t do_seek(struct call *call, void *data)
{
	return result_of(lseek((int)call->args[0], (off_t)call->args[1], (int)call->args[2]));
}

int64_t do_read(struct call *call, void *data)
{
	return result_of(read((int)call->args[0], data, call->length));
}

int64_t do_write(struct call *call, void *data)
{
	return result_of(write((int)call->args[0], data, call->length));
}

/* args: fd, offset */
int64_t do_read_at(struct call *call, void *data)
{
	return result_of(pread((int)call->args[0], data, call->length, (off_t)call->args[1]));
}

int64_t do_write_at(struct call *call, void *data)
{
	return result_of(pwrite((int)call->args[0], data, call->length, (off_t)call->args[1]));
}

/* args: fd, address, length; the kernel copies, so a bad address is EFAULT */
int64_t do_read_into(struct call *call, void *data)
{
	return result_of(read((int)call->args[0], (void *)(uintptr_t)call->args[1], call->args[2]));
}

int64_t do_write_from(struct call *call, void *data)
{
	return result_of(write((int)call->args[0], (void *)(uintptr_t)call->args[1], call->args[2]));
}

int64_t do_eventfd(struct call *call, void *data)
{
	return result_of(eventfd((unsigned int)call->args[0], (int)call->args[1]));
}

/* args: flags; data: gets two descriptors */
int64_t do_pipe(struct call *call, void *data)
{
	int ends[2];

	if (call->length < sizeof(ends))
		return -EINVAL;
	if (pipe2(ends, (int)call->args[0]))
		return -errno;
	memcpy(data, ends, sizeof(ends));
	return 0;
}

/* args: domain, type; data: gets two descriptors */
int64_t do_socketpair(struct call *call, void *data)
{
	int ends[2];

	if (call->length < sizeof(ends))
		return -EINVAL;
	if (socketpair((int)call->args[0], (int)call->args[1], 0, ends))
		return -errno;
	memcpy(data, ends, sizeof(ends));
	return 0;
}

/* args: flags; data: the name */
int64_t do_memfd(struct call *call, void *data)
{
	const char *name = call_text(call, data);

	if (!name)
		return -EINVAL;
	return result_of(memfd_create(name, (unsigned int)call->args[0]));
}

int64_t do_truncate(struct call *call, void *data)
{
	return result_of(ftruncate((int)call->args[0], (off_t)call->args[1]));
}

/* args: fd, events, timeout in ms; gives the events that are there */
int64_t do_poll(struct call *call, void *data)
{
	struct pollfd one = { .fd = (int)call->args[0], .events = (short)call->args[1] };
	int ready = poll(&one, 1, (int)call->args[2]);

	return ready < 0 ? -errno : one.revents;
}

/* args: the new soft limit of open files, or -1 for the hard one; gives the old */
int64_t do_limit(struct call *call, void *data)
{
	struct rlimit limit;
	rlim_t old;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return -errno;
	old = limit.rlim_cur;
	limit.rlim_cur = call->args[0] == UINT64_MAX ? limit.rlim_max : (rlim_t)call->args[0];
	if (setrlimit(RLIMIT_NOFILE, &limit))
		return -errno;
	return (int64_t)old;
}
