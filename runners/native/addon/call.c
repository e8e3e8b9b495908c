// SPDX-License-Identifier: MIT
/*
 * The table of primitives.
 */
#include <errno.h>
#include <string.h>

#include "call.h"

#define NAME(name) #name,
const char *const primitive_names[] = { PRIMITIVES(NAME) };
#undef NAME

#define FUNCTION(name) do_##name,
static primitive_fn *const functions[] = { PRIMITIVES(FUNCTION) };
#undef FUNCTION

const unsigned int primitive_count = sizeof(functions) / sizeof(functions[0]);

int64_t result_of(int64_t returned)
{
	return returned == -1 ? -(int64_t)errno : returned;
}

const char *call_text(const struct call *call, const void *data)
{
	return call->length && memchr(data, 0, call->length) ? data : NULL;
}

int call_fits(const struct call *call, uint64_t length)
{
	return (uint64_t)call->offset + call->length <= length;
}

void call_do(struct call *call, void *data)
{
	call->signal = 0;
	call->address = 0;
	if (call->primitive < primitive_count)
		call->result = functions[call->primitive](call, data);
	else
		call->result = -ENOSYS;
}
