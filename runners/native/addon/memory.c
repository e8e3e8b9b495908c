// SPDX-License-Identifier: MIT
/*
 * Mappings, and loads and stores that may fault.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "call.h"
#include "guard.h"

/* args: address, length, protection, flags, fd, offset; gives the address */
int64_t do_map(struct call *call, void *data)
{
	void *address = mmap((void *)(uintptr_t)call->args[0], call->args[1], (int)call->args[2],
			     (int)call->args[3], (int)call->args[4], (off_t)call->args[5]);

	return address == MAP_FAILED ? -errno : (int64_t)(uintptr_t)address;
}

int64_t do_unmap(struct call *call, void *data)
{
	return result_of(munmap((void *)(uintptr_t)call->args[0], call->args[1]));
}

/* args: address, length, protection */
int64_t do_protect(struct call *call, void *data)
{
	return result_of(mprotect((void *)(uintptr_t)call->args[0], call->args[1],
				  (int)call->args[2]));
}

/* args: address, length, advice */
int64_t do_advise(struct call *call, void *data)
{
	return result_of(madvise((void *)(uintptr_t)call->args[0], call->args[1],
				 (int)call->args[2]));
}

struct access {
	volatile void *address;
	unsigned int width;
	uint64_t value;
};

static void load(void *argument)
{
	struct access *access = argument;

	switch (access->width) {
	case 1:
		access->value = *(volatile uint8_t *)access->address;
		break;
	case 2:
		access->value = *(volatile uint16_t *)access->address;
		break;
	case 4:
		access->value = *(volatile uint32_t *)access->address;
		break;
	default:
		access->value = *(volatile uint64_t *)access->address;
	}
}

static void store(void *argument)
{
	struct access *access = argument;

	switch (access->width) {
	case 1:
		*(volatile uint8_t *)access->address = (uint8_t)access->value;
		break;
	case 2:
		*(volatile uint16_t *)access->address = (uint16_t)access->value;
		break;
	case 4:
		*(volatile uint32_t *)access->address = (uint32_t)access->value;
		break;
	default:
		*(volatile uint64_t *)access->address = access->value;
	}
}

static int is_width(uint64_t width)
{
	return width == 1 || width == 2 || width == 4 || width == 8;
}

/* args: address, width in bytes; gives the value */
int64_t do_load(struct call *call, void *data)
{
	struct access access = {
		.address = (volatile void *)(uintptr_t)call->args[0],
		.width = (unsigned int)call->args[1],
	};

	if (!is_width(call->args[1]) || call->args[0] % call->args[1])
		return -EINVAL;
	call->signal = guard_access(load, &access, &call->address);
	return call->signal ? -EFAULT : (int64_t)access.value;
}

/* args: address, width in bytes, value */
int64_t do_store(struct call *call, void *data)
{
	struct access access = {
		.address = (volatile void *)(uintptr_t)call->args[0],
		.width = (unsigned int)call->args[1],
		.value = call->args[2],
	};

	if (!is_width(call->args[1]) || call->args[0] % call->args[1])
		return -EINVAL;
	call->signal = guard_access(store, &access, &call->address);
	return call->signal ? -EFAULT : 0;
}

struct copy {
	void *to;
	const void *from;
	size_t length;
};

static void copy(void *argument)
{
	struct copy *copy = argument;

	memcpy(copy->to, copy->from, copy->length);
}

/* args: address; data: gets what is there */
int64_t do_peek(struct call *call, void *data)
{
	struct copy bytes = { data, (void *)(uintptr_t)call->args[0], call->length };

	call->signal = guard_access(copy, &bytes, &call->address);
	return call->signal ? -EFAULT : 0;
}

/* args: address; data: what is put there */
int64_t do_poke(struct call *call, void *data)
{
	struct copy bytes = { (void *)(uintptr_t)call->args[0], data, call->length };

	call->signal = guard_access(copy, &bytes, &call->address);
	return call->signal ? -EFAULT : 0;
}
