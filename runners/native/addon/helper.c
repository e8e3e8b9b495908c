// SPDX-License-Identifier: MIT
/*
 * A helper process: a process of a case. It does the calls that the suite sends
 * it on threads of its own, so that nothing that a kernel does to a caller is
 * done to the suite. It ends when the suite does.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guard.h"
#include "helper.h"
#include "lane.h"

/*
 * args: fd. The descriptor goes with the answer. It is looked at first, so that
 * a closed one is an error of the call and not of the channel.
 */
static int64_t give(const struct call *call, struct message *message)
{
	int fd = (int)call->args[0];

	if (fcntl(fd, F_GETFD) < 0)
		return -errno;
	message->fd = fd;
	return 0;
}

/* Gives the number of the descriptor that came with the message. */
static int64_t take(int *received)
{
	int fd = *received;

	/* the kernel drops it where there is no number for it */
	if (fd < 0)
		return -EMFILE;
	*received = -1;
	return result_of(fcntl(fd, F_SETFD, 0)) < 0 ? -errno : fd;
}

static void __attribute__((noreturn)) serve(void);

/*
 * Makes a copy that hears from the suite by the descriptor that came with the
 * message, and gives its process id. Of a process that has done nothing yet it
 * is a cheap way to have another one. It is no child of this one but of the
 * suite, which waits for it; fork() cannot make such.
 */
static int64_t bud(int received)
{
	pid_t pid = (pid_t)syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);

	if (pid)
		return result_of(pid);
	if (setpgid(0, 0) || dup2(received, HELPER_CHANNEL) < 0)
		_exit(1);
	close(received);
	serve();
}

static int64_t do_control(const struct call *call, struct message *message, int *received)
{
	switch (call->primitive - primitive_count) {
	case CONTROL_cancel:
		return lane_cancel((uint32_t)call->args[0]);
	case CONTROL_give:
		return give(call, message);
	case CONTROL_take:
		return take(received);
	case CONTROL_bud:
		return bud(*received);
	}
	return -ENOSYS;
}

/* Does a message of the reading thread, whose calls may not wait. */
static void do_here(struct message *message, size_t length, int received)
{
	uint32_t i;

	message->fd = -1;
	for (i = 0; i < message->count; i++) {
		struct call *call = &message->calls[i];

		if (call->primitive < primitive_count)
			call_do(call, (char *)message_data(message) + call->offset);
		else
			call->result = do_control(call, message, &received);
	}
	if (received >= 0)
		close(received);
	channel_send(HELPER_CHANNEL, message, length, message->fd);
}

static void refuse(struct message *message, size_t length, int error)
{
	uint32_t i;

	for (i = 0; i < message->count; i++)
		message->calls[i].result = error;
	channel_send(HELPER_CHANNEL, message, length, -1);
}

static void dispatch(const char *bytes, size_t length, int received)
{
	struct message *message;
	int error;

	if (!message_valid((const struct message *)bytes, length))
		return;
	message = malloc(length);
	if (!message)
		_exit(1);
	memcpy(message, bytes, length);
	if (!message->thread) {
		do_here(message, length, received);
		free(message);
		return;
	}
	error = lane_submit(message, length);
	if (error) {
		refuse(message, length, error);
		free(message);
	}
}

/* Does messages until the suite hangs up. */
static void serve(void)
{
	static _Alignas(struct message) char bytes[MESSAGE_MAX];
	int64_t length;
	int fd;

	for (;;) {
		length = channel_receive(HELPER_CHANNEL, bytes, sizeof(bytes), 0, &fd);
		if (length <= 0)
			break;
		dispatch(bytes, (size_t)length, fd);
	}
	/* not exit(): the other threads may be anywhere */
	_exit(length ? 1 : 0);
}

/*
 * args: the descriptor by which the copy is to hear from the suite. Gives the
 * copy's process id. The copy has one thread, which reads from then on.
 */
int64_t do_fork(struct call *call, void *data)
{
	int channel = (int)call->args[0];
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (pid) {
		close(channel);
		return pid;
	}
	if (dup2(channel, HELPER_CHANNEL) < 0)
		_exit(1);
	close(channel);
	lane_forget();
	serve();
}

int main(void)
{
	/* the copies of this process are nobody's to wait for but the suite's */
	signal(SIGCHLD, SIG_IGN);
	/* a thread with memory of its own costs a copy more than all its calls */
	mallopt(M_ARENA_MAX, 1);
	if (guard_install() || lane_setup())
		return 1;
	serve();
}
