// SPDX-License-Identifier: MIT
/*
 * Requests to drivers.
 */
#include <sys/ioctl.h>

#include "call.h"

/* args: fd, request; data: the argument, read and written in place */
int64_t do_ioctl(struct call *call, void *data)
{
	return result_of(ioctl((int)call->args[0], (unsigned long)call->args[1], data));
}

/* args: fd, request, argument */
int64_t do_ioctl_value(struct call *call, void *data)
{
	return result_of(ioctl((int)call->args[0], (unsigned long)call->args[1],
			       (unsigned long)call->args[2]));
}
