/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parallel: blocking libvirt calls, while the main context goes on.
 *
 * libvirt's drivers need the event loop to make progress, and so does the
 * terminal: a call that blocks runs in a thread of its own. */
#ifndef HVB_BED_PARALLEL_H
#define HVB_BED_PARALLEL_H

#include <glib.h>

/* Calls func(items[i], user_data) for each of `n` items, at most `threads` at
 * a time, each in another thread; iterates the default main context until all
 * have returned. libvirt errors are per thread: fetch them inside `func`. */
void hvb_parallel(GFunc func, gpointer *items, guint n, guint threads,
                  gpointer user_data);

#endif
