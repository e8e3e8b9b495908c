// SPDX-License-Identifier: MIT
/*
 * Looking around: folders, links, and the kernel log, each in one call.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "call.h"

/* A record of the kernel log is no longer than this. */
#define RECORD_MAX 8192

/* A name in a folder is no longer than this, with its zero. */
#define NAME_ROOM 256

/*
 * args: how many names to leave out; data: the path of a folder, then gets the
 * names in it, each with a zero behind it. Gives their length. Where there is
 * room for another name behind them, there was none.
 */
int64_t do_list(struct call *call, void *data)
{
	const char *path = call_text(call, data);
	uint64_t before = call->args[0];
	size_t length = 0;
	struct dirent *entry = NULL;
	DIR *folder;
	int error;

	if (!path)
		return -EINVAL;
	folder = opendir(path);
	if (!folder)
		return -errno;
	errno = 0;
	while (call->length - length >= NAME_ROOM && (entry = readdir(folder))) {
		size_t more = strlen(entry->d_name) + 1;

		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (before) {
			before--;
			continue;
		}
		memcpy((char *)data + length, entry->d_name, more);
		length += more;
	}
	error = entry ? 0 : errno;
	closedir(folder);
	return error ? -error : (int64_t)length;
}

/* data: the path of a link, then gets where it leads; gives the length of that */
int64_t do_link_target(struct call *call, void *data)
{
	const char *path = call_text(call, data);
	char target[4096];
	ssize_t length;

	if (!path)
		return -EINVAL;
	length = readlink(path, target, sizeof(target));
	if (length < 0)
		return -errno;
	if ((size_t)length > call->length)
		return -ENOSPC;
	memcpy(data, target, (size_t)length);
	return length;
}

/*
 * args: an open kernel log that does not wait; data: gets the records that
 * there are, each with its length in front (32 bits), and a length of zero where
 * the kernel has overwritten some. Gives how much of the data that is. Where
 * there is room for another record behind it, there was none.
 */
int64_t do_records(struct call *call, void *data)
{
	char *next = data;
	size_t room = call->length;

	while (room >= sizeof(uint32_t) + RECORD_MAX) {
		ssize_t length = read((int)call->args[0], next + sizeof(uint32_t), RECORD_MAX);
		uint32_t head = length > 0 ? (uint32_t)length : 0;

		if (length < 0 && errno == EAGAIN)
			break;
		if (length < 0 && errno != EPIPE)
			return next == data ? -errno : (int64_t)(call->length - room);
		memcpy(next, &head, sizeof(head));
		next += sizeof(head) + head;
		room -= sizeof(head) + head;
	}
	return (int64_t)(call->length - room);
}
