// SPDX-License-Identifier: MIT
/*
 * Starting helper processes.
 *
 * The program is started from a file in memory. It is not a fork of the suite:
 * it has no mapping and no descriptor of the suite but its end of the channel.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "channel.h"
#include "spawn.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

extern const char helper_image[];
extern const char helper_image_end[];
extern char **environ;

static int write_whole(int fd, const char *bytes, size_t length)
{
	while (length) {
		ssize_t written = write(fd, bytes, length);

		if (written < 0)
			return -errno;
		bytes += written;
		length -= (size_t)written;
	}
	return 0;
}

/* A file in memory that holds the helper program; gives its descriptor or -errno. */
static int image_file(void)
{
	int fd = memfd_create("conform-helper", MFD_CLOEXEC | MFD_EXEC);
	int error;

	/* before Linux 6.3 there is no such flag */
	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("conform-helper", MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	error = write_whole(fd, helper_image, (size_t)(helper_image_end - helper_image));
	if (!error)
		return fd;
	close(fd);
	return error;
}

static int set_up(posix_spawn_file_actions_t *actions, posix_spawnattr_t *attributes, int theirs)
{
	sigset_t none, all;
	int error;

	sigemptyset(&none);
	sigfillset(&all);
	error = posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDWR, 0);
	if (!error)
		error = posix_spawn_file_actions_addopen(actions, 1, "/dev/null", O_RDWR, 0);
	if (!error)
		error = posix_spawn_file_actions_adddup2(actions, theirs, HELPER_CHANNEL);
	if (!error)
		error = posix_spawnattr_setsigmask(attributes, &none);
	if (!error)
		error = posix_spawnattr_setsigdefault(attributes, &all);
	/* a group of its own: what a terminal sends is for the suite */
	if (!error)
		error = posix_spawnattr_setpgroup(attributes, 0);
	if (!error)
		error = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK |
						 POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
	return error;
}

static int start(const char *path, char *const argv[], int theirs, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int error;

	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	error = set_up(&actions, &attributes, theirs);
	if (!error)
		error = posix_spawnp(pid, path, &actions, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return -error;
}

/* Written once; it stays open for as long as the suite runs. */
static int image = -1;

static void make_image(void)
{
	image = image_file();
}

static int start_image(int theirs, pid_t *pid)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	char *argv[] = { "conform-helper", NULL };
	char path[32];

	pthread_once(&once, make_image);
	if (image < 0)
		return image;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", image);
	return start(path, argv, theirs, pid);
}

int helper_spawn(char *const argv[], pid_t *pid, int *channel)
{
	int ends[2];
	int error;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return -errno;
	error = argv ? start(argv[0], argv, ends[1], pid) : start_image(ends[1], pid);
	close(ends[1]);
	if (error)
		close(ends[0]);
	else
		*channel = ends[0];
	return error;
}
