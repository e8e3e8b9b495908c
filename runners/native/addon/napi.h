/* SPDX-License-Identifier: MIT */
/*
 * What every function of the addon needs to talk to JavaScript.
 */
#ifndef NAPI_H
#define NAPI_H

#include <stdint.h>

#include <node_api.h>

#define MAX_ARGS 8

/* The arguments of a call from JavaScript; count says how many there are. */
struct given {
	napi_value values[MAX_ARGS];
	size_t count;
};

/* Bytes that JavaScript owns. */
struct bytes {
	unsigned char *start;
	size_t length;
};

void given_get(napi_env env, napi_callback_info info, struct given *given);

/* A whole number; 0 where the argument is missing or no number. */
int64_t given_number(napi_env env, const struct given *given, size_t index);

/* The bytes of a Uint8Array; none where the argument is something else. */
struct bytes given_bytes(napi_env env, const struct given *given, size_t index);

napi_value number(napi_env env, int64_t value);

/* The functions of the addon, by subject. */
napi_value call_one(napi_env env, napi_callback_info info);
napi_value call_many(napi_env env, napi_callback_info info);
napi_value spawn_helper(napi_env env, napi_callback_info info);
napi_value prepare_helper(napi_env env, napi_callback_info info);
napi_value send_message(napi_env env, napi_callback_info info);
napi_value receive_message(napi_env env, napi_callback_info info);
napi_value readable(napi_env env, napi_callback_info info);
napi_value hang_up(napi_env env, napi_callback_info info);
napi_value kill_process(napi_env env, napi_callback_info info);
napi_value reap_process(napi_env env, napi_callback_info info);

#endif
