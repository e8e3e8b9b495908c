/* SPDX-License-Identifier: MIT */
/*
 * The threads of a helper process. Each does its messages one after the other.
 */
#ifndef LANE_H
#define LANE_H

#include "channel.h"

#define LANES 32

/*
 * Memory for messages. Nobody takes or gives any back between lane_hold() and
 * lane_release(): a copy of the process that is made while another thread does
 * would have an allocator that is locked for ever. The C library sees to that
 * itself, the allocator of a sanitizer does not.
 */
void *lane_alloc(size_t size);
void lane_free(void *memory);
void lane_hold(void);
void lane_release(void);

/* Gives a message to the thread that it names; it owns the message from then on. */
int lane_submit(struct message *message, size_t length);

/* Interrupts the system call that a thread is in. */
int lane_cancel(uint32_t thread);

/* Begins anew in the copy of a process, which has none of its threads. */
void lane_forget(void);

/* Makes the signal that interrupts; to be called once before any thread is started. */
int lane_setup(void);

#endif
