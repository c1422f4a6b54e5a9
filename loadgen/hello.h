/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hello: what the agent says about the system that it runs on. */
#ifndef LOADGEN_HELLO_H
#define LOADGEN_HELLO_H

#include "wire.h"

/* Fills in everything; takes some 20 ms to find the rough rate of work. What
 * cannot be found out is 0 or "". `flags` has no WIRE_HELLO_DISK yet. */
void hello_fill(WireHello *ret, bool is_init);

#endif
