/* SPDX-License-Identifier: MIT */
/*
 * Starting helper processes.
 */
#ifndef SPAWN_H
#define SPAWN_H

#include <sys/types.h>

/* A helper process that was started. */
struct helper {
	pid_t pid;
	int channel;	/* the suite's end of its channel */
	pid_t thread;	/* the id of its first thread, or 0 where nobody has asked for it */
};

/* Starts a helper process of another program than the one within the addon. Gives 0 or -errno. */
int helper_spawn(char *const argv[], struct helper *helper);

/* Has the next helper process started, and its first thread, on a thread that nobody waits for. */
void helper_prepare(void);

/* Gives the helper process that was prepared, or starts one where none was or it has ended. Gives 0 or -errno. */
int helper_take(struct helper *helper);

/* Closes every descriptor above one but those that it takes to start helper processes. */
void helper_close_others(int above);

#endif
