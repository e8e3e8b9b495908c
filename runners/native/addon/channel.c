// SPDX-License-Identifier: MIT
/*
 * Messages between the suite and its helper processes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "channel.h"

/* Room for one descriptor, aligned as the kernel wants it. */
union control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(sizeof(int))];
};

int message_valid(const struct message *message, size_t length)
{
	uint64_t calls;
	uint32_t i;

	if (length < sizeof(*message))
		return 0;
	calls = (uint64_t)message->count * sizeof(struct call);
	if (calls > length - sizeof(*message))
		return 0;
	for (i = 0; i < message->count; i++) {
		if (!call_fits(&message->calls[i], length - sizeof(*message) - calls))
			return 0;
	}
	return 1;
}

void *message_data(struct message *message)
{
	return &message->calls[message->count];
}

/* Puts results of earlier calls where arguments stand for them. */
static void fill_in(struct message *message, uint32_t at)
{
	uint64_t *args = message->calls[at].args;
	uint32_t i;

	for (i = 0; i < CALL_ARGS; i++) {
		if (args[i] - RESULT_OF < at)
			args[i] = (uint64_t)message->calls[args[i] - RESULT_OF].result;
	}
}

void message_do(struct message *message, message_call_fn *act, void *context)
{
	int failed = 0;
	uint32_t i;

	for (i = 0; i < message->count; i++) {
		struct call *call = &message->calls[i];

		if (failed) {
			call->result = -ECANCELED;
			continue;
		}
		fill_in(message, i);
		act(message, call, context);
		failed = call->result < 0 || call->signal;
	}
}

int channel_send(int channel, const void *message, size_t length, int fd)
{
	struct iovec bytes = { .iov_base = (void *)message, .iov_len = length };
	struct msghdr header = { .msg_iov = &bytes, .msg_iovlen = 1 };
	union control control;

	if (fd >= 0) {
		memset(&control, 0, sizeof(control));
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
		header.msg_control = &control;
		header.msg_controllen = sizeof(control.bytes);
	}
	for (;;) {
		if (sendmsg(channel, &header, MSG_NOSIGNAL) >= 0)
			return 0;
		if (errno != EINTR)
			return -errno;
	}
}

int64_t channel_receive(int channel, void *message, size_t room, int flags, int *fd)
{
	struct iovec bytes = { .iov_base = message, .iov_len = room };
	union control control;
	struct msghdr header = {
		.msg_iov = &bytes,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control.bytes),
	};
	struct cmsghdr *part;
	ssize_t length;

	*fd = -1;
	do {
		length = recvmsg(channel, &header, flags | MSG_CMSG_CLOEXEC);
	} while (length < 0 && errno == EINTR);
	if (length < 0)
		return -errno;
	for (part = CMSG_FIRSTHDR(&header); part; part = CMSG_NXTHDR(&header, part)) {
		if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_RIGHTS)
			memcpy(fd, CMSG_DATA(part), sizeof(*fd));
	}
	return length;
}
