// SPDX-License-Identifier: MIT
/*
 * What a thread does besides calling the kernel for a case.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "call.h"

#define GATES 64

static atomic_int gates[GATES];

int64_t do_thread_id(struct call *call, void *data)
{
	return syscall(SYS_gettid);
}

/* args: ms; gives -EINTR where it was cancelled */
int64_t do_sleep(struct call *call, void *data)
{
	struct timespec rest = {
		.tv_sec = (time_t)(call->args[0] / 1000),
		.tv_nsec = (long)(call->args[0] % 1000) * 1000000,
	};

	return result_of(nanosleep(&rest, NULL));
}

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/* Threads that race each have a processor of their own, as far as there are enough. */
static void leave_processor(void)
{
	static atomic_uint next;
	cpu_set_t own;

	if (!getenv(ONE_PROCESSOR))
		return;
	CPU_ZERO(&own);
	CPU_SET(atomic_fetch_add(&next, 1) % (unsigned int)sysconf(_SC_NPROCESSORS_ONLN), &own);
	sched_setaffinity(0, sizeof(own), &own);
}

/*
 * args: gate, delay in ns. Waits until the gate opens, and then the delay, on
 * the CPU: a thread that sleeps wakes too late to race.
 */
int64_t do_gate(struct call *call, void *data)
{
	uint64_t opened;

	if (call->args[0] >= GATES)
		return -EINVAL;
	leave_processor();
	while (!atomic_load(&gates[call->args[0]]))
		sched_yield();
	opened = now();
	while (now() - opened < call->args[1])
		;
	return 0;
}

int64_t do_open_gate(struct call *call, void *data)
{
	if (call->args[0] >= GATES)
		return -EINVAL;
	atomic_store(&gates[call->args[0]], 1);
	return 0;
}

/* Costs what a call costs without a system call. */
int64_t do_no_op(struct call *call, void *data)
{
	return 0;
}
