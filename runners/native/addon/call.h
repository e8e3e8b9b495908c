/* SPDX-License-Identifier: MIT */
/*
 * A call: what is to be done, and what became of it.
 *
 * The layout is read and written by calls.ts; it has no padding and is the
 * same on every 64-bit machine.
 */
#ifndef CALL_H
#define CALL_H

#include <stdint.h>

#define CALL_ARGS 6

struct call {
	uint32_t primitive;	/* index into the table of primitives */
	int32_t signal;		/* out: the signal that an access raised, or 0 */
	int64_t result;		/* out: what it gave, or a negative errno */
	uint64_t address;	/* out: the address that the access faulted on */
	uint64_t args[CALL_ARGS];
	uint32_t offset;	/* where its bytes begin in the data */
	uint32_t length;	/* how many bytes it reads or writes there */
};

_Static_assert(sizeof(struct call) == 80, "struct call has no padding");

/* A primitive gets the call and its bytes, and gives a result or -errno. */
typedef int64_t primitive_fn(struct call *call, void *data);

/* Every primitive; the position is its number. */
#define PRIMITIVES(X) \
	X(open) X(close) X(dup) X(dup_over) X(fcntl) X(seek) X(inode) \
	X(read) X(write) X(read_at) X(write_at) \
	X(read_into) X(write_from) \
	X(eventfd) X(pipe) X(socketpair) X(memfd) X(truncate) X(poll) X(limit) \
	X(ioctl) X(ioctl_value) \
	X(map) X(unmap) X(protect) X(advise) X(load) X(store) X(peek) X(poke) \
	X(thread_id) X(sleep) X(gate) X(open_gate) X(fork) X(no_op) \
	X(list) X(link_target) X(records)

#define NUMBER(name) PRIMITIVE_##name,
enum primitive { PRIMITIVES(NUMBER) };
#undef NUMBER

/* The variable of the environment that is there where a process was kept to one processor. */
#define ONE_PROCESSOR "CONFORM_ONE_PROCESSOR"

#define DECLARE(name) primitive_fn do_##name;
PRIMITIVES(DECLARE)
#undef DECLARE

extern const char *const primitive_names[];
extern const unsigned int primitive_count;

/* Does one call; an unknown primitive gives -ENOSYS. */
void call_do(struct call *call, void *data);

/* Whether the bytes of a call lie within length bytes. */
int call_fits(const struct call *call, uint64_t length);

/* The bytes of a call as text; NULL where they hold no zero. */
const char *call_text(const struct call *call, const void *data);

/* -1 with errno as a negative errno, anything else as it is. */
int64_t result_of(int64_t returned);

#endif
