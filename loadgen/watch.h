/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Watch: the manager's process. It looks at /proc at intervals, lets the
 * manager (manager.h) decide, carries that out and tells the agent.
 *
 * It runs at nice -10, where allowed, so that it gets to act when the CPU is
 * short, which is when it is needed. */
#ifndef LOADGEN_WATCH_H
#define LOADGEN_WATCH_H

#include "children.h"
#include "wire.h"

/* Starts it; there must be none yet. On a host it spares what runs the guests:
 * the parent of this process, and what spared.h says. Returns NULL and sets
 * *ret_events to a non-blocking pipe, owned by the caller, with a whole
 * WireEvent per read(); or returns the text of an error. */
const char *watch_start(Children *children, const WireManage *settings,
                        bool on_host, int *ret_events);

/* Ends it, if there is one. All priorities are given back afterwards. */
void watch_stop(Children *children);

#endif
