// SPDX-License-Identifier: MIT
/*
 * Messages between the suite and an executor on another machine.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "wire.h"

/* What has come and is not whole yet. */
static _Alignas(struct frame) char came[sizeof(struct frame) + MESSAGE_MAX];
static size_t held;

/* The message of the frame under way, with its zeros. */
static _Alignas(struct message) char whole[MESSAGE_MAX];

static int frame_valid(const struct frame *frame)
{
	return frame->length <= MESSAGE_MAX && frame->sent <= frame->length;
}

/* Hands on the messages that are whole. Gives how many bytes they took, or -1 where there is no frame. */
static ssize_t hand_on(wire_take_fn *take)
{
	size_t at = 0;
	struct frame frame;

	while (held - at >= sizeof(frame)) {
		memcpy(&frame, came + at, sizeof(frame));
		if (!frame_valid(&frame))
			return -1;
		if (held - at - sizeof(frame) < frame.sent)
			break;
		memcpy(whole, came + at + sizeof(frame), frame.sent);
		memset(whole + frame.sent, 0, frame.length - frame.sent);
		at += sizeof(frame) + frame.sent;
		take(frame.channel, (struct message *)whole, frame.length);
	}
	return (ssize_t)at;
}

int wire_read(int fd, wire_take_fn *take)
{
	ssize_t taken, got = read(fd, came + held, sizeof(came) - held);

	if (got < 0)
		return errno != EINTR && errno != EAGAIN;
	if (!got)
		return 1;
	held += (size_t)got;
	taken = hand_on(take);
	if (taken < 0)
		return 1;
	held -= (size_t)taken;
	memmove(came, came + taken, held);
	return 0;
}

/* Bytes that are looked at at once: there may be many zeros, and a guest is slow. */
#define BLOCK 32

static int is_zero(const char *bytes)
{
	uint64_t words[BLOCK / sizeof(uint64_t)];

	memcpy(words, bytes, sizeof(words));
	return !(words[0] | words[1] | words[2] | words[3]);
}

static size_t without_zeros(const char *bytes, size_t length)
{
	while (length >= BLOCK && is_zero(bytes + length - BLOCK))
		length -= BLOCK;
	while (length && !bytes[length - 1])
		length--;
	return length;
}

/* Whether what was written of is to be gone on with: it was interrupted, or there was no room, which is waited for. */
static int goes_on(int fd)
{
	struct pollfd one = { .fd = fd, .events = POLLOUT };

	if (errno == EAGAIN)
		poll(&one, 1, -1);
	else if (errno != EINTR)
		return 0;
	return 1;
}

/* What has not left yet. */
static char leaving[sizeof(struct frame) + MESSAGE_MAX];
static size_t kept;

int wire_flush(int fd)
{
	size_t done = 0;

	while (done < kept) {
		ssize_t written = write(fd, leaving + done, kept - done);

		if (written < 0 && !goes_on(fd))
			return -errno;
		done += written > 0 ? (size_t)written : 0;
	}
	kept = 0;
	return 0;
}

int wire_write(int fd, uint32_t channel, const void *message, size_t length, int readable)
{
	struct frame frame = {
		.channel = channel,
		.length = (uint32_t)length,
		.sent = (uint32_t)without_zeros(message, length),
		.readable = (uint32_t)readable,
	};
	int error = 0;

	if (sizeof(frame) + frame.sent > sizeof(leaving) - kept)
		error = wire_flush(fd);
	if (error)
		return error;
	memcpy(leaving + kept, &frame, sizeof(frame));
	kept += sizeof(frame);
	if (frame.sent)
		memcpy(leaving + kept, message, frame.sent);
	kept += frame.sent;
	return 0;
}
