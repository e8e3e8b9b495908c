// SPDX-License-Identifier: MIT
/*
 * Starting helper processes.
 *
 * The program is started from a file in memory. It is not a fork of the suite:
 * it has no mapping and no descriptor of the suite but its end of the channel.
 * It is started once, and the helper processes are copies of that one, which
 * does nothing else: to start the program for each costs more than most cases.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "channel.h"
#include "helper.h"
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

/* Starts the program that argv names, or the one within the addon where argv is NULL. */
static int spawn(char *const argv[], struct helper *helper)
{
	int ends[2];
	int error;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return -errno;
	*helper = (struct helper){ .channel = ends[0] };
	error = argv ? start(argv[0], argv, ends[1], &helper->pid) : start_image(ends[1], &helper->pid);
	close(ends[1]);
	if (error)
		close(ends[0]);
	return error;
}

int helper_spawn(char *const argv[], struct helper *helper)
{
	return spawn(argv, helper);
}

/* How long a helper process may take to answer what never takes long, in milliseconds. */
#define ANSWER_MS 1000

/* Room for a message of one call. */
union question {
	struct message message;
	_Alignas(struct message) char bytes[sizeof(struct message) + sizeof(struct call)];
};

/* Has a thread of a helper process do a call without arguments, and sends a descriptor along unless it is -1. */
static int64_t ask(int channel, uint32_t thread, uint32_t primitive, int fd)
{
	union question question = { .message = { .thread = thread, .count = 1, .fd = -1 } };
	struct pollfd one = { .fd = channel, .events = POLLIN };
	int error, none;

	question.message.calls[0] = (struct call){ .primitive = primitive };
	error = channel_send(channel, &question, sizeof(question), fd);
	if (error)
		return error;
	if (poll(&one, 1, ANSWER_MS) < 1)
		return -ETIMEDOUT;
	if (channel_receive(channel, &question, sizeof(question), MSG_DONTWAIT, &none) != sizeof(question))
		return -EPIPE;
	return question.message.calls[0].result;
}

/* The helper process that the others are copies of. It does nothing for a case. */
static struct helper stem = { .channel = -1 };
static pthread_mutex_t stem_lock = PTHREAD_MUTEX_INITIALIZER;

/* Starts the stem where there is none. */
static int grow(void)
{
	return stem.channel < 0 ? spawn(NULL, &stem) : 0;
}

/* Gives up a stem that does not answer; it is reaped where it has ended already. */
static void fell(void)
{
	kill(stem.pid, SIGKILL);
	waitpid(stem.pid, NULL, WNOHANG);
	close(stem.channel);
	stem.channel = -1;
}

/* Has the stem make a copy of itself. */
static int bud(struct helper *helper)
{
	int ends[2];
	int64_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return -errno;
	pid = ask(stem.channel, 0, primitive_count + CONTROL_bud, ends[1]);
	close(ends[1]);
	if (pid > 0) {
		*helper = (struct helper){ .pid = (pid_t)pid, .channel = ends[0] };
		return 0;
	}
	close(ends[0]);
	fell();
	return (int)pid;
}

/* Gives another helper process of the program within the addon. */
static int another(struct helper *helper)
{
	int error;

	pthread_mutex_lock(&stem_lock);
	error = grow();
	if (!error)
		error = bud(helper);
	pthread_mutex_unlock(&stem_lock);
	return error ? spawn(NULL, helper) : 0;
}

/*
 * The helper process that is started ahead. To start one holds up whoever does
 * it until the program runs, so that a thread does it that has nothing else to do.
 */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int has_thread;
	enum { NOTHING, WANTED, READY } state;
	int error;
	struct helper helper;
} next = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

/* Has a helper process start its first thread; gives the id of that, or 0. */
static pid_t first_thread(const struct helper *helper)
{
	int64_t thread = ask(helper->channel, 1, PRIMITIVE_thread_id, -1);

	return thread > 0 ? (pid_t)thread : 0;
}

static void await_wanted(void)
{
	pthread_mutex_lock(&next.lock);
	while (next.state != WANTED)
		pthread_cond_wait(&next.changed, &next.lock);
	pthread_mutex_unlock(&next.lock);
}

static void *start_ahead(void *unused)
{
	for (;;) {
		struct helper helper;
		int error;

		await_wanted();
		error = another(&helper);
		if (!error)
			helper.thread = first_thread(&helper);
		pthread_mutex_lock(&next.lock);
		next.error = error;
		next.helper = helper;
		next.state = READY;
		pthread_cond_signal(&next.changed);
		pthread_mutex_unlock(&next.lock);
	}
	return NULL;
}

void helper_prepare(void)
{
	pthread_t thread;

	pthread_mutex_lock(&next.lock);
	if (!next.has_thread && !pthread_create(&thread, NULL, start_ahead, NULL)) {
		pthread_detach(thread);
		next.has_thread = 1;
	}
	if (next.has_thread && next.state == NOTHING) {
		next.state = WANTED;
		pthread_cond_signal(&next.changed);
	}
	pthread_mutex_unlock(&next.lock);
}

/* Whether a helper process that was started ahead has ended since; it is reaped then. */
static int has_ended(const struct helper *helper)
{
	if (waitpid(helper->pid, NULL, WNOHANG) != helper->pid)
		return 0;
	close(helper->channel);
	return 1;
}

int helper_take(struct helper *helper)
{
	int taken;

	pthread_mutex_lock(&next.lock);
	while (next.state == WANTED)
		pthread_cond_wait(&next.changed, &next.lock);
	taken = next.state == READY && !next.error;
	if (taken)
		*helper = next.helper;
	next.state = NOTHING;
	pthread_mutex_unlock(&next.lock);
	return taken && !has_ended(helper) ? 0 : another(helper);
}

/* Closes the descriptors from one to the one before another; kernels before Linux 5.9 cannot. */
static void close_between(unsigned int from, unsigned int to)
{
	if (from < to)
		syscall(SYS_close_range, from, to - 1, 0);
}

static int by_number(const void *one, const void *other)
{
	return *(const int *)one - *(const int *)other;
}

void helper_close_others(int above)
{
	int kept[3], i, from = above + 1;

	pthread_mutex_lock(&next.lock);
	while (next.state == WANTED)
		pthread_cond_wait(&next.changed, &next.lock);
	pthread_mutex_lock(&stem_lock);
	kept[0] = image;
	kept[1] = stem.channel;
	kept[2] = next.state == READY && !next.error ? next.helper.channel : -1;
	qsort(kept, 3, sizeof(kept[0]), by_number);
	for (i = 0; i < 3; i++) {
		if (kept[i] < from)
			continue;
		close_between((unsigned int)from, (unsigned int)kept[i]);
		from = kept[i] + 1;
	}
	close_between((unsigned int)from, ~0U);
	pthread_mutex_unlock(&stem_lock);
	pthread_mutex_unlock(&next.lock);
}
