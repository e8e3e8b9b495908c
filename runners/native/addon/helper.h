/* SPDX-License-Identifier: MIT */
/*
 * What only the thread of a helper process that reads can do. It must never
 * wait for anything but the next message.
 */
#ifndef HELPER_H
#define HELPER_H

/* Every control; they are numbered after the primitives. */
#define CONTROLS(X) X(cancel) X(give) X(take) X(bud)

#define CONTROL(name) CONTROL_##name,
enum control { CONTROLS(CONTROL) };
#undef CONTROL

#endif
