// SPDX-License-Identifier: MIT
/*
 * The same loop as the benchmark of the addon: a request that an eventfd does
 * not know, as often as the first argument says.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>

int main(int argc, char *argv[])
{
	long count = argc > 1 ? atol(argv[1]) : 0;
	int fd = eventfd(0, 0);
	unsigned char bytes[8];
	long i;

	for (i = 0; i < count; i++) {
		if (ioctl(fd, 0x6200, bytes) != -1 || errno != ENOTTY)
			return 1;
	}
	return 0;
}
