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
#include <sched.h>
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

/* How long it waits for the end of a process at the most, and how long between two looks where it cannot be told of it. */
#define WAIT_MAX_MS 86400000
#define LOOK_MS 10

/* The descriptor from which it reads, once, what it is told of its machine. */
#define TOLD 3

#define ONE(name) +1
enum { CONTROL_COUNT = 0 CONTROLS(ONE) };
#undef ONE

/* A message that a helper process has no room for yet, and the descriptor that goes along or -1. */
struct unsent {
	struct unsent *next;
	size_t length;
	int fd;
	_Alignas(struct message) char bytes[];
};

/* A channel that is listened to, and what is to be sent over it, the first first. */
struct channel {
	int fd;
	struct unsent *unsent;
};

static struct channel channels[MANY];
static size_t channel_count;

/* The processes that were started and have not been reaped. */
static pid_t processes[MANY];
static size_t process_count;

/* Those of an earlier suite, which were killed and are still to be reaped. */
static pid_t lost[MANY];
static size_t lost_count;

/* A wait for the end of a process, to be answered when it is over. */
struct wait {
	pid_t pid;
	int pidfd;	/* or -1 where the kernel gives none */
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

/* The descriptor of which every answer says whether there is something to read; -1 where nobody can tell. */
static int watched = -1;

static int is_readable(void)
{
	struct pollfd one = { .fd = watched, .events = POLLIN };

	return watched < 0 || poll(&one, 1, 0) > 0;
}

/* The suite is gone where nothing can be written to it. */
static void answer(uint32_t channel, const void *message, size_t length)
{
	if (wire_write(STDOUT_FILENO, channel, message, length, is_readable()))
		exit(1);
}

static void flush(void)
{
	if (wire_flush(STDOUT_FILENO))
		exit(1);
}

static struct channel *find(int fd)
{
	size_t i;

	for (i = 0; i < channel_count; i++) {
		if (channels[i].fd == fd)
			return &channels[i];
	}
	return NULL;
}

/* NULL where there are too many, or no such descriptor. */
static struct channel *listen_to(int fd)
{
	struct channel *known = find(fd);

	if (known || channel_count == MANY)
		return known;
	/* a helper process that takes nothing must hold up nobody but its own messages */
	if (fcntl(fd, F_SETFL, O_NONBLOCK))
		return NULL;
	channels[channel_count] = (struct channel){ .fd = fd };
	return &channels[channel_count++];
}

static void drop_first(struct channel *channel)
{
	struct unsent *first = channel->unsent;

	channel->unsent = first->next;
	if (first->fd >= 0)
		close(first->fd);
	free(first);
}

static void forget_channel(struct channel *channel)
{
	while (channel->unsent)
		drop_first(channel);
	*channel = channels[--channel_count];
}

/* Listens no more; the suite is told, which closes it. */
static void end_of(int fd)
{
	struct channel *channel = find(fd);

	if (channel)
		forget_channel(channel);
	answer((uint32_t)fd, NULL, 0);
}

/* Keeps a message until there is room for it. Its descriptor may be closed meanwhile, so that a copy is kept. */
static int keep(struct channel *channel, const struct message *message, size_t length)
{
	struct unsent **last = &channel->unsent, *unsent = malloc(sizeof(*unsent) + length);

	if (!unsent)
		return -ENOMEM;
	*unsent = (struct unsent){ .length = length, .fd = -1 };
	if (message->fd >= 0)
		unsent->fd = fcntl(message->fd, F_DUPFD_CLOEXEC, 0);
	memcpy(unsent->bytes, message, length);
	while (*last)
		last = &(*last)->next;
	*last = unsent;
	return 0;
}

/* Sends a message to a helper process, as soon as there is room. Gives 0 or -errno. */
static int pass_down(struct channel *channel, const struct message *message, size_t length)
{
	int error = channel->unsent ? -EAGAIN : channel_send(channel->fd, message, length, message->fd);

	return error == -EAGAIN ? keep(channel, message, length) : error;
}

/* Sends what there is room for now. */
static void send_unsent(int fd)
{
	struct channel *channel = find(fd);
	int error = 0;

	while (channel && channel->unsent && !error) {
		struct unsent *first = channel->unsent;

		error = channel_send(fd, first->bytes, first->length, first->fd);
		if (!error)
			drop_first(channel);
	}
	if (error && error != -EAGAIN)
		end_of(fd);
}

/* Passes on what a helper process has sent. */
static void pass_up(int fd)
{
	static _Alignas(struct message) char bytes[MESSAGE_MAX];
	struct message *message = (struct message *)bytes;
	int64_t length;
	int along;

	length = channel_receive(fd, bytes, sizeof(bytes), MSG_DONTWAIT, &along);
	if (length == -EAGAIN)
		return;
	if (length < (int64_t)sizeof(*message))
		return end_of(fd);
	message->fd = along;
	answer((uint32_t)fd, message, (size_t)length);
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

static void reap_lost(void)
{
	size_t i;

	for (i = 0; i < lost_count; i++) {
		if (waitpid(lost[i], NULL, WNOHANG))
			lost[i--] = lost[--lost_count];
	}
}

/* Ends whatever an earlier suite has left, and whatever waits for it. */
static void begin_anew(void)
{
	while (process_count) {
		pid_t pid = processes[--process_count];

		kill(pid, SIGKILL);
		if (lost_count < MANY)
			lost[lost_count++] = pid;
	}
	while (channel_count)
		forget_channel(channels);
	while (wait_count)
		free(waits[--wait_count].message);
	watched = -1;
	/* the copies of processes end as well, whose channels nobody may have listened to */
	helper_close_others(TOLD);
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
	if (!listen_to(helper.channel)) {
		kill(helper.pid, SIGKILL);
		close(helper.channel);
		return -EBADF;
	}
	facts[0] = helper.pid;
	facts[1] = helper.channel;
	facts[2] = helper.thread;
	memcpy(data, facts, sizeof(facts));
	return 0;
}

/* args: channel, whose number is free then; the suite need not be told of the end */
static int64_t hang_up(const struct call *call)
{
	int fd = (int)call->args[0];
	struct channel *channel = find(fd);

	if (channel)
		forget_channel(channel);
	return result_of(close(fd));
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
	int64_t ms = call->args[1] < WAIT_MAX_MS ? (int64_t)call->args[1] : WAIT_MAX_MS;
	int64_t status = pid <= 1 ? -EINVAL : reap(pid);

	if (status != -EAGAIN || !ms || wait_count == MANY || (*waiting)->count != 1)
		return status;
	waits[wait_count++] = (struct wait){
		.pid = pid,
		.pidfd = (int)syscall(SYS_pidfd_open, pid, 0),
		.deadline = now_ms() + ms,
		.message = *waiting,
	};
	*waiting = NULL;
	return status;
}

/* A message for this process: a copy that is kept where its answer has to wait. */
static void act(struct message *message, struct call *call, void *kept)
{
	char *data = (char *)message_data(message) + call->offset;

	if (call->primitive == PRIMITIVE_close && (int)call->args[0] == watched)
		watched = -1;
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
	case DUTY_watch:
		watched = (int)call->args[0];
		call->result = 0;
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
	struct channel *to;

	if (!message_valid(message, length))
		return;
	if (!channel)
		return do_own(message, length);
	to = listen_to((int)channel);
	if (!to || pass_down(to, message, length))
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
		if (wait.pidfd >= 0)
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

		if (waits[i].pidfd < 0 && left > LOOK_MS)
			left = LOOK_MS;
		if (least < 0 || left < least)
			least = left < 0 ? 0 : left;
	}
	return (int)least;
}

static short events_of(const struct channel *channel)
{
	return channel->unsent ? POLLIN | POLLOUT : POLLIN;
}

/* Waits for something to happen, and sees to it. Gives 1 where the suite has hung up. */
static int turn(void)
{
	static struct pollfd polled[1 + 2 * MANY];
	size_t channels_end = 1 + channel_count, all = channels_end + wait_count, i;
	int over;

	polled[0] = (struct pollfd){ .fd = STDIN_FILENO, .events = POLLIN };
	for (i = 0; i < channel_count; i++)
		polled[1 + i] = (struct pollfd){ .fd = channels[i].fd, .events = events_of(&channels[i]) };
	for (i = 0; i < wait_count; i++)
		polled[channels_end + i] = (struct pollfd){ .fd = waits[i].pidfd, .events = POLLIN };
	if (poll(polled, all, idle_ms()) < 0)
		return errno != EINTR;
	/* answers first: what is told now may close their channels */
	for (i = 1; i < channels_end; i++) {
		if (polled[i].revents & POLLOUT)
			send_unsent(polled[i].fd);
		if (polled[i].revents & ~POLLOUT)
			pass_up(polled[i].fd);
	}
	answer_waits();
	reap_lost();
	/* before anything else is begun, which may be the last that the kernel does */
	flush();
	over = polled[0].revents && wire_read(STDIN_FILENO, take);
	flush();
	return over;
}

/* It is never copied. */
int64_t do_fork(struct call *call, void *data)
{
	return -ENOSYS;
}

/*
 * The executor and what it starts take turns. On one processor they do so without
 * interrupts from one to the other, which cost more than most calls where a guest
 * is translated. Threads that race leave it, see do_gate().
 */
static void stay_on_one_processor(void)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	if (!sched_setaffinity(0, sizeof(one), &one))
		setenv(ONE_PROCESSOR, "", 1);
}

int main(void)
{
	stay_on_one_processor();
	signal(SIGPIPE, SIG_IGN);
	if (guard_install())
		return 1;
	while (!turn())
		;
	begin_anew();
	return 0;
}
