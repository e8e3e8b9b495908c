/* SPDX-License-Identifier: MIT */
/*
 * Messages between the suite and its helper processes.
 *
 * A message is a header, some calls and their bytes. The answer to it is the
 * same message with the results filled in. A descriptor may travel along.
 */
#ifndef CHANNEL_H
#define CHANNEL_H

#include <stddef.h>
#include <stdint.h>

#include "call.h"

/* The descriptor by which a helper process hears from the suite. */
#define HELPER_CHANNEL 3

#define MESSAGE_MAX 131072

/* In place of an argument, with the index added: the result of an earlier call of the message. */
#define RESULT_OF 0x8000000000000000ULL

struct message {
	uint32_t id;		/* the asker's */
	uint32_t thread;	/* which thread does it; 0 is the one that reads */
	uint32_t count;		/* calls that follow */
	int32_t fd;		/* a descriptor that came along, or -1 */
	struct call calls[];
};

_Static_assert(sizeof(struct message) == 16, "struct message has no padding");

/* Whether a message of that length holds what its header says. */
int message_valid(const struct message *message, size_t length);

/* The bytes behind the calls. */
void *message_data(struct message *message);

/* Does one call of a message. */
typedef void message_call_fn(struct message *message, struct call *call, void *context);

/*
 * Has the calls of a message done in order, with the results of earlier ones
 * where arguments stand for them; those behind one that failed are not done.
 */
void message_do(struct message *message, message_call_fn *act, void *context);

/* Sends a message, and a descriptor unless it is -1. Gives 0 or -errno. */
int channel_send(int channel, const void *message, size_t length, int fd);

/*
 * Receives a message of at most room bytes, and the descriptor that came along
 * or -1. flags are those of recvmsg(2). Gives its length, 0 at the end of the
 * channel, or -errno.
 */
int64_t channel_receive(int channel, void *message, size_t room, int flags, int *fd);

#endif
