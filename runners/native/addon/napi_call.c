// SPDX-License-Identifier: MIT
/*
 * Calls in the process of the suite itself, one by one or many at once. They
 * must not block: what may block belongs to a helper process.
 */
#include <errno.h>

#include "call.h"
#include "napi.h"

/* The suite itself is never copied. */
int64_t do_fork(struct call *call, void *data)
{
	return -ENOSYS;
}

/*
 * call(primitive, bytes, ...args): the result or a negative errno. A fault of
 * an access is -EFAULT; its signal and address are only told by run().
 */
napi_value call_one(napi_env env, napi_callback_info info)
{
	struct call call = { 0 };
	struct given given;
	struct bytes data;
	size_t i;

	given_get(env, info, &given);
	data = given_bytes(env, &given, 1);
	call.primitive = (uint32_t)given_number(env, &given, 0);
	call.length = (uint32_t)data.length;
	for (i = 2; i < given.count; i++)
		call.args[i - 2] = (uint64_t)given_number(env, &given, i);
	call_do(&call, data.start);
	return number(env, call.result);
}

/* run(calls, bytes): does packed calls in order; 0, or -EINVAL where they do not fit. */
napi_value call_many(napi_env env, napi_callback_info info)
{
	struct given given;
	struct bytes calls, data;
	struct call *call;
	size_t i, count;

	given_get(env, info, &given);
	calls = given_bytes(env, &given, 0);
	data = given_bytes(env, &given, 1);
	count = calls.length / sizeof(*call);
	if ((uintptr_t)calls.start % _Alignof(struct call))
		return number(env, -EINVAL);
	call = (struct call *)calls.start;
	for (i = 0; i < count; i++) {
		if (!call_fits(&call[i], data.length))
			return number(env, -EINVAL);
	}
	for (i = 0; i < count; i++)
		call_do(&call[i], data.length ? data.start + call[i].offset : NULL);
	return number(env, 0);
}
