/* SPDX-License-Identifier: MIT */
/*
 * The threads of a helper process. Each does its messages one after the other.
 */
#ifndef LANE_H
#define LANE_H

#include "channel.h"

#define LANES 32

/* Gives a message to the thread that it names; it owns the message from then on. */
int lane_submit(struct message *message, size_t length);

/* Interrupts the system call that a thread is in. */
int lane_cancel(uint32_t thread);

/* Begins anew in the copy of a process, which has none of its threads. */
void lane_forget(void);

/* Makes the signal that interrupts; to be called once before any thread is started. */
int lane_setup(void);

#endif
