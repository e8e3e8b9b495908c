/* SPDX-License-Identifier: MIT */
/*
 * What only an executor can be asked to do, beside the calls of its own
 * process. It must never wait for anything but the next message.
 */
#ifndef EXECUTOR_H
#define EXECUTOR_H

/* Every duty; they are numbered after the controls of a helper process. */
#define DUTIES(X) X(hello) X(start) X(prepare) X(hang_up) X(kill) X(gone) X(watch)

#define DUTY(name) DUTY_##name,
enum duty { DUTIES(DUTY) };
#undef DUTY

#endif
