// SPDX-License-Identifier: MIT
/*
 * Helper processes: starting them, talking to them, ending them.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "channel.h"
#include "napi.h"
#include "spawn.h"

#define MAX_WORDS 32

/* The words of a list of texts, ended by NULL; NULL where there are none or too many. */
static char **words_of(napi_env env, napi_value list)
{
	uint32_t count = 0, i;
	size_t length;
	napi_value word;
	char **words;

	if (napi_get_array_length(env, list, &count) != napi_ok || !count || count > MAX_WORDS)
		return NULL;
	words = calloc(count + 1, sizeof(*words));
	for (i = 0; words && i < count; i++) {
		if (napi_get_element(env, list, i, &word) != napi_ok ||
		    napi_get_value_string_utf8(env, word, NULL, 0, &length) != napi_ok)
			break;
		words[i] = malloc(length + 1);
		if (!words[i])
			break;
		napi_get_value_string_utf8(env, word, words[i], length + 1, &length);
	}
	return words;
}

static void words_free(char **words)
{
	char **word;

	for (word = words; word && *word; word++)
		free(*word);
	free(words);
}

/*
 * spawn([program, ...args]): [pid, channel, thread], or a negative errno. Without
 * a program it is the one within the addon, and perhaps was started already.
 */
napi_value spawn_helper(napi_env env, napi_callback_info info)
{
	struct given given;
	napi_value result = NULL;
	struct helper helper;
	char **argv = NULL;
	int error;

	given_get(env, info, &given);
	if (given.count)
		argv = words_of(env, given.values[0]);
	error = argv ? helper_spawn(argv, &helper) : helper_take(&helper);
	words_free(argv);
	if (error)
		return number(env, error);
	napi_create_array_with_length(env, 3, &result);
	napi_set_element(env, result, 0, number(env, helper.pid));
	napi_set_element(env, result, 1, number(env, helper.channel));
	napi_set_element(env, result, 2, number(env, helper.thread));
	return result;
}

/* prepare(): has the next helper process started, without a wait for it. */
napi_value prepare_helper(napi_env env, napi_callback_info info)
{
	helper_prepare();
	return NULL;
}

/* send(channel, message, fd): 0 or a negative errno. */
napi_value send_message(napi_env env, napi_callback_info info)
{
	struct given given;
	struct bytes message;

	given_get(env, info, &given);
	message = given_bytes(env, &given, 1);
	return number(env, channel_send((int)given_number(env, &given, 0), message.start,
					message.length, (int)given_number(env, &given, 2)));
}

/*
 * receive(channel, room, ns): waits so long at most, which holds the suite up;
 * the length of the message, 0 at the end, or a negative errno. A descriptor
 * that came along stands in the header of the message.
 */
napi_value receive_message(napi_env env, napi_callback_info info)
{
	struct given given;
	struct bytes room;
	struct timespec wait = { 0 };
	struct pollfd one = { .events = POLLIN };
	int64_t length;
	int fd;

	given_get(env, info, &given);
	room = given_bytes(env, &given, 1);
	one.fd = (int)given_number(env, &given, 0);
	wait.tv_nsec = (long)given_number(env, &given, 2);
	if (ppoll(&one, 1, &wait, NULL) < 1)
		return number(env, -EAGAIN);
	length = channel_receive(one.fd, room.start, room.length, MSG_DONTWAIT, &fd);
	if (length >= (int64_t)sizeof(struct message))
		((struct message *)room.start)->fd = fd;
	return number(env, length);
}

/* A wait on a thread of its own. */
struct wait {
	napi_async_work work;
	napi_deferred deferred;
	int fd;
	int timeout;
	int ready;
};

static void wait_for_it(napi_env env, void *data)
{
	struct wait *wait = data;
	struct pollfd one = { .fd = wait->fd, .events = POLLIN };

	wait->ready = poll(&one, 1, wait->timeout);
}

static void tell(napi_env env, napi_status status, void *data)
{
	struct wait *wait = data;
	napi_value ready;

	napi_get_boolean(env, wait->ready > 0, &ready);
	napi_resolve_deferred(env, wait->deferred, ready);
	napi_delete_async_work(env, wait->work);
	free(wait);
}

/* readable(channel, ms): a promise of whether there is a message, or the end. */
napi_value readable(napi_env env, napi_callback_info info)
{
	struct given given;
	struct wait *wait = calloc(1, sizeof(*wait));
	napi_value promise = NULL, name;

	if (!wait) {
		napi_throw_error(env, NULL, "Cannot wait for a helper process: out of memory");
		return NULL;
	}
	given_get(env, info, &given);
	wait->fd = (int)given_number(env, &given, 0);
	wait->timeout = (int)given_number(env, &given, 1);
	napi_create_promise(env, &wait->deferred, &promise);
	napi_create_string_utf8(env, "conform wait", NAPI_AUTO_LENGTH, &name);
	napi_create_async_work(env, NULL, name, wait_for_it, tell, wait, &wait->work);
	napi_queue_async_work(env, wait->work);
	return promise;
}

/* hangUp(channel): wakes whoever waits for a message; the helper process ends. */
napi_value hang_up(napi_env env, napi_callback_info info)
{
	struct given given;
	int error;

	given_get(env, info, &given);
	error = shutdown((int)given_number(env, &given, 0), SHUT_RDWR);
	return number(env, error ? -errno : 0);
}

/* kill(pid, signal): 0 or a negative errno. */
napi_value kill_process(napi_env env, napi_callback_info info)
{
	struct given given;
	int64_t pid;

	given_get(env, info, &given);
	pid = given_number(env, &given, 0);
	/* 0 and below mean more than one process */
	if (pid <= 1)
		return number(env, -EINVAL);
	return number(env, kill((pid_t)pid, (int)given_number(env, &given, 1)) ? -errno : 0);
}

/* Waits until a process has ended, for so many nanoseconds at most; not at all on kernels that cannot. */
static void wait_for_end(pid_t pid, int64_t ns)
{
	struct timespec wait = { .tv_nsec = (long)ns };
	struct pollfd one = { .events = POLLIN };

	one.fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (one.fd < 0)
		return;
	ppoll(&one, 1, &wait, NULL);
	close(one.fd);
}

/*
 * reap(pid, ns): waits so long at most, which holds the suite up; -EAGAIN while
 * the process lives; its exit status, or 256 and the signal that ended it; any
 * other negative errno.
 */
napi_value reap_process(napi_env env, napi_callback_info info)
{
	struct given given;
	pid_t pid, gone;
	int64_t ns;
	int status = 0;

	given_get(env, info, &given);
	pid = (pid_t)given_number(env, &given, 0);
	ns = given_number(env, &given, 1);
	if (pid <= 1)
		return number(env, -EINVAL);
	gone = waitpid(pid, &status, WNOHANG);
	if (!gone && ns) {
		wait_for_end(pid, ns);
		gone = waitpid(pid, &status, WNOHANG);
	}
	if (gone < 0)
		return number(env, -errno);
	if (!gone)
		return number(env, -EAGAIN);
	return number(env, WIFSIGNALED(status) ? 256 + WTERMSIG(status) : WEXITSTATUS(status));
}
