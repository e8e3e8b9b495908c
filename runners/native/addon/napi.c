// SPDX-License-Identifier: MIT
/*
 * The module: what JavaScript sees of it.
 */
#include "call.h"
#include "guard.h"
#include "helper.h"
#include "napi.h"

void given_get(napi_env env, napi_callback_info info, struct given *given)
{
	given->count = MAX_ARGS;
	if (napi_get_cb_info(env, info, &given->count, given->values, NULL, NULL) != napi_ok)
		given->count = 0;
	else if (given->count > MAX_ARGS)
		given->count = MAX_ARGS;
}

int64_t given_number(napi_env env, const struct given *given, size_t index)
{
	int64_t value = 0;

	if (index < given->count &&
	    napi_get_value_int64(env, given->values[index], &value) != napi_ok)
		value = 0;
	return value;
}

struct bytes given_bytes(napi_env env, const struct given *given, size_t index)
{
	struct bytes bytes = { NULL, 0 };
	napi_typedarray_type type;
	bool is_array = false;
	void *start;
	size_t length;

	if (index >= given->count ||
	    napi_is_typedarray(env, given->values[index], &is_array) != napi_ok || !is_array)
		return bytes;
	if (napi_get_typedarray_info(env, given->values[index], &type, &length, &start, NULL,
				     NULL) != napi_ok || type != napi_uint8_array)
		return bytes;
	bytes.start = start;
	bytes.length = length;
	return bytes;
}

napi_value number(napi_env env, int64_t value)
{
	napi_value result = NULL;

	napi_create_int64(env, value, &result);
	return result;
}

static void add_function(napi_env env, napi_value exports, const char *name, napi_callback callback)
{
	napi_value function;

	if (napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, NULL, &function) == napi_ok)
		napi_set_named_property(env, exports, name, function);
}

static void add_names(napi_env env, napi_value exports, const char *name, const char *const *names,
		      uint32_t count)
{
	napi_value list, text;
	uint32_t i;

	if (napi_create_array_with_length(env, count, &list) != napi_ok)
		return;
	for (i = 0; i < count; i++) {
		napi_create_string_utf8(env, names[i], NAPI_AUTO_LENGTH, &text);
		napi_set_element(env, list, i, text);
	}
	napi_set_named_property(env, exports, name, list);
}

#define NAME(name) #name,
static const char *const control_names[] = { CONTROLS(NAME) };
#undef NAME

NAPI_MODULE_INIT()
{
	if (guard_install()) {
		napi_throw_error(env, NULL, "Cannot catch the signals of faulting accesses");
		return NULL;
	}
	add_names(env, exports, "primitives", primitive_names, primitive_count);
	add_names(env, exports, "controls", control_names,
		  sizeof(control_names) / sizeof(control_names[0]));
	add_function(env, exports, "call", call_one);
	add_function(env, exports, "run", call_many);
	add_function(env, exports, "spawn", spawn_helper);
	add_function(env, exports, "prepare", prepare_helper);
	add_function(env, exports, "send", send_message);
	add_function(env, exports, "receive", receive_message);
	add_function(env, exports, "readable", readable);
	add_function(env, exports, "hangUp", hang_up);
	add_function(env, exports, "kill", kill_process);
	add_function(env, exports, "reap", reap_process);
	return exports;
}
