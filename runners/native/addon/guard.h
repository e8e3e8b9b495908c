/* SPDX-License-Identifier: MIT */
/*
 * Accesses to memory that may not be there.
 */
#ifndef GUARD_H
#define GUARD_H

#include <stdint.h>

/* Catches SIGBUS and SIGSEGV of guarded accesses; all others go where they went before. */
int guard_install(void);

/*
 * Does an access. Gives 0, or the signal that it raised with the address that
 * it faulted on. The access may not allocate, lock or open anything.
 */
int guard_access(void (*access)(void *), void *argument, uint64_t *address);

#endif
