/* SPDX-License-Identifier: MIT */
/*
 * Starting helper processes.
 */
#ifndef SPAWN_H
#define SPAWN_H

#include <sys/types.h>

/*
 * Starts a helper process: the program that argv names, or the one within the
 * addon where argv is NULL. Gives 0 with the process and the suite's end of its
 * channel, or -errno.
 */
int helper_spawn(char *const argv[], pid_t *pid, int *channel);

#endif
