// SPDX-License-Identifier: MIT
/*
 * Accesses to memory that may not be there.
 *
 * Each thread has a place to come back to while it does a guarded access. The
 * handler jumps there; a signal that no guarded access of its thread raised is
 * handed on to whoever had the handler before.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>

#include "guard.h"

struct guard {
	sigjmp_buf back;
	volatile uintptr_t address;
};

/* volatile: the store is only read by the signal handler */
static __thread struct guard *volatile current;

static struct sigaction before_bus;
static struct sigaction before_segv;

static void hand_on(const struct sigaction *before, int signal, siginfo_t *info, void *context)
{
	if (before->sa_flags & SA_SIGINFO) {
		before->sa_sigaction(signal, info, context);
	} else if (before->sa_handler != SIG_DFL && before->sa_handler != SIG_IGN) {
		before->sa_handler(signal);
	} else {
		/* comes again as soon as the handler returns, and is fatal then */
		sigaction(signal, before, NULL);
	}
}

static void on_fault(int signal, siginfo_t *info, void *context)
{
	struct guard *guard = current;

	/* a signal that somebody sent is not an access */
	if (!guard || info->si_code <= 0) {
		hand_on(signal == SIGBUS ? &before_bus : &before_segv, signal, info, context);
		return;
	}
	guard->address = (uintptr_t)info->si_addr;
	siglongjmp(guard->back, signal);
}

static int installed;

static void install(void)
{
	struct sigaction action = { .sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK };

	sigemptyset(&action.sa_mask);
	action.sa_sigaction = on_fault;
	if (sigaction(SIGBUS, &action, &before_bus) || sigaction(SIGSEGV, &action, &before_segv))
		installed = -errno;
}

int guard_install(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, install);
	return installed;
}

int guard_access(void (*access)(void *), void *argument, uint64_t *address)
{
	struct guard guard = { .address = 0 };
	int signal = sigsetjmp(guard.back, 0);

	if (!signal) {
		current = &guard;
		access(argument);
	}
	current = NULL;
	*address = guard.address;
	return signal;
}
