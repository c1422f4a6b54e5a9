/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stalls: a guest's process stopped and continued at chosen times, which halts
 * its vCPU as a host does that gives it no CPU.
 *
 * With one difference: a stop interrupts QEMU's wait for its next timer, and
 * the kernel takes that wait up again with what was left of it when it was
 * interrupted (restart_syscall(2); ppoll(2) in "C library/kernel differences"),
 * so that a guest's timer which came due meanwhile would be late by as much.
 * Hence QEMU gets a signal, SIGIO, that ends this wait as soon as it goes on. A
 * process that does not take that signal by a file descriptor (signalfd(2)), as
 * QEMU does, or that has a thread which does not block it, is spared it. */
#ifndef HVB_SELFTEST_STALLS_H
#define HVB_SELFTEST_STALLS_H

#include <glib.h>

/* One stall, host CLOCK_MONOTONIC. */
typedef struct {
    gint64 begins_ns, ends_ns; /* as planned; ascending, without overlap */
    gint64 began_ns, ended_ns; /* as done: after the process was told to stop,
                                * and before it was told to go on */
} HvbStall;

typedef struct _HvbStaller HvbStaller;

/* Starts a thread that makes the stalls (an array of HvbStall, borrowed and
 * filled in; not to be touched before the end) of process `pid`, at real-time
 * priority where that is allowed. */
HvbStaller *hvb_staller_start(GPid pid, GArray *stalls);
/* Waits for the end of the last stall. The process runs afterwards, however
 * this is called: with `now` at once, without making those to come. */
void hvb_staller_end(HvbStaller *staller, gboolean now);

/* The delay, ns, that the stalls make of an operation which takes no time and
 * is to start at `start_ns`: until the end of the stall that it falls into,
 * else 0. */
gint64 hvb_stalls_delay_ns(const GArray *stalls, gint64 start_ns);

/* What a recorder sees of the stalls that, as cyclictest does, skips what came
 * due while it was held up, of operations that take no time and are to start at
 * `starts_ns` (gint64, ascending): the delays, ns (gint64), of those that are
 * left. */
GArray *hvb_stalls_seen_by_skipper(const GArray *stalls,
                                   const GArray *starts_ns);

#endif
