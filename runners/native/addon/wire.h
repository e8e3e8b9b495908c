/* SPDX-License-Identifier: MIT */
/*
 * Messages between the suite and an executor on another machine, over one pair
 * of byte streams: a virtio-serial port, a pipe.
 *
 * In front of each message stands a frame. What ends in zeros is sent without
 * them, so that room for an answer costs nothing on its way there.
 */
#ifndef WIRE_H
#define WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "channel.h"

struct frame {
	uint32_t channel;	/* of which helper process; 0 is the executor itself */
	uint32_t length;	/* of the message; 0 is the end of the channel */
	uint32_t sent;		/* bytes of it that follow; the others are zeros */
	uint32_t readable;	/* 1 where the descriptor that is watched has something to read */
};

_Static_assert(sizeof(struct frame) == 16, "struct frame has no padding");

/* Takes a message; it is the taker's for as long as the call lasts. */
typedef void wire_take_fn(uint32_t channel, struct message *message, size_t length);

/*
 * Reads what has come on a descriptor, and hands on each message that is whole.
 * Gives 0, or 1 at the end of the stream or where what came is no frame.
 */
int wire_read(int fd, wire_take_fn *take);

/*
 * Writes a message, or the end of its channel where its length is 0, and whether
 * what is watched has something to read. It leaves with wire_flush(), or where
 * there is no room for more. Gives 0 or -errno.
 */
int wire_write(int fd, uint32_t channel, const void *message, size_t length, int readable);

/* Has everything leave that was written, in one piece: each piece costs a guest more than what is in it. */
int wire_flush(int fd);

#endif
