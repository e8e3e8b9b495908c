// SPDX-License-Identifier: MIT
/*
 * The executor: does on its machine what the suite on another one tells it, over
 * its standard streams. It starts helper processes and passes their messages on,
 * and knows nothing of cases. It ends when the suite hangs up.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "executor.h"
#include "guard.h"
#include "helper.h"
#include "spawn.h"
#include "wire.h"

/* Helper processes, and waits for the end of one, at the most. */
#define MANY 128

/* The descriptor from which it reads, once, what it is told of its machine. */
#define TOLD 3

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ONE(name) +1
enum { CONTROL_COUNT = 0 CONTROLS(ONE) };
#undef ONE

/* The channels that are listened to. */
static int channels[MANY];
static size_t channel_count;

/* The processes that were started and have not been reaped. */
static pid_t processes[MANY];
static size_t process_count;

/* A wait for the end of a process, to be answered when it is over. */
struct wait {
	pid_t pid;
	int pidfd;
	int64_t deadline;	/* in milliseconds */
	struct message *message;
	size_t length;
};

static struct wait waits[MANY];
static size_t wait_count;

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The suite is gone where nothing can be written to it. */
static void answer(uint32_t channel, const void *message, size_t length)
{
	if (wire_write(STDOUT_FILENO, channel, message, length))
		exit(1);
}

static void listen_to(int channel)
{
	size_t i;

	for (i = 0; i < channel_count; i++) {
		if (channels[i] == channel)
			return;
	}
	if (channel_count < MANY)
		channels[channel_count++] = channel;
}

/* Listens no more; the suite is told, which closes it. */
static void end_of(int channel)
{
	size_t i;

	for (i = 0; i < channel_count; i++) {
		if (channels[i] != channel)
			continue;
		channels[i] = channels[--channel_count];
		answer((uint32_t)channel, NULL, 0);
		return;
	}
}

static void pass_on(int channel)
{
	static _Alignas(struct message) char bytes[MESSAGE_MAX];
	struct message *message = (struct message *)bytes;
	int64_t length;
	int fd;

	length = channel_receive(channel, bytes, sizeof(bytes), MSG_DONTWAIT, &fd);
	if (length == -EAGAIN)
		return;
	if (length < (int64_t)sizeof(*message))
		return end_of(channel);
	message->fd = fd;
	answer((uint32_t)channel, message, (size_t)length);
}

static void forget_process(pid_t pid)
{
	size_t i;

	for (i = 0; i < process_count; i++) {
		if (processes[i] == pid)
			processes[i--] = processes[--process_count];
	}
}

/* -EAGAIN while the process lives; its exit status, or 256 and the signal that ended it; another -errno. */
static int64_t reap(pid_t pid)
{
	int status = 0;
	pid_t gone = waitpid(pid, &status, WNOHANG);

	if (gone < 0)
		return -errno;
	if (!gone)
		return -EAGAIN;
	forget_process(pid);
	return WIFSIGNALED(status) ? 256 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Ends whatever an earlier suite has left, and whatever waits for it. */
static void begin_anew(void)
{
	while (process_count) {
		pid_t pid = processes[--process_count];

		kill(pid, SIGKILL);
		waitpid(pid, NULL, WNOHANG);
	}
	while (channel_count)
		close(channels[--channel_count]);
	while (wait_count) {
		close(waits[--wait_count].pidfd);
		free(waits[wait_count].message);
	}
}

#define NAME(name) #name " "
static const char more_names[] = CONTROLS(NAME) DUTIES(NAME);
#undef NAME

static size_t add(char *text, size_t length, size_t room, const char *more)
{
	size_t count = strlen(more);

	if (count >= room - length)
		return length;
	memcpy(text + length, more, count + 1);
	return length + count;
}

/* What it was told of its machine; read once, until whoever tells it hangs up. */
static const char *told(void)
{
	static char text[4096];
	static size_t length;
	static int is_read;
	ssize_t more = 1;
	int nothing;

	while (!is_read && more > 0 && length < sizeof(text) - 1) {
		more = read(TOLD, text + length, sizeof(text) - 1 - length);
		length += more > 0 ? (size_t)more : 0;
	}
	is_read = 1;
	/* the number is that of a helper's channel, which nothing of this process is to have */
	nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
	dup2(nothing, TOLD);
	if (nothing != TOLD)
		close(nothing);
	return text;
}

/* data: gets the names of all that can be asked for, in order, a line feed, and what it was told; gives the length */
static int64_t hello(struct call *call, char *data)
{
	size_t length = 0;
	unsigned int i;

	begin_anew();
	if (!call->length)
		return -EINVAL;
	for (i = 0; i < primitive_count; i++) {
		length = add(data, length, call->length, primitive_names[i]);
		length = add(data, length, call->length, " ");
	}
	length = add(data, length, call->length, more_names);
	length = add(data, length, call->length, "\n");
	return (int64_t)add(data, length, call->length, told());
}

/* data: gets the process id, the channel, and the id of its first thread or 0 */
static int64_t start(struct call *call, char *data)
{
	struct helper helper;
	int32_t facts[3];
	int error;

	if (call->length < sizeof(facts))
		return -EINVAL;
	if (process_count == MANY || channel_count == MANY)
		return -EAGAIN;
	error = helper_take(&helper);
	if (error)
		return error;
	processes[process_count++] = helper.pid;
	listen_to(helper.channel);
	facts[0] = helper.pid;
	facts[1] = helper.channel;
	facts[2] = helper.thread;
	memcpy(data, facts, sizeof(facts));
	return 0;
}

/* args: channel, whose number is free then */
static int64_t hang_up(const struct call *call)
{
	int channel = (int)call->args[0];

	end_of(channel);
	return result_of(close(channel));
}

/* args: process id, signal; 0 and below mean more than one process */
static int64_t signal_process(const struct call *call)
{
	pid_t pid = (pid_t)call->args[0];

	return pid <= 1 ? -EINVAL : result_of(kill(pid, (int)call->args[1]));
}

/*
 * args: process id, how long to wait in milliseconds. Gives what reap() does. A
 * process that lives is waited for, and the message answered when that is over.
 */
static int64_t gone(const struct call *call, struct message **waiting)
{
	pid_t pid = (pid_t)call->args[0];
	int64_t ms = (int64_t)call->args[1];
	int64_t status = pid <= 1 ? -EINVAL : reap(pid);
	struct wait *wait = &waits[wait_count];

	if (status != -EAGAIN || !ms || wait_count == MANY)
		return status;
	wait->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (wait->pidfd < 0)
		return status;
	wait->pid = pid;
	wait->deadline = now_ms() + ms;
	wait->message = *waiting;
	wait_count++;
	*waiting = NULL;
	return status;
}

/* A message for this process: a copy that is kept where its answer has to wait. */
static void act(struct message *message, struct call *call, void *kept)
{
	char *data = (char *)message_data(message) + call->offset;

	if (call->primitive < primitive_count)
		return call_do(call, data);
	call->signal = 0;
	switch (call->primitive - primitive_count - CONTROL_COUNT) {
	case DUTY_hello:
		call->result = hello(call, data);
		return;
	case DUTY_start:
		call->result = start(call, data);
		return;
	case DUTY_prepare:
		helper_prepare();
		call->result = 0;
		return;
	case DUTY_hang_up:
		call->result = hang_up(call);
		return;
	case DUTY_kill:
		call->result = signal_process(call);
		return;
	case DUTY_gone:
		call->result = gone(call, kept);
		return;
	}
	call->result = -ENOSYS;
}

/* Does a message of its own, in the place where it stands, unless the answer has to wait. */
static void do_own(struct message *message, size_t length)
{
	size_t before = wait_count;
	struct message *copy = malloc(length), *kept = copy;

	if (!copy)
		exit(1);
	memcpy(copy, message, length);
	message_do(copy, act, &kept);
	if (wait_count > before && !kept) {
		waits[before].length = length;
		return;
	}
	answer(0, copy, length);
	free(copy);
}

static void take(uint32_t channel, struct message *message, size_t length)
{
	if (!message_valid(message, length))
		return;
	if (!channel)
		return do_own(message, length);
	listen_to((int)channel);
	if (channel_send((int)channel, message, length, message->fd))
		end_of((int)channel);
}

/* Answers the waits that are over. */
static void answer_waits(void)
{
	size_t i;

	for (i = 0; i < wait_count; i++) {
		struct wait wait = waits[i];
		int64_t status = reap(wait.pid);

		if (status == -EAGAIN && now_ms() < wait.deadline)
			continue;
		waits[i--] = waits[--wait_count];
		close(wait.pidfd);
		wait.message->calls[0].result = status;
		answer(0, wait.message, wait.length);
		free(wait.message);
	}
}

/* How long nothing has to be done by itself, in milliseconds; -1 is for ever. */
static int idle_ms(void)
{
	int64_t least = -1;
	size_t i;

	for (i = 0; i < wait_count; i++) {
		int64_t left = waits[i].deadline - now_ms();

		if (least < 0 || left < least)
			least = left < 0 ? 0 : left;
	}
	return (int)least;
}

/* Waits for something to happen, and sees to it. Gives 1 where the suite has hung up. */
static int turn(void)
{
	static struct pollfd polled[1 + 2 * MANY];
	size_t channels_end = 1 + channel_count, all = channels_end + wait_count, i;

	polled[0] = (struct pollfd){ .fd = STDIN_FILENO, .events = POLLIN };
	for (i = 0; i < channel_count; i++)
		polled[1 + i] = (struct pollfd){ .fd = channels[i], .events = POLLIN };
	for (i = 0; i < wait_count; i++)
		polled[channels_end + i] = (struct pollfd){ .fd = waits[i].pidfd, .events = POLLIN };
	if (poll(polled, all, idle_ms()) < 0)
		return errno != EINTR;
	/* answers first: what is told now may close their channels */
	for (i = 1; i < channels_end; i++) {
		if (polled[i].revents)
			pass_on(polled[i].fd);
	}
	if (wait_count)
		answer_waits();
	return polled[0].revents && wire_read(STDIN_FILENO, take);
}

/* It is never copied. */
int64_t do_fork(struct call *call, void *data)
{
	return -ENOSYS;
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	if (guard_install())
		return 1;
	while (!turn())
		;
	begin_anew();
	return 0;
}
